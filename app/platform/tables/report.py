"""Tables around an import: the template to fill in and the report to mend rows by.

Slow: call it in a thread.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Final
from uuid import UUID

from app.platform.tables.sheets import write_csv, write_xlsx
from app.shared.tables.form import Column, Fault

_FAULT_HEADER: Final = ("单元格", "列", "规则", "问题", "如何修改")


class TableFormat(StrEnum):
    """The file formats of tables."""

    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of one row.

    Attributes:
        outcome: In Chinese.
        object_id: What it became, if anything.
        hints_from: Where the faults end and hints begin, which keep no row out.
    """

    row: int
    outcome: str
    object_id: UUID | None
    faults: Sequence[Fault]
    hints_from: int | None = None


def write_template(
    kind: TableFormat,
    *,
    sheet: str,
    columns: Sequence[Column],
    example: Sequence[str],
    words: Mapping[str, Sequence[str]],
) -> bytes:
    """Return a template: header and example; as XLSX also accepted words and notes.

    Args:
        sheet: Name of the sheet that is filled in.
        words: What columns accept, by label.
    """
    header = tuple(f"{column.label}{'*' if column.required else ''}" for column in columns)
    rows: list[Sequence[str]] = [header, example]
    if kind is TableFormat.CSV:
        return write_csv(rows)
    listed: list[Sequence[str]] = [tuple(words), *zip_longest(*words.values(), fillvalue="")]
    notes: list[Sequence[str]] = [("列", "必填", "填写说明", "English")]
    notes += [
        (column.label, "是" if column.required else "否", column.note, column.name)
        for column in columns
    ]
    return write_xlsx([(sheet, rows), ("代码表", listed), ("填写说明", notes)])


def write_report(lines: Iterable[ReportLine], kind: TableFormat, *, what: str) -> bytes:
    """Return a report as a table, a line a fault.

    Args:
        what: What a row becomes, in Chinese, such as ``成果``.
    """
    rows: list[tuple[str, ...]] = [("行号", "结果", f"{what}编号", *_FAULT_HEADER)]
    for line in lines:
        start = (str(line.row), line.outcome, str(line.object_id or ""))
        faults: list[tuple[str, ...]] = [
            (fault.cell, fault.column, fault.rule, _said(line, place), fault.mend)
            for place, fault in enumerate(line.faults)
        ]
        rows += [start + fault for fault in faults or [("",) * len(_FAULT_HEADER)]]
    return write_csv(rows) if kind is TableFormat.CSV else write_xlsx([("导入报告", rows)])


def _said(line: ReportLine, place: int) -> str:
    message = line.faults[place].message
    is_hint = line.hints_from is not None and place >= line.hints_from
    return f"提示：{message}" if is_hint else message
