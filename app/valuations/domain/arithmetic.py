"""Arithmetic that serves exact decimals and arrays of draws alike, so no formula exists twice.

A point value is computed in decimals of 34 digits, half even, which every machine repeats; a
simulation hands the same formulas arrays of 64-bit floats.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import reduce
from operator import add
from typing import Any, Final

import numpy as np

from app.shared.money import AMOUNT_MINOR_MAX, MINOR_DIGITS, Money

# A Decimal, or a float or an array of floats with one element a draw.
Value = Any

EXACT: Final = Context(prec=34, rounding=ROUND_HALF_EVEN)


class ValueOutOfRange(ValueError):
    """A value is not a number, or larger than an exchange can book."""


def exp(value: Value) -> Value:
    """Return e to the power of a value."""
    return EXACT.exp(value) if isinstance(value, Decimal) else np.exp(value)


def sqrt(value: Value) -> Value:
    """Return the square root of a value of at least zero."""
    return EXACT.sqrt(value) if isinstance(value, Decimal) else np.sqrt(value)


def not_below_zero(value: Value) -> Value:
    """Return the value, or zero where it is negative."""
    return max(value, Decimal(0)) if isinstance(value, Decimal) else np.maximum(value, 0)


def total(values: Sequence[Value]) -> Value:
    """Return the sum; zero of none."""
    return reduce(add, values, 0)


def to_money(value: Value, currency: str) -> Money:
    """Return an amount in units of the currency as money, half even to the minor unit.

    Raises:
        ValueOutOfRange: Not finite, or beyond what can be booked.
    """
    exact = value if isinstance(value, Decimal) else Decimal(float(value))
    if not exact.is_finite():
        raise ValueOutOfRange("the value is not a number")
    minor = EXACT.scaleb(exact, MINOR_DIGITS[currency])
    if abs(minor) > AMOUNT_MINOR_MAX:
        raise ValueOutOfRange("the value is larger than this exchange can book")
    return Money(int(minor.to_integral_value(ROUND_HALF_EVEN)), currency)
