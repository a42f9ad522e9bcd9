"""Versions of an achievement's content: every one is kept, and edits name the one they saw."""

from dataclasses import dataclass
from datetime import datetime

from app.listings.domain.achievement import Achievement, may_see
from app.listings.domain.content import AchievementContent, content_to_json
from app.shared.access import Viewer
from app.shared.canonical import digest
from app.shared.errors import Conflict, RuleBroken


@dataclass(frozen=True, slots=True)
class AchievementVersion:
    """One content of an achievement, as it was stored.

    Attributes:
        number: From 1, without a gap.
        content_hash: SHA-256 of the content's RFC 8785 form, hex.
        edited_at: The market's moment from which it stood.
        edited_by: Who stored it, as in the journal.
    """

    number: int
    content: AchievementContent
    content_hash: str
    edited_at: datetime
    edited_by: str


class AchievementVersionMissing(RuleBroken):
    """Two people edit one result; each says which version it has seen."""

    code = "achievement_version_missing"
    title_zh = "必须携带 If-Match 成果版本号"
    title_en = "If-Match with the achievement's version is missing"


class AchievementChanged(Conflict):
    """Somebody else has changed the achievement in between."""

    code = "achievement_changed"
    title_zh = "成果信息已被他人修改"
    title_en = "The achievement was changed meanwhile"


def content_hash(content: AchievementContent) -> str:
    """Return the SHA-256 of the content's RFC 8785 form."""
    return digest(content_to_json(content))


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def check_seen(seen: str | None, *, present: int) -> None:
    """Refuse an edit that does not name the present version.

    Raises:
        AchievementVersionMissing: No version is named.
        AchievementChanged: Another one is; ``accepted`` is the present one's tag.

    Invariant: LS30.
    """
    if seen is None:
        raise AchievementVersionMissing(
            "Send If-Match with the ETag of the achievement.",
            field="If-Match",
            accepted=etag(present),
        )
    if seen.strip() != etag(present):
        raise AchievementChanged(
            "Read the achievement again and repeat the change on it.",
            field="If-Match",
            accepted=etag(present),
        )


def may_see_version(viewer: Viewer, achievement: Achievement, number: int) -> bool:
    """Tell whether the viewer may know a version of an achievement.

    What others see is what is on the shelf, and only the present version was accepted as it
    stands; the earlier ones are for the owner and the market's operators and auditors.

    Invariant: LS32.
    """
    if not may_see(viewer, achievement):
        return False
    near = viewer.party_id == achievement.party_id or viewer.staff_of == achievement.market_id
    return near or number == achievement.version
