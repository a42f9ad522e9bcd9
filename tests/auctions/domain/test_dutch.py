"""The Dutch walk: which price stands when, and what an acceptance does."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain import control
from app.auctions.domain.formats.dutch import price_at
from app.auctions.domain.judging import bounds, judge, roll
from app.auctions.domain.model import AuctionStatus, Bid, BiddingState
from app.auctions.domain.refusals import (
    BidAfterClose,
    BidNotSealable,
    BidTooHigh,
    BidTooLow,
    LimitNotPossible,
)
from app.auctions.domain.terms import Direction, Format
from app.shared.money import Money
from tests.auctions.commands import BOUND, OPENS, scheduled, terms_of
from tests.auctions.domain.hall import both_directions, limit, moment, rolled

STEP, INTERVAL_S, STOPS = 600_000, 60, 21
ENDS_S = STOPS * INTERVAL_S


def hall(direction: Direction) -> BiddingState:
    return rolled(scheduled(terms_of(Format.DUTCH, direction)), 0)


def price(state: BiddingState, stop: int) -> Money:
    start = state.terms.start
    return Money(start.amount_minor - state.terms.sign * stop * STEP)


@both_directions
@pytest.mark.parametrize(
    ("seconds", "micros", "stop"),
    [
        (0, 0, 0),
        (60, -1, 0),
        (60, 0, 1),
        (119, 0, 1),
        (20 * 60, -1, 19),
        (20 * 60, 0, 20),
        (ENDS_S, -1, 20),
    ],
)
def test_each_price_stands_for_one_interval(  # AU18
    direction: Direction, seconds: int, micros: int, stop: int
) -> None:
    state, now = hall(direction), moment(seconds, micros=micros)
    assert state.deadline_at == moment(ENDS_S)
    stands = price(state, stop)
    assert price_at(state, now) == stands
    assert set(bounds(state, now)) == {stands, state.terms.start}
    worse = BidTooLow if direction is Direction.UP else BidTooHigh
    short = Money(stands.amount_minor - state.terms.sign)
    assert isinstance(judge(state, Bid("A", short), now).refusal, worse)
    exact = judge(state, Bid("A", stands), now)
    assert (exact.refusal, exact.state.leading) == (None, stands)
    # Who still offers the price before pays the one that stands.
    late = Money(stands.amount_minor + state.terms.sign * STEP)
    judged = judge(state, Bid("A", late), now)
    assert [act.amount for act in judged.acts] == [stands]
    after, changes = roll(judged.state, now)
    assert (after.status, after.leader, after.leading) == (AuctionStatus.AWARDED, "A", stands)
    assert changes[-1].at == now


@both_directions
def test_the_walk_ends_at_the_reserve_and_then_fails(direction: Direction) -> None:  # AU7 AU18
    state = hall(direction)
    assert price(state, STOPS - 1) == BOUND
    judged = judge(state, Bid("A", state.terms.start), moment(ENDS_S))
    assert isinstance(judged.refusal, BidAfterClose)
    assert judged.state.status is AuctionStatus.FAILED


@both_directions
def test_the_first_acceptance_decides(direction: Direction) -> None:  # AU5 AU18
    state = judge(hall(direction), Bid("A", hall(direction).terms.start), moment(70)).state
    second = judge(state, Bid("B", state.terms.start), moment(70))
    assert isinstance(second.refusal, BidAfterClose)
    assert (second.state.leader, second.state.bid_count) == ("A", 1)


def test_a_dutch_auction_takes_amounts_only() -> None:
    state = hall(Direction.UP)
    assert isinstance(judge(state, Bid("A", None), moment(1)).refusal, BidNotSealable)
    assert isinstance(limit(state, "A", 0, 1).refusal, LimitNotPossible)


@given(
    st.integers(min_value=0, max_value=ENDS_S * 10**6 - 1),
    st.integers(min_value=0, max_value=10**12),
    st.sampled_from(list(Direction)),
)
def test_a_pause_keeps_the_price_and_its_time_left(  # AU18 AU47
    micros: int, pause_micros: int, direction: Direction
) -> None:
    state = hall(direction)
    at = OPENS + timedelta(microseconds=micros)
    resumes_at = at + timedelta(microseconds=pause_micros)
    paused = control.announce_resumption(
        control.pause(state, at=at), resumes_at=resumes_at, now=at, notice=timedelta(0)
    )
    resumed, _ = roll(paused, resumes_at)
    if resumed.status is AuctionStatus.FALLING:
        assert price_at(resumed, resumes_at) == price_at(state, at)
        assert resumed.deadline_at - resumes_at == state.deadline_at - at
