"""Achievements 科技成果: how they come onto the shelf and leave it, and who may see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.listings.domain.content import AchievementContent, Confidentiality
from app.shared.access import Viewer
from app.shared.errors import RuleBroken
from app.shared.ids import AchievementId, MarketId, PartyId


class AchievementStatus(StrEnum):
    """Where an achievement stands in collection and selection 征集遴选."""

    DRAFT = "draft"  # its owner's alone
    SUBMITTED = "submitted"  # waits for the first check 初审
    SELECTING = "selecting"  # before the experts 专家遴选
    RETURNED = "returned"  # back to its owner, who mends it in time
    ACCEPTED = "accepted"  # on the shelf 入库
    STALE = "stale"  # nobody confirmed it in time: off the shelf until somebody does
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class AchievementTrigger(StrEnum):
    """What moves an achievement."""

    EDIT = "edit"
    SUBMIT = "submit"
    PASS_CHECK = "pass_check"  # noqa: S105 - an act, not a password
    RETURN = "return"
    ACCEPT = "accept"
    REFUSE = "refuse"
    GO_STALE = "go_stale"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"


_S = AchievementStatus
_T = AchievementTrigger

ACHIEVEMENT_TRANSITIONS: Final[
    Mapping[tuple[AchievementStatus, AchievementTrigger], AchievementStatus]
] = {
    (_S.DRAFT, _T.EDIT): _S.DRAFT,
    (_S.DRAFT, _T.SUBMIT): _S.SUBMITTED,
    (_S.DRAFT, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.SUBMITTED, _T.EDIT): _S.SUBMITTED,
    (_S.SUBMITTED, _T.PASS_CHECK): _S.SELECTING,
    (_S.SUBMITTED, _T.RETURN): _S.RETURNED,
    (_S.SUBMITTED, _T.ACCEPT): _S.ACCEPTED,  # where the operator asks no experts
    (_S.SUBMITTED, _T.REFUSE): _S.REFUSED,
    (_S.SUBMITTED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.SELECTING, _T.RETURN): _S.RETURNED,
    (_S.SELECTING, _T.ACCEPT): _S.ACCEPTED,
    (_S.SELECTING, _T.REFUSE): _S.REFUSED,
    (_S.SELECTING, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.RETURNED, _T.EDIT): _S.RETURNED,
    (_S.RETURNED, _T.SUBMIT): _S.SUBMITTED,
    (_S.RETURNED, _T.REFUSE): _S.REFUSED,  # not mended in time
    (_S.RETURNED, _T.WITHDRAW): _S.WITHDRAWN,
    # What was accepted was the content: another content is checked anew.
    (_S.ACCEPTED, _T.EDIT): _S.SUBMITTED,
    (_S.ACCEPTED, _T.CONFIRM): _S.ACCEPTED,
    (_S.ACCEPTED, _T.GO_STALE): _S.STALE,
    (_S.ACCEPTED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.STALE, _T.EDIT): _S.SUBMITTED,
    (_S.STALE, _T.CONFIRM): _S.ACCEPTED,
    (_S.STALE, _T.WITHDRAW): _S.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """A collected result.

    Attributes:
        party_id: Its owner.
        version: Of the content, from 1; every version is kept.
        collected_at: When its first version was stored.
        submitted_at: When it was last submitted; ``None`` for a draft.
        reviewed_at: When it was last accepted, returned or refused.
        due_at: Until when somebody acts: the exchange decides, the owner mends, or confirms.
        reason: Why it was returned, refused or withdrawn.
    """

    id: AchievementId
    market_id: MarketId
    party_id: PartyId
    status: AchievementStatus
    content: AchievementContent
    version: int
    collected_at: datetime
    submitted_at: datetime | None = None
    reviewed_at: datetime | None = None
    due_at: datetime | None = None
    reason: str | None = None

    @property
    def title(self) -> str:
        """Return the title of the content."""
        return self.content.title


def may_see(viewer: Viewer, achievement: Achievement) -> bool:
    """Tell whether the viewer may know that this achievement exists.

    A draft is its owner's alone. What is on the shelf is everybody's, with its public part.

    Invariant: LS2.
    """
    if viewer.party_id == achievement.party_id:
        return True
    if viewer.staff_of == achievement.market_id:
        return achievement.submitted_at is not None
    return achievement.status is AchievementStatus.ACCEPTED


def may_see_content(viewer: Viewer, achievement: Achievement, *, judging: bool = False) -> bool:
    """Tell whether the viewer may read everything of an achievement that it may see.

    Of a restricted one the others read the public part; see `AchievementContent.told_abstract`.

    Args:
        judging: The viewer is an expert who judges its present submission, see `may_judge`.

    Invariant: LS2, LS44.
    """
    if (
        judging
        or viewer.party_id == achievement.party_id
        or viewer.staff_of == achievement.market_id
    ):
        return True
    return achievement.content.confidentiality is Confidentiality.PUBLIC


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
