"""Interrupting, resuming, cancelling, annulling; and the exchange that was away itself."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain import control
from app.auctions.domain.control import ResumptionTooEarly
from app.auctions.domain.judging import has_deadline, judge, roll
from app.auctions.domain.model import (
    TRANSITIONS,
    AuctionStatus,
    Bid,
    BiddingState,
    Trigger,
)
from app.auctions.domain.refusals import AuctionPaused
from app.auctions.domain.terms import Format
from app.shared.transitions import TransitionRefused
from tests.auctions.commands import OPENS, scheduled, terms_of
from tests.auctions.domain.hall import after, bid, limit, moment, rolled

NOTICE = timedelta(seconds=600)
FREE_S, WINDOW_S = 3600, 120


def free(**more: Any) -> BiddingState:
    return after(scheduled(terms_of(Format.MULTIPLE_BIDS, **more)), ("A", 0), ("B", 100))


def test_a_paused_auction_takes_nothing_and_waits() -> None:  # AU47
    paused = control.pause(free(), at=moment(1000))
    assert paused.pause is not None
    assert paused.pause.time_left == timedelta(seconds=2600)
    assert not has_deadline(paused)
    assert roll(paused, moment(10**8)) == (paused, ())
    judged = bid(paused, "A", 200, 1001)
    assert isinstance(judged.refusal, AuctionPaused)
    assert judged.refusal.fields["time_left_s"] == timedelta(seconds=2600)
    assert isinstance(limit(paused, "A", 900, 1001).refusal, AuctionPaused)
    with pytest.raises(TransitionRefused):
        control.pause(paused, at=moment(1002))


def test_a_resumption_is_announced_ahead_and_gives_the_time_left() -> None:  # AU47
    paused = control.pause(free(), at=moment(1000))
    with pytest.raises(ResumptionTooEarly) as caught:
        control.announce_resumption(
            paused, resumes_at=moment(5599), now=moment(5000), notice=NOTICE
        )
    earliest = caught.value.fields["minimum"]
    assert earliest == moment(5600)
    waiting = control.announce_resumption(
        paused, resumes_at=moment(5600), now=moment(5000), notice=NOTICE
    )
    assert isinstance(bid(waiting, "A", 200, moment(5600, micros=-1)).refusal, AuctionPaused)
    judged = bid(waiting, "A", 200, 5600)
    assert judged.refusal is None
    assert [change.trigger for change in judged.changes] == [Trigger.RESUME]
    assert judged.state.deadline_at == moment(5600 + 2600)
    assert judged.state.running_since == moment(5600)
    # It can be put off as long as it has not happened.
    later = control.announce_resumption(
        waiting, resumes_at=moment(9000), now=moment(5100), notice=NOTICE
    )
    assert rolled(later, 5600).status is AuctionStatus.PAUSED
    with pytest.raises(TransitionRefused):
        control.announce_resumption(
            judged.state, resumes_at=moment(9000), now=moment(5700), notice=NOTICE
        )


@pytest.mark.parametrize("at", [-3600, 0, 1000, 3599])
def test_a_pause_before_the_opening_or_in_it_only_shifts_what_comes(at: int) -> None:  # AU47
    scheduled_state = scheduled(terms_of(Format.DYNAMIC))
    state = rolled(scheduled_state, at)
    waiting = control.announce_resumption(
        control.pause(state, at=moment(at)),
        resumes_at=moment(at + 5000),
        now=moment(at),
        notice=NOTICE,
    )
    shifted = rolled(waiting, at + 5000)
    assert shifted.deadline_at == state.deadline_at + timedelta(seconds=5000)
    assert shifted.status is state.status


@pytest.mark.parametrize("status", list(AuctionStatus))
def test_cancelling_and_annulling_by_state(status: AuctionStatus) -> None:  # AU49
    state = BiddingState(
        terms=terms_of(Format.DYNAMIC), status=status, deadline_at=moment(FREE_S), leader="A"
    )
    if (status, Trigger.CANCEL) in TRANSITIONS:
        cancelled = control.cancel(state, at=moment(60))
        assert (cancelled.status, cancelled.pause) == (AuctionStatus.CANCELLED, None)
        assert cancelled.deadline_at == moment(60)
        assert not has_deadline(cancelled)
        assert judge(cancelled, Bid("B", state.terms.start), moment(61)).refusal is not None
    else:
        with pytest.raises(TransitionRefused):
            control.cancel(state, at=moment(60))
    if (status, Trigger.ANNUL) in TRANSITIONS:
        assert control.annul(state).status is AuctionStatus.ANNULLED
    else:
        with pytest.raises(TransitionRefused):
            control.annul(state)


Absences = Sequence[tuple[int, int]]


@pytest.mark.parametrize(
    ("absences", "left_s"),
    [
        ([], None),
        ([(FREE_S - 100, FREE_S - 90)], None),  # as long as tolerated
        ([(FREE_S - 100, FREE_S - 89)], 100),
        ([(FREE_S - 100, FREE_S - 91), (FREE_S - 80, FREE_S - 71)], None),  # each is short
        ([(FREE_S - 600, FREE_S - 110)], None),  # only ten seconds of it count
        ([(FREE_S - 600, FREE_S - 109)], 600),  # the time left is from the last sign of life
        ([(FREE_S - 10, FREE_S + 9000)], None),  # only what lies before the deadline counts
        ([(FREE_S - 11, FREE_S + 9000)], 11),
        ([(FREE_S - 30, FREE_S - 5), (FREE_S - 90, FREE_S - 70)], 90),  # the first one
        ([(-9000, FREE_S)], FREE_S),  # never more than the phase had
        ([(FREE_S, FREE_S + 50)], None),
    ],
)
def test_the_exchange_away_in_the_final_window_pauses(  # AU48
    absences: Absences, left_s: int | None
) -> None:
    state = free()
    periods = [(moment(since), moment(until)) for since, until in absences]
    paused = control.fault_pause(state, periods, now=moment(FREE_S + 9000))
    if left_s is None:
        assert paused is None
    else:
        assert paused is not None
        assert paused.pause is not None
        assert paused.pause.status is AuctionStatus.FREE
        assert paused.pause.time_left == timedelta(seconds=left_s)
    # Before the deadline nothing is decided, so nothing has to be saved.
    assert control.fault_pause(state, periods, now=moment(FREE_S, micros=-1)) is None


@pytest.mark.parametrize(
    ("kind", "length_s", "window_s"),
    [
        (Format.SEALED_FIRST, 3600, 300),
        (Format.ROUNDS, 1800, 300),
        (Format.DUTCH, 21 * 60, 300),
        (Format.DYNAMIC, 7200, 180),
    ],
)
def test_every_format_has_a_final_window(kind: Format, length_s: int, window_s: int) -> None:
    # AU48
    state = rolled(scheduled(terms_of(kind)), 0)
    start = length_s - window_s - 50
    for until, paused in [(start + 50 + 10, False), (start + 50 + 11, True)]:
        absences = [(moment(start), moment(until))]
        found = control.fault_pause(state, absences, now=moment(length_s))
        assert (found is not None) == paused


def test_a_taken_dutch_price_and_a_decided_auction_are_not_paused() -> None:  # AU18 AU48
    state = rolled(scheduled(terms_of(Format.DUTCH)), 0)
    taken = judge(state, Bid("A", state.terms.start), moment(600)).state
    away = [(moment(400), moment(590))]
    assert control.fault_pause(taken, away, now=moment(600)) is None
    ended = rolled(free(), 10**6)
    assert control.fault_pause(ended, [(OPENS, moment(10**6))], now=moment(10**6)) is None


def test_a_fault_pause_does_not_look_behind_the_resumption() -> None:  # AU48
    state = control.pause(free(), at=moment(FREE_S - 20))
    state = control.announce_resumption(
        state, resumes_at=moment(5000), now=moment(4000), notice=NOTICE
    )
    state = rolled(state, 5000)
    away = [(moment(4000), moment(5009))]
    assert control.fault_pause(state, away, now=moment(5020)) is None
    again = control.fault_pause(state, [(moment(4000), moment(5011))], now=moment(5020))
    assert again is not None
    assert again.pause is not None
    assert again.pause.time_left == timedelta(seconds=20)


periods = st.lists(
    st.tuples(
        st.integers(min_value=-500, max_value=FREE_S + 500), st.integers(min_value=0, max_value=400)
    ),
    max_size=5,
)


@given(periods, st.integers(min_value=1, max_value=100))
def test_fault_pause_counts_seconds(lengths: list[tuple[int, int]], tolerance: int) -> None:
    # AU48, second by second
    absences = [(since, since + length) for since, length in lengths]
    state = free(fault_tolerance_s=tolerance)
    paused = control.fault_pause(
        state, [(moment(a), moment(b)) for a, b in absences], now=moment(FREE_S + 999)
    )
    final = range(FREE_S - WINDOW_S, FREE_S)
    long = [a for a, b in absences if sum(a <= second < b for second in final) > tolerance]
    if not long:
        assert paused is None
        return
    assert paused is not None
    assert paused.pause is not None
    assert paused.pause.time_left == timedelta(seconds=FREE_S - max(min(long), 0))
