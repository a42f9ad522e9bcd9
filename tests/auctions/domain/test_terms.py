"""Contradictory terms are refused, all at once; usual ones pass for every format."""

from dataclasses import replace
from typing import Any

import pytest

from app.auctions.domain.contradictions import TermsContradict, check_terms
from app.auctions.domain.terms import (
    PRICE_MAX_MINOR,
    Criterion,
    Direction,
    Format,
    Kind,
    PriorityMode,
    Sealing,
    Terms,
)
from app.shared.money import Money
from app.shared.sealing import ShareHolder
from tests.auctions.commands import BOUND, terms_of
from tests.auctions.domain.hall import better, both_directions

every_format = pytest.mark.parametrize("kind", list(Format))
KEYS = tuple(ShareHolder(name, name * 43) for name in "abc")
UP, DOWN = Direction.UP, Direction.DOWN


def faults(terms: Terms, direction: Direction | None = None) -> list[tuple[str, str]]:
    """Return field and rule of each contradiction."""
    try:
        check_terms(terms, bound=BOUND, direction=direction or terms.direction)
    except TermsContradict as refused:
        found = refused.fields["faults"]
        assert isinstance(found, list)
        assert all(set(fault) == {"field", "rule", "accepted"} for fault in found)
        return [(fault["field"], fault["rule"]) for fault in found]
    return []


@both_directions
@every_format
def test_usual_terms_pass_and_survive_their_published_form(
    kind: Format, direction: Direction
) -> None:
    terms = terms_of(kind, direction)
    assert faults(terms) == []
    assert Terms.from_json(terms.as_json()) == terms


@both_directions
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (Format.SEALED_FIRST, {"sealing": Sealing.THRESHOLD, "holders": KEYS, "threshold": 2}),
        (Format.WEIGHTED, {"sealing": Sealing.THRESHOLD, "holders": KEYS[:2], "threshold": 2}),
        (Format.SEALED_SECOND, {"reserve_secret": True, "standby_count": 5}),
        (Format.DYNAMIC, {"priority_mode": PriorityMode.AFTER, "priority_window_s": 60}),
        (Format.MULTIPLE_BIDS, {"priority_mode": PriorityMode.INSIDE, "kind": Kind.AUCTION}),
        (Format.MULTIPLE_BIDS, {"extensions_max": 0, "steps_max": 1, "silent_forfeits": True}),
        (Format.DUTCH, {"kind": Kind.AUCTION, "priority_mode": PriorityMode.ORDINARY}),
        (Format.WEIGHTED, {"resumption_notice_s": 60, "fault_tolerance_s": 1}),
    ],
)
def test_other_sound_terms(kind: Format, direction: Direction, changes: dict[str, Any]) -> None:
    terms = terms_of(kind, direction, **changes)
    assert faults(terms) == []
    assert Terms.from_json(terms.as_json()) == terms


def test_the_published_form_of_before_the_resumption_notice_is_read() -> None:
    stored = terms_of(Format.DYNAMIC).as_json()
    del stored["resumption_notice_s"]
    assert Terms.from_json(stored) == terms_of(Format.DYNAMIC)


CASES: list[tuple[Format, dict[str, Any], list[tuple[str, str]]]] = [
    (Format.DYNAMIC, {"start": BOUND + Money(100)}, [("start", "equals_announced_price")]),
    (Format.DYNAMIC, {"step": Money(0)}, [("step", "above_zero_at_most")]),
    (Format.DYNAMIC, {"step": BOUND + Money(1)}, [("step", "at_most_start")]),
    (Format.DYNAMIC, {"step": Money(100, "USD")}, [("step", "currency_of_listing")]),
    (Format.DYNAMIC, {"step": None}, [("step", "needed_by_format")]),
    (Format.DYNAMIC, {"steps_max": 0}, [("steps_max", "within")]),
    (Format.DYNAMIC, {"extensions_max": -1}, [("extensions_max", "within")]),
    (Format.DYNAMIC, {"free_phase_s": 59}, [("free_phase_s", "within")]),
    (Format.DYNAMIC, {"window_s": 3601}, [("window_s", "within")]),
    (Format.DYNAMIC, {"fault_tolerance_s": 180}, [("fault_tolerance_s", "below_window")]),
    (Format.DYNAMIC, {"fault_tolerance_s": 0}, [("fault_tolerance_s", "within")]),
    (Format.DYNAMIC, {"resumption_notice_s": 59}, [("resumption_notice_s", "within")]),
    (Format.DYNAMIC, {"resumption_notice_s": 86_401}, [("resumption_notice_s", "within")]),
    (Format.DYNAMIC, {"standby_count": 6}, [("standby_count", "within")]),
    (Format.DYNAMIC, {"round_s": 600}, [("round_s", "not_of_this_format")]),
    (Format.DYNAMIC, {"sealing": Sealing.PLAIN}, [("sealing", "not_of_this_format")]),
    (
        Format.DYNAMIC,
        {"priority_mode": PriorityMode.AFTER},
        [("priority_window_s", "needed_by_format")],
    ),
    (Format.DYNAMIC, {"priority_window_s": 600}, [("priority_window_s", "not_of_this_format")]),
    (
        Format.DYNAMIC,
        {"reserve": BOUND, "reserve_secret": True},
        [("reserve_secret", "either_published_or_secret")],
    ),
    (Format.SEALED_FIRST, {"kind": Kind.AUCTION}, [("kind", "auction_is_open_outcry")]),
    (
        Format.SEALED_FIRST,
        {"priority_mode": PriorityMode.INSIDE},
        [("priority_mode", "inside_open_formats_only")],
    ),
    (
        Format.SEALED_SECOND,
        {"priority_mode": PriorityMode.AFTER, "priority_window_s": 60},
        [("priority_mode", "after_price_formats_only")],
    ),
    (
        Format.SEALED_FIRST,
        {"holders": KEYS, "threshold": 2},
        [("holders", "only_with_threshold_sealing"), ("threshold", "only_with_threshold_sealing")],
    ),
    (
        Format.SEALED_FIRST,
        {"sealing": Sealing.THRESHOLD},
        [("holders", "two_to_nine_different"), ("threshold", "within")],
    ),
    (
        Format.SEALED_FIRST,
        {"sealing": Sealing.THRESHOLD, "holders": KEYS, "threshold": 4},
        [("threshold", "within")],
    ),
    (
        Format.SEALED_FIRST,
        {"sealing": Sealing.THRESHOLD, "holders": KEYS[:1] * 2, "threshold": 2},
        [("holders", "two_to_nine_different")],
    ),
    (Format.ROUNDS, {"sealing": Sealing.THRESHOLD}, [("sealing", "plain_with_rounds")]),
    (Format.ROUNDS, {"rounds": 1}, [("rounds", "within")]),
    (Format.WEIGHTED, {"criteria": ()}, [("criteria", "one_to_twenty_different")]),
    (
        Format.WEIGHTED,
        {"criteria": (Criterion("a", 5000), Criterion("b", 5000))},
        [("criteria", "weights_leave_some_to_price")],
    ),
    (
        Format.WEIGHTED,
        {"criteria": (Criterion("a", 10), Criterion("a", 0))},
        [("criteria", "one_to_twenty_different"), ("criteria", "weights_leave_some_to_price")],
    ),
    (Format.DUTCH, {"reserve_secret": True}, [("reserve_secret", "either_published_or_secret")]),
    (Format.DUTCH, {"standby_count": 1}, [("standby_count", "nobody_else_has_bid")]),
    (Format.DUTCH, {"step": Money(700_000)}, [("reserve", "whole_steps_from_start")]),
    (Format.DUTCH, {"step": Money(1_000)}, [("step", "stops_at_most")]),
    (Format.DUTCH, {"start": BOUND}, [("reserve", "whole_steps_from_start")]),
    (Format.DUTCH, {"interval_s": 4}, [("interval_s", "within")]),
    (Format.DUTCH, {"step": Money(0)}, [("step", "above_zero_at_most")]),
    (Format.DUTCH, {"reserve": None}, [("reserve", "needed_by_format")]),
]


