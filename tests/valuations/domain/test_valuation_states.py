"""Every state of a valuation with every trigger, and its charts."""

import re
from itertools import product
from xml.etree import ElementTree as ET

import pytest

from app.shared.transitions import TransitionRefused, advance
from app.valuations.domain.charts import histogram, input_label, ranges_chart, tornado_chart
from app.valuations.domain.computing import compute
from app.valuations.domain.valuation import (
    VALUATION_TRANSITIONS,
    ValuationStatus,
    ValuationTrigger,
)
from tests.valuations.domain import examples as ex


@pytest.mark.parametrize(("state", "trigger"), list(product(ValuationStatus, ValuationTrigger)))
def test_every_state_with_every_trigger(state: ValuationStatus, trigger: ValuationTrigger) -> None:
    """VA13, VA14, VA16"""
    allowed = {
        ("draft", "replace"): "draft",
        ("draft", "sign"): "signed",
        ("signed", "supersede"): "superseded",
        ("signed", "revoke"): "revoked",
        ("superseded", "revoke"): "revoked",
    }
    wanted = allowed.get((str(state), str(trigger)))
    if wanted is None:
        with pytest.raises(TransitionRefused):
            advance(VALUATION_TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(VALUATION_TRANSITIONS, state=state, trigger=trigger) == wanted


def test_charts_are_svg_with_chinese_labels() -> None:
    """VA19"""
    results = compute(ex.document())
    method = results["methods"][0]
    price = {"amount": "9000000.00", "currency": "CNY"}
    charts = [
        histogram(method["simulation"], "模拟结果分布"),
        tornado_chart(method["tornado"], "敏感性<分析>"),
        ranges_chart(results["methods"], results["reconciliation"], price, "综合区间"),
    ]
    for chart in charts:
        assert ET.fromstring(chart).tag.endswith("svg")
    assert all(name in charts[0] for name in ("P10", "P50", "P90"))
    assert "许可费率" in charts[1]
    assert "基准价格 900.00万" in charts[2]
    places = [float(x) for x in re.findall(r' x1?="([\d.]+)"', charts[2])]
    assert all(0 <= x <= 560 for x in places)


def test_a_chart_of_what_is_certain() -> None:
    """VA19"""
    certain = ex.method("cost", 10_000)
    for name in ("developer_profit", "functional"):
        certain["inputs"][name] = ex.fixed("0.1")
    certain["inputs"]["items"] = [
        {"name": "购入", "amount": ex.fixed(100), "price_index": ex.fixed(1)}
    ]
    result = compute(ex.document(certain))["methods"][0]
    assert result["tornado"] == []
    assert result["simulation"]["sd"]["amount"] == "0.00"
    assert "各参数均为定值" in tornado_chart(result["tornado"], "敏感性")
    assert "svg" in histogram(result["simulation"], "分布")


def test_inputs_have_chinese_names() -> None:
    """VA19"""
    assert input_label("revenue.0") == "收入1"
    assert input_label("stages.1.success_probability") == "阶段2成功概率"
