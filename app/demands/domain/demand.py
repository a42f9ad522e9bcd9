"""Demands 技术需求: the record that is posted for others to answer, from draft to acceptance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.demands.domain.content import DemandContent
from app.demands.domain.posting import PostingTerms
from app.shared.access import Viewer
from app.shared.errors import RuleBroken
from app.shared.ids import AuctionId, DemandId, EditionId, MarketId, PartyId


class DemandStatus(StrEnum):
    """Where a demand stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"  # 已提交
    DIAGNOSING = "diagnosing"  # 专家诊断中
    RETURNED = "returned"  # 退回修改
    REVIEWED = "reviewed"  # 诊断通过, it may be posted
    REFUSED = "refused"
    MERGED = "merged"  # its aim is now another demand's
    SPLIT = "split"  # its aims are now several demands'
    POSTED = "posted"  # 发榜
    CLOSED = "closed"  # the time for proposals is over
    EVALUATING = "evaluating"  # 评审中
    NOTICED = "noticed"  # the result is open to objections
    CONTRACTED = "contracted"  # winners work on it
    ACCEPTED = "accepted"  # 验收通过
    TERMINATED = "terminated"  # it ended before acceptance
    UNANSWERED = "unanswered"  # 无人揭榜, or nobody who fits
    WITHDRAWN = "withdrawn"


class DemandTrigger(StrEnum):
    """What moves a demand."""

    EDIT = "edit"
    SUBMIT = "submit"
    DIAGNOSE = "diagnose"
    RETURN = "return"
    CLEAR = "clear"
    REFUSE = "refuse"
    MERGE = "merge"
    SPLIT = "split"
    POST = "post"
    CHANGE = "change"
    CLOSE = "close"
    LAPSE = "lapse"
    BEGIN_REVIEW = "begin_review"
    FAIL = "fail"
    ANNOUNCE = "announce"
    REOPEN = "reopen"
    AWARD = "award"
    ACCEPT = "accept"
    TERMINATE = "terminate"
    REVISE = "revise"
    WITHDRAW = "withdraw"


_S = DemandStatus
_T = DemandTrigger

# Source: rules.md section 4, states.
DEMAND_TRANSITIONS: Final[Mapping[tuple[DemandStatus, DemandTrigger], DemandStatus]] = {
    (_S.DRAFT, _T.EDIT): _S.DRAFT,
    (_S.DRAFT, _T.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTED, _T.DIAGNOSE): _S.DIAGNOSING,
    **{
        (state, trigger): target
        for state in (_S.SUBMITTED, _S.DIAGNOSING)
        for trigger, target in (
            (_T.RETURN, _S.RETURNED),
            (_T.CLEAR, _S.REVIEWED),
            (_T.REFUSE, _S.REFUSED),
            (_T.MERGE, _S.MERGED),
            (_T.SPLIT, _S.SPLIT),
        )
    },
    (_S.RETURNED, _T.EDIT): _S.RETURNED,
    (_S.RETURNED, _T.SUBMIT): _S.SUBMITTED,
    (_S.REVIEWED, _T.RETURN): _S.RETURNED,
    (_S.REVIEWED, _T.POST): _S.POSTED,
    (_S.POSTED, _T.CHANGE): _S.POSTED,
    (_S.POSTED, _T.CLOSE): _S.CLOSED,
    (_S.CLOSED, _T.LAPSE): _S.UNANSWERED,
    (_S.CLOSED, _T.BEGIN_REVIEW): _S.EVALUATING,
    (_S.EVALUATING, _T.FAIL): _S.UNANSWERED,
    (_S.EVALUATING, _T.ANNOUNCE): _S.NOTICED,
    (_S.NOTICED, _T.REOPEN): _S.EVALUATING,
    (_S.NOTICED, _T.AWARD): _S.CONTRACTED,
    (_S.CONTRACTED, _T.REOPEN): _S.EVALUATING,
    (_S.CONTRACTED, _T.ACCEPT): _S.ACCEPTED,
    (_S.CONTRACTED, _T.TERMINATE): _S.TERMINATED,
    (_S.UNANSWERED, _T.REVISE): _S.RETURNED,
    **{
        (state, _T.WITHDRAW): _S.WITHDRAWN
        for state in (
            _S.DRAFT,
            _S.SUBMITTED,
            _S.DIAGNOSING,
            _S.RETURNED,
            _S.REVIEWED,
            _S.POSTED,
            _S.CLOSED,
            _S.EVALUATING,
            _S.NOTICED,
            _S.UNANSWERED,
        )
    },
}

