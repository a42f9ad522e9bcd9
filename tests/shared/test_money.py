"""Money: whole minor units, exact splits, no float anywhere near."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shared.money import (
    AMOUNT_MINOR_MAX,
    MINOR_DIGITS,
    AmountInvalid,
    CurrencyMismatch,
    Money,
    premium_rate,
)

CURRENCIES = st.sampled_from(sorted(MINOR_DIGITS))
AMOUNTS = st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX)
MONEY = st.builds(Money, AMOUNTS, CURRENCIES)


@given(MONEY)
def test_text_form_reads_back_as_the_same_amount(money: Money) -> None:
    # SH1
    assert Money.parse(str(money), money.currency) == money
    assert money.as_json() == {"amount": str(money), "currency": money.currency}


@given(MONEY, st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_parts_sum_exactly_to_the_whole(money: Money, weights: list[int]) -> None:
    # SH2
    parts = money.allocate(weights)
    assert sum(part.amount_minor for part in parts) == money.amount_minor
    assert {part.currency for part in parts} == {money.currency}
    for part, weight in zip(parts, weights, strict=True):
        exact = Decimal(money.amount_minor) * weight / sum(weights)
        assert abs(part.amount_minor - exact) < 1
        if weight == 0:
            assert part.amount_minor == 0


def test_left_over_units_go_to_the_largest_remainder_then_the_earlier_part() -> None:
    assert [part.amount_minor for part in Money(100).allocate([1, 1, 1])] == [34, 33, 33]
    assert [part.amount_minor for part in Money(-100).allocate([1, 1, 1])] == [-34, -33, -33]
    assert [part.amount_minor for part in Money(10).allocate([15, 70, 15])] == [2, 7, 1]
    assert [part.amount_minor for part in Money(1).allocate([2, 3])] == [0, 1]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_without_sense_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(1).allocate(weights)


@pytest.mark.parametrize("operator", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_two_currencies_never_meet(operator: str) -> None:
    # SH3
    with pytest.raises(CurrencyMismatch, match="CNY meets USD"):
        getattr(Money(1, "CNY"), operator)(Money(1, "USD"))


def test_premium_of_two_currencies_is_refused() -> None:
    with pytest.raises(CurrencyMismatch):
        premium_rate(start=Money(1, "CNY"), deal=Money(2, "HKD"))


def test_known_premium_of_the_2020_session() -> None:
    # 11 lots: start 8.95 M, deal 12.30 M yuan, 37.43 %.
    start, deal = Money.parse("8950000.00"), Money.parse("12300000.00")
    assert premium_rate(start=start, deal=deal) == Decimal("0.3743")
    assert premium_rate(start=start, deal=start) == 0


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("0", "CNY", 0),
        ("-0.05", "CNY", -5),
        ("12300000.00", "CNY", 1_230_000_000),
        ("1.5", "USD", 150),
        ("1.500", "USD", 150),
        ("00012", "JPY", 12),
        ("12.0", "JPY", 12),
    ],
)
def test_decimal_texts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "CNY"),
        ("1e6", "CNY"),
        ("1,000", "CNY"),
        (" 1", "CNY"),
        ("１２", "CNY"),
        ("NaN", "CNY"),
        ("Infinity", "CNY"),
        ("+1", "CNY"),
        (".5", "CNY"),
        ("1.", "CNY"),
        ("1\n", "CNY"),
        ("1.001", "CNY"),
        ("0.5", "JPY"),
        ("0.0100000000000000000000000000000001", "CNY"),
        ("1" * 18, "CNY"),
        ("9" * 17, "CNY"),
        ("1", "XAU"),
    ],
)
def test_texts_that_are_no_amount_are_refused(text: str, currency: str) -> None:
    with pytest.raises(AmountInvalid):
        Money.parse(text, currency)


# SH4
@pytest.mark.parametrize("amount", [1.0, 1.5, Decimal(1), "1", True, None])
def test_only_whole_numbers_make_money(amount: Any) -> None:
    with pytest.raises(TypeError):
        Money(amount)


@pytest.mark.parametrize(
    "act",
    [
        lambda money, x: money * x,
        lambda money, x: money.share_bp(x),
        lambda money, x: money.allocate([x, x]),
        lambda money, x: money + x,
        lambda money, x: money < x,
    ],
)
def test_no_operation_takes_a_float(act: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        act(Money(100), 1.5)


@pytest.mark.parametrize(
    ("minor", "basis_points", "share"), [(1, 5_000, 1), (-1, 5_000, -1), (999, 333, 33), (0, 1, 0)]
)
def test_share_rounds_half_away_from_zero(minor: int, basis_points: int, share: int) -> None:
    assert Money(minor).share_bp(basis_points) == Money(share)


def test_amount_beyond_the_ceiling_cannot_arise() -> None:
    with pytest.raises(AmountInvalid):
        Money(AMOUNT_MINOR_MAX) + Money(1)


@given(MONEY, AMOUNTS)
def test_order_is_that_of_minor_units(left: Money, minor: int) -> None:
    right = Money(minor, left.currency)
    assert (left < right) == (left.amount_minor < minor)
    assert (left <= right) == (left.amount_minor <= minor)
    assert (left > right, left >= right) == (right < left, right <= left)
    assert (left == right) == (left.amount_minor == minor)
    assert -left == Money(-left.amount_minor, left.currency)
