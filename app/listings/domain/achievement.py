"""Achievements 科技成果: what is submitted, what is accepted, who may see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.shared.access import Viewer
from app.shared.errors import RuleBroken
from app.shared.ids import AchievementId, MarketId, PartyId
from app.shared.money import Money

SHARES_BP: Final = 10_000


class AchievementStatus(StrEnum):
    """Where an achievement stands in the collection 征集遴选."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class AchievementTrigger(StrEnum):
    """What moves an achievement."""

    ACCEPT = "accept"
    REFUSE = "refuse"


ACHIEVEMENT_TRANSITIONS: Final[
    Mapping[tuple[AchievementStatus, AchievementTrigger], AchievementStatus]
] = {
    (AchievementStatus.SUBMITTED, AchievementTrigger.ACCEPT): AchievementStatus.ACCEPTED,
    (AchievementStatus.SUBMITTED, AchievementTrigger.REFUSE): AchievementStatus.REFUSED,
}


class Confidentiality(StrEnum):
    """Who may read the content once it is accepted."""

    PUBLIC = "public"
    RESTRICTED = "restricted"


class Empowerment(StrEnum):
    """赋权: what the completers of a service result were given in it.

    Source: rules.md section 6; 促进科技成果转化法 as applied by the empowerment pilots.
    """

    NONE = "none"
    OWNERSHIP_SHARE = "ownership_share"
    LONG_TERM_USE = "long_term_use"


class IpStatus(StrEnum):
    """Standing of one right."""

    GRANTED = "granted"
    PENDING = "pending"
    REGISTERED = "registered"
    KEPT_SECRET = "kept_secret"  # noqa: S105 - a standing, not a password


@dataclass(frozen=True, slots=True)
class IpAsset:
    """One right that goes with the result.

    Attributes:
        kind: A name of the code table ``ip_kind``.
        number: Patent or registration number in its normal form; ``None`` for a secret.
    """

    kind: str
    number: str | None
    title: str
    status: IpStatus


@dataclass(frozen=True, slots=True)
class Readiness:
    """Maturity; a level means nothing without its scale.

    Attributes:
        scale: A name of the code table ``readiness_scale``.
        level: From 1 to the scale's last level.
    """

    scale: str
    level: int


@dataclass(frozen=True, slots=True)
class Completer:
    """成果完成人: a person who completed the result.

    Attributes:
        share_bp: Share in basis points; all completers' shares sum to 10,000.
    """

    name: str
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementContent:
    """What the owner states about a result; code names are those of ``/v1/codes``."""

    title: str
    abstract: str
    technology_field: str
    kind: str
    ip_kind: str
    ip_assets: tuple[IpAsset, ...]
    readiness: Readiness
    evidence: str
    state_of_the_art: str
    completers: tuple[Completer, ...]
    service_result: bool
    empowerment: Empowerment
    plan_source: str
    conversion_modes: tuple[str, ...]
    price_idea: Money | None
    confidentiality: Confidentiality
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """A submitted result.

    Attributes:
        party_id: Its owner.
        refusal_reason: Set when it was refused.
    """

    id: AchievementId
    market_id: MarketId
    party_id: PartyId
    status: AchievementStatus
    content: AchievementContent
    submitted_at: datetime
    reviewed_at: datetime | None = None
    refusal_reason: str | None = None

    @property
    def title(self) -> str:
        """Return the title of the content."""
        return self.content.title


def may_see(viewer: Viewer, achievement: Achievement) -> bool:
    """Tell whether the viewer may know that this achievement exists.

    Invariant: LS2.
    """
    if viewer.staff_of == achievement.market_id or viewer.party_id == achievement.party_id:
        return True
    return (
        achievement.status is AchievementStatus.ACCEPTED
        and achievement.content.confidentiality is Confidentiality.PUBLIC
    )


class AchievementInvalid(RuleBroken):
    """The content breaks rules; ``errors`` names each field, rule and what would pass."""

    code = "achievement_invalid"
    title_zh = "成果信息不符合要求"
    title_en = "The achievement breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class ReasonMissing(RuleBroken):
    """A refusal without a reason helps nobody."""

    code = "reason_missing"
    title_zh = "拒绝时必须说明理由"
    title_en = "A refusal states its reason"


def require_reason(*, favourable: bool, reason: str | None) -> None:
    """Refuse an unfavourable decision without a reason.

    Raises:
        ReasonMissing: ``favourable`` is false and no reason is given.

    Source: rules.md L7: every application is recorded, with the reason when refused.
    """
    if not favourable and reason is None:
        raise ReasonMissing(
            "Say why, so that the applicant can mend it.", field="reason", characters_min=2
        )
