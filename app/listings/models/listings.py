"""The tables of listings and of their notices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.listing import ListingStatus, PricingMode
from app.listings.models.columns import TIME, one_of
from app.platform.db import Base


class ListingRow(Base):
    """An achievement on offer, from draft to sold or failed."""

    __tablename__ = "listings"
    __table_args__ = (
        one_of("status", ListingStatus),
        one_of("pricing_mode", PricingMode),
        CheckConstraint("floor_minor > 0", name="floor"),
        CheckConstraint("deposit_minor > 0 AND deposit_minor <= floor_minor", name="deposit"),
        CheckConstraint("base_price_minor > 0", name="base_price"),
        CheckConstraint(
            "status = 'draft' OR (published_at IS NOT NULL AND disclosure_ends_at > published_at"
            " AND policy_id IS NOT NULL AND policy IS NOT NULL)",
            name="published",
        ),
        CheckConstraint("(auction_id IS NULL) = (opens_at IS NULL)", name="bidding"),
        CheckConstraint("deal_id IS NULL OR status = 'sold'", name="deal"),
        Index("uq_listings_number", "number", unique=True),
        Index("ix_listings_market_id", "market_id", "id"),
        Index("ix_listings_seller_id", "seller_id", "id"),
        Index("ix_listings_session_id", "session_id"),
        # One open offer of an achievement at a time, whoever publishes at once. One that comes
        # back after a default is offered to its own bidders only.
        Index(
            "uq_listings_achievement_open",
            "achievement_id",
            unique=True,
            postgresql_where=text("status IN ('disclosing', 'closed') AND reopened_at IS NULL"),
        ),
        Index("ix_listings_achievement_id", "achievement_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id"))
    status: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    pricing_mode: Mapped[str] = mapped_column(String(10))
    conversion_mode: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    floor_minor: Mapped[int] = mapped_column(BigInteger)
    deposit_minor: Mapped[int] = mapped_column(BigInteger)
    base_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    contract_terms: Mapped[str] = mapped_column(Text)
    payment_terms: Mapped[str] = mapped_column(Text)
    buyer_conditions: Mapped[str] = mapped_column(Text)
    forfeiture_terms: Mapped[str] = mapped_column(Text)
    drafted_at: Mapped[datetime] = mapped_column(TIME)
    auction_id: Mapped[UUID | None]
    opens_at: Mapped[datetime | None] = mapped_column(TIME)
    bidding: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    policy_id: Mapped[UUID | None] = mapped_column(ForeignKey("policies.id"))
    policy: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    published_at: Mapped[datetime | None] = mapped_column(TIME)
    disclosure_ends_at: Mapped[datetime | None] = mapped_column(TIME)
    deal_id: Mapped[UUID | None]
    reopened_at: Mapped[datetime | None] = mapped_column(TIME)
    related_buyers: Mapped[list[str]] = mapped_column(ARRAY(String(10)))


class NoticeRow(Base):
    """A notice as it was published; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "listing_notices"

    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(TIME)
