"""An engagement 揭榜合同: a winner's contract to reach a demand's milestones for its price."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from app.demands.domain.demand import DemandTrigger
from app.demands.domain.failure import RiskRule, Stop, StopCause
from app.demands.domain.milestone import (
    EngagedMilestone,
    MilestoneStatus,
    lapse,
    open_milestone,
    release,
    release_entry_id,
    void,
)
from app.shared.calendar import DayUnit, Duration
from app.shared.errors import Conflict, NotFound
from app.shared.ids import DealId, DemandId, EngagementId, EntryId, MarketId, PartyId, ProposalId
from app.shared.money import Money
from app.shared.transitions import advance

# By analogy with 招标投标法 46: the written contract within thirty days of the award.
SIGNING: Final = Duration(30, DayUnit.CALENDAR_DAY)


class EngagementStatus(StrEnum):
    """Where an engagement stands."""

    OPENED = "opened"  # awarded; its contract waits for the signatures
    CONTRACTED = "contracted"  # signed: the solver works
    COMPLETED = "completed"  # every milestone is accepted
    CUT = "cut"  # 赛马淘汰
    STOPPED = "stopped"  # ended and settled before the last milestone
    FALLEN = "fallen"  # not signed


class EngagementTrigger(StrEnum):
    """What moves an engagement."""

    SIGN = "sign"
    FALL = "fall"
    COMPLETE = "complete"
    CUT = "cut"
    STOP = "stop"


_S = EngagementStatus
_T = EngagementTrigger

ENGAGEMENT_TRANSITIONS: Final[
    Mapping[tuple[EngagementStatus, EngagementTrigger], EngagementStatus]
] = {
    (_S.OPENED, _T.SIGN): _S.CONTRACTED,
    (_S.OPENED, _T.FALL): _S.FALLEN,
    (_S.CONTRACTED, _T.COMPLETE): _S.COMPLETED,
    (_S.CONTRACTED, _T.CUT): _S.CUT,
    (_S.CONTRACTED, _T.STOP): _S.STOPPED,
}

LIVING: Final = frozenset({_S.OPENED, _S.CONTRACTED})


class EngagementNotRunning(Conflict):
    """Work is delivered and decided between the signing and the end."""

    code = "engagement_not_running"
    title_zh = "该揭榜合同未在履行中"
    title_en = "The engagement is not running"


class MilestoneUnknown(NotFound):
    """The engagement has no milestone of this place."""

    code = "milestone_unknown"
    title_zh = "该合同没有此里程碑"
    title_en = "There is no such milestone"


class DeliveryUndecided(Conflict):
    """What was delivered is accepted or refused before the engagement ends."""

    code = "delivery_undecided"
    title_zh = "已提交的成果尚未作出验收决定"
    title_en = "A delivery waits for its decision"


class NotRacing(Conflict):
    """Only a race is cut."""

    code = "not_racing"
    title_zh = "该需求不是赛马制"
    title_en = "The demand is not a race"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """A winner's contract.

    Attributes:
        number: Human number, ``ZP-E-2026-000001``.
        poster_id, solver_id: Who pays, and who works.
        third_party: Whose report an acceptance needs; ``None``: the poster's word is enough.
        racing: Whether it is one route of a race.
        deal_id: Settlement's deal, once that has opened it.
        sign_by_at: From then on the operator may declare that it was not signed.
        costs: What the solver has shown of its costs, as JSON with evidence.
        proposal: The settlement that waits for both sides, as JSON.
        entitled: All that the solver gets, once the engagement ended before its last milestone.
        released, returned: What left the escrow to the solver and back to the poster.
        outcome: The figures by which it ended, as JSON.
    """

    id: EngagementId
    number: str
    market_id: MarketId
    demand_id: DemandId
    proposal_id: ProposalId
    round: int
    rank: int
    poster_id: PartyId
    solver_id: PartyId
    status: EngagementStatus
    price: Money
    failure_risk_rule: RiskRule
    poster_risk_bp: int | None
    lump_sum: bool
    third_party: str | None
    racing: bool
    opened_at: datetime
    sign_by_at: datetime
    pay_by_at: datetime
    released: Money
    returned: Money
    milestones: tuple[EngagedMilestone, ...] = field(default=())
    deal_id: DealId | None = None
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    costs: Sequence[Mapping[str, Any]] = ()
    proposal: Mapping[str, Any] | None = None
    entitled: Money | None = None
    outcome: Mapping[str, Any] | None = None

    @property
    def parties(self) -> frozenset[PartyId]:
        """Poster and solver."""
        return frozenset({self.poster_id, self.solver_id})

    @property
    def nothing(self) -> Money:
        """Zero in the engagement's currency."""
        return Money(0, self.price.currency)

    @property
    def earned(self) -> Money:
        """Sum of the accepted milestones' amounts."""
        return sum((it.amount for it in self.milestones if it.earned), self.nothing)

    @property
    def owed(self) -> Money:
        """What the solver has earned, or was settled, and has not got."""
        due = self.earned if self.entitled is None else self.entitled
        return max(due - self.released, self.nothing)

    @property
    def finished(self) -> bool:
        """Whether it is over and nothing more is to be paid: its deal can close."""
        return self.status not in LIVING and not self.owed.amount_minor

    @property
    def costs_shown(self) -> Money:
        """Sum of the costs that the solver has shown."""
        told = (Money.parse(it["amount"]["amount"], it["amount"]["currency"]) for it in self.costs)
        return sum(told, self.nothing)


