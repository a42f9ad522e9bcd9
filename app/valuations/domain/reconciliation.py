"""From several methods to one range, and to the base price 基准价格 that a person chooses in it."""

from collections.abc import Sequence
from typing import Any, Final

from app.shared.findings import Findings
from app.shared.money import Money

WEIGHTS_SUM_BP: Final = 10_000
SOURCES: Final = (
    "IVS 105: different indications are analysed and reconciled into a conclusion, with reasons",
    "《专利资产评估指导意见》(中评协〔2017〕49号): 多种方法的结果应当分析比较",
    "weighted means of P10 and P90 as range: default",
)


def reconcile(methods: Sequence[dict[str, Any]], weights_bp: Sequence[int]) -> dict[str, Any]:
    """Return the weighted range of the methods' results.

    Args:
        methods: Results with ``point`` and ``simulation``.
        weights_bp: One a method, basis points; they sum to 10,000. A method of weight 0 is
            shown and does not count.

    Returns:
        ``low``, ``centre``, ``high``: weighted means of P10, P50 and P90, half up to the minor
        unit; ``point``: of the formulas' values; ``spread_bp``: how far the points of the
        methods that count lie apart, in basis points of ``point`` (``None`` unless positive).
    """
    point = _mean([item["point"] for item in methods], weights_bp)
    counted = [
        item["point"] for item, weight in zip(methods, weights_bp, strict=True) if weight > 0
    ]
    apart = max(counted, key=_minor).amount_minor - min(counted, key=_minor).amount_minor
    spread = apart * WEIGHTS_SUM_BP // point.amount_minor if point.amount_minor > 0 else None
    percentiles = {
        name: _mean([item["simulation"][source] for item in methods], weights_bp)
        for name, source in (("low", "p10"), ("centre", "p50"), ("high", "p90"))
    }
    return {**percentiles, "point": point, "spread_bp": spread}


def _minor(money: Money) -> int:
    return money.amount_minor


def _mean(amounts: Sequence[Money], weights_bp: Sequence[int]) -> Money:
    whole = sum(
        amount.amount_minor * weight for amount, weight in zip(amounts, weights_bp, strict=True)
    )
    return Money((whole + WEIGHTS_SUM_BP // 2) // WEIGHTS_SUM_BP, amounts[0].currency)


def check_base_price(
    price: Money, outside_reason: str | None, *, low: Money, high: Money, findings: Findings
) -> None:
    """Note a base price outside the range that nobody explains."""
    findings.require(
        price.amount_minor > 0,
        "base_price.price",
        rule="positive",
        message="A base price is greater than zero.",
    )
    findings.require(
        low <= price <= high or outside_reason is not None,
        "base_price.outside_reason",
        rule="outside_range",
        message="A base price outside the range needs an explanation.",
        minimum=low,
        maximum=high,
    )
