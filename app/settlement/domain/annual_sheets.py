"""The annual report in the tables that units hand in: Chinese headings, English beside."""

from collections.abc import Sequence
from typing import Final

from app.settlement.domain.annual import AnnualReport, Tally, Way, YearOfUnit
from app.shared.money import Money
from app.shared.tables.form import Cell

Sheet = tuple[str, Sequence[Sequence[Cell]]]

_WAYS: Final = {
    Way.TRANSFER: "转让 Transfer",
    Way.LICENCE: "许可 Licence",
    Way.SHARE_INVESTMENT: "作价投资 Share investment",
    Way.DEVELOPMENT: "技术开发 Development",
    Way.CONSULTING: "技术咨询 Consulting",
    Way.SERVICE: "技术服务 Service",
    Way.UNSTATED: "合同类型未填 Type not stated",
}
_BY_WAY: Final = (
    "转化方式 Way",
    "合同数 Contracts",
    "合同金额(元) Amount (CNY)",
    "金额未定合同数 Unknown amounts",
    "其他币种合同数 Other currencies",
    "当年到账(元) Received (CNY)",
    "其他币种到账笔数 Received in other currencies",
    "上年合同数 Contracts, year before",
    "上年合同金额(元) Amount, year before (CNY)",
    "上年到账(元) Received, year before (CNY)",
)
_EMPOWERED: Final = {
    "ownership_share": "赋予所有权份额 Ownership share",
    "long_term_use": "赋予长期使用权 Long-term use",
}
_FIGURES: Final = {
    "output": "新增产值(元) Output (CNY)",
    "sales": "新增销售收入(元) Sales (CNY)",
    "profit": "新增利润(元) Profit (CNY)",
    "tax": "新增税收(元) Tax (CNY)",
    "exports": "出口额(元) Exports (CNY)",
    "jobs": "新增就业(人) Jobs",
}


def annual_sheets(report: AnnualReport) -> list[Sheet]:
    """Return the report's tables; what nobody stated stays empty."""
    return [
        ("总体情况", _summary(report)),
        ("按转化方式", _by_way(report)),
        ("奖励与赋权", _awards(report)),
        ("转化成效", _outcomes(report)),
        ("十大合同", _largest(report.present)),
    ]


def _compared(report: AnnualReport, *rows: Sequence[Cell]) -> list[Sequence[Cell]]:
    header = (
        f"{report.unit} 指标 Figure",
        f"{report.present.year}年",
        f"{report.before.year}年",
    )
    return [header, *rows]


def _summary(report: AnnualReport) -> list[Sequence[Cell]]:
    now, before = report.present, report.before
    return _compared(
        report,
        ("合同总数 Contracts", now.total.contracts, before.total.contracts),
        ("合同总金额(元) Amount (CNY)", now.total.amount, before.total.amount),
        (
            "其中：开发、咨询、服务合同数 Development, consulting, service",
            now.services.contracts,
            before.services.contracts,
        ),
        (
            "其中：开发、咨询、服务金额(元) Their amount (CNY)",
            now.services.amount,
            before.services.amount,
        ),
        (
            "金额未定合同数 Unknown amounts",
            now.total.unknown_amounts,
            before.total.unknown_amounts,
        ),
        ("当年到账(元) Received (CNY)", now.total.received, before.total.received),
        ("转化成果项数 Results converted", now.converted, before.converted),
        ("成交未签约数 Deals not signed", now.unsigned, before.unsigned),
    )


def _by_way(report: AnnualReport) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [_BY_WAY]
    rows += [
        (label, *_tally(report.present.ways[way], report.before.ways[way]))
        for way, label in _WAYS.items()
    ]
    rows.append(("合计 Total", *_tally(report.present.total, report.before.total)))
    return rows


def _tally(now: Tally, before: Tally) -> tuple[Cell, ...]:
    return (
        now.contracts,
        now.amount,
        now.unknown_amounts,
        now.other_currencies,
        now.received,
        now.received_other,
        before.contracts,
        before.amount,
        before.received,
    )


def _awards(report: AnnualReport) -> list[Sequence[Cell]]:
    now, before = report.present, report.before
    rows: list[Sequence[Cell]] = [
        ("现金奖励(元) Awards in money (CNY)", now.awards.amount, before.awards.amount),
        ("现金奖励人次 Awards to persons", now.awards.persons, before.awards.persons),
        ("股份奖励(股) Awards in shares", now.awards.shares, before.awards.shares),
        (
            "股份奖励人次 Share awards to persons",
            now.awards.share_persons,
            before.awards.share_persons,
        ),
        (
            "其他币种奖励笔数 Awards in other currencies",
            now.awards.other_currencies,
            before.awards.other_currencies,
        ),
    ]
    rows += [
        (
            f"{label} (项)",
            now.empowered.get(kind, 0),
            before.empowered.get(kind, 0),
        )
        for kind, label in _EMPOWERED.items()
    ]
    return _compared(report, *rows)


def _outcomes(report: AnnualReport) -> list[Sequence[Cell]]:
    now, before = report.present.outcomes, report.before.outcomes
    rows: list[Sequence[Cell]] = [
        ("已填报合同数 Contracts that stated", now.stated, before.stated),
        ("其中：对方确认 Confirmed", now.confirmed, before.confirmed),
        ("其中：对方异议 Disputed", now.disputed, before.disputed),
    ]
    rows += [
        (label, _told(getattr(now.sums, name)), _told(getattr(before.sums, name)))
        for name, label in _FIGURES.items()
    ]
    return _compared(report, *rows)


def _largest(year: YearOfUnit) -> list[Sequence[Cell]]:
    header = (
        "序号 Place",
        "编号 Number",
        "名称 Title",
        "转化方式 Way",
        "签订日期 Signed on",
        "金额(元) Amount (CNY)",
    )
    rows: list[Sequence[Cell]] = [header]
    rows += [
        (
            place,
            item.number,
            item.title,
            _WAYS[item.way],
            item.signed_on.isoformat(),
            item.price,
        )
        for place, item in enumerate(year.largest, 1)
    ]
    return rows


def _told(value: Money | int | None) -> Cell:
    return "" if value is None else value
