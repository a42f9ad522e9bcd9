"""How a bidding ends: with an award, a matching period or nothing; equal for all formats."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from app.auctions.domain.formats.base import seconds
from app.auctions.domain.model import (
    TRANSITIONS,
    Act,
    AuctionStatus,
    BiddingState,
    PhaseChange,
    Trigger,
)
from app.auctions.domain.terms import PriorityMode
from app.shared.transitions import advance


def decide(
    state: BiddingState,
    *,
    at: datetime,
    acts: tuple[Act, ...] = (),
    detail: Mapping[str, object] | None = None,
) -> tuple[BiddingState, PhaseChange]:
    """End the bidding with its leader, or without one.

    There is a deal at the leading price if it reaches the floor. Where holders may match the
    final price and one of them stands before the leader, they are asked first.

    Source: rules.md §3, outcome; 拍卖法 50; README, AU7 and AU41.
    """
    trigger = _trigger(state)
    status = advance(TRANSITIONS, state=state.status, trigger=trigger)
    state = replace(state, status=status, deadline_at=at)
    if trigger is Trigger.MATCH:
        state = replace(
            state, deadline_at=at + seconds(state.terms.priority_window_s), running_since=at
        )
    return state, PhaseChange(trigger, status, at, acts, detail)


def _trigger(state: BiddingState) -> Trigger:
    terms = state.terms
    if state.leading is None or terms.gain(state.leading, state.floor) < 0:
        return Trigger.FAIL
    asked = terms.priority_mode is PriorityMode.AFTER and state.status is not AuctionStatus.MATCHING
    return Trigger.MATCH if asked and _better_ranked(state) else Trigger.AWARD


def _better_ranked(state: BiddingState) -> bool:
    """Tell whether any holder stands before the leader; one of an equal rank does not."""
    own = None if state.leader is None else state.ranks.get(state.leader)
    return any(
        code != state.leader and (own is None or rank < own) for code, rank in state.ranks.items()
    )
