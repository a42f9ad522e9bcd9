"""Tables of markets."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base

_TIME = DateTime(timezone=True)


class MarketRow(Base):
    """An exchange; its clock is the row of the same id in ``market_clocks``."""

    __tablename__ = "markets"
    __table_args__ = (
        ForeignKeyConstraint(["id"], ["market_clocks.market_id"]),
        Index("uq_markets_code", "code", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    region_code: Mapped[str] = mapped_column(String(6))
    edition: Mapped[str] = mapped_column(String(40))
    sandbox: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=FetchedValue())


class PolicyRow(Base):
    """One version of a policy; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "policies"
    __table_args__ = (
        CheckConstraint(
            "seller_class IN "
            "('university', 'government_institute', 'state_owned_enterprise', 'private')",
            name="seller_class",
        ),
        CheckConstraint("pricing_mode IN ('agreement', 'posted', 'bidding')", name="pricing_mode"),
        Index(
            "uq_policies_version",
            "market_id",
            "seller_class",
            "pricing_mode",
            "version",
            unique=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    seller_class: Mapped[str] = mapped_column(String(40))
    pricing_mode: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    effective_on: Mapped[date]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    entered_by: Mapped[str] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(_TIME)


class SelectionTermsRow(Base):
    """One version of selection terms; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "selection_terms"
    __table_args__ = (
        Index("uq_selection_terms_version", "market_id", "version", unique=True),
        Index("ix_selection_terms_effective", "market_id", "effective_on", "version"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    version: Mapped[int]
    effective_on: Mapped[date]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    entered_by: Mapped[str] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(_TIME)


class SessionRow(Base):
    """A session of lots."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_market_id_id", "market_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    title: Mapped[str] = mapped_column(String(200))
    edition: Mapped[str] = mapped_column(String(40))
    held_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(_TIME)
