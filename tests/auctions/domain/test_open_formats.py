"""Open bids that improve on the leader: tables of cases in both directions."""

from dataclasses import replace
from typing import Any

import pytest

from app.auctions.domain.judging import bounds, judge
from app.auctions.domain.model import AuctionStatus, Bid, BiddingState, SetLimit, Trigger
from app.auctions.domain.refusals import (
    AuctionNotOpen,
    BidAfterClose,
    BidCurrencyWrong,
    BidNotSealable,
    BidOffStep,
    BidTooHigh,
    BidTooLow,
    SelfOverbid,
)
from app.auctions.domain.terms import PRICE_MAX_MINOR, PRICE_MIN_MINOR, Direction, Format, Terms
from app.shared.errors import DomainError
from app.shared.money import Money
from tests.auctions.commands import scheduled, terms_of
from tests.auctions.domain.hall import (
    after,
    better,
    bid,
    both_directions,
    gained,
    kind_of,
    limit,
    moment,
    rolled,
)

FREE_S, WINDOW_S, STEP = 3600, 120, 100
A, B, C = "A", "B", "C"


def hall(direction: Direction, kind: Format = Format.MULTIPLE_BIDS, **more: Any) -> BiddingState:
    terms = terms_of(kind, direction, free_phase_s=FREE_S, window_s=WINDOW_S, **more)
    return scheduled(terms)


@both_directions
@pytest.mark.parametrize(
    ("bids", "bidder", "amount", "refused"),
    [
        ([], A, 0, None),
        ([], A, 37, None),  # the first bid needs no whole step
        ([], A, -1, "worse"),
        ([], A, 501, "better"),
        ([(A, 0)], B, 100, None),
        ([(A, 0)], B, 500, None),
        ([(A, 0)], B, 0, "worse"),  # equal: the earlier one leads (AU5)
        ([(A, 0)], B, 99, "worse"),
        ([(A, 0)], B, 150, BidOffStep),
        ([(A, 0)], B, 600, "better"),
        ([(A, 0)], A, 100, SelfOverbid),
        ([(A, 37)], B, 137, None),
        ([(A, 37)], B, 200, BidOffStep),
        ([(A, 0), (B, 100)], A, 200, None),
    ],
)
def test_bids_are_judged_by_the_notice(  # AU3 AU4 AU5
    direction: Direction,
    bids: list[tuple[str, int]],
    bidder: str,
    amount: int,
    refused: type[DomainError] | str | None,
) -> None:
    state = after(hall(direction), *bids)
    judged = bid(state, bidder, amount, 300)
    worse, too_good = (
        (BidTooLow, BidTooHigh) if direction is Direction.UP else (BidTooHigh, BidTooLow)
    )
    expected = {"worse": worse, "better": too_good}.get(str(refused), refused)
    assert kind_of(judged.refusal) is expected
    assert judged.state.judged_count == state.judged_count + 1
    if judged.refusal is not None:
        assert (judged.state.leader, judged.state.leading) == (state.leader, state.leading)
        for offered in judged.refusal.fields.get("accepted", ()):  # type: ignore[attr-defined]
            assert judge(state, Bid(bidder, offered), moment(300)).refusal is None


@both_directions
def test_the_bounds_told_are_the_bounds_judged_by(direction: Direction) -> None:  # AU3 AU4
    state = after(hall(direction), (A, 0))
    low, high = bounds(state, moment(1))
    assert low is not None
    assert high is not None
    for amount in (low, high):
        assert judge(state, Bid(B, amount), moment(1)).refusal is None
    assert judge(state, Bid(B, low - Money(1)), moment(1)).refusal is not None
    assert judge(state, Bid(B, high + Money(1)), moment(1)).refusal is not None
    assert bounds(state, moment(2 * FREE_S)) == (None, None)


@both_directions
def test_off_step_names_the_valid_neighbours(direction: Direction) -> None:
    state = after(hall(direction), (A, 0))
    judged = bid(state, B, 250, 1)
    assert judged.refusal is not None
    near = sorted([better(state.terms, 200), better(state.terms, 300)], key=str)
    assert sorted(judged.refusal.fields["accepted"], key=str) == near  # type: ignore[call-overload]


def test_foreign_and_sealed_bids_are_refused() -> None:
    state = hall(Direction.UP)
    foreign = Bid(A, Money(60_000_000, "USD"))
    assert isinstance(judge(state, foreign, moment(0)).refusal, BidCurrencyWrong)
    assert isinstance(judge(state, Bid(A, None), moment(0)).refusal, BidNotSealable)


@both_directions
@pytest.mark.parametrize("kind", [Format.MULTIPLE_BIDS, Format.DYNAMIC])
def test_periods_are_half_open(kind: Format, direction: Direction) -> None:  # AU2
    state = hall(direction, kind)
    assert isinstance(bid(state, A, 0, moment(0, micros=-1)).refusal, AuctionNotOpen)
    alone = after(state, (A, 0))
    assert bid(alone, B, 100, moment(FREE_S, micros=-1)).refusal is None
    assert isinstance(bid(alone, B, 100, FREE_S).refusal, BidAfterClose)


@both_directions
def test_each_valid_bid_restarts_the_whole_window(direction: Direction) -> None:  # AU15
    contested = after(hall(direction), (A, 0), (B, 100))
    assert contested.deadline_at == moment(FREE_S)  # the free phase has a fixed end
    at = FREE_S + WINDOW_S - 1
    state = bid(contested, A, 200, at).state
    assert (state.status, state.deadline_at) == (AuctionStatus.TIMED, moment(at + WINDOW_S))
    refused = bid(state, A, 300, at + 60)
    assert isinstance(refused.refusal, SelfOverbid)
    assert refused.state.deadline_at == state.deadline_at
    assert isinstance(bid(state, B, 300, state.deadline_at).refusal, BidAfterClose)


