"""Decisions of the registration office as a table: one row a deal, read and judged alone."""

from dataclasses import dataclass
from typing import Any, Final

from app.settlement.domain.filing import Decision, FilingStatus, Recognised
from app.settlement.domain.refusal_ground import GROUND_LABELS, RefusalGround
from app.shared.tables.cells import read_date, read_money
from app.shared.tables.form import Column, Fault, Header, RawRow, TableForm
from app.shared.tables.rows import Reading, RowReader
from app.shared.tables.words import Words

SHEET: Final = "登记结果"
ROWS_MAX: Final = 2_000

_STATUS_WORDS: Final = {
    FilingStatus.REGISTERED: "已登记",
    FilingStatus.REFUSED: "不予登记",
}
WORDS: Final = Words(
    {
        "filing_status": {str(name): word for name, word in _STATUS_WORDS.items()},
        "refusal_ground": {str(name): word for name, word in GROUND_LABELS.items()},
    },
    {"登记": "registered", "予以登记": "registered", "不登记": "refused"},
)
COLUMNS: Final = (
    Column("deal_number", "成交编号", True, "如 ZP-D-2026-000001"),
    Column("status", "登记状态", True, "已登记 或 不予登记", "filing_status", aliases=("结果",)),
    Column("decided_on", "决定日期", True, "如 2026-04-08", aliases=("登记日期",)),
    Column(
        "registration_number",
        "合同登记编号",
        False,
        "16 位数字；已登记的必填",
        aliases=("登记编号",),
    ),
    Column(
        "total_amount", "核定成交总额", False, "已登记的必填；表头可注明（元）或（万元）", unit=True
    ),
    Column(
        "technology_amount",
        "核定技术交易额",
        False,
        "已登记的必填；表头可注明（元）或（万元）",
        unit=True,
    ),
    Column("contract_type", "核定合同类型", False, "见代码表；已登记的必填", "contract_type"),
    Column("ground", "不予登记原因", False, "见代码表；不予登记的必填", "refusal_ground"),
    Column("reason", "说明", False, "登记机构的原话；不予登记的必填，不超过2000字"),
)
FORM: Final = TableForm(COLUMNS)
EXAMPLE: Final = (
    "ZP-D-2026-000001",
    "已登记",
    "2026-04-08",
    "2026330106000123",
    "730000元",
    "700000元",
    "专利权转让",
    "",
    "",
)
_NEEDED: Final = {
    FilingStatus.REGISTERED: (
        "registration_number",
        "total_amount",
        "technology_amount",
        "contract_type",
    ),
    FilingStatus.REFUSED: ("ground", "reason"),
}
_REASON_MAX: Final = 2_000


def _keep_date(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_date(text)
    return True


def _keep_money(reading: Reading, column: Column, text: str) -> bool:
    reading.values[column.name] = read_money(text, reading.header.units.get(column.name))
    return True


_READER: Final = RowReader(
    FORM,
    WORDS,
    enums={"status": FilingStatus, "ground": RefusalGround},
    empty={column.name: None for column in COLUMNS},
    short=frozenset({"deal_number", "registration_number"}),
    reads={
        "decided_on": _keep_date,
        "total_amount": _keep_money,
        "technology_amount": _keep_money,
    },
    anchor="deal_number",
)


@dataclass(frozen=True, slots=True)
class FilingRead:
    """A row as it was read.

    Attributes:
        decision: ``None`` if a fault keeps it from being one.
    """

    row: int
    deal_number: str
    decision: Decision | None
    faults: tuple[Fault, ...]


def read_row(header: Header, row: RawRow, *, first: int) -> FilingRead:
    """Read one row.

    Args:
        first: The first row with this deal's number.

    Invariant: ST226.
    """
    reading, bad = _READER.read(header, row)
    values = reading.values
    status: FilingStatus | None = values["status"]
    if first != row.number:
        message, mend = f"与第{first}行是同一成交", "一份合同只填一行"
        reading.fault("deal_number", "repeated", message, mend)
    if status is not None:
        for name in _NEEDED[status]:
            if values[name] is None and name not in bad:
                column = FORM.by_name[name]
                said = f"{_STATUS_WORDS[status]}的须填写{column.label}"
                reading.fault(name, "required", said, column.note)
    reason = values["reason"]
    if reason is not None and len(reason) > _REASON_MAX:
        message = f"说明有{len(reason)}个字符"
        reading.fault("reason", "too_long", message, f"请压缩到{_REASON_MAX}个字符以内")
    faults = reading.told()
    decision = None if faults or status is None else _decision(values, status)
    return FilingRead(row.number, values["deal_number"] or "", decision, faults)


def _decision(values: dict[str, Any], status: FilingStatus) -> Decision:
    recognised, ground, reason = None, None, None
    if status is FilingStatus.REGISTERED:
        recognised = Recognised(
            number=values["registration_number"],
            total_amount=values["total_amount"],
            technology_amount=values["technology_amount"],
            contract_type=values["contract_type"],
        )
    else:
        ground, reason = values["ground"], values["reason"]
    return Decision(
        status=status,
        decided_on=values["decided_on"],
        recognised=recognised,
        ground=ground,
        reason=reason,
    )


def fault_of(
    header: Header, row: RawRow, field: str | None, *, rule: str, message: str, mend: str
) -> Fault:
    """Return a fault that only the deal shows, at the cell of its field."""
    reading = _READER.begin(header, row)
    name = field if field in FORM.by_name else "deal_number"
    reading.fault(name or "deal_number", rule, message, mend)
    return reading.faults[0]
