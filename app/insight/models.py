"""Tables of the price statistics: all of it follows from the journal."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.insight.domain.lots import Method, Outcome
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class PriceSayingRow(Base):
    """What the last event about one part of a lot said."""

    __tablename__ = "price_sayings"

    listing_id: Mapped[UUID] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    said: Mapped[dict[str, Any]] = mapped_column(JSONB)


class PriceLotRow(Base):
    """A lot as it is counted: narrow, because sums read them all.

    Attributes:
        ended_on: The end's day in Asia/Shanghai.
        premium_bp, start_ratio_bp, price_ratio_bp: Of priced deals, in basis points.
    """

    __tablename__ = "price_lots"
    __table_args__ = (
        one_of("outcome", Outcome),
        one_of("method", Method),
        Index("ix_price_lots_market_id", "market_id", "ended_at", "listing_id"),
        Index("ix_price_lots_ended_at", "ended_at", "listing_id"),
        Index("ix_price_lots_defaulted", "achievement_id", postgresql_where=text("defaults > 0")),
    )

    listing_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    achievement_id: Mapped[UUID]
    ended_at: Mapped[datetime | None] = mapped_column(TIME)
    ended_on: Mapped[date | None] = mapped_column(Date)
    appraisal_minor: Mapped[int | None] = mapped_column(BigInteger)
    start_minor: Mapped[int] = mapped_column(BigInteger)
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    premium_bp: Mapped[int | None] = mapped_column(BigInteger)
    start_ratio_bp: Mapped[int | None] = mapped_column(BigInteger)
    price_ratio_bp: Mapped[int | None] = mapped_column(BigInteger)
    bidders: Mapped[int]
    registered: Mapped[int]
    qualified: Mapped[int]
    deposited: Mapped[int]
    defaults: Mapped[int]
    sandbox: Mapped[bool]
    amount_known: Mapped[bool]
    outcome: Mapped[str] = mapped_column(String(10))
    method: Mapped[str] = mapped_column(String(11))
    currency: Mapped[str] = mapped_column(String(3))
    pricing_mode: Mapped[str] = mapped_column(String(10))
    technology_field: Mapped[str] = mapped_column(String(40))
    seller_region: Mapped[str | None] = mapped_column(String(6))
    seller_class: Mapped[str | None] = mapped_column(String(40))
    buyer_region: Mapped[str | None] = mapped_column(String(6))
    number: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(Text)
