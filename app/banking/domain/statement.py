"""A bank statement as a whole: each serial number once, and balances that add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from app.banking.domain.lines import LineStatus
from app.banking.domain.statement_form import FORM, StatedLine
from app.shared.errors import RuleBroken
from app.shared.ids import FileId, MarketId
from app.shared.money import AmountInvalid, Money
from app.shared.tables.form import Fault, Header, cell_name

_SERIAL_MEND: Final = "核对银行导出的文件；同一流水号只能是同一笔交易"


class StatementUnbalanced(RuleBroken):
    """Opening balance and lines do not give the closing balance; nothing was imported."""

    code = "statement_unbalanced"
    title_zh = "期初余额加减各笔流水与期末余额不符，未导入任何数据"
    title_en = "The statement does not add up; nothing was imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankStatement:
    """One imported file.

    Attributes:
        lines: Different serial numbers in it.
        fresh: Those that no earlier file had.
        counts: How its fresh lines stand now.
    """

    id: UUID
    market_id: MarketId
    file_id: FileId
    account_number: str
    lines: int
    fresh: int
    opening: Money | None
    closing: Money | None
    first_at: datetime
    last_at: datetime
    imported_at: datetime
    imported_by: str
    counts: Mapping[LineStatus, int]


def once_each(header: Header, lines: Sequence[StatedLine]) -> tuple[list[StatedLine], list[Fault]]:
    """Return each serial number's first line, and a fault where a second one differs (BK1)."""
    first: dict[str, StatedLine] = {}
    faults = []
    for line in lines:
        known = first.setdefault(line.serial, line)
        if known.content != line.content:
            faults.append(serial_fault(header, line, f"第{known.row.number}行"))
    return list(first.values()), faults


def serial_fault(header: Header, line: StatedLine, where: str) -> Fault:
    """Return the fault of a serial number that stands for another transaction elsewhere."""
    cell = cell_name(header.places["serial"], line.row.number)
    said = f"流水号{line.serial}与{where}的另一笔交易重复"
    return Fault(cell, FORM.by_name["serial"].label, "serial_reused", said, _SERIAL_MEND)


def check_balances(
    header: Header, lines: Sequence[StatedLine], *, opening: Money | None, closing: Money | None
) -> None:
    """Refuse a statement that does not add up, as far as balances are given (BK9).

    Lines stand in the order of time or the other way round; the column of balances, if every
    line has one, tells which.

    Raises:
        StatementUnbalanced: Names the cell, or both balances.
    """
    try:
        total = sum((line.change for line in lines), opening or Money(0))
        _check_column(header, lines, opening=opening, closing=closing)
    except AmountInvalid as failure:
        raise StatementUnbalanced(str(failure), field="opening_balance") from failure
    if opening is not None and closing is not None and total != closing:
        raise StatementUnbalanced(
            "Opening balance + lines ≠ closing balance.", field="closing_balance", accepted=total
        )


def _check_column(
    header: Header, lines: Sequence[StatedLine], *, opening: Money | None, closing: Money | None
) -> None:
    balances = [line.balance for line in lines if line.balance is not None]
    if len(balances) < len(lines):
        return
    breaks = [_break(ordered) for ordered in (list(lines), list(reversed(lines)))]
    if None not in breaks:
        broken, expected = next(found for found in breaks if found is not None)
        raise StatementUnbalanced(
            "A line's balance does not follow from the one before.",
            field=cell_name(header.places["balance"], broken.row.number),
            accepted=expected,
        )
    ordered = list(lines) if breaks[0] is None else list(reversed(lines))
    for stated, found, field in (
        (opening, _before(ordered[0]), "opening_balance"),
        (closing, ordered[-1].balance, "closing_balance"),
    ):
        if stated is not None and stated != found:
            raise StatementUnbalanced(
                "The file's balances say otherwise.", field=field, accepted=found
            )


def _before(line: StatedLine) -> Money:
    assert line.balance is not None
    return line.balance - line.change


def _break(ordered: Sequence[StatedLine]) -> tuple[StatedLine, Money] | None:
    """Return the first line whose balance does not follow, with the one that would."""
    for earlier, later in pairwise(ordered):
        assert earlier.balance is not None
        expected = earlier.balance + later.change
        if later.balance != expected:
            return later, expected
    return None
