"""Charts of a valuation as SVG text in Chinese: histogram, tornado, ranges of the methods.

Black on white they stay readable: what matters is told by lines and labels, not by colour.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any, Final

_WIDTH: Final = 560
_LEFT: Final = 150
_RIGHT: Final = 20
_ROW: Final = 30
_BAR: Final = "#7fa3c4"
_DARK: Final = "#1d2a3a"
_FAINT: Final = "#6b7785"
_ACCENT: Final = "#b3541e"
_TEN_THOUSAND: Final = Decimal(10_000)

# Words for the paths of inputs; an index tells which.
_WORDS: Final[Mapping[str, str]] = {
    "items": "成本项目",
    "amount": "金额",
    "price_index": "价格指数",
    "developer_profit": "开发利润率",
    "functional": "功能性贬值率",
    "economic": "经济性贬值率",
    "used_years": "已使用年限",
    "remaining_years": "剩余年限",
    "share": "分摊率",
    "opportunity_cost": "机会成本",
    "comparables": "可比案例",
    "price": "成交价",
    "weight": "权重",
    "adjustments": "修正",
    "value": "数值",
    "revenue": "收入",
    "revenue_factor": "收入系数",
    "royalty_rate": "许可费率",
    "maintenance_rate": "维持费用率",
    "margin": "利润率",
    "charges": "贡献资产",
    "return_rate": "回报率",
    "tax_rate": "所得税率",
    "discount_rate": "折现率",
    "scenarios": "情景",
    "probability": "概率",
    "investment": "投资",
    "cash_flows": "现金流",
    "market_value": "产业化价值",
    "volatility": "波动率",
    "risk_free_rate": "无风险利率",
    "delay_rate": "延迟成本率",
    "stages": "阶段",
    "cost": "投入",
    "success_probability": "成功概率",
}


def input_label(path: str) -> str:
    """Return the Chinese name of an input's path, indexes counted from 1."""
    return "".join(
        f"{int(part) + 1}" if part.isdigit() else _WORDS.get(part, part) for part in path.split(".")
    )


def amount_label(money: Mapping[str, str]) -> str:
    """Return an amount in units of ten thousand with two decimals, for axes and bars."""
    return f"{(Decimal(money['amount']) / _TEN_THOUSAND).quantize(Decimal('0.01')):,}万"


def _number(money: Mapping[str, str]) -> Decimal:
    return Decimal(money["amount"])


class _Scale:
    """Places amounts between the left and the right edge of a chart."""

    def __init__(self, amounts: Sequence[Decimal], left: int = _LEFT) -> None:
        self.low, self.high = min(amounts), max(amounts)
        self.left = left

    def place(self, amount: Decimal) -> str:
        """Return the horizontal place of an amount, to a tenth of a point."""
        span = self.high - self.low
        room = _WIDTH - self.left - _RIGHT
        share = (amount - self.low) / span if span else Decimal("0.5")
        return f"{self.left + room * min(max(share, Decimal(0)), Decimal(1)):.1f}"


def _svg(height: int, marks: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        f' font-family="Noto Sans SC" font-size="10"><title>{escape(title)}</title>'
        f"{''.join(marks)}</svg>"
    )


def _text(x: str | int, y: str | int, words: str, anchor: str = "middle", fill: str = _DARK) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{fill}">{escape(words)}</text>'


def _bar(left: float, right: float, top: int, fill: str) -> str:
    return (
        f'<rect x="{left:.1f}" y="{top}" width="{max(right - left, 1):.1f}" height="16"'
        f' fill="{fill}" stroke="{_DARK}" stroke-width="0.5"/>'
    )


