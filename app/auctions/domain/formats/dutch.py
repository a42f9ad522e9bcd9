"""减价式 Dutch: the price walks by the step until somebody takes it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from app.auctions.domain.formats.base import Fault, Range, seconds
from app.auctions.domain.formats.endings import decide
from app.auctions.domain.model import Act, AuctionStatus, Bid, BiddingState, PhaseChange
from app.auctions.domain.refusals import BidNotSealable, BidTooHigh, BidTooLow
from app.auctions.domain.terms import Direction, Terms
from app.shared.errors import DomainError
from app.shared.money import Money

STEPS_MAX: Final = 10_000


def stops(terms: Terms) -> int:
    """Return how many prices the walk has, start and reserve included."""
    assert terms.step is not None
    return -terms.gain(terms.floor, terms.start) // terms.step.amount_minor + 1


def price_at(state: BiddingState, now: datetime) -> Money:
    """Return the price that stands at a moment of the walk.

    Counted back from the deadline, so that a pause, which keeps the time left, keeps the price.
    """
    terms = state.terms
    left = -(-(state.deadline_at - now) // seconds(terms.interval_s))  # begun intervals left
    step = terms.step
    assert step is not None
    gone = stops(terms) - max(min(left, stops(terms)), 1)
    moved = terms.start.amount_minor - terms.sign * gone * step.amount_minor
    return Money(moved, terms.start.currency)


class Dutch:
    """The first acceptance by the database's order decides, at the price of its moment.

    A sale walks down to the reserve, a reverse auction up to it. A bidder who offers more than
    the price that stands pays only that price: it was still on the way when the price moved.

    Source: rules.md §3, other formats; README, AU18.
    """

    limits = False
    needs: Final[dict[str, Range | None]] = {
        "step": None,
        "reserve": None,
        "interval_s": (5, 86_400),
    }
    takes: Final[dict[str, Range | None]] = {}

    def faults(self, terms: Terms) -> Iterator[Fault]:
        """Yield a walk that does not arrive or never ends."""
        step, reserve = terms.step, terms.reserve
        if step is None or reserve is None or step.amount_minor <= 0:
            return
        if {step.currency, reserve.currency} != {terms.start.currency}:
            return
        way = terms.gain(terms.start, reserve)
        if way <= 0 or way % step.amount_minor:
            yield {"field": "reserve", "rule": "whole_steps_from_start", "accepted": step}
        elif stops(terms) > STEPS_MAX:
            yield {"field": "step", "rule": "stops_at_most", "accepted": STEPS_MAX}

    def open(self, state: BiddingState) -> BiddingState:
        """Begin the walk; it ends one interval after the last price was reached."""
        walk = seconds(state.terms.interval_s) * stops(state.terms)
        return replace(
            state,
            status=AuctionStatus.FALLING,
            running_since=state.deadline_at,
            deadline_at=state.deadline_at + walk,
        )

    def bounds(self, state: BiddingState, now: datetime) -> tuple[Money, Money | None] | None:
        """Return the price that stands."""
        return price_at(state, now), state.terms.start

    def refusal(self, state: BiddingState, bid: Bid, now: datetime) -> DomainError | None:
        """Refuse what does not reach the price that stands."""
        if bid.amount is None:
            return BidNotSealable("Bid an amount.", field="amount")
        price = price_at(state, now)
        if state.terms.gain(bid.amount, price) >= 0:
            return None
        if state.terms.direction is Direction.UP:
            return BidTooLow("Bid the price that stands.", field="amount", minimum=price)
        return BidTooHigh("Bid the price that stands.", field="amount", maximum=price)

    def accept(
        self, state: BiddingState, bid: Bid, now: datetime
    ) -> tuple[BiddingState, tuple[Act, ...]]:
        """Sell at the price that stands, at once."""
        price = price_at(state, now)
        state = replace(
            state,
            leader=bid.bidder,
            leading=price,
            bid_count=state.bid_count + 1,
            deadline_at=now,  # over: whoever looks next publishes the award
        )
        return state, (Act(bid.bidder, price, bid.origin),)

    def close(self, state: BiddingState) -> tuple[BiddingState, PhaseChange]:
        """Award the acceptance, or fail at the end of the walk."""
        return decide(state, at=state.deadline_at)


DUTCH: Final = Dutch()
