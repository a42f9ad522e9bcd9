"""Sealed rounds with elimination."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain.judging import judge, roll
from app.auctions.domain.model import AuctionStatus, Bid, BiddingState, Trigger
from app.auctions.domain.refusals import (
    AlreadyBid,
    AuctionNotOpen,
    BidderEliminated,
    BidNotSealable,
    BidTooHigh,
    BidTooLow,
)
from app.auctions.domain.room import room
from app.auctions.domain.terms import Direction, Format
from tests.auctions.commands import scheduled, terms_of
from tests.auctions.domain.hall import after, bid, both_directions, gained, moment, rolled

A, B, C, D = "A", "B", "C", "D"
ROUND_S, GAP_S = 1800, 60
NEXT = ROUND_S + GAP_S


def hall(direction: Direction, **more: Any) -> BiddingState:
    return scheduled(terms_of(Format.ROUNDS, direction, **more))


@both_directions
def test_the_worst_leave_and_the_silent_stay_with_their_bid(direction: Direction) -> None:  # AU16
    state = after(hall(direction), (A, 10), (B, 30), (C, 20), (D, 20))
    between = rolled(state, ROUND_S)
    assert (between.status, between.eliminated) == (AuctionStatus.BETWEEN, frozenset({A}))
    assert (between.leader, gained(between)) == (B, 30)
    assert isinstance(bid(between, B, 40, ROUND_S + 1).refusal, AuctionNotOpen)
    second = rolled(between, NEXT)
    assert (second.status, second.round_no) == (AuctionStatus.SEALED, 2)
    assert isinstance(bid(second, A, 90, NEXT).refusal, BidderEliminated)
    assert isinstance(bid(second, "late", 90, NEXT).refusal, BidderEliminated)  # silent in the 1st
    worse = BidTooLow if direction is Direction.UP else BidTooHigh
    assert isinstance(bid(second, C, 19, NEXT).refusal, worse)
    assert isinstance(judge(second, Bid(C, None), moment(NEXT)).refusal, BidNotSealable)
    state = after(second, (C, 50), at=NEXT)
    assert isinstance(bid(state, C, 60, NEXT + 1).refusal, AlreadyBid)  # AU16
    third = rolled(state, 2 * NEXT)
    assert third.eliminated == {A, D}  # B was silent and stays with its bid
    assert (third.leader, gained(third)) == (C, 50)
    ended = rolled(third, 3 * NEXT)
    assert (ended.status, ended.leader, gained(ended)) == (AuctionStatus.AWARDED, C, 50)
    assert ended.contested


@both_directions
def test_never_fewer_than_two_stay(direction: Direction) -> None:  # AU16
    state = after(hall(direction, eliminate=5), (A, 10), (B, 30), (C, 20))
    assert rolled(state, ROUND_S).eliminated == {A}


@both_directions
@pytest.mark.parametrize(("bids", "status"), [([], "failed"), ([(A, 10)], "awarded")])
def test_with_one_bidder_there_is_nothing_to_wait_for(  # AU16
    direction: Direction, bids: list[tuple[str, int]], status: str
) -> None:
    ended, changes = roll(after(rolled(hall(direction), 0), *bids), moment(ROUND_S))
    assert ended.status == status
    assert changes[-1].trigger in {Trigger.AWARD, Trigger.FAIL}
    assert not ended.contested


def test_the_result_of_a_round_is_published_and_then_shown() -> None:  # AU19 AU23
    state = after(hall(Direction.UP), (A, 10), (B, 30), (C, 20))
    assert room(state)["leading"] is None
    between, changes = roll(state, moment(ROUND_S))
    assert changes[-1].detail is not None
    openings = changes[-1].detail["openings"]
    shown = [(it["bidder_code"], it["rank"], it["stays"]) for it in openings]  # type: ignore[attr-defined]
    assert shown == [(B, 1, True), (C, 2, True), (A, 3, False)]
    opened, reopenings = roll(between, moment(NEXT))
    assert [change.detail for change in reopenings] == [{"round_no": 2}]
    second = after(opened, (C, 90), at=NEXT)
    assert room(second)["leader_code"] == B  # the present round stays closed
    assert room(second)["eliminated"] == [A]


@given(
    st.lists(st.lists(st.integers(min_value=-1, max_value=9), min_size=6, max_size=6), max_size=3),
    st.sampled_from(list(Direction)),
    st.integers(min_value=0, max_value=3),
)
def test_rounds_against_a_plain_retelling(  # AU16 AU17
    plans: list[list[int]], direction: Direction, eliminate: int
) -> None:
    """Each plan is a round's bids by six bidders, -1 for silence."""
    state = rolled(hall(direction, eliminate=eliminate), 0)
    standing: dict[int, tuple[int, int]] = {}  # bidder: amount, minus the order of arrival
    going, order = set(range(6)), 0
    for number, plan in enumerate(plans):
        if state.status is not AuctionStatus.SEALED:
            break
        for who, amount in enumerate(plan):
            judged = bid(state, f"N{who}", amount, number * NEXT)
            order += 1
            may = who in going and amount >= standing.get(who, (0, 0))[0]
            assert (judged.refusal is None) == may
            if may:
                standing[who] = (amount, -order)
            state = judged.state
        ranked = sorted(standing, key=lambda who: standing[who], reverse=True)
        keep = max(len(ranked) - eliminate, 2) if number < 2 else len(ranked)
        going = set(ranked[:keep])
        standing = {who: standing[who] for who in going}
        state = rolled(state, (number + 1) * NEXT)
        assert state.leader == (f"N{ranked[0]}" if ranked else None)
