"""The award queue after the confirmation: every move, who is asked, who may answer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain.award import award_queue
from app.auctions.domain.model import Act, AuctionStatus, Origin
from app.auctions.domain.offering import (
    MOVES,
    Award,
    Move,
    NotOnStandby,
    Outcome,
    StandbyAnswerLate,
    StandbyNotAsked,
    asked,
    check_answer,
    moved,
    next_waiting,
    over,
)
from app.auctions.domain.rerun import RerunNotPossible, check_rerun
from app.auctions.domain.terms import Direction, Format, PriorityMode
from app.shared.ids import PartyId
from app.shared.money import Money
from app.shared.transitions import TransitionRefused
from tests.auctions.commands import scheduled, terms_of
from tests.auctions.domain.hall import after, better, bid, both_directions, rolled

A, B, C, D = "A", "B", "C", "D"
UNTIL = datetime(2026, 6, 4, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def party(number: int) -> PartyId:
    return PartyId(UUID(int=number))


def queue_of(*outcomes: Outcome) -> list[Award]:
    return [
        Award(
            place=place,
            party_id=party(place),
            bidder_code=f"V{place}",
            amount=Money(1000 - place),
            outcome=outcome,
            answer_by_at=UNTIL if outcome in {Outcome.ASKED, Outcome.SILENT} else None,
        )
        for place, outcome in enumerate(outcomes)
    ]


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("move", list(Move))
def test_every_outcome_meets_every_move(outcome: Outcome, move: Move) -> None:  # AU85
    (award,) = queue_of(outcome)
    if (outcome, move) in MOVES:
        assert moved(award, move) is MOVES[outcome, move]
    else:
        with pytest.raises(TransitionRefused):
            moved(award, move)


def test_who_left_or_has_left_its_deposit_never_comes_back() -> None:  # AU82, AU84
    ends = set(Outcome) - {outcome for outcome, _ in MOVES}
    assert ends == {
        Outcome.SETTLED,
        Outcome.DEFAULTED,
        Outcome.DECLINED,
        Outcome.SILENT,
        Outcome.RELEASED,
    }


@given(st.lists(st.sampled_from(list(Outcome)), max_size=6))
def test_the_best_place_that_waits_is_asked_next(  # AU82
    outcomes: Sequence[Outcome],
) -> None:
    queue = queue_of(*outcomes)
    waiting = [it for it in queue if it.outcome is Outcome.WAITING]
    assert next_waiting(list(reversed(queue))) == (waiting[0] if waiting else None)
    assert (asked(queue) is None) == (Outcome.ASKED not in outcomes)


def test_only_who_is_asked_answers_and_in_time() -> None:  # AU83, AU84
    queue = queue_of(
        Outcome.DEFAULTED, Outcome.SILENT, Outcome.DECLINED, Outcome.ASKED, Outcome.WAITING
    )
    assert check_answer(queue, party(3), now=UNTIL - SECOND) == queue[3]
    assert not over(queue[3], UNTIL - SECOND)
    assert over(queue[3], UNTIL)  # half open
    for number, now, refusal in (
        (9, UNTIL - SECOND, NotOnStandby),
        (0, UNTIL - SECOND, StandbyNotAsked),
        (2, UNTIL - SECOND, StandbyNotAsked),
        (4, UNTIL - SECOND, StandbyNotAsked),
        (1, UNTIL - SECOND, StandbyAnswerLate),
        (3, UNTIL, StandbyAnswerLate),
    ):
        with pytest.raises(refusal):
            check_answer(queue, party(number), now=now)


@both_directions
def test_of_equal_prices_the_match_stands_before_the_bid(direction: Direction) -> None:
    """AU80: each match took the lead from all before, so the last one is the best."""
    terms = terms_of(Format.DYNAMIC, direction, standby_count=9)
    price = better(terms, 500)
    state = replace(scheduled(terms), status=AuctionStatus.AWARDED, leader=C, leading=price)
    origins = [(A, Origin.BIDDER), (B, Origin.MATCH), (D, Origin.MATCH), (C, Origin.MATCH)]
    trail = [
        (number, Act(who, price, origin)) for number, (who, origin) in enumerate(origins, start=1)
    ]
    trail.append((5, Act(A, better(terms, 400), Origin.BIDDER)))
    assert [it.bidder for it in award_queue(state, trail)] == [C, D, B, A]
    short = replace(state, terms=replace(terms, standby_count=1))
    assert [it.bidder for it in award_queue(short, trail)] == [C, D]


def test_matches_after_an_opening_stand_before_the_sealed_bids() -> None:  # AU80
    terms = terms_of(
        Format.SEALED_FIRST,
        priority_mode=PriorityMode.AFTER,
        priority_window_s=600,
        standby_count=9,
    )
    ranks = {C: 1, D: 2}
    state = after(rolled(scheduled(terms, ranks=ranks), 0), (A, 10), (B, 30), (D, 0))
    state = rolled(state, 3600)
    for who in (D, C):  # C never bid before
        state = bid(state, who, 30, 3700, origin=Origin.MATCH).state
    ended = rolled(state, 10**6)
    price = ended.leading
    assert price is not None
    trail = [(4, Act(D, price, Origin.MATCH)), (5, Act(C, price, Origin.MATCH))]
    places = award_queue(ended, trail)
    assert [(it.bidder, it.amount == price) for it in places] == [
        (C, True),
        (D, True),
        (B, True),
        (A, False),
    ]


@both_directions
def test_a_second_price_winner_pays_it_and_the_next_its_own_bid(direction: Direction) -> None:
    """AU80"""
    terms = terms_of(Format.SEALED_SECOND, direction, standby_count=9)
    ended = rolled(after(rolled(scheduled(terms), 0), (A, 10), (B, 30), (C, 20)), 3600)
    gains = [(it.bidder, terms.gain(it.amount, terms.start)) for it in award_queue(ended, [])]
    assert gains == [(B, 20), (C, 20), (A, 10)]


def test_a_dutch_winner_has_nobody_behind_it() -> None:  # AU80
    terms = terms_of(Format.DUTCH, standby_count=9)
    state = rolled(scheduled(terms), 0)
    taken = bid(state, A, terms.gain(terms.start, terms.start), 1).state
    ended = rolled(taken, 10**7)
    assert ended.leader == A
    assert ended.leading is not None
    trail = [(1, Act(A, ended.leading, Origin.BIDDER))]
    assert [it.bidder for it in award_queue(ended, trail)] == [A]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ((True, True, True), None),
        ((False, True, True), "earlier_listing_of_same_achievement"),
        ((True, False, True), "over"),
        ((True, True, False), "winner_defaulted"),
    ],
)
def test_what_can_be_repeated(facts: tuple[bool, bool, bool], rule: str | None) -> None:  # AU87
    same, ended, defaulted = facts
    if rule is None:
        check_rerun(same_achievement=same, over=ended, defaulted=defaulted)
        return
    with pytest.raises(RerunNotPossible) as caught:
        check_rerun(same_achievement=same, over=ended, defaulted=defaulted)
    assert caught.value.fields["rule"] == rule
