"""A signed valuation as its printed report shows it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from app.shared.calendar import SHANGHAI
from app.valuations.domain.charts import (
    amount_label,
    histogram,
    input_label,
    ranges_chart,
    tornado_chart,
)
from app.valuations.domain.methods import quantities
from app.valuations.domain.valuation import SignedValuation, Valuation, ValuationStatus

_STATUS: Final[Mapping[ValuationStatus, str]] = {
    ValuationStatus.DRAFT: "草稿",
    ValuationStatus.SIGNED: "有效",
    ValuationStatus.SUPERSEDED: "已被新的估值取代",
    ValuationStatus.REVOKED: "已撤销",
}
_DISTRIBUTIONS: Final = {
    "fixed": "定值",
    "uniform": "均匀分布",
    "triangular": "三角分布",
    "pert": "PERT分布",
    "normal": "截尾正态分布",
    "lognormal": "截尾对数正态分布",
}
_PARAMETERS: Final = {
    "value": "",
    "low": "下限",
    "mode": "最可能",
    "high": "上限",
    "mean": "均值",
    "sd": "标准差",
    "median": "中位数",
    "sigma": "对数标准差",
}
_VALUE_TYPES: Final = {"market_value": "市场价值", "investment_value": "投资价值"}
_TIMINGS: Final = {"end_of_year": "年末折现", "mid_year": "年中折现"}


def printed(valuation: Valuation, signed: SignedValuation) -> dict[str, Any]:
    """Return the data of the report's template: the signed content with words and charts."""
    content = signed.content
    document, results = content["document"], content["results"]
    price = content["base_price"]["price"]
    return {
        **content,
        "status": _STATUS[valuation.status],
        "status_reason": valuation.reason,
        "value_type_label": _VALUE_TYPES[document["value_type"]],
        "right_ends_on": document.get("right_ends_on"),
        "signed_on": _moment(content["signed_at"]),
        "methods": [
            _method(given, result)
            for given, result in zip(document["methods"], results["methods"], strict=True)
        ],
        "ranges": ranges_chart(
            results["methods"], results["reconciliation"], price, "各方法结果与综合区间"
        ),
        "spread": _percent(results["reconciliation"]["spread_bp"]),
        "base_price_label": amount_label(price),
        "content_hash": signed.content_hash,
        "kid": signed.kid,
    }


def _moment(told: str) -> str:
    return datetime.fromisoformat(told).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _percent(bp: int | None) -> str | None:
    return None if bp is None else f"{Decimal(bp) / 100}%"


def _method(given: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    inputs = given["inputs"]
    return {
        "label": result["label"],
        "version": result["version"],
        "weight": _percent(given["weight_bp"]),
        "weight_reason": given["weight_reason"],
        "point": result["point"],
        "committed": result["committed"],
        "simulation": result["simulation"],
        "timing": _TIMINGS.get(inputs.get("timing", "")),
        "inputs": [
            [_place(path, inputs), _DISTRIBUTIONS[item["distribution"]], _parameters(item)]
            for path, item in quantities(inputs).items()
        ],
        "adjustments": _adjustments(inputs),
        "sources": result["sources"],
        "histogram": histogram(result["simulation"], "模拟结果分布"),
        "tornado": tornado_chart(result["tornado"], "敏感性分析(其余参数取中位数)"),
    }


def _place(path: str, inputs: Mapping[str, Any]) -> str:
    """Return an input's Chinese name, with what the author called its item."""
    parts = path.split(".")
    if len(parts) > 1 and parts[1].isdigit():
        item = inputs[parts[0]][int(parts[1])]
        if isinstance(item, Mapping) and "name" in item:
            return f"{input_label(path)}({item['name']})"
    return input_label(path)


def _parameters(item: Mapping[str, Any]) -> str:
    return ",".join(f"{word}{item[name]}" for name, word in _PARAMETERS.items() if name in item)


def _adjustments(inputs: Mapping[str, Any]) -> list[list[str]]:
    return [
        [item["name"], item["cited"], item["dealt_on"], step["name"], step["reason"]]
        for item in inputs.get("comparables", ())
        for step in item["adjustments"]
    ]
