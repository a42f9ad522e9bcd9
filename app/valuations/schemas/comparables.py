"""Bodies and views of comparable deals."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Line, MoneyJson, PositiveMoney, Reason, View
from app.valuations.domain.comparables import Comparable, ComparableSource, ComparableTerms

CodeName = Annotated[str, Field(min_length=1, max_length=40)]


class ComparableBody(Body):
    """A deal from outside: ``cited`` is where it is published, ``note`` its terms in words."""

    title: Line
    technology_field: CodeName
    kind: CodeName | None = None
    ip_kind: CodeName | None = None
    conversion_mode: CodeName | None = None
    price: PositiveMoney
    dealt_on: date
    contested: bool | None = Field(default=None, description="null where it is not known")
    cited: Reason
    note: Reason

    def terms(self) -> ComparableTerms:
        """Return the domain's value."""
        return ComparableTerms(
            title=self.title,
            technology_field=self.technology_field,
            kind=self.kind,
            ip_kind=self.ip_kind,
            conversion_mode=self.conversion_mode,
        )


class ComparableView(View):
    """A deal that is evidence of a price; ``contested`` tells whether rivals moved it."""

    id: UUID
    source: ComparableSource
    listing_id: UUID | None
    title: str
    technology_field: str
    kind: str | None
    ip_kind: str | None
    readiness: dict[str, Any] | None
    conversion_mode: str | None
    pricing_mode: str | None
    floor: MoneyJson | None
    start: MoneyJson | None
    price: MoneyJson
    contested: bool | None
    dealt_on: date
    cited: str | None
    note: str | None

    @classmethod
    def of(cls, comparable: Comparable) -> Self:
        """Return the view of a comparable."""
        terms = comparable.terms
        return cls(
            id=comparable.id,
            source=comparable.source,
            listing_id=comparable.listing_id,
            title=terms.title,
            technology_field=terms.technology_field,
            kind=terms.kind,
            ip_kind=terms.ip_kind,
            readiness=None if terms.readiness is None else dict(terms.readiness),
            conversion_mode=terms.conversion_mode,
            pricing_mode=terms.pricing_mode,
            floor=terms.floor,
            start=comparable.start,
            price=comparable.price,
            contested=comparable.contested,
            dealt_on=comparable.dealt_on,
            cited=comparable.cited,
            note=comparable.note,
        )
