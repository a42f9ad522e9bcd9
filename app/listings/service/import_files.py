"""Files around an import: the template to fill in and the report to mend rows by."""

from functools import lru_cache
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.importing import COLUMNS
from app.listings.domain.importing_result import Outcome, RowResult
from app.listings.domain.importing_writing import EXAMPLE, accepted_words, write_row
from app.listings.repository import imports
from app.platform.tables import report
from app.platform.tables.report import ReportLine, TableFormat
from app.shared.ids import ImportId

SHEET: Final = "成果"
_OUTCOMES: Final = {
    Outcome.STORED: "已收录",
    Outcome.UNCHANGED: "此前已收录，无变化",
    Outcome.REFUSED: "未通过",
}


@lru_cache(maxsize=2)
def template(kind: TableFormat) -> bytes:
    """Return the template: header and example; as XLSX also accepted words and notes."""
    return report.write_template(
        kind, sheet=SHEET, columns=COLUMNS, example=write_row(EXAMPLE), words=accepted_words()
    )


async def read_report(session: AsyncSession, import_id: ImportId) -> list[RowResult]:
    """Return what became of every row of an import."""
    return list(
        await imports.find_results(session, import_id, outcome=None, after=None, limit=None)
    )


def write_report(results: list[RowResult], kind: TableFormat) -> bytes:
    """Return a report as a table, a line a fault; slow, call it in a thread."""
    lines = (
        ReportLine(result.row, _OUTCOMES[result.outcome], result.achievement_id, result.faults)
        for result in results
    )
    return report.write_report(lines, kind, what="成果")
