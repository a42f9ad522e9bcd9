"""The tables of a posted listing's field and of priority rights."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.field import Outcome
from app.listings.domain.priority import Basis, Decision
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class FieldRow(Base):
    """What the field of a posted listing was found to be, and its single buyer's price."""

    __tablename__ = "posted_fields"
    __table_args__ = (
        one_of("outcome", Outcome),
        CheckConstraint(
            "(outcome = 'single') = (registration_id IS NOT NULL AND offer_due_at IS NOT NULL)",
            name="single",
        ),
        CheckConstraint(
            "num_nonnulls(price_minor, currency, offered_at, offered_by) IN (0, 4)"
            " AND (price_minor IS NULL OR outcome = 'single')",
            name="offer",
        ),
    )

    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(10))
    judged_at: Mapped[datetime] = mapped_column(TIME)
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registrations.id"))
    offer_due_at: Mapped[datetime | None] = mapped_column(TIME)
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    offered_at: Mapped[datetime | None] = mapped_column(TIME)
    offered_by: Mapped[str | None] = mapped_column(String(60))
    exercise_due_at: Mapped[datetime | None] = mapped_column(TIME)


class RightHolderRow(Base):
    """A holder of a priority right 优先购买权, and what it made of it."""

    __tablename__ = "listing_right_holders"
    __table_args__ = (
        CheckConstraint("rank >= 1", name="rank"),
        one_of("basis", Basis),
        one_of("decision", Decision),
        CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)"
            " AND (decision IS NOT DISTINCT FROM 'exercised') = (registration_id IS NOT NULL)",
            name="decided",
        ),
    )

    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    rank: Mapped[int]
    basis: Mapped[str] = mapped_column(String(12))
    notified_at: Mapped[datetime] = mapped_column(TIME)
    decision: Mapped[str | None] = mapped_column(String(10))
    decided_at: Mapped[datetime | None] = mapped_column(TIME)
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registrations.id"))


class RightsStatementRow(Base):
    """The document that settles the completers' right before the notice."""

    __tablename__ = "listing_rights_statements"

    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    reference: Mapped[str] = mapped_column(String(200))
    signed_on: Mapped[date]
    file_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(TIME)
    recorded_by: Mapped[str] = mapped_column(String(60))