def _line(x: str, top: int, bottom: int, colour: str, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<line x1="{x}" y1="{top}" x2="{x}" y2="{bottom}" stroke="{colour}"{dashes}/>'


def histogram(simulation: Mapping[str, Any], title: str) -> str:
    """Return the distribution of a method's values with P10, P50 and P90."""
    told = simulation["histogram"]
    counts = told["counts"]
    marks = {name: _number(simulation[name]) for name in ("p10", "p50", "p90")}
    scale = _Scale([_number(told["low"]), _number(told["high"])], left=_RIGHT)
    base, room, most = 170, _WIDTH - 2 * _RIGHT, max(counts)
    parts = [_text(_WIDTH // 2, 14, title)]
    for index, count in enumerate(counts):
        height = 120 * count / most
        left, width = _RIGHT + room * index / len(counts), room / len(counts)
        parts.append(
            f'<rect x="{left:.1f}" y="{base - height:.1f}" width="{width:.1f}"'
            f' height="{height:.1f}" fill="{_BAR}" stroke="#ffffff" stroke-width="0.5"/>'
        )
    for row, (name, amount) in enumerate(marks.items()):
        x = scale.place(amount)
        parts.append(_line(x, 30, base, _DARK, dashed=name != "p50"))
        parts.append(
            _text(x, base + 14 + 12 * row, f"{name.upper()} {amount_label(simulation[name])}")
        )
    parts.append(_text(_RIGHT, base + 54, amount_label(told["low"]), "start", _FAINT))
    parts.append(_text(_WIDTH - _RIGHT, base + 54, amount_label(told["high"]), "end", _FAINT))
    return _svg(base + 62, parts, title)


def tornado_chart(bars: Sequence[Mapping[str, Any]], title: str, most: int = 10) -> str:
    """Return a bar for each input from its P10 to its P90, the widest swing on top."""
    shown = bars[:most]
    parts = [_text(_WIDTH // 2, 14, title)]
    if not shown:
        return _svg(40, [*parts, _text(_WIDTH // 2, 34, "各参数均为定值")], title)
    ends = [_number(bar[name]) for bar in shown for name in ("at_p10", "at_p90")]
    scale = _Scale(ends)
    for index, bar in enumerate(shown):
        top = 26 + _ROW * index
        low, high = sorted((_number(bar["at_p10"]), _number(bar["at_p90"])))
        left, right = float(scale.place(low)), float(scale.place(high))
        rising = _number(bar["at_p10"]) <= _number(bar["at_p90"])
        near, far = ("P10", "P90") if rising else ("P90", "P10")
        parts += [
            _text(_LEFT - 8, top + 13, input_label(bar["input"]), "end"),
            _bar(left, right, top, _BAR),
            _text(f"{left + 3:.1f}", top + 11, near, "start"),
            _text(f"{right - 3:.1f}", top + 11, far, "end"),
        ]
    foot = 26 + _ROW * len(shown) + 10
    for amount, anchor in ((min(ends), "start"), (max(ends), "end")):
        label = amount_label({"amount": str(amount)})
        parts.append(_text(scale.place(amount), foot, label, anchor, _FAINT))
    return _svg(foot + 8, parts, title)


def ranges_chart(
    methods: Sequence[Mapping[str, Any]],
    reconciliation: Mapping[str, Any],
    base_price: Mapping[str, str] | None,
    title: str,
) -> str:
    """Return each method's P10 to P90 with its P50, the reconciled range, the base price."""
    rows = [
        (item["label"], *(_number(item["simulation"][name]) for name in ("p10", "p50", "p90")))
        for item in methods
    ]
    whole = ("综合区间", *(_number(reconciliation[name]) for name in ("low", "centre", "high")))
    rows.append(whole)
    amounts = [amount for row in rows for amount in row[1:]]
    if base_price is not None:
        amounts.append(_number(base_price))
    scale = _Scale(amounts)
    foot = 30 + _ROW * len(rows)
    parts = [_text(_WIDTH // 2, 14, title)]
    for index, (label, low, middle, high) in enumerate(rows):
        top = 26 + _ROW * index
        left, right = float(scale.place(low)), float(scale.place(high))
        fill = "#c9d2dc" if index == len(rows) - 1 else _BAR
        parts += [
            _text(_LEFT - 8, top + 13, label, "end"),
            _bar(left, right, top, fill),
            _line(scale.place(middle), top, top + 16, _DARK),
        ]
    if base_price is not None:
        x = scale.place(_number(base_price))
        parts.append(_line(x, 22, foot, _ACCENT, dashed=True))
        parts.append(_text(x, foot + 12, f"基准价格 {amount_label(base_price)}", fill=_ACCENT))
    for amount, anchor in ((min(amounts), "start"), (max(amounts), "end")):
        label = amount_label({"amount": str(amount)})
        parts.append(_text(scale.place(amount), foot + 26, label, anchor, _FAINT))
    return _svg(foot + 34, parts, title)
