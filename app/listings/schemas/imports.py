"""Bodies and views of bulk imports."""

from typing import Self
from uuid import UUID

from pydantic import Field

from app.listings.domain.importing_result import Import, Outcome, RowResult
from app.platform.schema import Body, Page, UtcView, View
from app.platform.tables.http import FaultView


class NewImport(Body):
    """A file of achievements, uploaded before with `POST /v1/files`."""

    file_id: UUID
    draft: bool = Field(default=False, description="Keep the rows with their owner as drafts")


class RowView(View):
    """What became of one row."""

    row: int = Field(description="As spreadsheet programs count, from 1")
    outcome: Outcome
    achievement_id: UUID | None
    faults: list[FaultView]


class ImportView(View):
    """An import with a page of its report."""

    id: UUID
    market_id: UUID
    party_id: UUID
    file_id: UUID
    draft: bool
    rows: int = Field(description="Rows of the file below the header that are not empty")
    stored: int
    unchanged: int = Field(description="Rows whose content the party had imported before")
    refused: int
    started_at: UtcView
    finished_at: UtcView | None = Field(
        description="Null if it is running or broke off; sending the file again goes on"
    )
    report: Page[RowView]

    @classmethod
    def of(cls, found: Import, report: Page[RowView]) -> Self:
        """Return the view of an import."""
        named = cls.model_fields.keys() - {"report"}
        return cls.model_validate(
            {name: getattr(found, name) for name in named} | {"report": report}
        )


def page_of_rows(results: list[RowResult], following: str | None) -> Page[RowView]:
    """Return a page of a report."""
    return Page(items=[RowView.model_validate(result) for result in results], next=following)
