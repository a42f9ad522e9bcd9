"""Tables of contract texts, their signatures, effect conditions and result notices."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.settlement.domain.deal import Side
from app.settlement.domain.effects import ConditionKind
from app.settlement.domain.signing import Capacity, TextKind


class TextRow(Base):
    """A version of a deal's text; never changed or removed."""

    __tablename__ = "deal_texts"
    __table_args__ = (
        one_of("kind", TextKind),
        CheckConstraint(
            "(kind = 'generated') = (model IS NOT NULL)"
            " AND (kind = 'uploaded') = (file_id IS NOT NULL)",
            name="content",
        ),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    text_hash: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(String(64))
    contract_version: Mapped[int]
    drafted_at: Mapped[datetime] = mapped_column(TIME)
    drafted_by: Mapped[str] = mapped_column(String(60))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    model: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
    file_name: Mapped[str | None] = mapped_column(String(200))
    media_type: Mapped[str | None] = mapped_column(String(100))


class SignatureRow(Base):
    """A side's signature under one version: one a side."""

    __tablename__ = "deal_text_signatures"
    __table_args__ = (
        ForeignKeyConstraint(
            ["deal_id", "number"],
            ["deal_texts.deal_id", "deal_texts.number"],
            name="fk_deal_text_signatures_text",
        ),
        one_of("side", Side),
        one_of("capacity", Capacity),
        CheckConstraint(
            "(capacity = 'authorised') = (authorisation_id IS NOT NULL)", name="authorisation"
        ),
    )

    deal_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    side: Mapped[str] = mapped_column(String(6), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    user_ref: Mapped[str] = mapped_column(String(60))
    signatory: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[str] = mapped_column(String(20))
    authorisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
    text_hash: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(TIME)
    provider: Mapped[str] = mapped_column(String(40))
    signed_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    naming_consent: Mapped[bool]


class ConditionRow(Base):
    """What a contract's effect waits for, or the duty that follows it."""

    __tablename__ = "deal_effect_conditions"
    __table_args__ = (
        one_of("kind", ConditionKind),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(kind = 'first_payment') = (amount_minor IS NOT NULL)", name="payment"),
        CheckConstraint("(fulfilled_on IS NULL) = (recorded_at IS NULL)", name="fulfilled"),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    description: Mapped[str] = mapped_column(String(200))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    due_on: Mapped[date | None] = mapped_column(Date)
    fulfilled_on: Mapped[date | None] = mapped_column(Date)
    evidence_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
    note: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime | None] = mapped_column(TIME)
    recorded_by: Mapped[str | None] = mapped_column(String(60))


class ResultNoticeRow(Base):
    """A published result: one a deal."""

    __tablename__ = "deal_result_notices"
    __table_args__ = (
        Index("uq_deal_result_notices_deal_id", "deal_id", unique=True),
        Index("ix_deal_result_notices_market_id", "market_id", "id"),
        Index("ix_deal_result_notices_listing_id", "listing_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"))
    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(TIME)
    duration: Mapped[dict[str, Any]] = mapped_column(JSONB)
