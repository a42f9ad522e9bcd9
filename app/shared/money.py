"""Money as a whole number of minor units; no float comes near it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Self

# ISO 4217 minor-unit exponents of the currencies an exchange may settle in.
MINOR_DIGITS: Final[dict[str, int]] = {"CNY": 2, "HKD": 2, "USD": 2, "EUR": 2, "JPY": 0}
AMOUNT_MINOR_MAX: Final = 10**17  # leaves room to sum thousands of entries in a BIGINT

_DECIMAL = re.compile(r"-?\d{1,18}(\.\d+)?", re.ASCII)


class CurrencyMismatch(ValueError):
    """Two currencies met in one operation."""


class AmountInvalid(ValueError):
    """A text is not an amount of its currency."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of one currency.

    Attributes:
        amount_minor: Minor units (fen for CNY), may be negative.
        currency: ISO 4217 code, a key of ``MINOR_DIGITS``.
    """

    amount_minor: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise TypeError(f"minor units are whole, not {type(self.amount_minor).__name__}")
        if self.currency not in MINOR_DIGITS:
            raise AmountInvalid(f"currency must be one of {', '.join(MINOR_DIGITS)}")
        if abs(self.amount_minor) > AMOUNT_MINOR_MAX:
            raise AmountInvalid("the amount is larger than this exchange can book")

    @classmethod
    def parse(cls, text: str, currency: str = "CNY") -> Self:
        """Read a decimal string such as ``"12300000.00"``.

        Raises:
            AmountInvalid: Not a plain decimal, or finer than the minor unit.
        """
        if currency not in MINOR_DIGITS:
            raise AmountInvalid(f"currency must be one of {', '.join(MINOR_DIGITS)}")
        if not _DECIMAL.fullmatch(text):
            raise AmountInvalid('amount must be a decimal string such as "12300000.00"')
        # By text: Decimal arithmetic would round a long fraction away unseen.
        digits = MINOR_DIGITS[currency]
        whole, _, fraction = text.partition(".")
        if fraction[digits:].strip("0"):
            raise AmountInvalid(f"amount has more than {digits} decimals")
        return cls(int(whole + fraction[:digits].ljust(digits, "0")), currency)

    def __str__(self) -> str:
        digits = MINOR_DIGITS[self.currency]
        return f"{Decimal(self.amount_minor).scaleb(-digits):.{digits}f}"

    def as_json(self) -> dict[str, str]:
        """Return ``{"amount": "12300000.00", "currency": "CNY"}``."""
        return {"amount": str(self), "currency": self.currency}

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} meets {other.currency}")
        return other.amount_minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.amount_minor * count, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount_minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount_minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount_minor >= self._same(other)

    def share_bp(self, basis_points: int) -> "Money":
        """Return ``basis_points``/10,000 of the amount, rounded half up to a minor unit."""
        exact = Decimal(self.amount_minor) * basis_points / 10_000
        return Money(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), self.currency)

    def allocate(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Split by weights so that the parts sum exactly to the whole.

        The largest remainders get the left-over minor units, the earlier part on a tie.

        Args:
            weights: Non-negative, at least one positive.
        """
        sign = -1 if self.amount_minor < 0 else 1
        parts = apportion(abs(self.amount_minor), weights)
        return tuple(Money(sign * part, self.currency) for part in parts)


def apportion(whole: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a whole number, of fen or of anything else, by largest remainder.

    The parts sum exactly to the whole; the earlier part gets the left-over one on a tie.

    Args:
        whole: At least 0.
        weights: Non-negative, at least one positive.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative with a positive sum")
    shares = [divmod(whole * weight, total) for weight in weights]
    parts = [part for part, _ in shares]
    left = whole - sum(parts)
    if left:
        by_remainder = sorted(range(len(shares)), key=lambda index: -shares[index][1])
        for index in by_remainder[:left]:
            parts[index] += 1
    return tuple(parts)


def premium_rate(*, start: Money, deal: Money) -> Decimal:
    """Return (deal − start) / start, half up to four decimals: ``0.3743`` reads 37.43 %.

    Raises:
        ZeroDivisionError: ``start`` is zero; a start price is positive.

    Source: 增值率 as used by the Zhejiang-Pai sessions; 8.95 M to 12.30 M yuan gives 37.43 %.
    """
    gain = (deal - start).amount_minor
    return (Decimal(gain) / start.amount_minor).quantize(Decimal("0.0001"), ROUND_HALF_UP)
