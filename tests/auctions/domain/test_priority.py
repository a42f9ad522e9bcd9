"""Priority rights in the three modes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.auctions.domain.judging import bounds, judge
from app.auctions.domain.model import AuctionStatus, BiddingState, Origin, SetLimit
from app.auctions.domain.priority import NOTIFICATION, notified_in_time
from app.auctions.domain.refusals import (
    BidAfterClose,
    BidTooHigh,
    BidTooLow,
    LimitNotPossible,
    MatchNotPossible,
)
from app.auctions.domain.terms import Direction, Format, PriorityMode
from app.shared.errors import DomainError
from tests.auctions.commands import OPENS, scheduled, terms_of
from tests.auctions.domain.hall import (
    after,
    bid,
    both_directions,
    gained,
    kind_of,
    limit,
    moment,
    rolled,
    told,
)

A, B, H, K = "A", "B", "H", "K"  # H and K hold rights
RANKS = {H: 1, K: 2}
FREE_S = 3600
MATCH = Origin.MATCH


def inside(direction: Direction) -> BiddingState:
    terms = terms_of(Format.MULTIPLE_BIDS, direction, priority_mode=PriorityMode.INSIDE)
    return rolled(scheduled(terms, ranks=RANKS), 0)


def matching(kind: Format, direction: Direction, **more: Any) -> BiddingState:
    terms = terms_of(
        kind, direction, priority_mode=PriorityMode.AFTER, priority_window_s=600, **more
    )
    state = after(rolled(scheduled(terms, ranks=RANKS), 0), (A, 100))
    return rolled(state, max(terms.free_phase_s or 0, terms.round_s or 0))


@both_directions
def test_inside_a_holder_leads_at_an_equal_price_until_somebody_goes_higher(  # AU40
    direction: Direction,
) -> None:
    state = after(inside(direction), (A, 100), (B, 200))
    matched = bid(state, K, 200, 1, origin=MATCH)
    assert (matched.state.leader, gained(matched.state)) == (K, 200)
    assert isinstance(bid(matched.state, B, 200, 2).refusal, DomainError)
    better_rank = bid(matched.state, H, 200, 2, origin=MATCH)
    assert better_rank.state.leader == H
    assert isinstance(bid(better_rank.state, K, 200, 3, origin=MATCH).refusal, MatchNotPossible)
    over = bid(better_rank.state, B, 300, 3)
    assert (over.refusal, over.state.leader) == (None, B)
    again = bid(over.state, H, 300, FREE_S + 10, origin=MATCH)
    assert again.refusal is None
    assert again.state.deadline_at == moment(FREE_S + 10 + 120)  # a match restarts the window
    assert rolled(again.state, 10**6).leader == H


@both_directions
@pytest.mark.parametrize(
    ("who", "amount", "refused"),
    [
        (A, 100, MatchNotPossible),  # no right
        (H, 0, "worse"),
        (H, 200, "better"),
        (H, 100, None),
    ],
)
def test_only_holders_match_and_only_the_price(  # AU40
    direction: Direction, who: str, amount: int, refused: type[DomainError] | str | None
) -> None:
    state = after(inside(direction), (B, 100))
    too_low, too_high = BidTooLow, BidTooHigh
    names: dict[str, type[DomainError]] = {"worse": too_low, "better": too_high}
    if direction is Direction.DOWN:
        names = {"worse": too_high, "better": too_low}
    expected = names.get(refused) if isinstance(refused, str) else refused
    assert kind_of(bid(state, who, amount, 1, origin=MATCH).refusal) is expected
    nothing_yet = bid(inside(direction), H, 0, 1, origin=MATCH)
    assert isinstance(nothing_yet.refusal, MatchNotPossible)


@both_directions
def test_a_standing_maximum_answers_a_match(direction: Direction) -> None:  # AU21 AU40
    state = limit(inside(direction), A, 500, 0).state
    judged = bid(state, H, 0, 1, origin=MATCH)
    assert told(judged) == [(H, 0), (A, 100)]


@both_directions
@pytest.mark.parametrize(
    "kind", [Format.MULTIPLE_BIDS, Format.DYNAMIC, Format.SEALED_FIRST, Format.ROUNDS]
)
def test_after_the_bidding_holders_match_the_final_price_by_rank(  # AU41
    kind: Format, direction: Direction
) -> None:
    state = matching(kind, direction)
    ended_at = max(state.terms.free_phase_s or 0, state.terms.round_s or 0)
    assert state.status is AuctionStatus.MATCHING
    assert state.deadline_at == moment(ended_at + 600)
    assert bounds(state, moment(ended_at)) == (state.leading, state.leading)
    assert isinstance(bid(state, A, 200, ended_at).refusal, BidAfterClose)
    assert isinstance(limit(state, A, 900, ended_at).refusal, LimitNotPossible)
    assert isinstance(bid(state, A, 100, ended_at, origin=MATCH).refusal, MatchNotPossible)
    second = bid(state, K, 100, ended_at, origin=MATCH)
    assert (second.refusal, second.state.leader) == (None, K)
    first = bid(second.state, H, 100, ended_at + 1, origin=MATCH)
    assert (first.refusal, first.state.leader) == (None, H)
    assert isinstance(bid(first.state, K, 100, ended_at + 2, origin=MATCH).refusal, DomainError)
    late = bid(first.state, K, 100, ended_at + 600, origin=MATCH)
    assert isinstance(late.refusal, BidAfterClose)
    assert (late.state.status, late.state.leader) == (AuctionStatus.AWARDED, H)


@both_directions
@pytest.mark.parametrize("kind", [Format.MULTIPLE_BIDS, Format.SEALED_FIRST])
def test_nobody_matches_means_waived(kind: Format, direction: Direction) -> None:  # AU41
    ended = rolled(matching(kind, direction), 10**7)
    assert (ended.status, ended.leader, gained(ended)) == (AuctionStatus.AWARDED, A, 100)


@both_directions
@pytest.mark.parametrize(
    ("ranks", "leader", "status"),
    [
        ({}, A, AuctionStatus.AWARDED),  # no holder: no detour
        ({H: 1}, H, AuctionStatus.AWARDED),  # the holder leads already
        ({H: 2, K: 1}, H, AuctionStatus.MATCHING),
        ({H: 1, K: 2}, H, AuctionStatus.AWARDED),
        ({H: 1, K: 1}, K, AuctionStatus.AWARDED),  # an equal rank could not match
        ({H: 1, K: 1}, H, AuctionStatus.AWARDED),
    ],
)
def test_only_a_better_ranked_holder_causes_a_matching_period(  # AU41
    direction: Direction, ranks: dict[str, int], leader: str, status: AuctionStatus
) -> None:
    terms = terms_of(
        Format.DYNAMIC, direction, priority_mode=PriorityMode.AFTER, priority_window_s=600
    )
    state = after(scheduled(terms, ranks=ranks), (leader, 0))
    assert rolled(state, 7200).status is status


@both_directions
def test_below_the_reserve_nobody_is_asked(direction: Direction) -> None:  # AU7 AU41
    state = matching(Format.DYNAMIC, direction)
    terms = replace(state.terms, reserve=state.terms.beyond(state.terms.start, 2))
    again = rolled(after(scheduled(terms, ranks=RANKS), (A, 100)), 7200)
    assert again.status is AuctionStatus.FAILED


@pytest.mark.parametrize("mode", [PriorityMode.NONE, PriorityMode.ORDINARY, PriorityMode.AFTER])
def test_other_modes_know_no_match_in_the_bidding(mode: PriorityMode) -> None:  # AU17 AU40
    terms = terms_of(Format.DYNAMIC, priority_mode=mode)
    state = after(scheduled(terms, ranks=RANKS), (A, 0))
    assert isinstance(bid(state, H, 0, 1, origin=MATCH).refusal, MatchNotPossible)
    assert judge(state, SetLimit(H, terms.beyond(terms.start, 3)), moment(1)).refusal is None


def test_holders_are_told_three_days_ahead() -> None:  # AU43
    assert timedelta(days=3) == NOTIFICATION
    assert notified_in_time(OPENS - NOTIFICATION, opens_at=OPENS)
    late = OPENS - NOTIFICATION + timedelta(microseconds=1)
    assert not notified_in_time(late, opens_at=OPENS)
