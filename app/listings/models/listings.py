"""The tables of listings and of their notices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.deposit import DepositUse
from app.listings.domain.listing import ListingStatus, PricingMode
from app.listings.domain.notice import NoticeKind, NoticeStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class ListingRow(Base):
    """An achievement on offer, from draft to sold or failed."""

    __tablename__ = "listings"
    __table_args__ = (
        one_of("status", ListingStatus),
        one_of("pricing_mode", PricingMode),
        one_of("deposit_becomes", DepositUse),
        CheckConstraint("floor_minor > 0", name="floor"),
        CheckConstraint(
            "deposit_minor >= 0 AND deposit_minor <= floor_minor"
            " AND (deposit_minor > 0 OR pricing_mode = 'agreement')",
            name="deposit",
        ),
        CheckConstraint("(pricing_mode = 'agreement') = (buyer_id IS NOT NULL)", name="buyer"),
        CheckConstraint("extensions_done BETWEEN 0 AND extensions", name="extensions"),
        CheckConstraint(
            "(status = 'suspended') = (suspended_at IS NOT NULL)"
            " AND (suspended_at IS NULL) = (suspended_until IS NULL)",
            name="suspended",
        ),
        CheckConstraint("base_price_minor > 0", name="base_price"),
        CheckConstraint(
            "status IN ('draft', 'withdrawn') OR (published_at IS NOT NULL"
            " AND disclosure_ends_at > published_at AND policy_id IS NOT NULL"
            " AND policy IS NOT NULL AND terms_hash IS NOT NULL AND terms_number IS NOT NULL)",
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
            postgresql_where=text(
                "status IN ('disclosing', 'suspended', 'closed', 'awarded') AND reopened_at IS NULL"
            ),
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
    buyer_id: Mapped[UUID | None] = mapped_column(ForeignKey("parties.id"))
    room_id: Mapped[UUID | None]
    unit_notice: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    extensions: Mapped[int]
    reductions_minor: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    joint_purchase: Mapped[bool]
    approval: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    deposit_becomes: Mapped[str] = mapped_column(String(20))
    notice_count: Mapped[int]
    terms_number: Mapped[str | None] = mapped_column(String(24))
    terms_hash: Mapped[str | None] = mapped_column(String(64))
    extensions_done: Mapped[int]
    suspended_at: Mapped[datetime | None] = mapped_column(TIME)
    suspended_until: Mapped[datetime | None] = mapped_column(TIME)


class NoticeRow(Base):
    """A notice as it was published: only its status ever changes (a trigger sees to that)."""

    __tablename__ = "listing_notices"
    __table_args__ = (
        one_of("kind", NoticeKind),
        one_of("status", NoticeStatus),
        Index("uq_listing_notices_listing_seq", "listing_id", "seq", unique=True),
        Index("uq_listing_notices_number", "number", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"))
    seq: Mapped[int]
    number: Mapped[str] = mapped_column(String(24))
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(12))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(TIME)
    closes_at: Mapped[datetime | None] = mapped_column(TIME)
