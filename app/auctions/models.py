"""Tables of auctions and bids."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base


class AuctionRow(Base):
    """One auction; its row lock orders the judging of its bids."""

    __tablename__ = "auctions"
    __table_args__ = (
        CheckConstraint(
            "status IN ('scheduled', 'free', 'timed', 'awarded', 'failed', 'confirmed')",
            name="status",
        ),
        CheckConstraint("(leader_id IS NULL) = (leading_minor IS NULL)", name="leader_has_price"),
        Index("ix_auctions_market_id", "market_id", "id"),
        Index("ix_auctions_session_id", "session_id"),
        UniqueConstraint("listing_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"))
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id"))
    title: Mapped[str] = mapped_column(String(200))
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    opens_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    announced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(String(9))
    deadline_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    leader_id: Mapped[UUID | None]
    leader_code: Mapped[str | None] = mapped_column(String(12))
    leading_minor: Mapped[int | None] = mapped_column(BigInteger)
    contested: Mapped[bool]
    bid_count: Mapped[int]
    judged_count: Mapped[int]
    last_judged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deal_id: Mapped[UUID | None]


class BidRow(Base):
    """One judged bid of a qualified bidder, accepted or refused; never changed."""

    __tablename__ = "bids"
    __table_args__ = (Index("uq_bids_auction_sequence", "auction_id", "sequence", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"))
    sequence: Mapped[int]
    party_id: Mapped[UUID]
    bidder_code: Mapped[str] = mapped_column(String(12))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    phase: Mapped[str] = mapped_column(String(9))
    refusal: Mapped[str | None] = mapped_column(String(60))
    judged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
