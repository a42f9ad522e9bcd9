"""Cost approach 成本法: what it would cost to make the result again, less what it has lost."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.valuations.domain.arithmetic import Value, total

SOURCES: Final = (
    "IVS 210 (Intangible Assets), cost approach: reproduction and replacement cost, obsolescence",
    "《资产评估执业准则——无形资产》(中评协〔2017〕37号): 成本法",
    "《专利资产评估指导意见》(中评协〔2017〕49号): 成本法",
)
BASES: Final = ("reproduction", "replacement")


def cost(
    *,
    basis: str,
    items: Sequence[Mapping[str, Value]],
    developer_profit: Value,
    functional: Value,
    economic: Value,
    used_years: Value,
    remaining_years: Value,
    share: Value,
    opportunity_cost: Value,
) -> Value:
    """Return the depreciated cost of reproduction or replacement.

    Args:
        basis: ``reproduction`` of the same or ``replacement`` by an equal in use; says what the
            items are the cost of.
        items: Each with ``amount`` spent or needed, and ``price_index`` that brings it to the
            day of valuation (1 where it is at present prices already).
        developer_profit: Return on the outlay, a share of it.
        functional, economic: Obsolescence 功能性贬值, 经济性贬值, shares lost of what is left.
        used_years, remaining_years: What age takes is used / (used + remaining).
        share: Of the whole that is transferred; 1 for a sale, less for one licence of several.
        opportunity_cost: What the seller loses by transferring, present value, as in the
            minimum fee of a licence 最低收费额.

    Source: see `SOURCES`; the minimum fee as in the textbooks of 资产评估 (重置成本净值 ×
    分摊率 + 机会成本).
    """
    if basis not in BASES:
        raise ValueError(f"basis must be one of {', '.join(BASES)}")
    outlay = total([item["amount"] * item["price_index"] for item in items])
    new = outlay * (1 + developer_profit)
    left = new * (1 - functional) * (1 - economic)
    net = left * remaining_years / (used_years + remaining_years)
    return net * share + opportunity_cost
