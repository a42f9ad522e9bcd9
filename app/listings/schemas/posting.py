"""Bodies and views of a posted listing's single buyer and of priority rights."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import Field

from app.listings.domain import field as domain
from app.listings.domain.priority import Basis, Decision
from app.listings.schemas.registrations import NewRegistration
from app.platform.schema import Body, Line, MoneyJson, PositiveMoney, UtcView, View


class Offer(Body):
    """The price at which the single buyer buys: the floor or more. It is bound by it."""

    amount: PositiveMoney


class OfferView(View):
    """What the exchange waits for from the single buyer, and what it offered."""

    listing_id: UUID
    registration_id: UUID
    asked_at: UtcView
    offer_due_at: UtcView = Field(description="Exclusive")
    price: MoneyJson | None
    offered_at: UtcView | None
    exercise_due_at: UtcView | None = Field(
        description="Until when holders of a priority right may take the price"
    )

    @classmethod
    def of(cls, found: domain.Field) -> Self:
        """Return the view of a field with a single buyer."""
        return cls.model_validate(
            {
                name: getattr(found, name)
                for name in cls.model_fields
                if name != "asked_at" and hasattr(found, name)
            }
            | {"asked_at": found.judged_at}
        )


class NewRightHolder(Body):
    """A holder of a priority right 优先购买权, notified now."""

    party_id: UUID
    basis: Basis = Field(description="民法典 847 completer, 859 client, 860 co_developer")
    rank: int = Field(default=1, ge=1, le=100, description="1 is the best; ranks may tie")


class Exercise(NewRegistration):
    """The holder takes the price, under the terms of the notice that was shown."""


class NewRightsStatement(Body):
    """The document that settles the completers' right: they waive it, or there is none."""

    reference: Line
    signed_on: date = Field(description="Day in Asia/Shanghai")
    file_id: UUID | None = None


class RightsStatementView(View):
    """The document on file."""

    listing_id: UUID
    reference: str
    signed_on: date
    file_id: UUID | None
    recorded_at: UtcView


class RightHolderView(View):
    """A holder, and what it made of its right."""

    listing_id: UUID
    party_id: UUID
    rank: int
    basis: Basis
    notified_at: UtcView
    decision: Decision | None
    decided_at: UtcView | None
    registration_id: UUID | None = Field(description="With which it buys, once it has exercised")
