"""Contradictory terms are refused, all at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.terms import (
    PRICE_MAX_MINOR,
    STEPS_MAX,
    Format,
    Terms,
    TermsContradict,
    check_terms,
)
from app.shared.money import Money

FLOOR = Money(80_000_000)
GOOD = Terms(
    format=Format.MULTIPLE_BIDS,
    start=FLOOR,
    step=Money(1_000_000),
    steps_max=5,
    reserve=Money(90_000_000),
    free_phase_s=3600,
    window_s=120,
)


def test_good_terms_survive_their_published_form() -> None:
    check_terms(GOOD, listing_floor=FLOOR)
    assert Terms.from_json(GOOD.as_json()) == GOOD
    plain = replace(GOOD, reserve=None, steps_max=None)
    assert Terms.from_json(plain.as_json()) == plain


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": Money(70_000_000)}, "start"),
        ({"step": Money(0)}, "step"),
        ({"step": Money(80_000_001)}, "step"),
        ({"step": Money(100, "USD")}, "step"),
        ({"reserve": Money(79_999_999)}, "reserve"),
        ({"reserve": Money(PRICE_MAX_MINOR + 1)}, "reserve"),
        ({"steps_max": 0}, "steps_max"),
        ({"free_phase_s": 59}, "free_phase_s"),
        ({"window_s": 3601}, "window_s"),
    ],
)
def test_each_contradiction_names_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(TermsContradict) as caught:
        check_terms(replace(GOOD, **change), listing_floor=FLOOR)  # type: ignore[arg-type]
    faults = caught.value.fields["faults"]
    assert isinstance(faults, list)
    assert [fault["field"] for fault in faults] == [field]


def test_all_contradictions_are_named_at_once() -> None:  # AU1
    bad = replace(GOOD, start=Money(1), step=Money(0), steps_max=0, free_phase_s=1, window_s=1)
    with pytest.raises(TermsContradict) as caught:
        check_terms(bad, listing_floor=FLOOR)
    faults = caught.value.fields["faults"]
    assert isinstance(faults, list)
    assert {fault["field"] for fault in faults} == {
        "start",
        "step",
        "steps_max",
        "free_phase_s",
        "window_s",
    }


def test_what_the_next_bid_may_be_is_always_an_amount() -> None:  # AU13
    top = Money(PRICE_MAX_MINOR)
    terms = replace(GOOD, start=top, step=top, steps_max=STEPS_MAX, reserve=None)
    check_terms(terms, listing_floor=top)
    state = BiddingState(
        terms=terms, status=AuctionStatus.FREE, deadline_at=datetime(2026, 3, 30, tzinfo=UTC)
    )
    assert state.maximum_next == top
    led = replace(state, leading=top)
    assert (led.maximum_next, led.minimum_next) == (top, top + top)
