"""Sealed bids given once: first price, second price, weighted."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain.formats.sealed import SEALED_FIRST, WEIGHTED, decimal_text, score
from app.auctions.domain.judging import judge
from app.auctions.domain.model import AuctionStatus, Bid, BiddingState, Entry
from app.auctions.domain.refusals import (
    AlreadyBid,
    BidAfterClose,
    BidMustBeSealed,
    BidNotSealable,
    BidTooHigh,
    BidTooLow,
    LimitNotPossible,
)
from app.auctions.domain.room import room
from app.auctions.domain.terms import (
    PRICE_MAX_MINOR,
    Direction,
    Format,
    PriorityMode,
    Sealing,
)
from app.shared.money import Money
from app.shared.sealing import ShareHolder
from tests.auctions.commands import scheduled, terms_of
from tests.auctions.domain.hall import (
    after,
    better,
    bid,
    both_directions,
    gained,
    limit,
    moment,
    rolled,
)

A, B, C = "A", "B", "C"
ENDS = 3600
SEALED = [Format.SEALED_FIRST, Format.SEALED_SECOND, Format.WEIGHTED]


def hall(
    kind: Format,
    direction: Direction,
    *,
    reserve: int | None = None,
    ranks: dict[str, int] | None = None,
    **more: Any,
) -> BiddingState:
    terms = terms_of(kind, direction, **more)
    if reserve is not None:
        terms = replace(terms, reserve=better(terms, reserve))
    return scheduled(terms, ranks=ranks or {})


@both_directions
@pytest.mark.parametrize("kind", SEALED)
def test_a_sealed_bid_is_given_once(kind: Format, direction: Direction) -> None:  # AU16
    state = after(hall(kind, direction), (A, 50))
    assert isinstance(bid(state, A, 60, 1).refusal, AlreadyBid)
    assert isinstance(limit(state, B, 60, 1).refusal, LimitNotPossible)
    worse, better_one = (
        (BidTooLow, BidTooHigh) if direction is Direction.UP else (BidTooHigh, BidTooLow)
    )
    assert isinstance(bid(state, B, -1, 1).refusal, worse)
    assert isinstance(bid(state, B, PRICE_MAX_MINOR, 1).refusal, better_one)
    assert isinstance(judge(state, Bid(B, None), moment(1)).refusal, BidNotSealable)
    assert bid(state, B, 0, moment(ENDS, micros=-1)).refusal is None
    assert isinstance(bid(state, B, 0, ENDS).refusal, BidAfterClose)


@both_directions
@pytest.mark.parametrize("kind", SEALED)
def test_nothing_is_told_of_amounts_before_the_end(kind: Format, direction: Direction) -> None:
    # AU19 AU23
    judged = bid(after(hall(kind, direction), (A, 50)), B, 90, 1)
    assert [act.amount for act in judged.acts] == [None]
    shown = room(judged.state)
    assert (shown["leader_code"], shown["leading"], shown["contested"]) == (None, None, False)
    assert shown["bid_count"] == 2
    other = bid(after(hall(kind, direction), (A, 7000)), B, 10, 1)
    assert room(other.state) == shown


@both_directions
@pytest.mark.parametrize(
    ("kind", "bids", "reserve", "leader", "price"),
    [
        (Format.SEALED_FIRST, [], None, None, None),
        (Format.SEALED_FIRST, [(A, 50)], None, A, 50),
        (Format.SEALED_FIRST, [(A, 50), (B, 90)], None, B, 90),
        (Format.SEALED_FIRST, [(A, 90), (B, 90)], None, A, 90),
        (Format.SEALED_FIRST, [(A, 50), (B, 90)], 91, None, 90),
        (Format.SEALED_FIRST, [(A, 50), (B, 90)], 90, B, 90),
        (Format.SEALED_SECOND, [(A, 50)], None, A, 0),
        (Format.SEALED_SECOND, [(A, 50), (B, 90)], None, B, 50),
        (Format.SEALED_SECOND, [(A, 90), (B, 90)], None, A, 90),
        (Format.SEALED_SECOND, [(A, 50), (B, 90)], 70, B, 70),
        (Format.SEALED_SECOND, [(A, 80), (B, 90)], 70, B, 80),
        (Format.SEALED_SECOND, [(A, 50), (B, 90)], 91, None, 90),
        (Format.SEALED_SECOND, [(A, 90)], 90, A, 90),
    ],
)
@pytest.mark.parametrize("secret", [False, True])
def test_who_wins_and_what_it_pays(  # AU17 AU29
    kind: Format,
    direction: Direction,
    bids: Sequence[tuple[str, int]],
    reserve: int | None,
    leader: str | None,
    price: int | None,
    secret: bool,
) -> None:
    state = after(rolled(hall(kind, direction), 0), *bids)
    if reserve is not None:
        amount = better(state.terms, reserve)
        more = {"reserve_secret": True} if secret else {"reserve": amount}
        state = replace(
            state,
            terms=replace(state.terms, **more),
            reserve=amount if secret else None,
        )
    ended = rolled(state, ENDS)
    awarded = ended.status is AuctionStatus.AWARDED
    assert (ended.leader if awarded else None, gained(ended)) == (leader, price)
    assert ended.contested == (len(bids) > 1)


@both_directions
@pytest.mark.parametrize(
    ("ranks", "leader"), [({}, A), ({C: 1}, C), ({B: 2, C: 1}, C), ({B: 1, C: 2}, B)]
)
def test_equal_sealed_bids_go_by_priority_rank_then_by_order(  # AU17
    direction: Direction, ranks: dict[str, int], leader: str
) -> None:
    state = hall(Format.SEALED_FIRST, direction, ranks=ranks, priority_mode=PriorityMode.ORDINARY)
    state = after(state, (A, 50), (B, 50), (C, 50))
    assert rolled(state, ENDS).leader == leader


HOLDERS = tuple(ShareHolder(name, name * 43) for name in "xyz")


def threshold_hall(kind: Format = Format.SEALED_FIRST) -> BiddingState:
    return hall(kind, Direction.UP, sealing=Sealing.THRESHOLD, holders=HOLDERS, threshold=2)


def test_bids_that_nobody_can_read_wait_for_their_shares() -> None:  # AU19
    state = threshold_hall()
    assert isinstance(judge(state, Bid(A, Money(1)), moment(0)).refusal, BidMustBeSealed)
    for who in (A, B):
        state = judge(state, Bid(who, None), moment(0)).state
    state = rolled(state, 10**8)
    assert (state.status, state.leader) == (AuctionStatus.OPENING, None)
    void = Entry("V", None, 9)
    start = state.terms.start
    opened = [
        Entry(A, start + Money(5), 1),
        Entry(B, start + Money(9), 2),
        void,
        Entry("foreign", Money(10**10, "USD"), 5),
        Entry("short", start - Money(1), 6),
        Entry("endless", Money(PRICE_MAX_MINOR + 1), 7),
    ]
    state = replace(state, entries=tuple(opened))
    ended, change = SEALED_FIRST.open_bids(state, at=moment(9999))
    assert (ended.status, ended.leader, change.at) == (AuctionStatus.AWARDED, B, moment(9999))
    assert change.detail is not None
    openings = change.detail["openings"]
    assert [told["bidder_code"] for told in openings] == [B, A]  # type: ignore[attr-defined]


def test_an_auction_without_sealed_bids_fails_at_its_deadline() -> None:  # AU7
    assert rolled(threshold_hall(), ENDS).status is AuctionStatus.FAILED


@both_directions
@pytest.mark.parametrize(
    ("entries", "reserve", "order"),
    [
        # amount better than the start by, points of the two criteria
        ([(A, 0, (100, 100)), (B, 6_000_000, (0, 0))], None, [A, B]),
        ([(A, 0, (50, 50)), (B, 0, (50, 50))], None, [A, B]),
        ([(A, 0, (50, 50)), (B, 0, (50, 51))], None, [B, A]),
        # a better score does not make up for a price that misses the floor
        ([(A, 0, (100, 100)), (B, 6_000_000, (0, 0))], 100, [B, A]),
    ],
)
def test_weighted_ranking(  # AU17
    direction: Direction,
    entries: Sequence[tuple[str, int, tuple[int, int]]],
    reserve: int | None,
    order: list[str],
) -> None:
    state = rolled(hall(Format.WEIGHTED, direction, reserve=reserve), 0)
    state = after(state, *((who, amount) for who, amount, _ in entries))
    waiting = rolled(state, ENDS)
    assert waiting.status is AuctionStatus.OPENING
    points = {who: given_points for who, _, given_points in entries}
    scored = tuple(replace(it, points=points[it.bidder]) for it in waiting.entries)
    ended, change = WEIGHTED.open_bids(replace(waiting, entries=scored), at=moment(5000))
    assert change.detail is not None
    openings = change.detail["openings"]
    assert [told["bidder_code"] for told in openings] == order  # type: ignore[attr-defined]
    assert (ended.status, ended.leader) == (AuctionStatus.AWARDED, order[0])
    # Scores known before the end need no waiting.
    early = replace(state, entries=scored)
    assert rolled(early, ENDS).leader == order[0]


def test_the_published_score_formula() -> None:
    """70 % price, 20 % and 10 % criteria: 0.7 · 100 · 600/660 + 0.2 · 80 + 0.1 · 50."""
    terms = terms_of(Format.WEIGHTED)
    state = scheduled(terms)
    entry = Entry(A, Money(60_000_000), 1, points=(80, 50))
    exact = score(state, entry, Money(66_000_000))
    assert exact == Fraction(700, 11) + 21
    assert decimal_text(exact) == "84.636364"


amounts = st.lists(st.integers(min_value=0, max_value=20), max_size=8)


@given(amounts, st.sampled_from(list(Direction)), st.permutations(range(8)))
def test_arrival_order_decides_ties_only(  # AU5 AU17
    given_amounts: list[int], direction: Direction, order: list[int]
) -> None:
    state = rolled(hall(Format.SEALED_SECOND, direction), 0)
    arrivals = [index for index in order if index < len(given_amounts)]
    for index in arrivals:
        state = bid(state, f"N{index}", given_amounts[index], 0).state
    ended = rolled(state, ENDS)
    if not given_amounts:
        assert ended.status is AuctionStatus.FAILED
        return
    best = max(given_amounts)
    first = next(index for index in arrivals if given_amounts[index] == best)
    second = sorted(given_amounts)[-2] if len(given_amounts) > 1 else 0
    assert (ended.leader, gained(ended)) == (f"N{first}", second)
