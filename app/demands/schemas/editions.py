"""Bodies and views of editions."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.demands.domain.edition import EditionStatus
from app.demands.service.editions import NewEdition
from app.platform.schema import Body, Line, UtcView, View


class EditionBody(Body):
    """A periodic list that postings may name until it is published."""

    title: Line
    region_code: Annotated[str, Field(pattern=r"^[0-9]{6}$", description="GB/T 2260")]
    starts_on: date
    ends_on: date

    def plain(self) -> NewEdition:
        """Return the service's value."""
        return NewEdition(
            title=self.title,
            region_code=self.region_code,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
        )


class EditionSummary(View):
    """An edition in a list."""

    id: UUID
    number: str
    market_id: UUID
    status: EditionStatus
    title: str
    region_code: str
    starts_on: date
    ends_on: date
    created_at: UtcView
    published_at: UtcView | None
    content_hash: str | None = Field(description="SHA-256 of the content's RFC 8785 form")


class EditionView(EditionSummary):
    """An edition with its frozen list."""

    content: dict[str, Any] | None = Field(description="Null while the edition is open")
