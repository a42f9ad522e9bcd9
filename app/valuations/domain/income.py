"""Income approach 收益法: what the right will earn, discounted to the day of valuation.

Rates are shares a year; ``timing`` says whether a year's flow comes at its end or, on average,
in its middle.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.valuations.domain.arithmetic import Value, sqrt, total

SOURCES: Final = (
    "IVS 210 (Intangible Assets), income approach: relief from royalty, excess earnings, TAB",
    "《专利资产评估指导意见》(中评协〔2017〕49号): 收益法, 剩余经济寿命与法定保护期限",
    "GB/T 42748-2023 专利评估指引",
)
TIMINGS: Final = ("end_of_year", "mid_year")


def discount(rate: Value, year: int, timing: str) -> Value:
    """Return what one unit of a year's flow is worth on the day of valuation."""
    factor = 1 / (1 + rate) ** year
    return factor * sqrt(1 + rate) if timing == "mid_year" else factor


def present_value(flows: Sequence[Value], rate: Value, timing: str) -> Value:
    """Return the present value of the flows of year 1 and those that follow."""
    return total([flow * discount(rate, year, timing) for year, flow in enumerate(flows, start=1)])


def amortisation_benefit(rate: Value, tax_rate: Value, years: int, timing: str) -> Value:
    """Return the factor for what a buyer saves in tax by amortising the price (TAB).

    1 / (1 - tax × annuity / years): the value V holds its own benefit V × tax × annuity / years.

    Args:
        years: Of straight-line amortisation; 0 leaves the benefit out.
    """
    if years == 0:
        return 1
    annuity = total([discount(rate, year, timing) for year in range(1, years + 1)])
    return 1 / (1 - tax_rate * annuity / years)


def relief_from_royalty(
    *,
    revenue: Sequence[Value],
    revenue_factor: Value,
    royalty_rate: Value,
    maintenance_rate: Value,
    tax_rate: Value,
    discount_rate: Value,
    timing: str,
    amortisation_years: int,
) -> Value:
    """Return the present value of royalties after tax that the owner need not pay.

    Args:
        revenue: Of what the right covers, year by year. A share of profit instead of a royalty
            on revenue 利润分成 takes the profit here and the share as the rate.
        revenue_factor: How far all years together come out above or below the plan.
        maintenance_rate: Of the royalty, spent on keeping the right up.

    Source: see `SOURCES`.
    """
    kept = revenue_factor * royalty_rate * (1 - maintenance_rate) * (1 - tax_rate)
    value = present_value(revenue, discount_rate, timing) * kept
    return value * amortisation_benefit(discount_rate, tax_rate, amortisation_years, timing)


def excess_earnings(
    *,
    revenue: Sequence[Value],
    revenue_factor: Value,
    margin: Value,
    charges: Sequence[Mapping[str, Value]],
    tax_rate: Value,
    discount_rate: Value,
    timing: str,
    amortisation_years: int,
) -> Value:
    """Return the present value of earnings that no contributory asset claims.

    Args:
        margin: Operating profit before tax, a share of revenue.
        charges: Contributory assets 贡献资产, each with its ``value`` and the ``return_rate``
            after tax that it asks a year.

    Source: see `SOURCES`.
    """
    claimed = total([item["value"] * item["return_rate"] for item in charges])
    earned = [year * revenue_factor * margin * (1 - tax_rate) - claimed for year in revenue]
    value = present_value(earned, discount_rate, timing)
    return value * amortisation_benefit(discount_rate, tax_rate, amortisation_years, timing)


def scenario_dcf(
    *,
    scenarios: Sequence[Mapping[str, Any]],
    tax_rate: Value,
    discount_rate: Value,
    timing: str,
) -> Value:
    """Return the mean of the scenarios' net present values, weighted by probability.

    Args:
        scenarios: Each with its ``probability`` (they sum to 1), ``investment`` on the day of
            valuation, and ``cash_flows`` before tax, year by year.

    Source: see `SOURCES`; IVS 105, scenario-based expected cash flows.
    """
    return total(
        [
            item["probability"] * scenario_value(item, tax_rate, discount_rate, timing)
            for item in scenarios
        ]
    )


def scenario_value(
    scenario: Mapping[str, Any], tax_rate: Value, discount_rate: Value, timing: str
) -> Value:
    """Return one scenario's net present value."""
    after_tax = [flow * (1 - tax_rate) for flow in scenario["cash_flows"]]
    return present_value(after_tax, discount_rate, timing) - scenario["investment"]
