"""Standing maxima 委托报价: the system bids the lowest sufficient amount up to a limit.

Step by step, a limit that does not lead bids one step more, or an equal price if the leader bids
for a later limit; where that ends is decided here at once. The trail shows a loser's last bid at
its own limit and the winner's answer: the same price if the winner's limit is the earlier one,
else one step better. Where the leader loses, the winner's first bid stands before that.

Equal to an outright bid a limit does not suffice: that bid was there first. A raised limit counts
as set anew. The cap on steps binds one bid; a duel stands for many.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from app.auctions.domain.model import Act, BiddingState, Code, Limit, Origin
from app.shared.money import Money


class _Reach(NamedTuple):
    """How many bids of one step a limit allows; more, then earlier, is better."""

    bids: int
    age: int  # minus the sequence
    bidder: Code


def answer_limits(state: BiddingState) -> tuple[BiddingState, tuple[Act, ...]]:
    """Let all standing maxima bid until none that could improve is left.

    Source: rules.md §3, standing maximum; README, AU20–AU22.
    """
    reaches = sorted(_reaches(state, state.limits), reverse=True)
    if all(reach.bidder == state.leader for reach in reaches):
        return state, ()
    winner, losers = reaches[0], reaches[:0:-1]  # the worst bids first
    acts = [_act(reach.bidder, _price(state, reach.bids)) for reach in losers]
    if losers and losers[0].bidder == state.leader:
        acts.insert(0, _act(winner.bidder, _price(state, 1)))
    last = losers[-1] if losers else _Reach(0, 0, "")
    earlier = bool(losers) and winner.age > last.age
    acts.append(_act(winner.bidder, _price(state, last.bids + (not earlier))))
    bidders = {state.leader, *(act.bidder for act in acts)} - {None}
    state = replace(
        state,
        leader=winner.bidder,
        leading=acts[-1].amount,
        contested=state.contested or len(bidders) > 1,
        bid_count=state.bid_count + len(acts),
    )
    return state, tuple(acts)


def meet_reserve(state: BiddingState) -> tuple[BiddingState, tuple[Act, ...]]:
    """Raise the leader's bid to the reserve at the end, if its standing maximum allows it.

    The reserve belongs to what is sufficient; a secret one is known only now (AU29).
    """
    leading = state.leading
    if leading is None or state.terms.gain(leading, state.floor) >= 0:
        return state, ()
    assert state.terms.step is not None
    short = state.terms.gain(state.floor, leading)
    bids = -(-short // state.terms.step.amount_minor)
    own = [limit for limit in state.limits if limit.bidder == state.leader]
    if not any(reach.bids >= bids for reach in _reaches(state, own)):
        return state, ()
    act = _act(own[0].bidder, _price(state, bids))
    return replace(state, leading=act.amount, bid_count=state.bid_count + 1), (act,)


def _price(state: BiddingState, bids: int) -> Money:
    """Return the price after some bids of one step each; the first of all opens at the start."""
    if state.leading is None:
        return state.terms.beyond(state.terms.start, bids - 1)
    return state.terms.beyond(state.leading, bids)


def _reaches(state: BiddingState, limits: Sequence[Limit]) -> list[_Reach]:
    terms = state.terms
    assert terms.step is not None
    base = terms.start if state.leading is None else state.leading
    first = 1 if state.leading is None else 0
    step_minor = terms.step.amount_minor
    reaches = (
        _Reach(terms.gain(it.amount, base) // step_minor + first, -it.sequence, it.bidder)
        for it in limits
    )
    return [reach for reach in reaches if reach.bids > 0]


def _act(bidder: Code, amount: Money) -> Act:
    return Act(bidder, amount, Origin.STANDING)
