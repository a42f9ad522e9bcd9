"""The table of registrations."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.registration import RegistrationStatus
from app.listings.domain.relation import Relation
from app.platform.columns import TIME, one_of
from app.platform.db import Base

BANK_REFERENCE_UNIQUE: Final = "uq_registrations_bank_reference"


class RegistrationRow(Base):
    """A buyer's registration for a listing, its qualification and its deposit."""

    __tablename__ = "registrations"
    __table_args__ = (
        one_of("status", RegistrationStatus),
        CheckConstraint(
            "num_nonnulls(bidder_code, bank_reference, received_at, deposit_entry_id) ="
            " CASE WHEN status = 'deposited' THEN 4"
            " WHEN status IN ('lapsed', 'withdrawn', 'excluded')"
            " AND bidder_code IS NOT NULL THEN 4"
            " ELSE 0 END",
            name="deposit",
        ),
        CheckConstraint("status <> 'refused' OR reason IS NOT NULL", name="refusal"),
        CheckConstraint(
            "forfeited_at IS NULL OR status IN ('deposited', 'withdrawn', 'excluded')",
            name="forfeited",
        ),
        one_of("relation", Relation),
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
    members: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    accepted_terms_hash: Mapped[str] = mapped_column(String(64))
    accepted_by: Mapped[str] = mapped_column(String(60))
    registered_at: Mapped[datetime] = mapped_column(TIME)
    accepted_at: Mapped[datetime] = mapped_column(TIME)
    decided_at: Mapped[datetime | None] = mapped_column(TIME)
    deposit_due_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
    bidder_code: Mapped[str | None] = mapped_column(String(8))
    bank_reference: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime | None] = mapped_column(TIME)
    deposit_entry_id: Mapped[UUID | None]
    standby_at: Mapped[datetime | None] = mapped_column(TIME)
    forfeited_at: Mapped[datetime | None] = mapped_column(TIME)
    defaulted_deal_id: Mapped[UUID | None]
