"""An auction as the rules see it, and how time alone moves it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.auctions.domain.terms import PRICE_MAX_MINOR, Terms
from app.shared.ids import PartyId
from app.shared.money import Money
from app.shared.transitions import advance


class AuctionStatus(StrEnum):
    """Where an auction stands."""

    SCHEDULED = "scheduled"
    FREE = "free"  # 自由竞价期
    TIMED = "timed"  # 限时竞价期
    AWARDED = "awarded"
    FAILED = "failed"  # 流标
    CONFIRMED = "confirmed"


class Trigger(StrEnum):
    """What moves an auction."""

    OPEN = "open"
    CONTEST = "contest"
    AWARD = "award"
    FAIL = "fail"
    CONFIRM = "confirm"


TRANSITIONS: Final[Mapping[tuple[AuctionStatus, Trigger], AuctionStatus]] = {
    (AuctionStatus.SCHEDULED, Trigger.OPEN): AuctionStatus.FREE,
    (AuctionStatus.FREE, Trigger.CONTEST): AuctionStatus.TIMED,
    (AuctionStatus.FREE, Trigger.AWARD): AuctionStatus.AWARDED,
    (AuctionStatus.FREE, Trigger.FAIL): AuctionStatus.FAILED,
    (AuctionStatus.TIMED, Trigger.AWARD): AuctionStatus.AWARDED,
    (AuctionStatus.AWARDED, Trigger.CONFIRM): AuctionStatus.CONFIRMED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BiddingState:
    """All that the judging of a bid depends on.

    Attributes:
        deadline_at: End of the present phase (the opening while scheduled); periods are half
            open, so a bid at this very moment is late.
        contested: At least two different bidders have bid validly.
        bid_count: Valid bids so far.
        judged_count: Valid and refused bids so far; numbers the next one.
        last_judged_at: Judging never goes back in time.
    """

    terms: Terms
    status: AuctionStatus
    deadline_at: datetime
    leader_id: PartyId | None = None
    leading: Money | None = None
    contested: bool = False
    bid_count: int = 0
    judged_count: int = 0
    last_judged_at: datetime | None = None

    @property
    def minimum_next(self) -> Money:
        """The lowest acceptable next bid (AU3)."""
        if self.leading is None:
            return self.terms.start
        return self.leading + self.terms.step

    @property
    def maximum_next(self) -> Money | None:
        """The highest acceptable next bid, ``None`` without a cap (AU4)."""
        if self.terms.steps_max is None:
            return None
        base = self.terms.start if self.leading is None else self.leading
        capped = base.amount_minor + self.terms.step.amount_minor * self.terms.steps_max
        return Money(min(capped, PRICE_MAX_MINOR), base.currency)


@dataclass(frozen=True, slots=True)
class PhaseChange:
    """A phase that ended by its stored deadline, whoever noticed it and when."""

    trigger: Trigger
    status: AuctionStatus
    at: datetime


def roll(state: BiddingState, now: datetime) -> tuple[BiddingState, tuple[PhaseChange, ...]]:
    """Apply every deadline that lies at or before ``now``.

    The result depends on stored deadlines only, so it is the same whether a bid, the worker or
    a reader asks first (AU6).

    Source: rules.md §3, outcome of the two-phase ascending format.
    """
    changes: list[PhaseChange] = []
    while state.status in {AuctionStatus.SCHEDULED, AuctionStatus.FREE, AuctionStatus.TIMED}:
        if now < state.deadline_at:
            break
        ended_at = state.deadline_at
        trigger = _at_deadline(state)
        status = advance(TRANSITIONS, state=state.status, trigger=trigger)
        state = replace(state, status=status, deadline_at=_next_deadline(state, trigger))
        changes.append(PhaseChange(trigger, status, ended_at))
    return state, tuple(changes)


def _at_deadline(state: BiddingState) -> Trigger:
    if state.status is AuctionStatus.SCHEDULED:
        return Trigger.OPEN
    if state.leading is None or state.leading < state.terms.floor:
        return Trigger.FAIL  # only the free phase: nothing below the reserve enters the window
    if state.status is AuctionStatus.FREE and state.contested:
        return Trigger.CONTEST
    return Trigger.AWARD


def _next_deadline(state: BiddingState, trigger: Trigger) -> datetime:
    if trigger is Trigger.OPEN:
        return state.deadline_at + timedelta(seconds=state.terms.free_phase_s)
    if trigger is Trigger.CONTEST:
        return state.deadline_at + timedelta(seconds=state.terms.window_s)
    return state.deadline_at
