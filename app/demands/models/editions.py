"""The table of editions 需求清单."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.edition import EditionStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class EditionRow(Base):
    """A periodic list of demands."""

    __tablename__ = "demand_editions"
    __table_args__ = (
        one_of("status", EditionStatus),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint(
            "num_nonnulls(published_at, content, content_hash)"
            " = CASE status WHEN 'published' THEN 3 ELSE 0 END",
            name="published",
        ),
        Index("uq_demand_editions_number", "number", unique=True),
        Index("ix_demand_editions_market_id", "market_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    status: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    region_code: Mapped[str] = mapped_column(String(6))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(TIME)
    published_at: Mapped[datetime | None] = mapped_column(TIME)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    content_hash: Mapped[str | None] = mapped_column(String(64))
