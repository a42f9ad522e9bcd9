"""Registration sheets as they leave the exchange: tables, JSON, and what a printed one shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from app.settlement.domain.filing import Filing, FilingStatus
from app.settlement.domain.filing_differences import Difference, differences
from app.settlement.domain.refusal_ground import GROUND_LABELS
from app.settlement.domain.registration.mapping import field_of, mapping
from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.report import BY_HAND, Finding, Report, Severity
from app.settlement.domain.registration.tables import SHEET, beside
from app.settlement.domain.registration.writing import write_table, write_value
from app.settlement.domain.sheet import write_sheet
from app.shared import codes
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.tables.form import RawRow

SEVERITY_LABELS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "须改正",
    Severity.WARNING: "请核对",
    Severity.HINT: "提示",
}
STATUS_LABELS: Final[Mapping[FilingStatus, str]] = {
    FilingStatus.PENDING: "未决定",
    FilingStatus.REFUSED: "不予登记",
    FilingStatus.REGISTERED: "已登记",
}

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A deal's sheet with its report and what the office decided."""

    deal_id: DealId
    number: str
    contract_version: int
    record: ContractRecord
    report: Report
    filing: Filing | None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the office recognised otherwise."""
        filing = self.filing
        if filing is None or filing.filed is None or filing.decision.recognised is None:
            return ()
        return differences(filing.filed, filing.decision.recognised)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an export is of.

    Attributes:
        starts_on, ends_on: Days in Shanghai on which the deals were confirmed, both included;
            ``None`` for one deal.
    """

    exchange: str
    made_at: datetime
    starts_on: date | None = None
    ends_on: date | None = None


def contract_table(items: Sequence[Exported]) -> Rows:
    """Return a row a deal, in the form's order, with its check report beside it.

    ``zhepai lint-contract`` reads it back as the same records (ST230).
    """
    header, rows = write_table([item.record for item in items])
    told = [
        (RawRow(place, row), item.report)
        for place, (row, item) in enumerate(zip(rows, items, strict=True), start=2)
    ]
    return beside(RawRow(1, header), told)


def sheets(items: Sequence[Exported], about: About) -> list[tuple[str, Rows]]:
    """Return the sheets of a workbook, each with its name; the first row is the header."""
    return [
        (SHEET, contract_table(items)),
        ("检查报告", _findings(items)),
        ("登记结果", _decisions(items)),
        ("说明", _notes(items, about)),
    ]


def _findings(items: Sequence[Exported]) -> Rows:
    header = ("成交编号", "级别", "规则", "字段", "位置", "问题", "修改办法", "依据")
    rows = [
        (
            item.number,
            SEVERITY_LABELS[finding.severity],
            finding.rule,
            _label(finding.field),
            finding.place_zh,
            finding.message_zh,
            finding.mend_zh,
            finding.source,
        )
        for item in items
        for finding in item.report.findings
    ]
    return [header, *rows]


def _label(name: str) -> str:
    known = {field.name for field in mapping().fields}
    return field_of(name).label_zh if name in known else name


def _decisions(items: Sequence[Exported]) -> Rows:
    header = (
        "成交编号",
        "登记状态",
        "决定日期",
        "合同登记编号",
        "核定成交总额（元）",
        "核定技术交易额（元）",
        "核定合同类型",
        "不予登记原因",
        "与填报的差异",
    )
    rows = [_decision(item, item.filing) for item in items if item.filing is not None]
    return [header, *rows]


def _decision(item: Exported, filing: Filing) -> tuple[str, ...]:
    decision, told = filing.decision, filing.decision.recognised
    ground = "" if decision.ground is None else GROUND_LABELS[decision.ground]
    reason = "" if decision.reason is None else decision.reason
    return (
        item.number,
        STATUS_LABELS[decision.status],
        "" if decision.decided_on is None else decision.decided_on.isoformat(),
        "" if told is None else told.number,
        "" if told is None else str(told.total_amount),
        "" if told is None else str(told.technology_amount),
        "" if told is None else codes.label("contract_type", told.contract_type),
        "：".join(filter(None, (ground, reason))),
        "\n".join(map(told_difference, item.differences)),
    )


def told_difference(difference: Difference) -> str:
    """Return a difference in one Chinese line."""
    filed, recognised = (_shown(value) for value in (difference.filed, difference.recognised))
    return f"{difference.label_zh}：填报 {filed}，核定 {recognised}。{difference.ground.message_zh}"


def _shown(value: Money | str | None) -> str:
    if value is None:
        return "未填"
    return str(value) if isinstance(value, Money) else codes.label("contract_type", value)


def _notes(items: Sequence[Exported], about: About) -> Rows:
    ready = sum(item.report.ready for item in items)
    period = "" if about.starts_on is None else f"{about.starts_on} 至 {about.ends_on}"
    return [
        ("项目", "内容"),
        ("交易所", about.exchange),
        ("生成时间", _moment(about.made_at)),
        ("成交期间", period),
        ("合同数", str(len(items))),
        ("可以申报", str(ready)),
        ("须先改正", str(len(items) - ready)),
        ("字段映射版本", mapping().version),
        ("性质", NATURE),
        *((check.rule, check.message_zh) for check in BY_HAND),
    ]


NATURE: Final = (
    "本表为技术合同认定登记准备表，供填报全国技术合同登记系统时抄录；不是登记机构的表格，"
    "登记编号由登记机构赋予。"
)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）"


def as_json(items: Sequence[Exported], about: About, *, following: str | None) -> dict[str, Any]:
    """Return the export as JSON; ``record`` is what ``zhepai lint-contract`` reads.

    Args:
        following: Cursor of the next part, if there is one.
    """
    return {
        "mapping_version": mapping().version,
        "exchange": about.exchange,
        "made_at": jsonable(about.made_at),
        "starts_on": jsonable(about.starts_on),
        "ends_on": jsonable(about.ends_on),
        "items": [_item(item) for item in items],
        "next": following,
    }


def _item(item: Exported) -> dict[str, Any]:
    told = {field.name: field.value_of(item.record) for field in mapping().fields}
    return {
        "deal_id": str(item.deal_id),
        "number": item.number,
        "contract_version": item.contract_version,
        "ready": item.report.ready,
        "record": {name: jsonable(value) for name, value in told.items() if value is not None},
        "findings": [_finding(finding) for finding in item.report.findings],
        "filing": None if item.filing is None else jsonable(item.filing),
        "differences": jsonable(item.differences),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    told: dict[str, Any] = jsonable(finding)
    return told


def printed(item: Exported, about: About) -> dict[str, Any]:
    """Return what the printed form shows: fields in order with their codes, then the report."""
    filing = item.filing
    return {
        "number": item.number,
        "issuer": about.exchange,
        "made_at": _moment(about.made_at),
        "mapping_version": mapping().version,
        "contract_version": item.contract_version,
        "ready": item.report.ready,
        "nature": NATURE,
        "fields": [
            (
                str(place),
                f"{field.label_zh}{'*' if field.required else ''}",
                field.value_label or write_value(field_of(field.name), field.value),
                field.value_code or "",
            )
            for place, field in enumerate(write_sheet(item.record), start=1)
        ],
        "findings": [
            (
                SEVERITY_LABELS[finding.severity],
                finding.place_zh,
                f"{finding.message_zh}。{finding.mend_zh}",
                finding.source,
            )
            for finding in item.report.findings
        ],
        "by_hand": [check.message_zh for check in BY_HAND],
        "decision": None if filing is None else list(_decision(item, filing))[1:],
    }
