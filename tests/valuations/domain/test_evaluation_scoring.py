"""Scores: exact sums, dispersion, outliers."""

from decimal import Decimal
from fractions import Fraction
from statistics import median, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.valuations.domain.scheme import find_scheme
from app.valuations.domain.scoring import (
    Score,
    ScoresInvalid,
    Sheet,
    Sheets,
    apportion,
    check_sheet,
    find_outliers,
    measure,
    shown,
    weigh,
)

SCHEME = find_scheme("five-values-applied")
CODES = tuple(SCHEME.indicators)


def sheet(*points: int) -> Sheet:
    return {code: Score(point, "有据") for code, point in zip(CODES, points, strict=True)}


def panel(*points: int) -> Sheets:
    """Return sheets whose first indicator has these scores and all others 70."""
    rest = (70,) * (len(CODES) - 1)
    return {seat: sheet(point, *rest) for seat, point in enumerate(points, start=1)}


sheets = st.lists(
    st.lists(st.integers(0, 100), min_size=len(CODES), max_size=len(CODES)), min_size=3, max_size=7
).map(lambda rows: {seat: sheet(*row) for seat, row in enumerate(rows, start=1)})


@given(sheets)
def test_the_total_lies_within_its_parts_and_is_the_sum_of_contributions(given: Sheets) -> None:
    """EV8"""
    total = weigh(SCHEME, given)
    points = [score.points for one in given.values() for score in one.values()]
    assert min(points) <= total.total <= max(points)
    for part in SCHEME.values:
        own = [one[item.code].points for one in given.values() for item in part.indicators]
        assert min(own) <= total.by_value[part.value] <= max(own)
    assert sum(total.contributions.values()) == total.total
    by_value = sum(total.by_value[part.value] * part.weight_bp for part in SCHEME.values)
    assert by_value / 10_000 == total.total
    told = apportion(total.contributions)
    assert sum(told.values()) == shown(total.total)
    for code, part_ in told.items():
        assert abs(Fraction(part_) - total.contributions[code]) < Fraction(1, 100)


@given(sheets, st.randoms(use_true_random=False))
def test_the_order_of_experts_changes_nothing(given: Sheets, chance: object) -> None:
    """EV8, EV9"""
    seats = list(given)
    chance.shuffle(seats)  # type: ignore[attr-defined]
    other = {seat: given[seat] for seat in seats}
    assert weigh(SCHEME, other) == weigh(SCHEME, given)
    assert measure(SCHEME, other) == measure(SCHEME, given)
    assert find_outliers(SCHEME, other) == find_outliers(SCHEME, given)


@given(sheets)
def test_dispersion_agrees_with_the_standard_library(given: Sheets) -> None:
    """EV9"""
    for item in measure(SCHEME, given):
        points = [one[item.indicator].points for one in given.values()]
        assert (item.count, item.minimum, item.maximum) == (len(points), min(points), max(points))
        assert float(item.mean) == pytest.approx(sum(points) / len(points), abs=0.00501)
        assert item.median == Decimal(str(median(points)))
        assert float(item.deviation) == pytest.approx(pstdev(points), abs=0.00501)
        assert (item.coefficient is None) == (sum(points) == 0)
        assert item.minimum <= item.mean <= item.maximum


# Scores of one indicator, the limit, and the seats that lie beyond it: worked by hand.
OUTLIERS = [
    ((70, 70, 70), "15.00", []),
    ((70, 70, 85), "15.00", []),
    ((70, 70, 86), "15.00", [3]),  # MAD 0: the floor of 15 counts
    ((90, 80, 40), "20.00", [3]),  # MAD 10
    ((90, 60, 30), "30.00", []),  # MAD 30: the cap counts, and is reached, not passed
    ((91, 60, 29), "30.00", [1, 3]),
    ((90, 88, 86, 60, 50), "15.00", [4, 5]),
    ((100, 80, 60, 40, 20), "30.00", [1, 5]),
]


@pytest.mark.parametrize(("points", "limit", "seats"), OUTLIERS)
def test_outliers_lie_beyond_two_deviations_between_floor_and_cap(
    points: tuple[int, ...], limit: str, seats: list[int]
) -> None:
    """EV9"""
    found = find_outliers(SCHEME, panel(*points))
    assert [item.seat for item in found] == seats
    assert {item.indicator for item in found} <= {CODES[0]}
    assert {str(item.limit) for item in found} <= {limit}


def test_a_worked_example() -> None:
    """EV8, EV9: 60, 75, 90 by hand: mean 75, deviation √150 = 12.247, coefficient 0.1633."""
    first = measure(SCHEME, panel(60, 75, 90))[0]
    assert (str(first.mean), str(first.median)) == ("75.00", "75.00")
    assert (str(first.deviation), str(first.coefficient)) == ("12.25", "0.1633")
    # The first indicator has 60 % of 20 %: 70 + 0.12 × 5.
    assert weigh(SCHEME, panel(60, 75, 90)).total == Fraction(706, 10)
    third = measure(SCHEME, panel(70, 70, 71))[0]
    assert (str(third.mean), str(third.deviation)) == ("70.33", "0.47")
    zero = measure(SCHEME, panel(0, 0, 0))[0]
    assert zero.coefficient is None


def test_rounding_is_half_up_and_levels_use_the_exact_total() -> None:
    """EV8"""
    assert str(shown(Fraction(1, 200))) == "0.01"
    assert SCHEME.level_of(Fraction(85)).code == "excellent"
    assert SCHEME.level_of(Fraction(84999, 1000)).code == "good"
    assert SCHEME.level_of(Fraction(0)).code == "weak"


def test_all_faults_of_a_sheet_are_told_at_once() -> None:
    """EV5"""
    check_sheet(SCHEME, sheet(*range(len(CODES))))
    faulty = {
        **sheet(*([50] * len(CODES))),
        CODES[1]: Score(101, "有据"),
        CODES[2]: Score(-1, " "),
        "invented": Score(1, "有据"),
    }
    del faulty[CODES[0]]
    with pytest.raises(ScoresInvalid) as refused:
        check_sheet(SCHEME, faulty)
    told = [(error["field"], error["rule"]) for error in refused.value.fields["errors"]]  # type: ignore[attr-defined]
    assert told == [
        (f"scores.{CODES[0]}", "missing"),
        (f"scores.{CODES[1]}.points", "range"),
        (f"scores.{CODES[2]}.points", "range"),
        (f"scores.{CODES[2]}.comment", "comment"),
        ("scores.invented", "unknown"),
    ]