def _moved(engagement: Engagement, trigger: EngagementTrigger) -> EngagementStatus:
    return advance(ENGAGEMENT_TRANSITIONS, state=engagement.status, trigger=trigger)


def require_running(engagement: Engagement) -> None:
    """Refuse work on an engagement that is not signed yet, or over.

    Raises:
        EngagementNotRunning: Names the state.
    """
    if engagement.status is not EngagementStatus.CONTRACTED:
        raise EngagementNotRunning(
            "The engagement is not running.", state=engagement.status, accepted=["contracted"]
        )


def milestone_at(engagement: Engagement, place: int) -> EngagedMilestone:
    """Return the milestone of a place.

    Raises:
        MilestoneUnknown: Names the last place.
    """
    if not 1 <= place <= len(engagement.milestones):
        raise MilestoneUnknown("No such milestone.", maximum=len(engagement.milestones))
    return engagement.milestones[place - 1]


def with_milestone(engagement: Engagement, changed: EngagedMilestone) -> Engagement:
    """Return the engagement with one milestone replaced."""
    kept = engagement.milestones
    place = changed.place
    return replace(engagement, milestones=(*kept[: place - 1], changed, *kept[place:]))


def sign(engagement: Engagement, *, signed_at: datetime) -> Engagement:
    """Return the engagement whose contract is signed; its first milestone is open (DM77)."""
    status = _moved(engagement, EngagementTrigger.SIGN)
    signed = replace(engagement, status=status, signed_at=signed_at)
    return with_milestone(signed, open_milestone(signed.milestones[0]))


def fall(engagement: Engagement, *, reason: str, at: datetime) -> Engagement:
    """Return the engagement that was not signed; nothing was earned."""
    status = _moved(engagement, EngagementTrigger.FALL)
    return _ended(replace(engagement, status=status), reason=reason, at=at)


def after_acceptance(engagement: Engagement, place: int, *, at: datetime) -> Engagement:
    """Return the engagement with the next milestone open, or completed behind the last (DM77)."""
    if place < len(engagement.milestones):
        return with_milestone(engagement, open_milestone(engagement.milestones[place]))
    status = _moved(engagement, EngagementTrigger.COMPLETE)
    return replace(engagement, status=status, ended_at=at, proposal=None)


def end(
    engagement: Engagement,
    *,
    cut: bool,
    entitled: Money,
    outcome: Mapping[str, Any],
    reason: str,
    at: datetime,
) -> Engagement:
    """Return the engagement that ends before its last milestone, with what its solver gets."""
    status = _moved(engagement, EngagementTrigger.CUT if cut else EngagementTrigger.STOP)
    stopped = replace(engagement, status=status, entitled=entitled, outcome=outcome)
    return _ended(stopped, reason=reason, at=at)


def _ended(engagement: Engagement, *, reason: str, at: datetime) -> Engagement:
    milestones = tuple(void(milestone) for milestone in engagement.milestones)
    return replace(engagement, milestones=milestones, reason=reason, ended_at=at, proposal=None)


