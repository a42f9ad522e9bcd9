"""Tables of income sharing: units' schemes, sharings, incomes, objections, awards paid."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.settlement.domain.sharing.awards import SharingStatus
from app.settlement.domain.sharing.notices import SharingObjectionStatus


class SharingSchemeRow(Base):
    """A unit's own scheme in one version; never changed."""

    __tablename__ = "sharing_schemes"
    __table_args__ = (UniqueConstraint("party_id", "version", name="uq_sharing_schemes_version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    version: Mapped[int]
    effective_on: Mapped[date] = mapped_column(Date)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime] = mapped_column(TIME)


class SharingRow(Base):
    """The sharing of one deal's income; the plan names persons and is for the unit."""

    __tablename__ = "sharings"
    __table_args__ = (
        UniqueConstraint("number", name="uq_sharings_number"),
        UniqueConstraint("deal_id", name="uq_sharings_deal_id"),
        one_of("status", SharingStatus),
        CheckConstraint(
            "num_nonnulls(notice, notice_hash, notice_ends_at) IN (0, 3)"
            " AND (notice IS NOT NULL OR status = 'draft')",
            name="notice",
        ),
        CheckConstraint("(status IN ('final', 'paid')) = (final_at IS NOT NULL)", name="final"),
        Index("ix_sharings_market_id", "market_id", "id"),
        Index("ix_sharings_seller_id", "seller_id", "id"),
        Index(
            "ix_sharings_due_on", "market_id", "due_on", postgresql_where=text("due_on IS NOT NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"))
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    opened_at: Mapped[datetime] = mapped_column(TIME)
    notice: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    notice_hash: Mapped[str | None] = mapped_column(String(64))
    notice_ends_at: Mapped[datetime | None] = mapped_column(TIME)
    final_at: Mapped[datetime | None] = mapped_column(TIME)
    due_on: Mapped[date | None] = mapped_column(Date)


class DealIncomeRow(Base):
    """Money that a deal brought its seller: one row a release, kept also before any sharing."""

    __tablename__ = "deal_incomes"
    __table_args__ = (
        UniqueConstraint("deal_id", "number", name="uq_deal_incomes_number"),
        CheckConstraint(
            "amount_minor > 0 AND withheld_minor >= 0 AND withheld_minor <= amount_minor",
            name="amount",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"))
    number: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    withheld_minor: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(TIME)


class SharingObjectionRow(Base):
    """An objection to an award notice."""

    __tablename__ = "sharing_objections"
    __table_args__ = (
        one_of("status", SharingObjectionStatus),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
    )

    sharing_id: Mapped[UUID] = mapped_column(ForeignKey("sharings.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(10))
    filed_at: Mapped[datetime] = mapped_column(TIME)
    decision: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(TIME)


class AwardPaymentRow(Base):
    """What a person was paid, in fen, or registered, in shares."""

    __tablename__ = "award_payments"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND person > 0", name="quantity"),
        Index("ix_award_payments_sharing_id", "sharing_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sharing_id: Mapped[UUID] = mapped_column(ForeignKey("sharings.id"))
    person: Mapped[int]
    quantity: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date] = mapped_column(Date)
    reference: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(TIME)
