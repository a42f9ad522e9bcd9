"""Tables of conversion tracking."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.settlement.domain.outcomes import OutcomeStatus
from app.settlement.domain.tracking import ConversionStatus, ConversionTrigger, FailureReason


class ConversionRow(Base):
    """The tracking of one deal: its present plan and how far it has come."""

    __tablename__ = "conversions"
    __table_args__ = (
        one_of("status", ConversionStatus),
        one_of("failure_reason", FailureReason),
        CheckConstraint("every_months BETWEEN 1 AND 12", name="every_months"),
        CheckConstraint("until_on > opened_on", name="period"),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    every_months: Mapped[int]
    opened_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    reports: Mapped[int]
    last_report_at: Mapped[datetime | None] = mapped_column(TIME)
    converted_on: Mapped[date | None] = mapped_column(Date)
    failure_reason: Mapped[str | None] = mapped_column(String(10))


class ConversionReportRow(Base):
    """A progress report; never changed (a trigger refuses)."""

    __tablename__ = "conversion_reports"
    __table_args__ = (
        one_of("says", ConversionTrigger),
        one_of("failure_reason", FailureReason),
        CheckConstraint("(says = 'fail') = (failure_reason IS NOT NULL)", name="failure"),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    says: Mapped[str] = mapped_column(String(10))
    reported_on: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    milestone: Mapped[int | None]
    failure_reason: Mapped[str | None] = mapped_column(String(10))
    evidence: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    at: Mapped[datetime] = mapped_column(TIME)


class OutcomeRow(Base):
    """A year's figures of a deal as stated last; amounts in fen."""

    __tablename__ = "conversion_outcomes"
    __table_args__ = (
        one_of("status", OutcomeStatus),
        CheckConstraint(
            "(status = 'stated') = (answered_at IS NULL)"
            " AND (status = 'disputed') = (dispute IS NOT NULL)",
            name="answered",
        ),
        CheckConstraint(
            "num_nonnulls(output_minor, sales_minor, profit_minor, tax_minor, exports_minor, jobs)"
            " > 0",
            name="figures",
        ),
        Index("ix_conversion_outcomes_year", "year", "deal_id"),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    output_minor: Mapped[int | None] = mapped_column(BigInteger)
    sales_minor: Mapped[int | None] = mapped_column(BigInteger)
    profit_minor: Mapped[int | None] = mapped_column(BigInteger)
    tax_minor: Mapped[int | None] = mapped_column(BigInteger)
    exports_minor: Mapped[int | None] = mapped_column(BigInteger)
    jobs: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(TIME)
    status: Mapped[str] = mapped_column(String(10))
    answered_at: Mapped[datetime | None] = mapped_column(TIME)
    dispute: Mapped[str | None] = mapped_column(Text)
