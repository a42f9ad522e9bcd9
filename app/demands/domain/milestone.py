"""A milestone 里程碑 of an engagement: delivered, accepted or mended, and paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import uuid5

from app.demands.domain.content import Milestone
from app.shared.calendar import (
    SHANGHAI,
    CalendarHorizonExceeded,
    DayUnit,
    Duration,
    WorkingCalendar,
    period_end,
)
from app.shared.errors import Conflict
from app.shared.ids import EntryId, MilestoneId
from app.shared.money import Money
from app.shared.transitions import advance


class MilestoneStatus(StrEnum):
    """Where a milestone stands."""

    PLANNED = "planned"  # an earlier one is not accepted yet
    OPEN = "open"  # the solver works on it
    DELIVERED = "delivered"  # the poster decides
    REMEDY = "remedy"  # 整改期: refused, or overdue; the solver may mend it until a stored moment
    FAILED = "failed"
    ACCEPTED = "accepted"  # its payment is due
    RELEASED = "released"  # its payment has gone to the solver
    VOID = "void"  # the engagement ended before it was reached


class MilestoneTrigger(StrEnum):
    """What moves a milestone."""

    OPEN = "open"
    DELIVER = "deliver"
    ACCEPT = "accept"
    REFUSE = "refuse"
    FAIL = "fail"
    RELEASE = "release"
    VOID = "void"


_S = MilestoneStatus
_T = MilestoneTrigger

MILESTONE_TRANSITIONS: Final[Mapping[tuple[MilestoneStatus, MilestoneTrigger], MilestoneStatus]] = {
    (_S.PLANNED, _T.OPEN): _S.OPEN,
    (_S.OPEN, _T.DELIVER): _S.DELIVERED,
    (_S.OPEN, _T.REFUSE): _S.REMEDY,  # overdue, and nothing was delivered
    (_S.DELIVERED, _T.DELIVER): _S.DELIVERED,
    (_S.DELIVERED, _T.ACCEPT): _S.ACCEPTED,
    (_S.DELIVERED, _T.REFUSE): _S.REMEDY,
    (_S.DELIVERED, _T.FAIL): _S.FAILED,  # refused once more
    (_S.REMEDY, _T.DELIVER): _S.DELIVERED,
    (_S.REMEDY, _T.FAIL): _S.FAILED,
    (_S.ACCEPTED, _T.RELEASE): _S.RELEASED,
    **{(state, _T.VOID): _S.VOID for state in (_S.PLANNED, _S.OPEN, _S.REMEDY)},
}

EARNED: Final = frozenset({_S.ACCEPTED, _S.RELEASED})


class MilestoneNotOverdue(Conflict):
    """What is not due yet cannot be demanded."""

    code = "milestone_not_overdue"
    title_zh = "里程碑尚未到期且未提交成果"
    title_en = "The milestone is neither delivered nor overdue"


class RemedyOver(Conflict):
    """The time to mend the milestone is over: half open."""

    code = "remedy_over"
    title_zh = "整改期限已届满"
    title_en = "The time to mend the milestone is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagedMilestone:
    """A milestone as contracted.

    Attributes:
        place: 1, 2, … in order; each opens when the one before is accepted.
        due_on: Day in Asia/Shanghai.
        amount: Its part of the price; those of an engagement sum to the price (DM76).
        delivered_at: Of the last delivery.
        decide_by_at: From then on the operator may decide for a silent poster.
        decided_at, reason: Of the last decision; a refusal states its reason.
        remedy_due_at: Until when it may be mended, half open; set once.
        released_at: When its payment went to the solver.
    """

    id: MilestoneId
    place: int
    title: str
    due_on: date
    deliverable: str
    metric: str
    share_bp: int
    amount: Money
    status: MilestoneStatus = MilestoneStatus.PLANNED
    delivered_at: datetime | None = None
    decide_by_at: datetime | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    remedy_due_at: datetime | None = None
    released_at: datetime | None = None

    @property
    def earned(self) -> bool:
        """Whether its payment is due or was made."""
        return self.status in EARNED


def _moved(milestone: EngagedMilestone, trigger: MilestoneTrigger) -> MilestoneStatus:
    return advance(MILESTONE_TRANSITIONS, state=milestone.status, trigger=trigger)


def split_price(price: Money, milestones: Sequence[Milestone]) -> tuple[Money, ...]:
    """Return the milestones' amounts: by their shares, and to the last minor unit the price.

    Invariant: DM76.
    """
    return price.allocate([milestone.share_bp for milestone in milestones])


def plan(
    price: Money, milestones: Sequence[Milestone], ids: Sequence[MilestoneId]
) -> tuple[EngagedMilestone, ...]:
    """Return the milestones of a new engagement, none of them open yet."""
    return tuple(
        EngagedMilestone(
            id=milestone_id,
            place=place,
            title=milestone.title,
            due_on=milestone.due_on,
            deliverable=milestone.deliverable,
            metric=milestone.metric,
            share_bp=milestone.share_bp,
            amount=amount,
        )
        for place, (milestone_id, milestone, amount) in enumerate(
            zip(ids, milestones, split_price(price, milestones), strict=True), start=1
        )
    )


def open_milestone(milestone: EngagedMilestone) -> EngagedMilestone:
    """Return a milestone on which the solver may work."""
    return replace(milestone, status=_moved(milestone, MilestoneTrigger.OPEN))


def deliver(
    milestone: EngagedMilestone, *, decide_by_at: datetime, now: datetime
) -> EngagedMilestone:
    """Return a milestone that the solver has delivered, or delivered anew.

    A delivery after the due day counts as long as nobody has demanded it.

    Raises:
        TransitionRefused: It is not its turn.
        RemedyOver: It was refused, and the time to mend it is over.

    Invariant: DM78.
    """
    status = _moved(milestone, MilestoneTrigger.DELIVER)
    ends_at = milestone.remedy_due_at
    if milestone.status is MilestoneStatus.REMEDY and ends_at is not None and now >= ends_at:
        raise RemedyOver("It should have been mended before.", remedy_due_at=ends_at)
    return replace(milestone, status=status, delivered_at=now, decide_by_at=decide_by_at)


def accept(milestone: EngagedMilestone, *, now: datetime) -> EngagedMilestone:
    """Return an accepted milestone; its payment is due.

    Raises:
        TransitionRefused: Nothing waits for a decision.
    """
    status = _moved(milestone, MilestoneTrigger.ACCEPT)
    return replace(milestone, status=status, decided_at=now, reason=None)


def refuse(
    milestone: EngagedMilestone, *, reason: str, remedy_due_at: datetime, now: datetime
) -> EngagedMilestone:
    """Return a refused milestone: to be mended the first time, failed the second.

    One that is overdue is refused without a delivery: the demand that opens the reasonable time.

    Raises:
        TransitionRefused: Nothing waits for a decision.
        MilestoneNotOverdue: Nothing was delivered, and its due day is not over.

    Invariant: DM79. Source: 民法典 563 (3), 582.
    """
    if milestone.remedy_due_at is not None:
        status = _moved(milestone, MilestoneTrigger.FAIL)
        return replace(milestone, status=status, decided_at=now, reason=reason)
    status = _moved(milestone, MilestoneTrigger.REFUSE)
    overdue = now.astimezone(SHANGHAI).date() > milestone.due_on
    if milestone.status is MilestoneStatus.OPEN and not overdue:
        raise MilestoneNotOverdue("Its due day is not over.", due_on=milestone.due_on)
    return replace(
        milestone, status=status, decided_at=now, reason=reason, remedy_due_at=remedy_due_at
    )


def lapse(milestone: EngagedMilestone, *, now: datetime) -> EngagedMilestone:
    """Return the milestone as the stored moment leaves it: failed when its remedy is over.

    Invariant: DM79.
    """
    ends_at = milestone.remedy_due_at
    if milestone.status is not MilestoneStatus.REMEDY or ends_at is None or now < ends_at:
        return milestone
    return replace(milestone, status=_moved(milestone, MilestoneTrigger.FAIL))


def release(milestone: EngagedMilestone, *, now: datetime) -> EngagedMilestone:
    """Return an accepted milestone whose payment has gone to the solver: once (DM81)."""
    return replace(milestone, status=_moved(milestone, MilestoneTrigger.RELEASE), released_at=now)


def void(milestone: EngagedMilestone) -> EngagedMilestone:
    """Return a milestone of an engagement that ends; what was decided stays as it is."""
    if (milestone.status, MilestoneTrigger.VOID) not in MILESTONE_TRANSITIONS:
        return milestone
    return replace(milestone, status=_moved(milestone, MilestoneTrigger.VOID))


def release_entry_id(milestone_id: MilestoneId) -> EntryId:
    """Return the id of the entry that pays for a milestone: one a milestone (DM81)."""
    return EntryId(uuid5(milestone_id, "release"))


def deadline(start: datetime, duration: Duration, calendar: WorkingCalendar) -> datetime:
    """Return the end of a period, later rather than never where the working days are not known.

    Whoever is bound then has more time than was promised, and nobody waits for a calendar: twice
    the days and two weeks are longer than any run of days off makes the period.

    Invariant: DM80.
    """
    try:
        return period_end(start=start, duration=duration, calendar=calendar)
    except CalendarHorizonExceeded:
        worked = duration.unit is DayUnit.WORKING_DAY
        return start + timedelta(days=duration.count * (2 if worked else 1) + 14)
