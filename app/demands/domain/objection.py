"""Objections 异议 to a result: by anyone while its notice is open, decided by the exchange."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.demands.domain.demand import Demand, DemandStatus
from app.shared.access import Viewer
from app.shared.errors import Conflict, Forbidden, RuleBroken
from app.shared.ids import (
    DemandId,
    DemandObjectionId,
    FileId,
    MarketId,
    PartyId,
    ProposalId,
)


class DemandObjectionStatus(StrEnum):
    """What became of an objection."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class DemandObjectionTrigger(StrEnum):
    """What moves an objection."""

    UPHOLD = "uphold"
    REJECT = "reject"
    WITHDRAW = "withdraw"


_S = DemandObjectionStatus
_T = DemandObjectionTrigger

DEMAND_OBJECTION_TRANSITIONS: Final[
    Mapping[tuple[DemandObjectionStatus, DemandObjectionTrigger], DemandObjectionStatus]
] = {
    (_S.OPEN, _T.UPHOLD): _S.UPHELD,
    (_S.OPEN, _T.REJECT): _S.REJECTED,
    (_S.OPEN, _T.WITHDRAW): _S.WITHDRAWN,
}


class DemandObjectionGround(StrEnum):
    """What an objection is about; the public reads no more of it."""

    RELATED_PARTY = "related_party"  # 关联关系
    SCORING = "scoring"  # 评分
    PROCEDURE = "procedure"  # 程序
    QUALIFICATION = "qualification"  # 资格
    TRUTH = "truth"  # 材料不实
    OWNERSHIP = "ownership"  # 权属
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A published result and how long it is open to objections.

    Attributes:
        number: From 1 within the demand.
        review_id: The review that it rests on.
        notice_seq: Of the notice that published it.
        ends_at: When the notice is over; ``None`` while the working days up to then are unknown.
        winners: Proposals in the order of rank.
        over_at: When it was awarded, or superseded by a new review or the next in the ranking.
    """

    id: UUID
    demand_id: DemandId
    number: int
    review_id: UUID
    notice_seq: int
    published_at: datetime
    ends_at: datetime | None
    winners: tuple[ProposalId, ...]
    over_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandObjection:
    """One objection.

    Attributes:
        party_id: Of whom objects, if it signed in.
        name, contact: Who objects and how to answer; for the exchange and itself.
        evidence: In words.
        files: Of the objector's party; the exchange may read them.
        decide_by_at: Until when the exchange answers, if the working days are known.
        decided_by: ``Actor.ref``.
    """

    id: DemandObjectionId
    demand_id: DemandId
    result_id: UUID
    market_id: MarketId
    party_id: PartyId | None
    name: str
    contact: str
    ground: DemandObjectionGround
    text: str
    evidence: str
    files: tuple[FileId, ...]
    status: DemandObjectionStatus
    filed_at: datetime
    filed_by: str
    decide_by_at: datetime | None
    decision: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopening:
    """What an upheld objection leads to.

    Attributes:
        same_panel: Whether the experts stay; otherwise a new panel is appointed.
        excluded: Reasons by the code of each proposal that is judged no more.
    """

    same_panel: bool = False
    excluded: Mapping[str, str]


class DemandObjectionsClosed(Conflict):
    """The result is not open to objections: its period is over, or there is none."""

    code = "demand_objections_closed"
    title_zh = "结果公示期已结束，不再接受异议"
    title_en = "The result is not open to objections"


class DemandObjectorUnknown(RuleBroken):
    """Whoever objects without signing in says who it is."""

    code = "demand_objector_unknown"
    title_zh = "请填写异议人姓名和联系方式"
    title_en = "Say who objects and how to answer"


class OwnDemandObjection(Forbidden):
    """Nobody decides its own objection."""

    code = "own_demand_objection"
    title_zh = "不得处理本单位提出的异议"
    title_en = "Nobody decides its own objection"


class ReopeningInvalid(RuleBroken):
    """Only an upheld objection leads to a new review, of proposals that are still judged."""

    code = "reopening_invalid"
    title_zh = "重新评审的安排不符合要求"
    title_en = "The new review cannot be arranged so"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


def check_objection(demand: Demand, result: Result | None, *, now: datetime) -> None:
    """Refuse an objection to what is not open to any.

    The stored deadline decides, half open, not whether a timer has run.

    Raises:
        DemandObjectionsClosed: Names state and end of the period.

    Invariant: DM70. Source: rules.md section 4.
    """
    noticed = demand.status is DemandStatus.NOTICED and result is not None
    if not noticed or result is None or is_over(result, now=now):
        raise DemandObjectionsClosed(
            "Object while the notice of the result is open.",
            state=str(demand.status),
            ends_at=None if result is None else result.ends_at,
        )


def is_over(result: Result, *, now: datetime) -> bool:
    """Tell whether the time for objections to a result is over; never while it is not known."""
    return result.ends_at is not None and now >= result.ends_at


def require_objector(*, signed_in: bool, name: str | None, contact: str | None) -> None:
    """Refuse an objection that nobody could be answered for.

    Raises:
        DemandObjectorUnknown: Without signing in, a name or a contact is missing.
    """
    if not signed_in and (name is None or contact is None):
        missing = "name" if name is None else "contact"
        raise DemandObjectorUnknown("Sign in, or say who you are.", field=missing)


def may_read_objector(viewer: Viewer, objection: DemandObjection) -> bool:
    """Tell whether the viewer may know who objects, and the words of it.

    Not the poster: it has to live with whoever objects.

    Invariant: DM71.
    """
    if viewer.staff_of == objection.market_id:
        return True
    return viewer.party_id is not None and viewer.party_id == objection.party_id
