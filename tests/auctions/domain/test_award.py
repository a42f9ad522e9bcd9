"""The award queue, licences and opening times."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain.award import (
    Place,
    award_queue,
    rank_open,
    rank_sealed,
)
from app.auctions.domain.licence import (
    DISPLAY_MIN,
    NOTICE_MIN,
    AuctionNotLicensed,
    Licence,
    check_licence,
)
from app.auctions.domain.model import Act, AuctionStatus, Origin
from app.auctions.domain.schedule import first_free
from app.auctions.domain.terms import Direction, Format, Kind, PriorityMode
from app.shared.money import Money
from tests.auctions.commands import OPENS, scheduled, terms_of
from tests.auctions.domain.hall import after, better, bid, both_directions, moment, rolled, told

A, B, C, D = "A", "B", "C", "D"


@both_directions
def test_open_bidders_rank_by_their_best_bid_and_the_winner_stands_first(  # AU26
    direction: Direction,
) -> None:
    terms = terms_of(Format.DYNAMIC, direction, standby_count=1)
    state = replace(
        scheduled(replace(terms, reserve=better(terms, 100))),
        status=AuctionStatus.AWARDED,
        leader=C,
        leading=better(terms, 500),
    )
    bids = [(D, 0), (A, 100), (B, 300), (A, 400), (B, 500), (C, 500)]  # C matched B's price
    trail = [
        (number, Act(who, better(terms, amount), Origin.BIDDER))
        for number, (who, amount) in enumerate(bids, start=1)
    ]
    ranked = rank_open(state, reversed(trail))
    assert [(it.bidder, it.sequence) for it in ranked] == [(C, 6), (B, 5), (A, 4)]  # D: reserve
    assert [it.bidder for it in award_queue(state, trail)] == [C, B]


@both_directions
@pytest.mark.parametrize(
    ("kind", "amounts", "order"),
    [
        (Format.SEALED_FIRST, {A: 10, B: 30, C: 20}, [(B, 30), (C, 20), (A, 10)]),
        (Format.SEALED_FIRST, {A: 10, B: 10}, [(A, 10), (B, 10)]),
        (Format.SEALED_SECOND, {A: 10, B: 30, C: 20}, [(B, 20), (C, 20), (A, 10)]),
        (Format.SEALED_FIRST, {}, []),
    ],
)
def test_sealed_bidders_rank_as_their_format_ranks(  # AU17 AU26
    direction: Direction, kind: Format, amounts: dict[str, int], order: list[tuple[str, int]]
) -> None:
    state = after(rolled(scheduled(terms_of(kind, direction)), 0), *amounts.items())
    ended = rolled(state, 3600)
    gains = [
        (it.bidder, ended.terms.gain(it.amount, ended.terms.start)) for it in rank_sealed(ended)
    ]
    assert gains == order


@both_directions
def test_rounds_and_weighted_rank_too(direction: Direction) -> None:  # AU26
    state = after(rolled(scheduled(terms_of(Format.ROUNDS, direction)), 0), (A, 1), (B, 3), (C, 2))
    assert [it.bidder for it in rank_sealed(rolled(state, 10**6))] == [B, C]  # A was eliminated
    state = after(rolled(scheduled(terms_of(Format.WEIGHTED, direction)), 0), (A, 1), (B, 1))
    points = {A: (0, 0), B: (1, 0)}
    scored = tuple(replace(it, points=points[it.bidder]) for it in state.entries)
    ended = rolled(replace(state, entries=scored), 3600)
    assert [it.bidder for it in rank_sealed(ended)] == [B, A]


def test_a_matching_winner_stands_before_the_better_bids() -> None:  # AU26 AU41
    terms = terms_of(Format.SEALED_FIRST, priority_mode=PriorityMode.AFTER, priority_window_s=600)
    state = after(rolled(scheduled(terms, ranks={C: 1}), 0), (A, 10), (B, 30), (C, 0))
    state = bid(rolled(state, 3600), C, 30, 3700, origin=Origin.MATCH).state
    ended = rolled(state, 10**6)
    places = [(it.bidder, terms.gain(it.amount, terms.start)) for it in rank_sealed(ended)]
    assert places == [(C, 30), (B, 30), (A, 10)]


codes = st.sampled_from([A, B, C, D])


@given(
    st.lists(st.tuples(codes, st.integers(min_value=0, max_value=9)), min_size=1, max_size=20),
    st.sampled_from(list(Direction)),
)
def test_each_bidder_has_one_place(  # AU26
    bids: list[tuple[str, int]], direction: Direction
) -> None:
    terms = terms_of(Format.DYNAMIC, direction)
    trail = [
        (number, Act(who, better(terms, amount), Origin.BIDDER))
        for number, (who, amount) in enumerate(bids)
    ]
    ranked = rank_open(scheduled(terms), trail)
    assert sorted(it.bidder for it in ranked) == sorted({who for who, _ in bids})
    expected = sorted(
        {who for who, _ in bids},
        key=lambda who: min((-amount, at) for at, (it, amount) in enumerate(bids) if it == who),
    )
    assert [it.bidder for it in ranked] == expected


def test_places_read_like_a_trail() -> None:
    assert Place(A, Money(1), 2)._asdict() == {"bidder": A, "amount": Money(1), "sequence": 2}
    state = rolled(scheduled(terms_of(Format.DYNAMIC)), 0)
    assert told(bid(state, A, 100, 0)) == [(A, 100)]


GOOD = Licence(
    company="西湖拍卖有限公司",
    company_licence="浙A-001",
    auctioneer="王一",
    auctioneer_licence="3300123",
    notice_published_at=OPENS - NOTICE_MIN,
    notice_medium="浙江日报",
    display_from=OPENS - DISPLAY_MIN,
    display_until=OPENS,
    display_place="杭州市西湖区文三路 1 号",
)


@pytest.mark.parametrize(
    ("kind", "changes", "rules"),
    [
        (Kind.AUCTION, {}, []),
        (Kind.AUCTION, None, ["needed_by_kind"]),
        (Kind.ONLINE_BIDDING, None, []),
        (Kind.ONLINE_BIDDING, {}, ["only_with_kind"]),
        (Kind.AUCTION, {"auctioneer": " "}, ["not_blank"]),
        (
            Kind.AUCTION,
            {"notice_published_at": OPENS - NOTICE_MIN + timedelta(seconds=1)},
            ["seven_days_before_opening"],
        ),
        (
            Kind.AUCTION,
            {
                "company": "",
                "notice_published_at": OPENS,
                "display_from": OPENS,
                "display_until": OPENS + timedelta(seconds=1),
            },
            ["not_blank", "seven_days_before_opening", "two_days_of_display", "before_opening"],
        ),
    ],
)
def test_an_auction_needs_its_facts_and_online_bidding_does_not(  # AU24
    kind: Kind, changes: dict[str, Any] | None, rules: list[str]
) -> None:
    licence = None if changes is None else replace(GOOD, **changes)
    if not rules:
        check_licence(kind, licence, opens_at=OPENS)
        return
    with pytest.raises(AuctionNotLicensed) as caught:
        check_licence(kind, licence, opens_at=OPENS)
    faults = caught.value.fields["faults"]
    assert isinstance(faults, list)
    assert [fault["rule"] for fault in faults] == rules


minutes = st.integers(min_value=-30, max_value=30)


@given(st.lists(minutes, max_size=12), st.integers(min_value=1, max_value=10))
def test_the_first_free_opening_by_trying_all(taken: list[int], spread: int) -> None:  # AU25
    found = first_free(OPENS, [moment(60 * it) for it in taken], 60 * spread)
    free = [at for at in range(0, 2000, spread) if all(abs(at - it) >= spread for it in taken)]
    assert found == moment(60 * free[0])


def test_lots_opened_one_after_another_keep_their_distance() -> None:  # AU25
    taken: list[datetime] = []
    for _ in range(5):
        taken.append(first_free(OPENS, taken, 300))
    assert taken == [moment(300 * number) for number in range(5)]
    assert first_free(OPENS, taken, 0) == OPENS
