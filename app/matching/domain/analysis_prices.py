"""Likely prices 可能价格区间 of a demand, from what deals of its field came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.demands.public import FieldPrices, quartiles
from app.matching.domain.entry import Facts
from app.shared.money import Money


class NoPrices(StrEnum):
    """Why no range is told."""

    FIELD_NOT_STATED = "field_not_stated"
    TOO_FEW_DEALS = "too_few_deals"  # they would tell a deal's price, not a field's


class BudgetPlace(StrEnum):
    """Where a budget lies against the middle half of the deals."""

    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What deals of a field came to.

    Attributes:
        prices: Quartiles and count.
        why_not: Why there are none; exactly then.
        budget: ``None`` without a budget in the deals' currency.
    """

    prices: FieldPrices | None
    why_not: NoPrices | None
    budget: BudgetPlace | None


def likely_prices(facts: Facts, deals: Sequence[Money]) -> PriceRange:
    """Return the likely prices of what is asked for.

    Args:
        deals: Of the field that is stated, in one currency.

    Invariant: MT94.
    """
    if facts.technology_field is None:
        return PriceRange(None, NoPrices.FIELD_NOT_STATED, None)
    prices = quartiles(deals)
    if prices is None:
        return PriceRange(None, NoPrices.TOO_FEW_DEALS, None)
    return PriceRange(prices, None, _place(facts, prices))


def _place(facts: Facts, prices: FieldPrices) -> BudgetPlace | None:
    low, high = facts.price_low, facts.price_high
    if low is None or high is None or low.currency != prices.low.currency:
        return None
    if high < prices.low:
        return BudgetPlace.BELOW
    return BudgetPlace.ABOVE if low > prices.high else BudgetPlace.WITHIN
