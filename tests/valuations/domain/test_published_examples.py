"""Each method against figures that others published; the docstrings cite where."""

import math
from decimal import Decimal
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from app.valuations.domain.arithmetic import exp
from app.valuations.domain.distributions import quantile
from app.valuations.domain.income import scenario_value
from app.valuations.domain.methods import METHODS, MethodKind, point_value
from app.valuations.domain.options import roll_back, staged_option
from tests.valuations.domain.examples import (
    cost_inputs,
    earnings_inputs,
    fixed,
    market_inputs,
    pert,
    royalty_inputs,
    scenario_inputs,
)


def value(kind: str, inputs: dict[str, Any]) -> Decimal:
    return point_value(METHODS[MethodKind(kind)], inputs)


def test_cost_minimum_fee_of_a_licence() -> None:
    """VA1: 1000 × 1.12 × 10/15 = 746.67; × 80 % + 500 + 55 gives 1152.34 (10,000 yuan).

    Source: examination question on 专利许可最低收费额,
    https://app.ixiawen.com/question/15140525/faf068baa13eefe0947b0eb1884e1f66.html.
    The answer sums with 746.67; unrounded it is 1152.33.
    """
    inputs = cost_inputs(
        items=[{"name": "购入价", "amount": fixed(1000), "price_index": fixed("1.12")}],
        developer_profit=fixed(0),
        functional=fixed(0),
        economic=fixed(0),
        used_years=fixed(5),
        remaining_years=fixed(10),
    )
    assert round(value("cost", inputs), 2) == Decimal("746.67")
    licence = inputs | {"share": fixed("0.8"), "opportunity_cost": fixed(555)}
    assert abs(value("cost", licence) - Decimal("1152.34")) < Decimal("0.01")


def test_market_three_comparables() -> None:
    """VA1: 110 × 1.08, 125 × 1.05, 130 × 0.98 and their mean 125.82 (10,000 yuan).

    Source: question of 河南财经政法大学 (2011) on the market approach,
    http://222.198.130.40:8081/view/Subject/showsubject.aspx?id=629cd335d5c44c3eadc3aad8c3a6a75a;
    found for a building, the arithmetic is the same for a right.
    """
    cases = ((110, "0.08"), (125, "0.05"), (130, "-0.02"))
    inputs = {
        "comparables": [
            {
                "price": fixed(price),
                "weight": fixed(1),
                "adjustments": [{"way": "relative", "value": fixed(step)}],
            }
            for price, step in cases
        ]
    }
    assert round(value("market", market_inputs(**inputs)), 2) == Decimal("125.82")


def test_share_of_profit_of_a_patent() -> None:
    """VA1: profits of five years, share 15.39 %, rate 10 %: 248.45 (10,000 yuan).

    Source: worked answer on 约当投资分成, https://88.wendadaohang.com/zd/VVcca1BaM.html, which
    takes factors of four decimals.
    """
    inputs = royalty_inputs(
        revenue=[fixed(year) for year in (400, 420, 430, 450, 440)],
        revenue_factor=fixed(1),
        royalty_rate=fixed("0.1539"),
        maintenance_rate=fixed(0),
        tax_rate=fixed(0),
        discount_rate=fixed("0.1"),
        timing="end_of_year",
    )
    assert abs(value("relief_from_royalty", inputs) - Decimal("248.45")) < Decimal("0.02")


def test_relief_from_royalty_with_amortisation_benefit() -> None:
    """VA1: revenue of 1.0 to 1.4 million, 5 %, tax 25 %, 12 %, benefit over 5 years: 194,163.77.

    Source: wiki of github.com/simonmak-ascent/intangible-valuation, page "Income Methods".
    """
    inputs = royalty_inputs(
        revenue=[fixed(year) for year in range(1_000_000, 1_500_000, 100_000)],
        revenue_factor=fixed(1),
        royalty_rate=fixed("0.05"),
        maintenance_rate=fixed(0),
        tax_rate=fixed("0.25"),
        discount_rate=fixed("0.12"),
        timing="end_of_year",
        amortisation_years=5,
    )
    assert abs(value("relief_from_royalty", inputs) - Decimal("194163.77")) < Decimal("0.01")


def test_excess_earnings_of_a_design_patent() -> None:
    """VA1: 50,000 more sold a year, 50 yuan each, tax 25 %, three years at 10 %: 466.29.

    Source: daily exercise of the 资产评估师 examination, http://p719.cn/31856543.html (with the
    annuity factor 2.4869; exact to a tenth of a thousand).
    """
    inputs = earnings_inputs(
        revenue=[fixed(2500)] * 3,
        revenue_factor=fixed(1),
        margin=fixed("0.1"),
        charges=[],
        discount_rate=fixed("0.1"),
        amortisation_years=0,
    )
    assert abs(value("excess_earnings", inputs) - Decimal("466.29")) < Decimal("0.02")


def test_excess_earnings_over_a_contributory_charge() -> None:
    """VA1: 500,000 earned, 12 % asked on 2,468,000 of tangible assets: 203,840 in excess.

    Source: https://helpinhomework.org/question/38170 (a year's excess earnings; here discounted
    for one year at 10 %).
    """
    inputs = earnings_inputs(
        revenue=[fixed(500_000)],
        revenue_factor=fixed(1),
        margin=fixed(1),
        charges=[{"value": fixed(2_468_000), "return_rate": fixed("0.12")}],
        tax_rate=fixed(0),
        discount_rate=fixed("0.1"),
        amortisation_years=0,
    )
    assert value("excess_earnings", inputs) * Decimal("1.1") == pytest.approx(Decimal(203_840))


