"""Versions of a demand's content: every one is kept, and edits name the one they saw."""

from dataclasses import dataclass
from datetime import datetime

from app.demands.domain.content import DemandContent
from app.shared.errors import Conflict, RuleBroken


@dataclass(frozen=True, slots=True)
class DemandVersion:
    """One content of a demand, as it was stored.

    Attributes:
        number: From 1, without a gap.
        content_hash: SHA-256 of the content's RFC 8785 form, hex.
        edited_at: The market's moment from which it stood.
        edited_by: Who stored it, as in the journal.
    """

    number: int
    content: DemandContent
    content_hash: str
    edited_at: datetime
    edited_by: str


class DemandVersionMissing(RuleBroken):
    """Two people edit one demand; each says which version it has seen."""

    code = "demand_version_missing"
    title_zh = "必须携带 If-Match 需求版本号"
    title_en = "If-Match with the demand's version is missing"


class DemandChanged(Conflict):
    """Somebody else has changed the demand in between."""

    code = "demand_changed"
    title_zh = "需求信息已被他人修改"
    title_en = "The demand was changed meanwhile"


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def check_seen(seen: str | None, *, present: int) -> None:
    """Refuse an edit that does not name the present version.

    Raises:
        DemandVersionMissing: No version is named.
        DemandChanged: Another one is; ``accepted`` is the present one's tag.

    Invariant: DM4.
    """
    if seen is None:
        raise DemandVersionMissing(
            "Send If-Match with the ETag of the demand.", field="If-Match", accepted=etag(present)
        )
    if seen.strip() != etag(present):
        raise DemandChanged(
            "Read the demand again and repeat the change on it.",
            field="If-Match",
            accepted=etag(present),
        )
