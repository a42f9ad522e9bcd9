"""The price statistics as a table: a row each group and method, Chinese first."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from app.insight.domain.figures import Competition, Figures, GroupBy, Prices
from app.insight.domain.lots import CURRENCY, Method, Outcome
from app.shared import codes
from app.shared.money import Money
from app.shared.tables.form import Cell

_HEADER: Final = (
    "分组 Group",
    "名称 Name",
    "定价方式 Method",
    "项目数 Lots",
    "成交 Sold",
    "违约未成交 Defaulted",
    "流标 Failed",
    "撤回 Withdrawn",
    "终结 Terminated",
    "计价成交 Priced deals",
    "金额未定 Unknown amounts",
    "其他币种 Other currencies",
    "违约宗数 Defaults",
    "违约后成交 Resold",
    "起始价合计(元) Sum of starts (CNY)",
    "成交价合计(元) Sum of prices (CNY)",
    "增值率(%) Premium, weighted (%)",
    "增值率中位数(%) Premium, median (%)",
    "有评估价成交 Appraised deals",
    "评估价合计(元) Sum of appraisals (CNY)",
    "其起始价合计(元) Their starts (CNY)",
    "其成交价合计(元) Their prices (CNY)",
    "起始价/评估价中位数(%) Start to appraisal, median (%)",
    "成交价/评估价中位数(%) Price to appraisal, median (%)",
)
_BIDDERS_HEADER: Final = (
    "分组 Group",
    "名称 Name",
    "出价人数 Bidders",
    "项目数 Lots",
    "出价人数中位数 Median of bidders",
)
_METHODS: Final = {
    Method.CONTESTED: "有竞争 contested",
    Method.UNCONTESTED: "无竞争 uncontested",
    Method.OFF_FLOOR: "协议定价(场外) off floor",
}
_FLOOR: Final = "场内合计 floor"
_OUTCOMES: Final = (
    Outcome.SOLD,
    Outcome.DEFAULTED,
    Outcome.FAILED,
    Outcome.WITHDRAWN,
    Outcome.TERMINATED,
)
_LABELLED: Final = {
    GroupBy.FIELD: "technology_field",
    GroupBy.SELLER_REGION: "region",
    GroupBy.BUYER_REGION: "region",
    GroupBy.PRICING_MODE: "pricing_mode",
    GroupBy.SELLER_CLASS: "seller_class",
}
_ALL: Final = ("合计", "all")

Sheet = tuple[str, Sequence[Sequence[Cell]]]


def price_sheets(by: GroupBy, total: Figures, groups: Sequence[Figures]) -> tuple[Sheet, Sheet]:
    """Return the two tables: prices, and bidders per lot; money in yuan, rates in per cent."""
    prices: list[Sequence[Cell]] = [_HEADER]
    bidders: list[Sequence[Cell]] = [_BIDDERS_HEADER]
    for figures in (total, *groups):
        name = _named(by, figures.group)
        prices += [(*name, label, *_row(figures.of(method))) for method, label in _METHODS.items()]
        prices.append((*name, _FLOOR, *_row(figures.floor)))
        bidders += [(*name, *row) for row in _bidder_rows(figures.competition)]
    return ("价格统计", prices), ("出价人数", bidders)


def _named(by: GroupBy, group: str | None) -> tuple[str, str]:
    if group is None:
        return _ALL
    table = _LABELLED.get(by)
    return group, group if table is None else codes.label(table, group)


def _row(prices: Prices) -> tuple[Cell, ...]:
    counts = (
        prices.lots,
        *(prices.outcomes.get(outcome, 0) for outcome in _OUTCOMES),
        prices.priced,
        prices.unknown_amounts,
        prices.other_currencies,
        prices.defaults,
        prices.resold,
    )
    return (
        *counts,
        _yuan(prices.start_minor),
        _yuan(prices.price_minor),
        _percent(prices.premium),
        _percent(_rate(prices.premium_median_bp)),
        prices.appraised,
        _yuan(prices.appraised_minor),
        _yuan(prices.appraised_start_minor),
        _yuan(prices.appraised_price_minor),
        _percent(_rate(prices.start_ratio_median_bp)),
        _percent(_rate(prices.price_ratio_median_bp)),
    )


def _bidder_rows(competition: Competition) -> list[tuple[Cell, ...]]:
    median = "" if competition.median is None else str(competition.median)
    return [(number, lots, median) for number, lots in sorted(competition.lots_by_bidders.items())]


def _yuan(minor: int) -> Money:
    return Money(minor, CURRENCY)


def _rate(basis_points: int | None) -> Decimal | None:
    return None if basis_points is None else Decimal(basis_points).scaleb(-4)


def _percent(rate: Decimal | None) -> str:
    return "" if rate is None else str((rate * 100).quantize(Decimal("0.01")))
