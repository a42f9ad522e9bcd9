"""What the routes of effect conditions take and answer."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Line, MoneyJson, PositiveMoney, Reason, UtcView, View
from app.settlement.domain.deal import Deal
from app.settlement.domain.effects import CONDITIONS_MAX, WORDS, Condition, ConditionKind


class ConditionBody(Body):
    """One condition; ``description`` is what the contract prints, by default the usual words."""

    kind: ConditionKind
    description: Line | None = None
    amount: PositiveMoney | None = None


class ConditionsBody(Body):
    """All conditions of the contract, in its order; the list replaces the present one.

    ``licence_filing`` is a duty with a reminder and holds nothing up; a patent licence has it
    anyway.
    """

    conditions: Annotated[list[ConditionBody], Field(max_length=CONDITIONS_MAX)]

    def plain(self) -> tuple[Condition, ...]:
        """Return the domain values."""
        return tuple(
            Condition(
                number=number,
                kind=item.kind,
                description=item.description or WORDS[item.kind],
                amount=item.amount,
            )
            for number, item in enumerate(self.conditions, 1)
        )


class FulfilmentBody(Body):
    """When a condition was met, and the document that shows it."""

    fulfilled_on: date
    evidence_file_id: UUID | None = None
    note: Reason | None = None


class ConditionView(View):
    """A condition or duty; ``open`` holds up the contract's effect and the money."""

    number: int
    kind: ConditionKind
    description: str
    amount: MoneyJson | None
    open: bool
    due_on: date | None
    fulfilled_on: date | None
    evidence_id: UUID | None
    note: str | None
    recorded_at: UtcView | None
    recorded_by: str | None


class ConditionsView(View):
    """What a contract's effect waits for; the `ETag` is the contract's version."""

    version: int
    signed_at: UtcView | None
    effective_at: UtcView | None
    conditions: list[ConditionView]

    @classmethod
    def of(cls, deal: Deal, conditions: Sequence[Condition]) -> Self:
        """Build the view."""
        return cls(
            version=deal.contract_version,
            signed_at=deal.signed_at,
            effective_at=deal.effective_at,
            conditions=[ConditionView.model_validate(item) for item in conditions],
        )
