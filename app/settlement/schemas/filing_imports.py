"""What the import of decisions takes and answers."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, View
from app.platform.tables.http import FaultView
from app.settlement.service.filing_import import RowOutcome, RowResult


class FilingImportBody(Body):
    """A table of decisions, uploaded before with `POST /v1/files`."""

    file_id: UUID


class FilingRowView(View):
    """What became of one row."""

    row: int = Field(description="As spreadsheet programs count, from 1")
    deal_number: str
    outcome: RowOutcome
    deal_id: UUID | None
    faults: list[FaultView]


class FilingImportView(View):
    """The report of an import, in the file's order."""

    entered: int
    unchanged: int = Field(description="Rows that say what was entered already")
    refused: int
    rows: list[FilingRowView]

    @classmethod
    def of(cls, results: Sequence[RowResult]) -> Self:
        """Build the view."""
        counted = {str(outcome): 0 for outcome in RowOutcome}
        for result in results:
            counted[str(result.outcome)] += 1
        return cls(rows=[FilingRowView.model_validate(it) for it in results], **counted)
