"""Inputs of methods for tests."""

from typing import Any

Json = dict[str, Any]


def fixed(value: object) -> Json:
    return {"distribution": "fixed", "value": str(value)}


def pert(low: object, mode: object, high: object) -> Json:
    return {"distribution": "pert", "low": str(low), "mode": str(mode), "high": str(high)}


def triangular(low: object, mode: object, high: object) -> Json:
    return pert(low, mode, high) | {"distribution": "triangular"}


def uniform(low: object, high: object) -> Json:
    return {"distribution": "uniform", "low": str(low), "high": str(high)}


def normal(mean: object, sd: object, low: object, high: object) -> Json:
    return {
        "distribution": "normal",
        "mean": str(mean),
        "sd": str(sd),
        "low": str(low),
        "high": str(high),
    }


def lognormal(median: object, sigma: object, low: object, high: object) -> Json:
    return {
        "distribution": "lognormal",
        "median": str(median),
        "sigma": str(sigma),
        "low": str(low),
        "high": str(high),
    }


def cost_inputs(**changes: Any) -> Json:
    return {
        "basis": "reproduction",
        "items": [
            {
                "name": "研发人员投入",
                "amount": pert(900000, 1000000, 1300000),
                "price_index": fixed("1.05"),
            },
            {"name": "样机与试验", "amount": fixed(400000), "price_index": fixed("1.02")},
        ],
        "developer_profit": uniform("0.10", "0.25"),
        "functional": triangular("0.02", "0.05", "0.12"),
        "economic": fixed("0.03"),
        "used_years": fixed(2),
        "remaining_years": fixed(8),
        "share": fixed(1),
        "opportunity_cost": fixed(0),
    } | changes


def market_inputs(**changes: Any) -> Json:
    def comparable(price: int, way: str, value: object) -> Json:
        return {
            "name": f"可比交易{price}",
            "cited": "交易所成交公告",
            "dealt_on": "2025-09-01",
            "terms": "专利权转让,一次付清",
            "price": fixed(price),
            "weight": fixed(1),
            "adjustments": [
                {"name": "成熟度差异", "way": way, "reason": "对方已量产", "value": value}
            ],
        }

    return {
        "comparables": [
            comparable(2000000, "relative", uniform("-0.2", "0.1")),
            comparable(1800000, "absolute", fixed(-100000)),
        ]
    } | changes


def royalty_inputs(**changes: Any) -> Json:
    return {
        "revenue": [fixed(year) for year in (8000000, 12000000, 15000000, 15000000, 12000000)],
        "revenue_factor": lognormal(1, "0.25", "0.4", "2.5"),
        "royalty_rate": pert("0.02", "0.035", "0.06"),
        "maintenance_rate": fixed("0.05"),
        "tax_rate": fixed("0.25"),
        "discount_rate": normal("0.16", "0.02", "0.10", "0.22"),
        "timing": "mid_year",
        "amortisation_years": 0,
    } | changes


def earnings_inputs(**changes: Any) -> Json:
    return {
        "revenue": [fixed(year) for year in (8000000, 12000000, 15000000)],
        "revenue_factor": pert("0.7", 1, "1.3"),
        "margin": uniform("0.12", "0.2"),
        "charges": [
            {"name": "设备", "value": fixed(3000000), "return_rate": fixed("0.06")},
            {"name": "团队", "value": fixed(800000), "return_rate": pert("0.08", "0.1", "0.14")},
        ],
        "tax_rate": fixed("0.25"),
        "discount_rate": fixed("0.15"),
        "timing": "end_of_year",
        "amortisation_years": 10,
    } | changes


def scenario_inputs(**changes: Any) -> Json:
    def scenario(name: str, probability: str, *flows: int) -> Json:
        return {
            "name": name,
            "probability": fixed(probability),
            "investment": fixed(1500000),
            "cash_flows": [triangular(flow * 0.8, flow, flow * 1.2) for flow in flows],
        }

    return {
        "scenarios": [
            scenario("乐观", "0.25", 1000000, 2500000, 3000000),
            scenario("基准", "0.5", 600000, 1500000, 1800000),
            scenario("悲观", "0.25", 100000, 400000, 500000),
        ],
        "tax_rate": fixed("0.15"),
        "discount_rate": pert("0.12", "0.15", "0.2"),
        "timing": "end_of_year",
    } | changes


def option_inputs(**changes: Any) -> Json:
    def stage(name: str, step: int, cost: int, chance: object) -> Json:
        return {
            "name": name,
            "step": step,
            "cost": fixed(cost),
            "success_probability": chance,
        }

    return {
        "market_value": pert(20000000, 30000000, 50000000),
        "volatility": fixed("0.45"),
        "risk_free_rate": fixed("0.025"),
        "delay_rate": fixed("0.03"),
        "stages": [
            stage("小试", 0, 500000, pert("0.4", "0.6", "0.7")),
            stage("中试", 6, 3000000, fixed("0.6")),
            stage("产业化", 12, 15000000, fixed("0.9")),
        ],
        "steps_per_year": 4,
    } | changes


INPUTS: dict[str, Json] = {
    "cost": cost_inputs(),
    "market": market_inputs(),
    "relief_from_royalty": royalty_inputs(),
    "excess_earnings": earnings_inputs(),
    "scenario_dcf": scenario_inputs(),
    "staged_option": option_inputs(),
}


def method(kind: str, weight_bp: int, **changes: Any) -> Json:
    return {
        "code": kind,
        "kind": kind,
        "inputs": INPUTS[kind] | changes,
        "weight_bp": weight_bp,
        "weight_reason": "参数来源可靠程度",
    }


def document(*methods: Json, **changes: Any) -> Json:
    return {
        "value_type": "market_value",
        "currency": "CNY",
        "valuation_date": "2026-03-01",
        "valid_until": "2027-02-28",
        "right_ends_on": "2037-10-20",
        "assumptions": "持续经营,产业政策无重大变化。",
        "draws": 2000,
        "seed": 20260301,
        "methods": list(methods) or [method("relief_from_royalty", 6000), method("cost", 4000)],
    } | changes
