"""The table of a bank statement, as Chinese banks export it, and how its rows are read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from app.banking.domain.lines import Direction
from app.shared.calendar import SHANGHAI
from app.shared.errors import RuleBroken
from app.shared.money import Money
from app.shared.tables.cells import MONEY_MEND, read_date, read_money
from app.shared.tables.form import Column, Fault, Header, RawRow, TableForm, fold, shown
from app.shared.tables.rows import Reading, RowReader
from app.shared.tables.words import CellFault, Words

SERIAL_MAX: Final = 100
CURRENCY: Final = "CNY"  # foreign currency is recorded by hand
FAULTS_TOLD_MAX: Final = 200
SHEET: Final = "银行流水"

COLUMNS: Final = (
    Column(
        "moment",
        "交易日期时间",
        False,
        "如：2026-03-02 09:30:15；日期与时间分两列的，另填“交易时间”",
        aliases=("交易日期", "记账日期", "入账日期", "入账时间"),
    ),
    Column("time", "交易时间", False, "如：09:30:15；已在“交易日期时间”中写明的留空"),
    Column(
        "direction",
        "收支方向",
        False,
        "收入或支出，也可填贷或借；金额分收入、支出两列的留空",
        aliases=("收入/支出", "借/贷", "借贷标志", "收支", "借贷方向"),
    ),
    Column("amount", "金额", False, "不带单位的按元", unit=True, aliases=("交易金额", "发生额")),
    Column(
        "income",
        "收入金额",
        False,
        "与“金额”二者选一",
        unit=True,
        aliases=("收入", "贷方发生额", "贷方金额", "贷方"),
    ),
    Column(
        "outgo",
        "支出金额",
        False,
        "与“金额”二者选一",
        unit=True,
        aliases=("支出", "借方发生额", "借方金额", "借方"),
    ),
    Column("counterparty_name", "对方户名", False, "付款人或收款人户名", aliases=("对方名称",)),
    Column("counterparty_account", "对方账号", False, "设为文本，以免丢失末尾几位"),
    Column("counterparty_bank", "对方开户行", False, "对方开户银行", aliases=("对方行名",)),
    Column("summary", "摘要", False, "银行摘要", aliases=("摘要/附言",)),
    Column("remark", "附言", False, "付款人附言", aliases=("用途", "备注", "附言/用途")),
    Column(
        "serial",
        "流水号",
        True,
        "银行流水号，同一账户内不重复；再次导入时按它识别",
        aliases=("交易流水号", "银行流水号", "流水编号"),
    ),
    Column(
        "balance", "余额", False, "本笔之后的账户余额", unit=True, aliases=("账户余额", "账面余额")
    ),
)
FORM: Final = TableForm(COLUMNS)
EXAMPLE: Final = (
    "2026-03-20 10:05:00",
    "",
    "收入",
    "120000.00",
    "",
    "",
    "西溪智造有限公司",
    "3301040160004812345",
    "杭州银行科技支行",
    "转账",
    "保证金 FK0000000X",
    "20260320100500123456",
    "3520000.00",
)

_WORDS: Final = {
    word: direction
    for direction, words in {
        Direction.CREDIT: ("收入", "收", "贷", "贷方", "来账", "c", "credit"),
        Direction.DEBIT: ("支出", "支", "借", "借方", "往账", "d", "debit"),
    }.items()
    for word in words
}
_TIME: Final = re.compile(r"(\d{1,2})[:时](\d{2})(?:[:分](\d{2})秒?)?(?:\.\d+)?")
_SIX_DIGITS: Final = re.compile(r"(\d{2})(\d{2})(\d{2})")
_PARTS: Final = re.compile(r"(\d{8}|\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)[ T]*(.*)", re.DOTALL)
_MOMENT_MEND: Final = "按 2026-03-02 09:30:15 的格式填写；日期格式的单元格改为文本"
_TEXTS: Final = ("counterparty_name", "counterparty_account", "counterparty_bank")


class StatementFaulty(RuleBroken):
    """A row cannot be read; of a statement all lines are taken or none."""

    code = "statement_faulty"
    title_zh = "流水中有无法识别的内容，未导入任何数据"
    title_en = "Rows of the statement cannot be read; nothing was imported"

    def __init__(self, faults: Sequence[Fault]) -> None:
        told = [
            {
                "field": fault.cell,
                "rule": fault.rule,
                "column": fault.column,
                "message": fault.message,
                "accepted": fault.mend,
            }
            for fault in faults[:FAULTS_TOLD_MAX]
        ]
        super().__init__(f"{len(faults)} cells have faults.", errors=told, count=len(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLine:
    """A line as the file states it.

    Attributes:
        at: The bank's moment, aware UTC.
        balance: Of the account after it, if the file says.
        row, cells: Where it stands, for faults that are found later.
    """

    row: RawRow
    at: datetime
    direction: Direction
    amount: Money
    counterparty_name: str
    counterparty_account: str
    counterparty_bank: str
    remark: str
    serial: str
    balance: Money | None

    @property
    def change(self) -> Money:
        """What it adds to the account."""
        return self.amount if self.direction is Direction.CREDIT else -self.amount

    @property
    def content(self) -> tuple[Direction, Money, datetime]:
        """What two lines of one serial number must agree in (BK1)."""
        return self.direction, self.amount, self.at


def _keep_money(reading: Reading, column: Column, text: str) -> bool:
    plain = fold(text)
    if plain in {"-", "--", "—"}:
        return True  # banks write so where nothing stands
    negative = plain.startswith(("-", "−"))
    unit = reading.header.units.get(column.name, "元")
    money = read_money(plain.lstrip("-−+"), unit)
    if money.currency != CURRENCY:
        raise CellFault("money_malformed", f"金额{shown(text)}不是人民币", MONEY_MEND)
    reading.values[column.name] = -money if negative else money
    return True


def _keep_direction(reading: Reading, column: Column, text: str) -> bool:
    direction = _WORDS.get(fold(text))
    if direction is None:
        raise CellFault("direction_unknown", f"{shown(text)}不是收支方向", "填“收入”或“支出”")
    reading.values[column.name] = direction
    return True


def _keep_serial(reading: Reading, column: Column, text: str) -> bool:
    if len(text) > SERIAL_MAX or not text.isprintable():
        raise CellFault("serial_malformed", "流水号过长或含控制字符", f"不超过{SERIAL_MAX}个字符")
    reading.values[column.name] = text
    return True


_READER: Final = RowReader(
    FORM,
    Words({}),
    enums={},
    empty=dict.fromkeys((column.name for column in COLUMNS), None),
    short=frozenset({*_TEXTS, "summary", "moment", "time"}),
    reads={
        "amount": _keep_money,
        "income": _keep_money,
        "outgo": _keep_money,
        "balance": _keep_money,
        "direction": _keep_direction,
        "serial": _keep_serial,
    },
    anchor="serial",
)


def read_line(header: Header, row: RawRow, *, now: datetime) -> tuple[StatedLine | None, Any]:
    """Read a row.

    Returns:
        The line, or ``None`` beside its faults in the order of cells.
    """
    reading, bad = _READER.read(header, row)
    at = _moment(reading, now) if not bad & {"moment", "time"} else None
    sides = {"direction", "amount", "income", "outgo"}
    change = _change(reading) if not bad & sides else None
    told = reading.told()
    if told or at is None or change is None:
        return None, told
    values = reading.values
    summary, remark = values["summary"] or "", values["remark"] or ""
    name, account, bank = (values[text] or "" for text in _TEXTS)
    return StatedLine(
        row=row,
        at=at,
        direction=Direction.CREDIT if change.amount_minor > 0 else Direction.DEBIT,
        amount=change if change.amount_minor > 0 else -change,
        counterparty_name=name,
        counterparty_account=re.sub(r"[\s-]", "", account),
        counterparty_bank=bank,
        remark=f"{summary} {remark}".strip(),
        serial=values["serial"],
        balance=values["balance"],
    ), ()


def _moment(reading: Reading, now: datetime) -> datetime | None:
    text = f"{reading.text('moment')} {reading.text('time')}".strip()
    place = "moment" if reading.text("moment") else "time"
    if not text:
        reading.fault("moment", "required", "交易日期时间不能为空", _MOMENT_MEND)
        return None
    try:
        day, clock = _day_and_clock(text)
    except CellFault as fault:
        reading.fault(place, fault.rule, fault.message, fault.mend)
        return None
    at = datetime.combine(day, clock, SHANGHAI).astimezone(UTC)
    if at > now:
        reading.fault(
            place, "moment_in_future", f"{shown(text)}晚于当前时间", "银行流水只记已发生的交易"
        )
        return None
    return at


def _day_and_clock(text: str) -> tuple[date, time]:
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise CellFault("moment_malformed", f"{shown(text)}不是日期时间", _MOMENT_MEND)
    return read_date(parts.group(1)), _clock(parts.group(2).strip())


def _clock(text: str) -> time:
    found = _TIME.fullmatch(text) or _SIX_DIGITS.fullmatch(text)
    if found is None:
        raise CellFault(
            "time_missing", "没有交易时间；到账时间以银行记录为准，须精确到分", _MOMENT_MEND
        )
    try:
        hour, minute, second = (int(part or 0) for part in found.groups())
        return time(hour, minute, second)
    except ValueError:
        raise CellFault("time_malformed", f"{shown(text)}不是时间", _MOMENT_MEND) from None


def _change(reading: Reading) -> Money | None:
    """Return what the row adds to the account; faults say what is missing or said twice."""
    values = reading.values
    sides = [
        money if name == "income" else -money
        for name in ("income", "outgo")
        if (money := values[name]) is not None and money.amount_minor
    ]
    amount, direction = values["amount"], values["direction"]
    if amount is not None and amount.amount_minor:
        sides.append(amount)
    if len(sides) != 1:
        rule = "amount_stated_twice" if sides else "amount_missing"
        said = "金额填写了不止一处" if sides else "没有金额"
        reading.fault("amount", rule, said, "填“收支方向”和“金额”，或收入、支出二者之一")
        return None
    change: Money = sides[0]
    if amount is None or not amount.amount_minor:
        return change
    if direction is None:
        if change.amount_minor < 0:
            return change
        mend = "在“收支方向”中填收入或支出"
        reading.fault("direction", "direction_missing", "没有收支方向", mend)
        return None
    # A negative income is a correction 红字冲正, which takes; a negative outgo is a sign too many.
    taken = direction is Direction.DEBIT and change.amount_minor > 0
    return -change if taken else change
