"""Tables of valuations and comparable deals."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base

TIME: Final = DateTime(timezone=True)


class ValuationRow(Base):
    """A valuation; a trigger freezes document and results once it is signed.

    The result lives in a module above this one, so its id has no foreign key.
    """

    __tablename__ = "valuations"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'signed', 'superseded', 'revoked')", name="status"),
        CheckConstraint("status <> 'revoked' OR reason IS NOT NULL", name="reason"),
        CheckConstraint("(document IS NULL) = (results IS NULL)", name="computed"),
        CheckConstraint("(status = 'draft') = (signed_at IS NULL)", name="signed"),
        CheckConstraint("status = 'draft' OR document IS NOT NULL", name="whole"),
        Index("ix_valuations_achievement_id", "achievement_id", "id"),
        Index("ix_valuations_market_id", "market_id", "id"),
        Index("ix_valuations_owner_id", "owner_id", "id"),
        Index("ix_valuations_author_id", "author_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    achievement_id: Mapped[UUID]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    author: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    purpose: Mapped[str] = mapped_column(Text)
    subject: Mapped[dict[str, Any]] = mapped_column(JSONB)
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    results: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    drafted_at: Mapped[datetime] = mapped_column(TIME)
    signed_at: Mapped[datetime | None] = mapped_column(TIME)
    ended_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)


class SignedValuationRow(Base):
    """A valuation as signed; append-only."""

    __tablename__ = "signed_valuations"

    valuation_id: Mapped[UUID] = mapped_column(ForeignKey("valuations.id"), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    kid: Mapped[str] = mapped_column(String(64))
    jws: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(TIME)


class SaleRecordRow(Base):
    """What the journal told of a listing's sale, whole or in part; see `SaleRecord`."""

    __tablename__ = "sale_records"

    listing_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    terms_version: Mapped[int] = mapped_column(BigInteger)
    terms: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    deals: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ComparableRow(Base):
    """A deal that is evidence: one of this exchange that is settled, or a given one."""

    __tablename__ = "comparables"
    __table_args__ = (
        CheckConstraint("source IN ('exchange', 'given')", name="source"),
        CheckConstraint("(source = 'exchange') = (listing_id IS NOT NULL)", name="listing"),
        CheckConstraint("source = 'exchange' OR cited IS NOT NULL", name="cited"),
        CheckConstraint("price_minor > 0", name="price"),
        Index("uq_comparables_listing_id", "listing_id", unique=True),
        Index("ix_comparables_page", "market_id", "dealt_on", "id"),
        Index("ix_comparables_field", "market_id", "technology_field", "dealt_on", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    source: Mapped[str] = mapped_column(String(10))
    listing_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(String(200))
    technology_field: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str | None] = mapped_column(String(40))
    ip_kind: Mapped[str | None] = mapped_column(String(40))
    readiness: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    conversion_mode: Mapped[str | None] = mapped_column(String(40))
    pricing_mode: Mapped[str | None] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    start_minor: Mapped[int | None] = mapped_column(BigInteger)
    floor_minor: Mapped[int | None] = mapped_column(BigInteger)
    contested: Mapped[bool | None]
    dealt_on: Mapped[date] = mapped_column(Date)
    cited: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
