"""An auction without a database: amounts count from the start, better upwards or downwards."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import pytest

from app.auctions.domain.judging import Judgement, judge, roll
from app.auctions.domain.model import Bid, BiddingState, Origin, SetLimit
from app.auctions.domain.terms import Direction, Terms
from app.shared.errors import DomainError
from app.shared.money import Money
from tests.auctions.commands import OPENS

both_directions: Final = pytest.mark.parametrize("direction", list(Direction))


def moment(seconds: int, *, micros: int = 0) -> datetime:
    """Return a moment counted from the opening."""
    return OPENS + timedelta(seconds=seconds, microseconds=micros)


def better(terms: Terms, minor: int) -> Money:
    """Return the amount that is better than the start by some minor units."""
    return Money(terms.start.amount_minor + terms.sign * minor, terms.start.currency)


def gained(state: BiddingState) -> int | None:
    """Return by how many minor units the leading price is better than the start."""
    return None if state.leading is None else state.terms.gain(state.leading, state.terms.start)


def bid(
    state: BiddingState,
    who: str,
    minor: int,
    at: int | datetime,
    *,
    origin: Origin = Origin.BIDDER,
) -> Judgement:
    now = moment(at) if isinstance(at, int) else at
    return judge(state, Bid(who, better(state.terms, minor), origin), now)


def limit(state: BiddingState, who: str, minor: int, at: int | datetime) -> Judgement:
    now = moment(at) if isinstance(at, int) else at
    return judge(state, SetLimit(who, better(state.terms, minor)), now)


def after(state: BiddingState, *bids: tuple[str, int], at: int = 0) -> BiddingState:
    """Return the state after bids that all stand."""
    for who, minor in bids:
        judged = bid(state, who, minor, at)
        assert judged.refusal is None, judged.refusal
        state = judged.state
    return state


def rolled(state: BiddingState, at: int) -> BiddingState:
    return roll(state, moment(at))[0]


def kind_of(refusal: DomainError | None) -> type[DomainError] | None:
    return None if refusal is None else type(refusal)


def told(judged: Judgement) -> Sequence[tuple[str, int]]:
    """Return who bid and how much better than the start."""
    terms = judged.state.terms
    return [
        (act.bidder, terms.gain(act.amount, terms.start))
        for act in judged.acts
        if act.amount is not None
    ]
