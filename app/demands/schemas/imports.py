"""Bodies and views of bulk imports of demands."""

from typing import Self
from uuid import UUID

from pydantic import Field

from app.demands.domain.importing_result import DemandImport, DemandOutcome, DemandRowResult
from app.platform.schema import Body, Page, UtcView, View
from app.platform.tables.http import FaultView


class NewDemandImport(Body):
    """A file of demands, uploaded before with `POST /v1/files`."""

    file_id: UUID


class DemandRowView(View):
    """What became of one row."""

    row: int = Field(description="As spreadsheet programs count, from 1")
    external_number: str = Field(description="The poster's own number, as the row has it")
    outcome: DemandOutcome
    demand_id: UUID | None
    faults: list[FaultView]
    hints: list[FaultView] = Field(
        description="What the quality gate would mend before the demand is submitted"
    )


class DemandImportView(View):
    """An import with a page of its report."""

    id: UUID
    market_id: UUID
    party_id: UUID
    file_id: UUID
    rows: int = Field(description="Rows of the file below the header that are not empty")
    stored: int = Field(description="New drafts")
    updated: int = Field(description="Drafts that say now what their row says")
    unchanged: int
    refused: int
    started_at: UtcView
    finished_at: UtcView | None = Field(
        description="Null if it is running or broke off; sending the file again goes on"
    )
    report: Page[DemandRowView]

    @classmethod
    def of(cls, found: DemandImport, report: Page[DemandRowView]) -> Self:
        """Return the view of an import."""
        named = cls.model_fields.keys() - {"report"}
        return cls.model_validate(
            {name: getattr(found, name) for name in named} | {"report": report}
        )


def page_of_rows(results: list[DemandRowResult], following: str | None) -> Page[DemandRowView]:
    """Return a page of a report."""
    return Page(items=[DemandRowView.model_validate(item) for item in results], next=following)
