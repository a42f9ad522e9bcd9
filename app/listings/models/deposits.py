"""The table of deposits: where each stands; journal and ledger hold how it came there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.deposit import DepositState, ForfeitureGround
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class DepositRow(Base):
    """A registration's deposit, from the day it is due."""

    __tablename__ = "deposits"
    __table_args__ = (
        one_of("state", DepositState),
        one_of("ground", ForfeitureGround),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(state = 'forfeited') = (ground IS NOT NULL)", name="forfeited"),
        CheckConstraint("(state = 'returned') = (refunded_at IS NOT NULL)", name="returned"),
        Index("ix_deposits_market_id", "market_id", "state", "registration_id"),
        Index("ix_deposits_deal_id", "deal_id"),
        Index("ix_deposits_listing_id", "listing_id"),
        Index(
            "ix_deposits_refund_due_at",
            "market_id",
            "refund_due_at",
            postgresql_where=text("state = 'returning'"),
        ),
    )

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime | None] = mapped_column(TIME)
    deal_id: Mapped[UUID | None]
    refund_due_at: Mapped[datetime | None] = mapped_column(TIME)
    refunded_at: Mapped[datetime | None] = mapped_column(TIME)
    ground: Mapped[str | None] = mapped_column(String(20))
