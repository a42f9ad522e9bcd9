"""Files around an import: the template to fill in and the report to mend rows by."""

from enum import StrEnum
from functools import lru_cache
from itertools import zip_longest
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.importing import COLUMNS
from app.listings.domain.importing_result import Outcome, RowResult
from app.listings.domain.importing_writing import EXAMPLE, accepted_words, write_row
from app.listings.repository import imports
from app.listings.service.sheets import SHEET, write_csv, write_xlsx
from app.shared.ids import ImportId

_OUTCOMES: Final = {
    Outcome.STORED: "已收录",
    Outcome.UNCHANGED: "此前已收录，无变化",
    Outcome.REFUSED: "未通过",
}
_REPORT_HEADER: Final = ("行号", "结果", "成果编号", "单元格", "列", "规则", "问题", "如何修改")


class TableFormat(StrEnum):
    """The file formats of tables."""

    XLSX = "xlsx"
    CSV = "csv"


@lru_cache(maxsize=2)
def template(kind: TableFormat) -> bytes:
    """Return the template: header and example; as XLSX also accepted words and notes."""
    header = tuple(f"{column.label}{'*' if column.required else ''}" for column in COLUMNS)
    rows = [header, write_row(EXAMPLE)]
    if kind is TableFormat.CSV:
        return write_csv(rows)
    words = accepted_words()
    listed = [tuple(words), *zip_longest(*words.values(), fillvalue="")]
    notes = [("列", "必填", "填写说明", "English")]
    notes += [
        (column.label, "是" if column.required else "否", column.note, column.name)
        for column in COLUMNS
    ]
    return write_xlsx([(SHEET, rows), ("代码表", listed), ("填写说明", notes)])


async def read_report(session: AsyncSession, import_id: ImportId) -> list[RowResult]:
    """Return what became of every row of an import."""
    return list(
        await imports.find_results(session, import_id, outcome=None, after=None, limit=None)
    )


def write_report(results: list[RowResult], kind: TableFormat) -> bytes:
    """Return a report as a table, a line a fault; slow, call it in a thread."""
    rows: list[tuple[str, ...]] = [_REPORT_HEADER]
    for result in results:
        start = (str(result.row), _OUTCOMES[result.outcome], str(result.achievement_id or ""))
        faults = [
            (fault.cell, fault.column, fault.rule, fault.message, fault.mend)
            for fault in result.faults
        ]
        rows += [start + fault for fault in faults or [("",) * 5]]
    return write_csv(rows) if kind is TableFormat.CSV else write_xlsx([("导入报告", rows)])
