"""Standing maxima 委托报价: the system bids the lowest sufficient amount up to a limit.

A duel of two limits is decided in one step: the loser's last bid at its own limit, then the
winner's answer, equal to it if the winner's limit is the earlier one, else one step better.
That is where bidding step by step would end.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from app.auctions.domain.model import Act, BiddingState, Code, Limit, Origin
from app.shared.money import Money


class _Reach(NamedTuple):
    """How far a limit goes: whole steps beyond the leading price; more, then earlier, is better."""

    steps: int
    age: int  # minus the sequence
    bidder: Code


def answer_limits(state: BiddingState) -> tuple[BiddingState, tuple[Act, ...]]:
    """Let all standing maxima bid until none that could improve is left.

    Source: rules.md §3, standing maximum; README, AU20–AU22.
    """
    if not state.limits:
        return state, ()
    state, opening = _first_bid(state)
    if state.leading is None:
        return state, ()
    reaches = sorted(_reaches(state, state.leading, state.limits), reverse=True)
    if all(reach.bidder == state.leader for reach in reaches):
        return state, opening
    winner = reaches[0]
    loser = reaches[1] if len(reaches) > 1 else None
    terms = state.terms
    if loser is None:
        acts = (_act(winner.bidder, terms.beyond(state.leading)),)
    else:
        last = terms.beyond(state.leading, loser.steps)
        answer = last if winner.age > loser.age else terms.beyond(last)
        acts = (_act(loser.bidder, last), _act(winner.bidder, answer))
    state = replace(
        state,
        leader=winner.bidder,
        leading=acts[-1].amount,
        contested=True,
        bid_count=state.bid_count + len(acts),
    )
    return state, (*opening, *acts)


def meet_reserve(state: BiddingState) -> tuple[BiddingState, tuple[Act, ...]]:
    """Raise the leader's bid to the reserve at the end, if its standing maximum allows it.

    The reserve belongs to what is sufficient; a secret one is known only now.
    """
    leading = state.leading
    if leading is None or state.terms.gain(leading, state.floor) >= 0:
        return state, ()
    assert state.terms.step is not None
    short = state.terms.gain(state.floor, leading)
    steps = -(-short // state.terms.step.amount_minor)
    own = [limit for limit in state.limits if limit.bidder == state.leader]
    if not any(reach.steps >= steps for reach in _reaches(state, leading, own)):
        return state, ()
    act = _act(own[0].bidder, state.terms.beyond(leading, steps))
    return replace(state, leading=act.amount, bid_count=state.bid_count + 1), (act,)


def _first_bid(state: BiddingState) -> tuple[BiddingState, tuple[Act, ...]]:
    """Open at the start price for the limit that will win."""
    if state.leading is not None:
        return state, ()
    start = state.terms.start
    able = [limit for limit in state.limits if state.terms.gain(limit.amount, start) >= 0]
    if not able:
        return state, ()
    first = max(_reaches(state, start, able, least=0))
    state = replace(
        state, leader=first.bidder, leading=start, bid_count=state.bid_count + 1
    )
    return state, (_act(first.bidder, start),)


def _reaches(
    state: BiddingState, base: Money, limits: Sequence[Limit], *, least: int = 1
) -> list[_Reach]:
    step = state.terms.step
    assert step is not None
    reaches = (
        _Reach(
            state.terms.gain(limit.amount, base) // step.amount_minor,
            -limit.sequence,
            limit.bidder,
        )
        for limit in limits
    )
    return [reach for reach in reaches if reach.steps >= least]


def _act(bidder: Code, amount: Money) -> Act:
    return Act(bidder, amount, Origin.STANDING)
