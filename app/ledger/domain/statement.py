"""Statements 对账单 of a period: what stood in an account, what moved, what stands in it after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app.ledger.domain.accounts import Account, Purpose
from app.ledger.domain.entries import EntryKind, StatementLine
from app.shared.calendar import SHANGHAI
from app.shared.errors import RuleBroken
from app.shared.money import Money
from app.shared.tables.form import Cell

LINES_MAX: Final = 20_000

PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.BANK: "银行存款 Bank",
    Purpose.FUNDS: "可用资金 Funds",
    Purpose.HELD: "冻结保证金 Held deposits",
    Purpose.ESCROW: "交易监管资金 Escrow",
    Purpose.FORFEITED: "没收保证金 Forfeited deposits",
    Purpose.SUSPENSE: "待查来款 Suspense",
    Purpose.OUTGOING: "在途付款 Outgoing",
    Purpose.FEES: "服务费收入 Fees",
    Purpose.VOUCHERS: "创新券应收 Vouchers",
}
KINDS: Final[Mapping[EntryKind, str]] = {
    EntryKind.RECEIPT: "到账 Receipt",
    EntryKind.HOLD: "保证金冻结 Hold",
    EntryKind.RELEASE: "保证金解冻 Release",
    EntryKind.CAPTURE: "保证金转价款 Capture",
    EntryKind.ESCROW_PAYMENT: "价款入监管 Escrow payment",
    EntryKind.SETTLEMENT: "价款划付出让方 Settlement",
    EntryKind.FORFEITURE: "没收保证金 Forfeiture",
    EntryKind.ESCROW_FORFEITURE: "没收监管资金 Escrow forfeiture",
    EntryKind.ESCROW_REFUND: "监管资金退还 Escrow refund",
    EntryKind.UNIDENTIFIED: "来款入账 Arrival",
    EntryKind.IDENTIFICATION: "来款认领 Identification",
    EntryKind.RETURN_ORDER: "退回来款指令 Return order",
    EntryKind.PAYMENT_ORDER: "付款指令 Payment order",
    EntryKind.EXECUTION: "银行已付 Execution",
    EntryKind.FEE: "服务费 Fee",
    EntryKind.FEE_WITHHELD: "价款中扣收服务费 Fee withheld",
    EntryKind.FEE_REFUND: "服务费退还 Fee refund",
    EntryKind.COMMISSION: "经纪佣金 Commission",
    EntryKind.VOUCHER_PAYMENT: "创新券抵付 Voucher payment",
    EntryKind.VOUCHER_REDEMPTION: "创新券兑付 Voucher redemption",
    EntryKind.REVERSAL: "冲销 Reversal",
}
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)  # later ones have no time in Shanghai
_HEADER: Final = ("时间 Time", "事项 Movement", "摘要 Reference", "变动 Change", "余额 Balance")


class PeriodInvalid(RuleBroken):
    """A period ends after it begins."""

    code = "statement_period_invalid"
    title_zh = "对账期间的结束时间须晚于开始时间"
    title_en = "The period must end after it begins"


class StatementTooLong(RuleBroken):
    """More postings than one statement lists."""

    code = "statement_too_long"
    title_zh = "对账单行数过多，请缩短期间"
    title_en = "The statement is too long; choose a shorter period"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An account's movements of a period.

    Attributes:
        start, end: Half open: ``start`` ≤ moment < ``end``, aware UTC.
        opening, closing: On the account's normal side, before and after the lines.
        lines: In order of moments, each with the balance that it leaves.
    """

    account: Account
    start: datetime
    end: datetime
    opening: Money
    lines: Sequence[StatementLine]

    @property
    def closing(self) -> Money:
        """What stands in the account at the end (G13)."""
        return self.lines[-1].balance if self.lines else self.opening


def check_period(start: datetime, end: datetime) -> None:
    """Refuse a period that is empty.

    Raises:
        PeriodInvalid: Names the end.
    """
    if start >= end:
        raise PeriodInvalid("Choose 'from' before 'to'.", field="from", before=end)


def check_length(count: int) -> None:
    """Refuse more lines than a statement holds.

    Raises:
        StatementTooLong: Names the most.
    """
    if count > LINES_MAX:
        raise StatementTooLong("Choose a shorter period.", field="from", maximum=LINES_MAX)


def sheet_rows(statement: Statement) -> list[Sequence[Cell]]:
    """Return a statement as rows of a sheet, Chinese with English beside, times of Shanghai."""
    currency = statement.account.key.currency
    purpose = PURPOSES[statement.account.key.purpose]
    rows: list[Sequence[Cell]] = [
        _HEADER,
        ("", f"账户 Account: {purpose}", str(statement.account.id), currency, ""),
        (_time(statement.start), "期初余额 Opening balance", "", "", statement.opening),
    ]
    rows += [
        (
            _time(line.at),
            KINDS[line.kind],
            line.reference or "",
            line.change,
            line.balance,
        )
        for line in statement.lines
    ]
    rows.append((_time(statement.end), "期末余额 Closing balance", "", "", statement.closing))
    return rows


def _time(moment: datetime) -> str:
    return min(moment, _LAST).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