@both_directions
def test_a_command_restarts_the_window_once_with_all_answers_to_it(  # AU15
    direction: Direction,
) -> None:
    state = limit(hall(direction, steps_max=None), A, 5000, 0).state
    state = bid(after(state, (B, 100)), C, 300, FREE_S + 10).state
    assert (state.leader, gained(state)) == (A, 400)
    assert (state.extensions, state.deadline_at) == (1, moment(FREE_S + 10 + WINDOW_S))


@both_directions
def test_extensions_stop_at_the_announced_number(direction: Direction) -> None:  # AU15
    state = after(hall(direction, extensions_max=1), (A, 0), (B, 100))
    state = bid(state, A, 200, FREE_S + 100).state
    again = bid(state, B, 300, FREE_S + 150)
    assert again.refusal is None
    assert again.state.deadline_at == state.deadline_at == moment(FREE_S + 100 + WINDOW_S)
    assert again.state.extensions == 1


@both_directions
@pytest.mark.parametrize(("at", "ends"), [(3000, 3600), (3480, 3600), (3481, 3601), (3599, 3719)])
def test_dynamic_bidding_moves_its_end_only_for_late_bids(  # AU15
    direction: Direction, at: int, ends: int
) -> None:
    state = bid(after(hall(direction, Format.DYNAMIC), (A, 0)), B, 100, at).state
    assert (state.status, state.deadline_at) == (AuctionStatus.FREE, moment(ends))
    assert state.extensions == (ends > FREE_S)
    assert rolled(state, ends).status is AuctionStatus.AWARDED


@both_directions
@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize(
    ("bids", "reserve", "status"),
    [
        ([], None, AuctionStatus.FAILED),
        ([(A, 0)], None, AuctionStatus.AWARDED),
        ([(A, 0)], 200, AuctionStatus.FAILED),
        ([(A, 0), (B, 100)], 200, AuctionStatus.FAILED),
        ([(A, 0), (B, 200)], 200, AuctionStatus.TIMED),
        ([(A, 200)], 200, AuctionStatus.AWARDED),
    ],
)
def test_outcome_of_the_free_phase(  # AU7 AU29
    direction: Direction,
    secret: bool,
    bids: list[tuple[str, int]],
    reserve: int | None,
    status: AuctionStatus,
) -> None:
    state = after(rolled(hall(direction), 0), *bids)
    if reserve is not None:
        amount = better(state.terms, reserve)
        terms = replace(
            state.terms, **({"reserve_secret": True} if secret else {"reserve": amount})
        )
        state = replace(state, terms=terms, reserve=amount if secret else None)
    assert rolled(state, FREE_S).status is status


@both_directions
def test_window_without_a_bid_awards_the_free_phase_leader(direction: Direction) -> None:  # AU7
    state = after(hall(direction), (A, 0), (B, 100))
    judged = bid(state, A, 200, 3 * FREE_S)
    assert isinstance(judged.refusal, BidAfterClose)
    assert (judged.state.status, judged.state.leader) == (AuctionStatus.AWARDED, B)
    ends = [(change.trigger, change.at) for change in judged.changes]
    assert ends == [
        (Trigger.CONTEST, moment(FREE_S)),
        (Trigger.AWARD, moment(FREE_S + WINDOW_S)),
    ]


def edge_terms(direction: Direction) -> Terms:
    top = PRICE_MAX_MINOR if direction is Direction.UP else PRICE_MIN_MINOR
    sign = -1 if direction is Direction.UP else 1
    start = Money(top + sign * 250)
    return terms_of(Format.MULTIPLE_BIDS, direction, bound=start, step=Money(100), steps_max=None)


@both_directions
def test_the_last_bookable_price_cannot_be_equalled(direction: Direction) -> None:  # AU13
    """At the edge no bid stands, not even an equal one, and nothing overflows."""
    state = after(scheduled(edge_terms(direction)), (A, 0), (B, 200))
    assert bounds(state, moment(1)) == (None, None)
    too_good = BidTooHigh if direction is Direction.UP else BidTooLow
    for amount in (200, 250, 300):
        assert isinstance(bid(state, A, amount, 1).refusal, too_good)
        assert isinstance(limit(state, A, amount, 1).refusal, DomainError)


@both_directions
@pytest.mark.parametrize("beyond", [0, 10**16])
def test_a_price_that_cannot_be_booked_is_refused(direction: Direction, beyond: int) -> None:
    # AU13, without a cap on the steps
    state = scheduled(edge_terms(direction))
    top = PRICE_MAX_MINOR + 1 + beyond if direction is Direction.UP else PRICE_MIN_MINOR - 1
    too_good = BidTooHigh if direction is Direction.UP else BidTooLow
    for command in (Bid(A, Money(top)), SetLimit(A, Money(top))):
        judged = judge(state, command, moment(0))
        assert isinstance(judged.refusal, too_good)
        assert judged.state.leading is None


@both_directions
def test_a_step_cap_near_the_edge_offers_only_what_can_be_bid(direction: Direction) -> None:
    # AU4 AU13
    state = after(scheduled(replace(edge_terms(direction), steps_max=5)), (A, 0))
    low, high = bounds(state, moment(1))
    assert {low, high} == {better(state.terms, 100), better(state.terms, 200)}
