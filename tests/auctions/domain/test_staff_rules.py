"""What consignors, staff and holders may do, as pure rules: reserve, points, rights, endings."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.auctions.domain import control
from app.auctions.domain.ending import PAUSED_AT_MOST, ResumptionTooLate, check_resumption
from app.auctions.domain.holding import (
    Decision,
    PriorityDecided,
    PriorityNotInTerms,
    PriorityTooLate,
    PriorityUndecided,
    Standing,
    check_notification,
    check_waiver,
    decisions,
)
from app.auctions.domain.judging import roll
from app.auctions.domain.model import AuctionStatus, Entry
from app.auctions.domain.priority import NOTIFICATION
from app.auctions.domain.reserve import (
    ReserveNotSecret,
    ReserveOutOfRange,
    ReserveTooLate,
    check_reserve,
)
from app.auctions.domain.scoring import (
    PricesKnown,
    ScoresGiven,
    ScoresInvalid,
    ScoresNotDue,
    check_scores,
)
from app.auctions.domain.terms import (
    PRICE_MAX_MINOR,
    PRICE_MIN_MINOR,
    Direction,
    Format,
    PriorityMode,
)
from app.shared.money import Money
from tests.auctions.commands import BOUND, OPENS, scheduled, terms_of
from tests.auctions.domain.hall import after, moment

CNY = "CNY"
ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.mark.parametrize(
    ("direction", "good", "bad"),
    [
        (
            Direction.UP,
            [BOUND, Money(PRICE_MAX_MINOR, CNY)],
            [Money(BOUND.amount_minor - 1, CNY), Money(PRICE_MAX_MINOR + 1, CNY)],
        ),
        (
            Direction.DOWN,
            [BOUND, Money(PRICE_MIN_MINOR, CNY)],
            [Money(BOUND.amount_minor + 1, CNY), Money(PRICE_MIN_MINOR - 1, CNY)],
        ),
    ],
)
def test_a_secret_reserve_is_never_worse_than_the_start(  # AU42
    direction: Direction, good: list[Money], bad: list[Money]
) -> None:
    state = scheduled(terms_of(Format.MULTIPLE_BIDS, direction, reserve_secret=True))
    for amount in good:
        check_reserve(state, amount)
    for amount in [*bad, Money(BOUND.amount_minor, "USD")]:
        with pytest.raises(ReserveOutOfRange) as refusal:
            check_reserve(state, amount)
        assert refusal.value.fields["minimum"] <= refusal.value.fields["maximum"]  # type: ignore[operator]  # two amounts


@pytest.mark.parametrize("direction", list(Direction))
def test_a_secret_reserve_decides_in_both_directions(direction: Direction) -> None:  # AU42
    terms = terms_of(Format.MULTIPLE_BIDS, direction, reserve_secret=True)
    state = after(scheduled(terms), ("A", 10))
    assert state.leading is not None
    assert terms.step is not None
    met = replace(state, reserve=state.leading)
    missed = replace(state, reserve=terms.beyond(state.leading))
    assert roll(met, moment(10**6))[0].status is AuctionStatus.AWARDED
    assert roll(missed, moment(10**6))[0].status is AuctionStatus.FAILED
    assert roll(state, moment(10**6))[0].status is AuctionStatus.AWARDED  # the start decides


def test_a_reserve_is_promised_and_comes_before_the_opening() -> None:  # AU42
    with pytest.raises(ReserveNotSecret):
        check_reserve(scheduled(terms_of(Format.DYNAMIC)), BOUND)
    state = scheduled(terms_of(Format.DYNAMIC, reserve_secret=True))
    check_reserve(control.pause(state, at=moment(-60)), BOUND)
    opened, _ = roll(state, moment(0))
    for late in (opened, control.pause(opened, at=moment(5)), control.cancel(state, at=OPENS)):
        with pytest.raises(ReserveTooLate):
            check_reserve(late, BOUND)


def test_points_come_once_for_all_between_the_deadline_and_the_prices() -> None:  # AU46
    terms = terms_of(Format.WEIGHTED)
    taking = replace(
        roll(scheduled(terms), moment(0))[0], entries=(Entry("A", BOUND, 1), Entry("B", BOUND, 2))
    )
    opening, _ = roll(taking, moment(10**5))
    assert opening.status is AuctionStatus.OPENING
    whole = {"A": (0, 100), "B": (50, 50)}
    fresh = {"scored": False, "prices_known": False}
    check_scores(opening, whole, bidders={"A", "B"}, **fresh)
    for state in (taking, scheduled(terms_of(Format.SEALED_FIRST))):
        with pytest.raises(ScoresNotDue):
            check_scores(state, whole, bidders={"A", "B"}, **fresh)
    with pytest.raises(ScoresGiven):
        check_scores(opening, whole, bidders={"A", "B"}, scored=True, prices_known=False)
    with pytest.raises(PricesKnown):
        check_scores(opening, whole, bidders={"A", "B"}, scored=False, prices_known=True)
    with pytest.raises(ScoresInvalid) as refusal:
        check_scores(opening, {"A": (0, 101), "C": (1, 1)}, bidders={"A", "B"}, **fresh)
    faults = refusal.value.fields["faults"]
    assert [(it["field"], it["rule"]) for it in faults] == [  # type: ignore[attr-defined]  # a list of faults
        ("scores.B", "every_bidder"),
        ("scores.A", "within"),
        ("scores.C", "a_bidder"),
    ]


def test_holders_are_told_three_days_before_the_opening_at_the_latest() -> None:  # AU43
    state = scheduled(terms_of(Format.MULTIPLE_BIDS, priority_mode=PriorityMode.INSIDE))
    latest = OPENS - NOTIFICATION
    check_notification(state, opens_at=OPENS, now=latest)
    with pytest.raises(PriorityTooLate) as refusal:
        check_notification(state, opens_at=OPENS, now=latest + timedelta(microseconds=1))
    assert refusal.value.fields["latest"] == latest
    opened, _ = roll(state, moment(0))
    with pytest.raises(PriorityTooLate):
        check_notification(opened, opens_at=OPENS, now=latest)
    with pytest.raises(PriorityNotInTerms):
        check_notification(scheduled(terms_of(Format.DYNAMIC)), opens_at=OPENS, now=latest)


def test_a_right_is_waived_once_before_the_end_and_not_by_who_leads() -> None:  # AU44
    running, _ = roll(scheduled(terms_of(Format.MULTIPLE_BIDS)), moment(0))
    check_waiver(running, waived=False, leads=False)
    ended, _ = roll(running, moment(10**6))
    for state, waived, leads in ((running, True, False), (running, False, True), (ended, 0, 0)):
        with pytest.raises(PriorityDecided):
            check_waiver(state, waived=bool(waived), leads=bool(leads))


def test_each_holder_has_decided_or_there_is_no_deal() -> None:  # AU44
    said, silent = Standing(TWO, OPENS, silent=False), Standing(THREE, OPENS, silent=True)
    undecided = Standing(ONE, None, silent=False)
    made = decisions([undecided, said, silent], winner=ONE, took_part=())
    assert made == {ONE: Decision.WON, TWO: Decision.WAIVED, THREE: Decision.SILENT}
    assert decisions([undecided], winner=TWO, took_part={ONE}) == {ONE: Decision.TOOK_PART}
    assert decisions([said], winner=TWO, took_part={TWO}) == {TWO: Decision.WON}
    with pytest.raises(PriorityUndecided):
        decisions([undecided, said], winner=THREE, took_part=())


def test_a_resumption_is_announced_within_a_year() -> None:  # AU47
    check_resumption(OPENS + PAUSED_AT_MOST, now=OPENS)
    with pytest.raises(ResumptionTooLate):
        check_resumption(OPENS + PAUSED_AT_MOST + timedelta(seconds=1), now=OPENS)
