"""What the operator does to a running auction: interrupt, resume, cancel, annul."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.auctions.domain.model import (
    BIDDABLE,
    TRANSITIONS,
    AuctionStatus,
    BiddingState,
    Pause,
    Trigger,
)
from app.shared.errors import RuleBroken
from app.shared.transitions import TransitionRefused, advance


class ResumptionTooEarly(RuleBroken):
    """A resumption is announced, so that every bidder can be back."""

    code = "resumption_too_early"
    title_zh = "恢复竞价须提前公告"
    title_en = "The resumption must be announced ahead"


def pause(state: BiddingState, *, at: datetime) -> BiddingState:
    """Interrupt an auction; what was left of the phase is kept whole.

    Args:
        at: The moment the interruption counts from: now, or the last sign of life before a
            fault; the deadline must not be due at it.

    Source: rules.md §3, suspension; README, AU47.
    """
    status = advance(TRANSITIONS, state=state.status, trigger=Trigger.PAUSE)
    left = max(state.deadline_at - at, timedelta(0))
    return replace(state, status=status, pause=Pause(state.status, left))


FINAL_WINDOW_S: Final = 300
"""Final window of a phase whose format knows no window of its own (a default)."""


def fault_pause(
    state: BiddingState, absences: Sequence[tuple[datetime, datetime]], *, now: datetime
) -> BiddingState | None:
    """Pause an auction whose exchange was away at the end; ``None`` if its deadline may decide.

    Asked when a phase is over, before it is ended. A Dutch price that somebody has taken is
    decided already.

    Args:
        absences: Half-open periods in market time without a sign of life; one that still runs
            ends now.

    Returns:
        Paused with the time left at the last sign of life before the absence. ``None`` unless
        a single absence was longer than the terms tolerate.

    Source: design.md §4; README, AU48.
    """
    taken = state.status is AuctionStatus.FALLING and state.leader is not None
    if state.status not in BIDDABLE or state.running_since is None or taken:
        return None
    if now < state.deadline_at:
        return None
    window = timedelta(seconds=state.terms.window_s or FINAL_WINDOW_S)
    begins = max(state.deadline_at - window, state.running_since)
    tolerance = timedelta(seconds=state.terms.fault_tolerance_s)
    for start, end in sorted(absences):
        if min(end, state.deadline_at) - max(start, begins) > tolerance:
            return pause(state, at=max(start, state.running_since))
    return None


def announce_resumption(
    state: BiddingState, *, resumes_at: datetime, now: datetime, notice: timedelta
) -> BiddingState:
    """Fix when a paused auction goes on; its stored deadline then resumes it.

    Args:
        notice: Shortest time between the announcement and the resumption.

    Raises:
        TransitionRefused: It is not paused.
        ResumptionTooEarly: Names the earliest moment.
    """
    if state.status is not AuctionStatus.PAUSED or state.pause is None:
        raise TransitionRefused(
            "Only a paused auction is resumed.", state=str(state.status), trigger="resume"
        )
    if resumes_at < now + notice:
        raise ResumptionTooEarly(
            "Announce the resumption ahead.", field="resumes_at", minimum=now + notice
        )
    return replace(state, deadline_at=resumes_at, pause=replace(state.pause, resumes_at=resumes_at))


def cancel(state: BiddingState, *, at: datetime) -> BiddingState:
    """End an auction without a result, before it has one (终结)."""
    status = advance(TRANSITIONS, state=state.status, trigger=Trigger.CANCEL)
    return replace(state, status=status, deadline_at=min(state.deadline_at, at), pause=None)


def annul(state: BiddingState) -> BiddingState:
    """Void a result: misdescription, system error, collusion, unqualified winner.

    Source: rules.md §3, annulment grounds.
    """
    return replace(state, status=advance(TRANSITIONS, state=state.status, trigger=Trigger.ANNUL))