def test_scenarios() -> None:
    """VA1: 100,000 invested; 100,000 or 20,000 a year for five at 10 %: 279,078.68, -24,184.26.

    Source: https://wizedu.com/questions/1577545/a-corporation-is-assessing-the-risk-of-two.
    Expected value 0.3 × 167 + 0.5 × 71 + 0.2 × 34 = 92.40; source:
    https://homeworksource.com/p/1028366.
    """
    rate = Decimal("0.1")
    for flow, wanted in ((100_000, "279078.68"), (20_000, "-24184.26")):
        scenario = {"investment": Decimal(100_000), "cash_flows": [Decimal(flow)] * 5}
        got = scenario_value(scenario, Decimal(0), rate, "end_of_year")
        assert round(got, 2) == Decimal(wanted)
    cases = (("0.3", 167), ("0.5", 71), ("0.2", 34))
    inputs = scenario_inputs(
        scenarios=[
            {"probability": fixed(chance), "investment": fixed(0), "cash_flows": [fixed(flow)]}
            for chance, flow in cases
        ],
        tax_rate=fixed(0),
        discount_rate=fixed("0.25"),
    )
    assert value("scenario_dcf", inputs) * Decimal("1.25") == Decimal("92.4")


def tree(start: float, strike: float, rate: float, step: float, steps: int) -> float:
    up, down = 1.1, 0.9
    rise = (math.exp(rate * step) - down) / (up - down)
    nodes = [start * up**ups * down ** (steps - ups) for ups in range(steps + 1)]
    nodes = [max(node - strike, 0) for node in nodes]
    for _ in range(steps):
        nodes = roll_back(nodes, rise, math.exp(-rate * step))
    return nodes[0]


def test_binomial_trees() -> None:
    """VA2: S = 20, K = 21, u = 1.1, d = 0.9, r = 12 %: 0.633 in one quarter, 1.2823 in two.

    Source: Hull, Options, Futures, and Other Derivatives, chapter on binomial trees, which
    rounds the probability to 0.6523.
    """
    assert round(tree(20, 21, 0.12, 0.25, 1), 3) == 0.633
    assert tree(20, 21, 0.12, 0.25, 2) == pytest.approx(1.2823, abs=2e-4)


def option(value: float, cost: float, *, years: int, per_year: int, **rates: float) -> float:
    stage = {"step": years * per_year, "cost": cost, "success_probability": 1.0}
    return float(
        staged_option(market_value=value, stages=[stage], steps_per_year=per_year, **rates)
    )


def black_scholes(
    value: float, cost: float, years: float, sigma: float, rate: float, lost: float
) -> float:
    normal = NormalDist()
    spread = sigma * math.sqrt(years)
    first = (math.log(value / cost) + (rate - lost + sigma**2 / 2) * years) / spread
    kept = value * math.exp(-lost * years) * normal.cdf(first)
    return kept - cost * math.exp(-rate * years) * normal.cdf(first - spread)


def test_lattice_nears_black_scholes() -> None:
    """VA2: S = 42, K = 40, r = 10 %, sigma = 20 %, half a year: 4.76.

    Source: Hull, chapter on the Black-Scholes-Merton model. The lattice counts whole years of
    steps, so half a year at these rates is one at half of rate and variance.
    """
    assert round(black_scholes(42, 40, 0.5, 0.2, 0.1, 0), 2) == 4.76
    rates = {"volatility": 0.2 * math.sqrt(0.5), "risk_free_rate": 0.05, "delay_rate": 0.0}
    assert option(42, 40, years=1, per_year=48, **rates) == pytest.approx(4.76, abs=0.02)


def test_patent_as_an_option() -> None:
    """VA2: Avonex, 3,422 before 2,875 of cost, 17 years, 6.7 %, variance 0.224: 907 million.

    Source: Damodaran on Valuation, illustration 12.5 (cost of delay 1/17 a year; net present
    value without waiting 547), https://issuhub.com/view/index/228036?pageIndex=786 to 788.
    """
    sigma, lost = math.sqrt(0.224), 1 / 17
    assert black_scholes(3422, 2875, 17, sigma, 0.067, lost) == pytest.approx(907, abs=1)
    rates = {"volatility": sigma, "risk_free_rate": 0.067, "delay_rate": lost}
    assert option(3422, 2875, years=17, per_year=2, **rates) == pytest.approx(907, rel=0.015)


def test_compound_option_collapses_to_one_when_its_first_stage_is_free() -> None:
    """VA2"""
    stages = [
        {"step": 6, "cost": 0.0, "success_probability": 1.0},
        {"step": 12, "cost": 40.0, "success_probability": 1.0},
    ]
    rates = {"volatility": 0.3, "risk_free_rate": 0.03, "delay_rate": 0.01}
    two = staged_option(market_value=42.0, stages=stages, steps_per_year=12, **rates)
    one = option(42, 40, years=1, per_year=12, **rates)
    assert float(two) == pytest.approx(one, rel=1e-12)


def test_pert_mean() -> None:
    """VA4: the mean is (low + 4 mode + high) / 6.

    Source: Malcolm, Roseboom, Clark, Fazar, Operations Research 7 (1959).
    """
    shares = (np.arange(200_000) + 0.5) / 200_000
    mean = float(np.mean(quantile(pert(2, 3, 10), shares)))
    assert mean == pytest.approx((2 + 4 * 3 + 10) / 6, rel=1e-4)


def test_decimals_and_floats_share_a_formula() -> None:
    """VA3"""
    assert float(exp(Decimal("0.25"))) == pytest.approx(float(exp(0.25)), rel=1e-15)
