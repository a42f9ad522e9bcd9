"""Judging bids: tables of cases, and properties over generated auctions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain.bidding import (
    AuctionNotOpen,
    BidAfterClose,
    BidCurrencyWrong,
    BidOffStep,
    BidTooHigh,
    BidTooLow,
    SelfOverbid,
    judge,
)
from app.auctions.domain.model import (
    TRANSITIONS,
    AuctionStatus,
    BiddingState,
    Trigger,
    roll,
)
from app.auctions.domain.terms import PRICE_MAX_MINOR, Format, Terms
from app.shared.errors import DomainError
from app.shared.ids import PartyId
from app.shared.money import AMOUNT_MINOR_MAX, Money
from app.shared.transitions import TransitionRefused, advance

OPENS = datetime(2026, 3, 30, 1, 0, tzinfo=UTC)
FREE_ENDS = OPENS + timedelta(hours=1)
ALICE, BORIS, CAROL = (PartyId(UUID(int=number)) for number in (1, 2, 3))
TERMS = Terms(
    format=Format.MULTIPLE_BIDS,
    start=Money(100_00),
    step=Money(10_00),
    steps_max=5,
    reserve=None,
    free_phase_s=3600,
    window_s=120,
)
SCHEDULED = BiddingState(terms=TERMS, status=AuctionStatus.SCHEDULED, deadline_at=OPENS)


def bid(
    state: BiddingState, bidder: PartyId, yuan: int, at: datetime
) -> tuple[BiddingState, DomainError | None]:
    judged = judge(state, bidder_id=bidder, amount=Money(yuan * 100), now=at)
    return judged.state, judged.refusal


def after(*bids: tuple[PartyId, int], at: datetime = OPENS) -> BiddingState:
    state = SCHEDULED
    for bidder, yuan in bids:
        state, refusal = bid(state, bidder, yuan, at)
        assert refusal is None
    return state


@pytest.mark.parametrize(
    ("bids", "bidder", "yuan", "refused", "minimum"),
    [
        ([], ALICE, 100, None, None),
        ([], ALICE, 137, None, None),  # the first bid needs no whole step
        ([], ALICE, 99, BidTooLow, 100),
        ([], ALICE, 151, BidTooHigh, 100),
        ([(ALICE, 100)], BORIS, 110, None, None),
        ([(ALICE, 100)], BORIS, 150, None, None),
        ([(ALICE, 100)], BORIS, 100, BidTooLow, 110),  # equal: the earlier one leads (AU5)
        ([(ALICE, 100)], BORIS, 109, BidTooLow, 110),
        ([(ALICE, 100)], BORIS, 115, BidOffStep, 110),
        ([(ALICE, 100)], BORIS, 160, BidTooHigh, 110),
        ([(ALICE, 100)], ALICE, 110, SelfOverbid, None),
        ([(ALICE, 137)], BORIS, 147, None, None),
        ([(ALICE, 137)], BORIS, 150, BidOffStep, 147),
    ],
)
def test_bids_are_judged_by_the_notice(  # AU2 AU3 AU4 AU5
    bids: list[tuple[PartyId, int]],
    bidder: PartyId,
    yuan: int,
    refused: type[DomainError] | None,
    minimum: int | None,
) -> None:
    state, refusal = bid(after(*bids), bidder, yuan, OPENS + timedelta(minutes=5))
    assert (None if refusal is None else type(refusal)) is refused
    if refusal is not None and minimum is not None:
        assert refusal.fields["minimum"] == Money(minimum * 100)
        # What the refusal calls acceptable is acceptable.
        offered = refusal.fields["minimum"]
        assert isinstance(offered, Money)
        again = judge(state, bidder_id=bidder, amount=offered, now=OPENS + timedelta(minutes=6))
        assert again.refusal is None


def test_off_step_names_the_valid_neighbours() -> None:
    _, refusal = bid(after((ALICE, 100)), BORIS, 125, OPENS)
    assert isinstance(refusal, BidOffStep)
    assert refusal.fields["accepted"] == [Money(120_00), Money(130_00)]


def test_foreign_currency_is_refused() -> None:
    judged = judge(SCHEDULED, bidder_id=ALICE, amount=Money(200_00, "USD"), now=OPENS)
    assert isinstance(judged.refusal, BidCurrencyWrong)


def test_periods_are_half_open() -> None:  # AU2
    tick = timedelta(microseconds=1)
    _, early = bid(SCHEDULED, ALICE, 100, OPENS - tick)
    assert isinstance(early, AuctionNotOpen)
    assert bid(SCHEDULED, ALICE, 100, OPENS)[1] is None
    alone = after((ALICE, 100))
    assert bid(alone, BORIS, 110, FREE_ENDS - tick)[1] is None
    _, late = bid(alone, BORIS, 110, FREE_ENDS)
    assert isinstance(late, BidAfterClose)


def test_each_valid_bid_restarts_the_whole_window() -> None:  # AU6
    contested = after((ALICE, 100), (BORIS, 110))
    at = FREE_ENDS + timedelta(seconds=119)
    state, refusal = bid(contested, ALICE, 120, at)
    assert refusal is None
    assert state.status is AuctionStatus.TIMED
    assert state.deadline_at == at + timedelta(seconds=120)
    same, refusal = bid(state, ALICE, 130, at + timedelta(seconds=60))
    assert isinstance(refusal, SelfOverbid)
    assert same.deadline_at == state.deadline_at  # a refused bid restarts nothing
    _, late = bid(state, BORIS, 130, state.deadline_at)
    assert isinstance(late, BidAfterClose)


@pytest.mark.parametrize(
    ("bids", "reserve", "status"),
    [
        ([], None, AuctionStatus.FAILED),
        ([(ALICE, 100)], None, AuctionStatus.AWARDED),
        ([(ALICE, 100)], 120, AuctionStatus.FAILED),
        ([(ALICE, 100), (BORIS, 110)], 120, AuctionStatus.FAILED),
        ([(ALICE, 100), (BORIS, 120)], 120, AuctionStatus.TIMED),
        ([(ALICE, 120)], 120, AuctionStatus.AWARDED),
    ],
)
def test_outcome_of_the_free_phase(  # AU7
    bids: list[tuple[PartyId, int]], reserve: int | None, status: AuctionStatus
) -> None:
    state = after(*bids)
    if reserve is not None:
        state = replace(state, terms=replace(TERMS, reserve=Money(reserve * 100)))
    if state.status is AuctionStatus.SCHEDULED:
        state, _ = roll(state, OPENS)
    rolled, changes = roll(state, FREE_ENDS)
    assert rolled.status is status
    assert changes[-1].at == FREE_ENDS


def test_window_without_a_bid_awards_the_free_phase_leader() -> None:  # AU7
    state, changes = roll(after((ALICE, 100), (BORIS, 110)), FREE_ENDS + timedelta(days=3))
    assert state.status is AuctionStatus.AWARDED
    assert state.leader_id == BORIS
    assert [change.at for change in changes] == [FREE_ENDS, FREE_ENDS + timedelta(seconds=120)]


@pytest.mark.parametrize("state", list(AuctionStatus))
@pytest.mark.parametrize("trigger", list(Trigger))
def test_every_state_and_trigger(state: AuctionStatus, trigger: Trigger) -> None:
    if (state, trigger) in TRANSITIONS:
        assert advance(TRANSITIONS, state=state, trigger=trigger) is TRANSITIONS[state, trigger]
    else:
        with pytest.raises(TransitionRefused):
            advance(TRANSITIONS, state=state, trigger=trigger)


steps = st.lists(
    st.tuples(
        st.sampled_from([ALICE, BORIS, CAROL]),
        st.integers(min_value=-2, max_value=8),  # steps above the minimum, also invalid ones
        st.integers(min_value=0, max_value=9),  # minor units off the step
        st.integers(min_value=0, max_value=1500),  # seconds since the bid before
    ),
    max_size=40,
)


def run(commands: list[tuple[PartyId, int, int, int]]) -> list[tuple[BiddingState, bool, datetime]]:
    state, now, seen = SCHEDULED, OPENS, []
    for bidder, over, off, pause in commands:
        now += timedelta(seconds=pause)
        amount = Money(max(1, (state.minimum_next + TERMS.step * over).amount_minor + off))
        judged = judge(state, bidder_id=bidder, amount=amount, now=now)
        state = judged.state
        seen.append((state, judged.refusal is None, now))
    return seen


@given(steps)
def test_the_leading_price_only_rises_by_whole_steps_of_another_bidder(  # AU3 AU4 AU5
    commands: list[tuple[PartyId, int, int, int]],
) -> None:
    previous = SCHEDULED
    for state, accepted, _ in run(commands):
        if not accepted:
            assert (state.leading, state.leader_id) == (previous.leading, previous.leader_id)
        elif previous.leading is not None:
            assert state.leading is not None
            raised = (state.leading - previous.leading).amount_minor
            assert raised % TERMS.step.amount_minor == 0
            assert 1 <= raised // TERMS.step.amount_minor <= 5
            assert state.leader_id != previous.leader_id
        previous = state


@given(steps)
def test_nothing_is_accepted_at_or_after_a_deadline(  # AU2 AU6
    commands: list[tuple[PartyId, int, int, int]],
) -> None:
    closed = False
    for state, accepted, now in run(commands):
        assert not (closed and accepted)
        closed = state.status not in {AuctionStatus.FREE, AuctionStatus.TIMED}
        if accepted:
            assert now < state.deadline_at


@given(steps, st.lists(st.integers(min_value=0, max_value=9000), max_size=10))
def test_who_looks_when_changes_no_outcome(  # AU6
    commands: list[tuple[PartyId, int, int, int]], looks: list[int]
) -> None:
    """Rolling at any moments between, as a timely or late worker would, decides the same."""
    state = SCHEDULED
    final = OPENS + timedelta(days=2)
    for expected, accepted, now in run(commands):
        if accepted:
            assert expected.leading is not None
            assert expected.leader_id is not None
            for look in sorted(looks):
                moment = OPENS + timedelta(seconds=look)
                if moment <= now:
                    state, _ = roll(state, moment)
            state = judge(
                state, bidder_id=expected.leader_id, amount=expected.leading, now=now
            ).state
    plain = SCHEDULED
    for expected, _, _ in run(commands):
        plain = expected
    looked, straight = roll(state, final)[0], roll(plain, final)[0]
    assert (looked.status, looked.leader_id, looked.leading, looked.deadline_at) == (
        straight.status,
        straight.leader_id,
        straight.leading,
        straight.deadline_at,
    )


def test_a_price_that_cannot_be_overbid_is_refused() -> None:  # AU13
    """Without a cap on the steps, too: the amount that would stand next must exist."""
    uncapped = replace(SCHEDULED, terms=replace(TERMS, steps_max=None))
    judged = judge(uncapped, bidder_id=ALICE, amount=Money(AMOUNT_MINOR_MAX), now=OPENS)
    assert isinstance(judged.refusal, BidTooHigh)
    assert judged.refusal.fields["maximum"] == Money(PRICE_MAX_MINOR)
    assert judged.state.leading is None
