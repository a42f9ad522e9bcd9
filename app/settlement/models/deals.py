"""Tables of deals and their payments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.settlement.domain.deal import Side


class DealRow(Base):
    """A sale of a listing or the work for a demand; beside it those that ended in default."""

    __tablename__ = "deals"
    __table_args__ = (
        # One living deal a listing; those that ended in default stay beside it.
        Index(
            "uq_deals_listing_id",
            "listing_id",
            unique=True,
            postgresql_where=text("status <> 'defaulted'"),
        ),
        Index("ix_deals_listing_id", "listing_id"),
        Index(
            "uq_deals_engagement_id",
            "engagement_id",
            unique=True,
            postgresql_where=text("status <> 'defaulted'"),
        ),
        CheckConstraint(
            "num_nonnulls(listing_id, engagement_id) = 1"
            " AND (listing_id IS NULL) = (registration_id IS NULL)"
            " AND (demand_id IS NULL) = (engagement_id IS NULL)"
            " AND (listing_id IS NOT NULL OR deposit_minor = 0)",
            name="source",
        ),
        CheckConstraint(
            "released_minor >= 0 AND returned_minor >= 0"
            " AND released_minor + returned_minor <= paid_minor + beyond_minor",
            name="moved",
        ),
        UniqueConstraint("number", name="uq_deals_number"),
        CheckConstraint("status IN ('opened', 'paid', 'settled', 'defaulted')", name="status"),
        CheckConstraint(
            "start_minor > 0 AND price_minor > 0"
            " AND (listing_id IS NULL OR price_minor >= start_minor)",
            name="price",
        ),
        CheckConstraint(
            "deposit_minor >= 0 AND deposit_minor <= paid_minor AND paid_minor <= price_minor",
            name="paid",
        ),
        CheckConstraint(
            "status = 'defaulted' OR (engagement_id IS NOT NULL AND status = 'settled')"
            " OR (status = 'opened') = (paid_minor < price_minor AND shares_registered_at IS NULL)",
            name="opened",
        ),
        CheckConstraint(
            "beyond_minor >= 0 AND (final_total_minor IS NULL OR final_total_minor >= price_minor)",
            name="beyond",
        ),
        CheckConstraint(
            "(status = 'defaulted') = (defaulted_at IS NOT NULL)"
            " AND (status = 'defaulted') = (default_reason IS NOT NULL)"
            " AND (status = 'defaulted') = (default_ground IS NOT NULL)",
            name="defaulted",
        ),
        one_of("default_side", Side),
        CheckConstraint(
            "(status = 'defaulted') = (default_side IS NOT NULL)", name="default_side_known"
        ),
        CheckConstraint(
            "shortfall_minor IS NULL OR (status = 'defaulted' AND shortfall_minor >= 0)",
            name="shortfall",
        ),
        CheckConstraint("(status = 'settled') = (settled_at IS NOT NULL)", name="settled"),
        CheckConstraint("effective_at IS NULL OR effective_at >= signed_at", name="effective"),
        CheckConstraint("seller_id <> buyer_id", name="parties"),
        Index("ix_deals_market_id", "market_id", "id"),
        Index("ix_deals_confirmed_at", "market_id", "confirmed_at", "id"),
        Index("ix_deals_seller_id", "seller_id", "id"),
        Index("ix_deals_buyer_id", "buyer_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    listing_id: Mapped[UUID | None] = mapped_column(ForeignKey("listings.id"))
    demand_id: Mapped[UUID | None] = mapped_column(ForeignKey("demands.id"))
    engagement_id: Mapped[UUID | None] = mapped_column(ForeignKey("engagements.id"))
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registrations.id"))
    status: Mapped[str] = mapped_column(String(10))
    currency: Mapped[str] = mapped_column(String(3))
    start_minor: Mapped[int] = mapped_column(BigInteger)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    deposit_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    released_minor: Mapped[int] = mapped_column(BigInteger)
    returned_minor: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[UUID]
    confirmed_at: Mapped[datetime] = mapped_column(TIME)
    sign_by_at: Mapped[datetime] = mapped_column(TIME)
    pay_by_at: Mapped[datetime] = mapped_column(TIME)
    signed_at: Mapped[datetime | None] = mapped_column(TIME)
    signed_text_hash: Mapped[str | None] = mapped_column(String(64))
    effective_at: Mapped[datetime | None] = mapped_column(TIME)
    settled_at: Mapped[datetime | None] = mapped_column(TIME)
    defaulted_at: Mapped[datetime | None] = mapped_column(TIME)
    default_reason: Mapped[str | None] = mapped_column(String(20))
    default_side: Mapped[str | None] = mapped_column(String(6))
    default_ground: Mapped[str | None] = mapped_column(String(2000))
    shortfall_minor: Mapped[int | None] = mapped_column(BigInteger)
    contract_version: Mapped[int] = mapped_column(default=0)
    beyond_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    shares_registered_at: Mapped[datetime | None] = mapped_column(TIME)
    terms_version: Mapped[int] = mapped_column(default=0)
    final_total_minor: Mapped[int | None] = mapped_column(BigInteger)


class PaymentRow(Base):
    """An arrival of the buyer's money; the id is that of its ledger entry."""

    __tablename__ = "deal_payments"
    __table_args__ = (
        UniqueConstraint("deal_id", "bank_reference", name="uq_deal_payments_bank_reference"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    payer_name: Mapped[str] = mapped_column(String(200))
    bank_reference: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime] = mapped_column(TIME)
