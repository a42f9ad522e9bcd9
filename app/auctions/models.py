"""Tables of auctions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.auctions.domain.model import AuctionStatus
from app.auctions.domain.offering import Outcome
from app.platform.db import Base

_STATUSES = ", ".join(f"'{status}'" for status in AuctionStatus)
_OUTCOMES = ", ".join(f"'{outcome}'" for outcome in Outcome)


class AuctionRow(Base):
    """One auction, of a listing or of a demand; its row lock orders the judging of its bids.

    ``demand_call`` is the version of the demand's event that called for it: a call makes one
    auction.
    """

    __tablename__ = "auctions"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("(leader_code IS NULL) = (leading_minor IS NULL)", name="leader_has_price"),
        CheckConstraint("(pause IS NULL) = (status <> 'paused')", name="pause_while_paused"),
        Index("ix_auctions_market_id", "market_id", "id"),
        CheckConstraint(
            "num_nonnulls(listing_id, demand_id) = 1"
            " AND num_nonnulls(demand_id, demand_round, demand_call) IN (0, 3)",
            name="listing_or_demand",
        ),
        Index("ix_auctions_session_id", "session_id"),
        UniqueConstraint("listing_id"),
        UniqueConstraint("demand_id", "demand_call"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    listing_id: Mapped[UUID | None] = mapped_column(ForeignKey("listings.id"))
    demand_id: Mapped[UUID | None] = mapped_column(ForeignKey("demands.id"))
    demand_round: Mapped[int | None]
    demand_call: Mapped[int | None] = mapped_column(BigInteger)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id"))
    title: Mapped[str] = mapped_column(String(200))
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    licence: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    opens_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    announced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(String(10))
    deadline_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    running_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leader_code: Mapped[str | None] = mapped_column(String(12))
    leading_minor: Mapped[int | None] = mapped_column(BigInteger)
    contested: Mapped[bool]
    bid_count: Mapped[int]
    judged_count: Mapped[int]
    last_judged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    extensions: Mapped[int]
    round_no: Mapped[int]
    eliminated: Mapped[list[str]] = mapped_column(ARRAY(String(12)))
    pause: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deal_id: Mapped[UUID | None]
    rerun_of: Mapped[UUID | None] = mapped_column(ForeignKey("auctions.id"))


class BidRow(Base):
    """One judged bid or standing maximum, accepted or refused, or a bid of the system's.

    Never changed. What nobody may read yet lies encrypted in ``sealed``: a standing maximum, a
    sealed bid that the exchange keeps, or one that only the holders of its key can open.
    """

    __tablename__ = "bids"
    __table_args__ = (
        CheckConstraint("kind IN ('bid', 'limit')", name="kind"),
        CheckConstraint("(amount_minor IS NULL) <> (sealed IS NULL)", name="open_or_sealed"),
        Index("uq_bids_auction_sequence", "auction_id", "sequence", unique=True),
        Index(
            "ix_bids_sealed",
            "auction_id",
            "kind",
            "bidder_code",
            "sequence",
            postgresql_where=text("sealed IS NOT NULL AND refusal IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"))
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(5))
    origin: Mapped[str] = mapped_column(String(8))
    party_id: Mapped[UUID]
    bidder_code: Mapped[str] = mapped_column(String(12))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phase: Mapped[str] = mapped_column(String(10))
    round_no: Mapped[int]
    refusal: Mapped[str | None] = mapped_column(String(60))
    judged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OpeningRow(Base):
    """What a sealed bid said, once it was opened; never changed.

    ``amount_minor`` is null where the bid was void.
    """

    __tablename__ = "bid_openings"
    __table_args__ = (
        CheckConstraint("(amount_minor IS NULL) <> (void_reason IS NULL)", name="amount_or_reason"),
    )

    bid_id: Mapped[UUID] = mapped_column(ForeignKey("bids.id"), primary_key=True)
    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"), index=True)
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    void_reason: Mapped[str | None] = mapped_column(String(60))
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class ShareRow(Base):
    """What a holder handed in for one sealed bid; never changed."""

    __tablename__ = "bid_shares"
    __table_args__ = (CheckConstraint("holder BETWEEN 1 AND 9", name="holder_position"),)

    bid_id: Mapped[UUID] = mapped_column(ForeignKey("bids.id"), primary_key=True)
    holder: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"), index=True)
    share: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ScoreRow(Base):
    """A bidder's points on the published criteria of a weighted auction."""

    __tablename__ = "bid_scores"

    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    bidder_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    points: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class ReserveRow(Base):
    """A secret reserve, encrypted until the end."""

    __tablename__ = "auction_reserves"

    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    commitment: Mapped[str] = mapped_column(String(64))


class PriorityHolderRow(Base):
    """Who holds a priority right in an auction, and whether it was waived, or silence waived it."""

    __tablename__ = "priority_holders"

    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    rank: Mapped[int]
    basis: Mapped[str] = mapped_column(String(200))
    notified_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    waived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    silent: Mapped[bool]


class AwardRow(Base):
    """A bidder's place in the award queue, and what became of it."""

    __tablename__ = "award_queue"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome"),
        CheckConstraint("outcome <> 'asked' OR answer_by_at IS NOT NULL", name="asked_until"),
        Index(
            "uq_award_queue_asked",
            "auction_id",
            unique=True,
            postgresql_where=text("outcome = 'asked'"),
        ),
    )

    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    party_id: Mapped[UUID]
    bidder_code: Mapped[str] = mapped_column(String(12))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    outcome: Mapped[str] = mapped_column(String(9))
    deal_id: Mapped[UUID | None]
    answer_by_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ChainHeadRow(Base):
    """A chain head as it was published while the auction ran."""

    __tablename__ = "published_heads"

    auction_id: Mapped[UUID] = mapped_column(ForeignKey("auctions.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
