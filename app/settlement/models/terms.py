"""Tables of price terms: their versions, a proposed change, due items, royalty reports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.settlement.domain.dues import DueKind, DueState
from app.settlement.domain.royalty import ReportState
from app.settlement.domain.terms import CostBearer


class TermsRow(Base):
    """One version of a deal's price terms; never changed."""

    __tablename__ = "deal_terms"
    __table_args__ = (
        CheckConstraint(
            "num_nulls(reason, text_hash, seller_agreed_at, buyer_agreed_at) IN (0, 4)",
            name="supplement",
        ),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    fixed_at: Mapped[datetime] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(String(2000))
    text_hash: Mapped[str | None] = mapped_column(String(64))
    seller_agreed_at: Mapped[datetime | None] = mapped_column(TIME)
    buyer_agreed_at: Mapped[datetime | None] = mapped_column(TIME)


class SupplementRow(Base):
    """A supplementary agreement that waits for both sides; gone once it is in force."""

    __tablename__ = "deal_supplements"

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    version: Mapped[int]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(String(2000))
    text_hash: Mapped[str] = mapped_column(String(64))
    proposed_at: Mapped[datetime] = mapped_column(TIME)
    seller_agreed_at: Mapped[datetime | None] = mapped_column(TIME)
    buyer_agreed_at: Mapped[datetime | None] = mapped_column(TIME)


class DueRow(Base):
    """An item of a deal's schedule; changed only under the deal's lock."""

    __tablename__ = "deal_dues"
    __table_args__ = (
        one_of("kind", DueKind),
        one_of("state", DueState),
        CheckConstraint(
            "paid_minor >= 0 AND (amount_minor IS NULL AND paid_minor = 0"
            " OR amount_minor >= paid_minor)",
            name="paid",
        ),
        CheckConstraint(
            "(state = 'paid') = (amount_minor IS NOT NULL AND amount_minor = paid_minor)"
            " AND (state <> 'part_paid' OR paid_minor > 0)",
            name="state_of_paid",
        ),
        CheckConstraint("(series IS NULL) = (period IS NULL)", name="series"),
        CheckConstraint("amount_minor IS NOT NULL OR kind = 'royalty'", name="amount"),
        CheckConstraint("due_at IS NOT NULL OR waits_for IS NOT NULL", name="due"),
        Index(
            "ix_deal_dues_open",
            "due_at",
            "deal_id",
            "number",
            postgresql_where=text("state IN ('planned', 'due', 'part_paid')"),
        ),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    within_price: Mapped[bool]
    due_at: Mapped[datetime | None] = mapped_column(TIME)
    call_at: Mapped[datetime | None] = mapped_column(TIME)
    report_by_at: Mapped[datetime | None] = mapped_column(TIME)
    state: Mapped[str] = mapped_column(String(10))
    label: Mapped[str | None] = mapped_column(String(200))
    waits_for: Mapped[str | None] = mapped_column(String(2000))
    series: Mapped[int | None]
    period: Mapped[int | None]


class ReportRow(Base):
    """A royalty report of a period, with what came of it."""

    __tablename__ = "deal_royalty_reports"
    __table_args__ = (
        one_of("state", ReportState),
        CheckConstraint("base_minor >= 0 AND audited_minor >= 0", name="base"),
        CheckConstraint(
            "(state = 'audited') = (audited_minor IS NOT NULL)"
            " AND num_nulls(audited_minor, audit_report_id, audited_at, audit_paid_by) IN (0, 4)",
            name="audited",
        ),
        CheckConstraint("state <> 'objected' OR objected_at IS NOT NULL", name="objected"),
        one_of("audit_paid_by", CostBearer),
    )

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deals.id"), primary_key=True)
    due_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    series: Mapped[int]
    period: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    base_minor: Mapped[int] = mapped_column(BigInteger)
    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
    reported_at: Mapped[datetime] = mapped_column(TIME)
    state: Mapped[str] = mapped_column(String(10))
    objection: Mapped[str | None] = mapped_column(String(2000))
    objected_at: Mapped[datetime | None] = mapped_column(TIME)
    audited_minor: Mapped[int | None] = mapped_column(BigInteger)
    audit_report_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
    audited_at: Mapped[datetime | None] = mapped_column(TIME)
    audit_paid_by: Mapped[str | None] = mapped_column(String(10))
