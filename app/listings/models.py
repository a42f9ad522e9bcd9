"""Tables of achievements, listings, notices and registrations."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.achievement import AchievementStatus, Confidentiality, Empowerment
from app.listings.domain.listing import (
    ListingStatus,
    PricingMode,
)
from app.listings.domain.registration import RegistrationStatus
from app.listings.domain.relation import Relation
from app.platform.db import Base

TIME: Final = DateTime(timezone=True)
BANK_REFERENCE_UNIQUE: Final = "uq_registrations_bank_reference"


def _one_of(column: str, kinds: type[StrEnum]) -> CheckConstraint:
    values = ", ".join(f"'{kind}'" for kind in kinds)
    return CheckConstraint(f"{column} IN ({values})", name=column)


class AchievementRow(Base):
    """A result offered for conversion, with the party that owns it."""

    __tablename__ = "achievements"
    __table_args__ = (
        _one_of("status", AchievementStatus),
        _one_of("confidentiality", Confidentiality),
        _one_of("empowerment", Empowerment),
        CheckConstraint(
            "(price_idea_minor IS NULL) = (price_idea_currency IS NULL)", name="price_idea"
        ),
        CheckConstraint("status <> 'refused' OR refusal_reason IS NOT NULL", name="refusal"),
        Index("ix_achievements_market_id", "market_id", "id"),
        Index("ix_achievements_party_id", "party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    abstract: Mapped[str] = mapped_column(Text)
    technology_field: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    ip_kind: Mapped[str] = mapped_column(String(40))
    ip_assets: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    readiness_scale: Mapped[str] = mapped_column(String(40))
    readiness_level: Mapped[int]
    evidence: Mapped[str] = mapped_column(Text)
    state_of_the_art: Mapped[str] = mapped_column(Text)
    completers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    service_result: Mapped[bool]
    empowerment: Mapped[str] = mapped_column(String(20))
    plan_source: Mapped[str] = mapped_column(String(40))
    conversion_modes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    price_idea_minor: Mapped[int | None] = mapped_column(BigInteger)
    price_idea_currency: Mapped[str | None] = mapped_column(String(3))
    confidentiality: Mapped[str] = mapped_column(String(10))
    keywords: Mapped[list[str]] = mapped_column(ARRAY(String(200)))
    submitted_at: Mapped[datetime] = mapped_column(TIME)
    reviewed_at: Mapped[datetime | None] = mapped_column(TIME)
    refusal_reason: Mapped[str | None] = mapped_column(Text)


class ListingRow(Base):
    """An achievement on offer, from draft to sold or failed."""

    __tablename__ = "listings"
    __table_args__ = (
        _one_of("status", ListingStatus),
        _one_of("pricing_mode", PricingMode),
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


class RegistrationRow(Base):
    """A buyer's registration for a listing, its qualification and its deposit."""

    __tablename__ = "registrations"
    __table_args__ = (
        _one_of("status", RegistrationStatus),
        CheckConstraint(
            "(status = 'deposited') = (bidder_code IS NOT NULL AND bank_reference IS NOT NULL"
            " AND received_at IS NOT NULL AND deposit_entry_id IS NOT NULL)",
            name="deposit",
        ),
        CheckConstraint("status <> 'refused' OR reason IS NOT NULL", name="refusal"),
        CheckConstraint("forfeited_at IS NULL OR status = 'deposited'", name="forfeited"),
        CheckConstraint("defaulted_deal_id IS NULL OR forfeited_at IS NOT NULL", name="defaulted"),
        _one_of("relation", Relation),
        Index("uq_registrations_listing_party", "listing_id", "party_id", unique=True),
        Index("uq_registrations_bidder_code", "listing_id", "bidder_code", unique=True),
        Index(BANK_REFERENCE_UNIQUE, "market_id", "bank_reference", unique=True),
        Index("ix_registrations_party_id", "party_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    relation: Mapped[str] = mapped_column(String(10))
    accepted_terms_hash: Mapped[str] = mapped_column(String(64))
    accepted_by: Mapped[str] = mapped_column(String(60))
    registered_at: Mapped[datetime] = mapped_column(TIME)
    decided_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
    bidder_code: Mapped[str | None] = mapped_column(String(8))
    bank_reference: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime | None] = mapped_column(TIME)
    deposit_entry_id: Mapped[UUID | None]
    standby_at: Mapped[datetime | None] = mapped_column(TIME)
    forfeited_at: Mapped[datetime | None] = mapped_column(TIME)
    defaulted_deal_id: Mapped[UUID | None]