@both_directions
@pytest.mark.parametrize(("kind", "changes", "expected"), CASES)
def test_each_contradiction_names_its_field_and_rule(  # AU1
    direction: Direction,
    kind: Format,
    changes: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    assert faults(terms_of(kind, direction, **changes)) == expected


@both_directions
def test_reserves_and_directions_that_do_not_fit(direction: Direction) -> None:  # AU1
    terms = terms_of(Format.DYNAMIC, direction)
    short = replace(terms, reserve=better(terms, -1))
    assert faults(short) == [("reserve", "not_worse_than_start")]
    other = DOWN if direction is UP else UP
    assert faults(terms, other) == [("direction", "of_what_is_sold")]
    dutch = terms_of(Format.DUTCH, direction)
    elsewhere = replace(dutch, reserve=Money(BOUND.amount_minor + dutch.sign * 600_000))
    assert faults(elsewhere) == [("reserve", "equals_announced_price")]


def test_a_price_out_of_range_is_a_contradiction() -> None:  # AU1 AU13
    huge = replace(terms_of(Format.DYNAMIC), reserve=Money(PRICE_MAX_MINOR + 1))
    assert faults(huge) == [("reserve", "above_zero_at_most")]


@every_format
def test_every_contradiction_is_named_at_once(kind: Format) -> None:  # AU1
    """Common ones and the format's own, each once."""
    missing: dict[str, Any] = dict.fromkeys(
        ["step", "free_phase_s", "window_s", "round_s", "rounds", "gap_s", "interval_s"]
    )
    foreign: dict[str, Any] = {"steps_max": 0, "extensions_max": -1, "eliminate": -1}
    terms = terms_of(
        kind,
        **missing,
        **foreign,
        start=Money(1),
        reserve=Money(PRICE_MAX_MINOR + 1),
        reserve_secret=True,
        criteria=(Criterion("a", 10_000),),
        sealing=Sealing.THRESHOLD,
        threshold=1,
        kind=Kind.AUCTION,
        priority_mode=PriorityMode.INSIDE,
        priority_window_s=1,
        fault_tolerance_s=0,
        resumption_notice_s=0,
        standby_count=9,
    )
    found = faults(terms, DOWN)
    assert len(found) == len(set(found))
    named = {field for field, _ in found}
    common = {"reserve", "reserve_secret", "direction", "priority_window_s", "standby_count"}
    common |= {"steps_max", "extensions_max", "fault_tolerance_s", "resumption_notice_s"}
    common |= {"threshold", "eliminate"}
    assert common <= named
    own = {
        Format.MULTIPLE_BIDS: {"step", "free_phase_s", "window_s", "criteria", "sealing"},
        Format.DYNAMIC: {"step", "free_phase_s", "window_s", "criteria", "sealing"},
        Format.SEALED_FIRST: {"round_s", "holders", "kind", "priority_mode", "criteria"},
        Format.SEALED_SECOND: {"round_s", "holders", "kind", "priority_mode", "criteria"},
        Format.ROUNDS: {"round_s", "rounds", "gap_s", "sealing", "kind", "priority_mode"},
        Format.WEIGHTED: {"round_s", "criteria", "holders", "kind", "priority_mode"},
        Format.DUTCH: {"step", "interval_s", "sealing", "criteria", "priority_mode"},
    }
    assert own[kind] <= named
