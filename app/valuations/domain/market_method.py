"""Market approach 市场法: what comparable rights were paid, adjusted for named differences."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from app.shared.findings import Findings
from app.valuations.domain.arithmetic import Value, total
from app.valuations.domain.distributions import central

SOURCES: Final = (
    "IVS 105 (Valuation Approaches), comparable transactions method; IVS 210, market approach",
    "《专利资产评估指导意见》(中评协〔2017〕49号): 市场法",
    "bounds of adjustments: default",
)
SINGLE_MAX: Final = Decimal("0.5")  # default: one difference explains at most half the price
NET_MIN, NET_MAX = Decimal("0.4"), Decimal("2.5")  # default: beyond, it is no comparable


def market(*, comparables: Sequence[Mapping[str, Any]]) -> Value:
    """Return the weighted mean of adjusted prices.

    A comparable's price is multiplied by 1 + each relative adjustment, then each absolute one is
    added. Adjustments are made to the comparable, never to the subject.

    Args:
        comparables: Each with ``price``, ``weight`` and ``adjustments`` with ``value`` and
            ``way``, ``relative`` or ``absolute``.

    Source: see `SOURCES`.
    """
    weight = total([item["weight"] for item in comparables])
    return total([adjusted(item) * item["weight"] for item in comparables]) / weight


def adjusted(comparable: Mapping[str, Any]) -> Value:
    """Return a comparable's price after all its adjustments."""
    price = comparable["price"]
    for step in comparable["adjustments"]:
        if step["way"] == "relative":
            price = price * (1 + step["value"])
    return price + total(
        [step["value"] for step in comparable["adjustments"] if step["way"] == "absolute"]
    )


def check_market(inputs: Mapping[str, Any], where: str, findings: Findings) -> None:
    """Note adjustments that go further than a comparable bears."""
    for index, item in enumerate(inputs["comparables"]):
        place = f"{where}.comparables.{index}"
        price = central(item["price"])
        if price <= 0:
            continue  # its range is told elsewhere
        for number, step in enumerate(item["adjustments"]):
            value = central(step["value"])
            portion = value if step["way"] == "relative" else value / price
            findings.require(
                abs(portion) <= SINGLE_MAX,
                f"{place}.adjustments.{number}.value",
                rule="adjustment",
                message="One adjustment changes the price by at most half.",
                maximum=str(SINGLE_MAX),
            )
        known = {**item, "price": price, "adjustments": _known(item)}
        net = adjusted(known) / price
        findings.require(
            NET_MIN <= net <= NET_MAX,
            f"{place}.adjustments",
            rule="net_adjustment",
            message="After so many adjustments it is no comparable.",
            minimum=str(NET_MIN),
            maximum=str(NET_MAX),
        )


def _known(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**step, "value": central(step["value"])} for step in item["adjustments"]]
