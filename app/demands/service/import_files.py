"""Files around an import: the template to fill in and the report to mend rows by."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.importing import COLUMNS
from app.demands.domain.importing_result import DemandOutcome, DemandRowResult
from app.demands.domain.importing_writing import (
    EXAMPLE,
    EXAMPLE_NUMBER,
    accepted_words,
    write_row,
)
from app.demands.repository import imports
from app.platform.tables import report
from app.platform.tables.report import ReportLine, TableFormat
from app.shared.ids import DemandImportId

SHEET: Final = "需求"
_OUTCOMES: Final = {
    DemandOutcome.STORED: "已存为草稿",
    DemandOutcome.UPDATED: "已更新草稿",
    DemandOutcome.UNCHANGED: "此前已导入，无变化",
    DemandOutcome.REFUSED: "未通过",
}


@lru_cache(maxsize=2)
def template(kind: TableFormat) -> bytes:
    """Return the template: header and example; as XLSX also accepted words and notes."""
    example = write_row(EXAMPLE_NUMBER, EXAMPLE)
    return report.write_template(
        kind, sheet=SHEET, columns=COLUMNS, example=example, words=accepted_words()
    )


async def read_report(
    session: AsyncSession, import_id: DemandImportId
) -> Sequence[DemandRowResult]:
    """Return what became of every row of an import."""
    return await imports.find_results(session, import_id, outcome=None, after=None, limit=None)


def write_report(results: Sequence[DemandRowResult], kind: TableFormat) -> bytes:
    """Return a report as a table, a line a fault or hint; slow, call it in a thread."""
    lines = (
        ReportLine(
            result.row,
            _OUTCOMES[result.outcome],
            result.demand_id,
            (*result.faults, *result.hints),
            hints_from=len(result.faults),
        )
        for result in results
    )
    return report.write_report(lines, kind, what="需求")
