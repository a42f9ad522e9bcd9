"""The table of filings at the registration office."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import one_of
from app.platform.db import Base
from app.settlement.domain.filing import FilingStatus
from app.settlement.domain.refusal_ground import RefusalGround


class FilingRow(Base):
    """A deal's present way through the office; the journal keeps the earlier versions."""

    __tablename__ = "registration_filings"
    __table_args__ = (
        one_of("status", FilingStatus),
        one_of("ground", RefusalGround),
        CheckConstraint(
            "(status = 'registered') = (num_nulls(registration_number, recognised_total_minor,"
            " recognised_technology_minor, recognised_type) = 0)"
            " AND (status = 'refused') = (ground IS NOT NULL)"
            " AND (status = 'pending') = (decided_on IS NULL)"
            " AND (status = 'pending') = (filed IS NULL)",
            name="decision",
        ),
        CheckConstraint("registration_number ~ '^[0-9]{16}$'", name="number"),
        CheckConstraint(
            "recognised_technology_minor > 0"
            " AND recognised_technology_minor <= recognised_total_minor",
            name="recognised",
        ),
        Index("uq_registration_filings_number", "market_id", "registration_number", unique=True),
        Index("ix_registration_filings_market_id", "market_id", "deal_id"),
        Index(
            "ix_registration_filings_differs",
            "market_id",
            "deal_id",
            postgresql_where=text("differs"),
        ),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    decided_on: Mapped[date | None] = mapped_column(Date)
    registration_number: Mapped[str | None] = mapped_column(String(16))
    recognised_total_minor: Mapped[int | None] = mapped_column(BigInteger)
    recognised_technology_minor: Mapped[int | None] = mapped_column(BigInteger)
    recognised_type: Mapped[str | None] = mapped_column(String(60))
    ground: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(2000))
    filed: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    differs: Mapped[bool]