# Once posted, everybody knows a demand; while it is prepared anew, its last notices stay.
ON_THE_BOARD: Final = frozenset(
    {
        _S.POSTED,
        _S.CLOSED,
        _S.EVALUATING,
        _S.NOTICED,
        _S.CONTRACTED,
        _S.ACCEPTED,
        _S.TERMINATED,
        _S.UNANSWERED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A demand.

    Attributes:
        number: Human number, ``ZP-N-2026-000001``.
        party_id: Its poster.
        version: Of the content, from 1.
        round: How often it was posted; proposals belong to one round.
        terms: What the present posting promises; ``None`` before the first.
        terms_hash: Hash of the notice that states them.
        notice_count: Notices published so far.
        bidding: The plan of a reverse auction, as published.
        due_at: When whoever acts next should have acted, if known.
        reason: Why it was returned, refused, withdrawn, stayed unanswered or ended.
        merged_into: The demand that took over its aim.
        split_from: The demand whose aim this is a part of.
    """

    id: DemandId
    number: str
    market_id: MarketId
    party_id: PartyId
    status: DemandStatus
    content: DemandContent
    version: int
    created_at: datetime
    submitted_at: datetime | None = None
    reviewed_at: datetime | None = None
    due_at: datetime | None = None
    reason: str | None = None
    round: int = 0
    edition_id: EditionId | None = None
    terms: PostingTerms | None = None
    terms_hash: str | None = None
    notice_count: int = 0
    posted_at: datetime | None = None
    closes_at: datetime | None = None
    auction_id: AuctionId | None = None
    bidding: Mapping[str, Any] | None = None
    merged_into: DemandId | None = None
    split_from: DemandId | None = None
    ended_at: datetime | None = None


def is_near(viewer: Viewer, demand: Demand) -> bool:
    """Tell whether the viewer is the poster, or operator or auditor of its market."""
    return viewer.staff_of == demand.market_id or viewer.party_id == demand.party_id


def may_see(viewer: Viewer, demand: Demand) -> bool:
    """Tell whether the viewer may know that this demand exists.

    A demand that was withdrawn after its posting stays known: its withdrawal was published.

    Invariant: DM2.
    """
    if is_near(viewer, demand) or demand.status in ON_THE_BOARD:
        return True
    return demand.status is DemandStatus.WITHDRAWN and demand.posted_at is not None


def is_open(demand: Demand, *, now: datetime) -> bool:
    """Tell whether proposals are taken: the stored moment decides, half open (DM5)."""
    return (
        demand.status is DemandStatus.POSTED
        and demand.closes_at is not None
        and now < demand.closes_at
    )


class DemandInvalid(RuleBroken):
    """The content breaks rules; ``errors`` names each field, rule and what would pass."""

    code = "demand_invalid"
    title_zh = "需求信息不符合要求"
    title_en = "The demand breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class DemandReasonMissing(RuleBroken):
    """A decision against somebody states its reason."""

    code = "demand_reason_missing"
    title_zh = "请说明理由"
    title_en = "Say why"


def require_reason(reason: str | None) -> str:
    """Return the reason of a decision against somebody.

    Raises:
        DemandReasonMissing: There is none.

    Invariant: DM3.
    """
    if reason is None:
        raise DemandReasonMissing("Say why.", field="reason", characters_min=2)
    return reason