def brought_up(engagement: Engagement, *, now: datetime) -> Engagement:
    """Return the engagement as the stored moments leave it, however late a timer is (DM79)."""
    if engagement.status is not EngagementStatus.CONTRACTED:
        return engagement
    return replace(engagement, milestones=tuple(lapse(it, now=now) for it in engagement.milestones))


def has_failed(engagement: Engagement) -> bool:
    """Tell whether a milestone has failed."""
    return any(it.status is MilestoneStatus.FAILED for it in engagement.milestones)


def require_decided(engagement: Engagement) -> None:
    """Refuse an end while a delivery waits for its decision.

    Raises:
        DeliveryUndecided: Names the milestone.

    Invariant: DM86.
    """
    for milestone in engagement.milestones:
        if milestone.status is MilestoneStatus.DELIVERED:
            raise DeliveryUndecided("Accept or refuse it first.", milestone=milestone.place)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that leaves the escrow: for a milestone, by a settlement, or back to the poster."""

    entry_id: EntryId
    amount: Money
    back: bool = False
    place: int | None = None


def settle_now(
    engagement: Engagement, escrow: Money, *, cause_id: UUID, now: datetime
) -> tuple[Engagement, list[Transfer]]:
    """Return what leaves the escrow now: due milestones in order, then what an end has left over.

    A milestone's payment goes out whole or not at all. Behind the end, what the solver is still
    owed goes out in whatever parts arrive, and the rest is the poster's again.

    Args:
        cause_id: Of what brought this about; the ids of the entries follow from it.

    Invariants: DM81, DM82, DM83.
    """
    engagement, escrow, moves = _release_due(engagement, escrow, now=now)
    if engagement.status in LIVING:
        return engagement, moves
    if engagement.entitled is not None:
        part = min(escrow, engagement.owed)
        engagement = _paid_off(engagement, part, now=now)
        escrow -= part
        if part.amount_minor:
            moves.append(Transfer(EntryId(uuid5(cause_id, f"{engagement.id}:settlement")), part))
    if escrow.amount_minor and not engagement.owed.amount_minor:
        moves.append(Transfer(EntryId(uuid5(cause_id, f"{engagement.id}:return")), escrow, True))
        engagement = replace(engagement, returned=engagement.returned + escrow)
    return engagement, moves


def _release_due(
    engagement: Engagement, escrow: Money, *, now: datetime
) -> tuple[Engagement, Money, list[Transfer]]:
    moves: list[Transfer] = []
    for milestone in engagement.milestones:
        if milestone.status is not MilestoneStatus.ACCEPTED:
            continue
        if milestone.amount > min(escrow, engagement.owed):
            break
        entry_id, place = release_entry_id(milestone.id), milestone.place
        moves.append(Transfer(entry_id, milestone.amount, place=place))
        engagement = with_milestone(engagement, release(milestone, now=now))
        engagement = replace(engagement, released=engagement.released + milestone.amount)
        escrow -= milestone.amount
    return engagement, escrow, moves


def _paid_off(engagement: Engagement, part: Money, *, now: datetime) -> Engagement:
    """Return an ended engagement that was paid a part; its milestones are paid with the last."""
    engagement = replace(engagement, released=engagement.released + part)
    if engagement.owed.amount_minor:
        return engagement
    paid = tuple(
        release(it, now=now) if it.status is MilestoneStatus.ACCEPTED else it
        for it in engagement.milestones
    )
    return replace(engagement, milestones=paid)


def stop_of(
    engagement: Engagement, *, cause: StopCause, escrow: Money, costs: Money, poster_bp: int | None
) -> Stop:
    """Return what the rule of failure asks about the engagement."""
    return Stop(
        cause=cause,
        rule=engagement.failure_risk_rule,
        price=engagement.price,
        earned=engagement.earned,
        released=engagement.released,
        escrow=escrow,
        costs=costs,
        poster_bp=poster_bp,
    )


def demand_outcome(statuses: Collection[EngagementStatus]) -> DemandTrigger | None:
    """Return what happens to the demand of these engagements; ``None`` while one lives.

    Accepted if one came to its end, open for the next winners if none was ever signed.

    Invariant: DM87.
    """
    if not statuses or not LIVING.isdisjoint(statuses):
        return None
    if EngagementStatus.COMPLETED in statuses:
        return DemandTrigger.ACCEPT
    if set(statuses) == {EngagementStatus.FALLEN}:
        return DemandTrigger.REOPEN
    return DemandTrigger.TERMINATE
