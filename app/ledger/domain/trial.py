"""The trial balance: all accounts of a market, summed by purpose."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.ledger.domain.accounts import Purpose
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What all accounts of one purpose and currency hold together.

    Attributes:
        debit: Sum of the postings, debit positive: what the exchange owns; negative: what it owes.
    """

    purpose: Purpose
    accounts: int
    debit: Money


def totals(lines: Iterable[TrialLine]) -> tuple[Money, ...]:
    """Return the sum per currency, ordered by currency; every one is zero (G2)."""
    sums: dict[str, Money] = {}
    for line in lines:
        currency = line.debit.currency
        sums[currency] = sums.get(currency, Money(0, currency)) + line.debit
    return tuple(sums[currency] for currency in sorted(sums))
