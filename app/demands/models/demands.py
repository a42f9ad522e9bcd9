"""The tables of demands, of the contents they had, and of their notices."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.content import Acceptance, BudgetKind, Confidentiality
from app.demands.domain.demand import DemandStatus
from app.demands.domain.notice import DemandNoticeKind
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class DemandRow(Base):
    """A demand with the party that posts it."""

    __tablename__ = "demands"
    __table_args__ = (
        one_of("status", DemandStatus),
        one_of("confidentiality", Confidentiality),
        one_of("budget_kind", BudgetKind),
        one_of("acceptance", Acceptance),
        CheckConstraint(
            "CASE budget_kind WHEN 'open' THEN num_nonnulls(budget_low_minor, budget_high_minor,"
            " budget_currency) = 0 ELSE num_nonnulls(budget_low_minor, budget_high_minor,"
            " budget_currency) = 3 AND budget_low_minor > 0"
            " AND budget_high_minor >= budget_low_minor END",
            name="budget",
        ),
        CheckConstraint(
            "status NOT IN ('returned', 'refused', 'unanswered', 'terminated')"
            " OR reason IS NOT NULL",
            name="reason",
        ),
        CheckConstraint(
            "status IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL", name="sent"
        ),
        CheckConstraint(
            "status NOT IN ('posted', 'closed', 'evaluating', 'noticed', 'contracted', 'accepted',"
            " 'terminated', 'unanswered') OR (round > 0 AND num_nonnulls(terms, terms_hash,"
            " posted_at, closes_at) = 4 AND closes_at > posted_at)",
            name="posted",
        ),
        CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name="merged"),
        Index("uq_demands_number", "number", unique=True),
        Index("ix_demands_market_id", "market_id", "id"),
        Index("ix_demands_party_id", "party_id", "id"),
        Index(
            "ix_demands_edition_id",
            "edition_id",
            postgresql_where=text("edition_id IS NOT NULL"),
        ),
        Index(
            "ix_demands_merged_into",
            "merged_into",
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    technology_field: Mapped[str] = mapped_column(String(40))
    background: Mapped[str] = mapped_column(Text)
    restricted_text: Mapped[str | None] = mapped_column(Text)
    targets: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    due_on: Mapped[date] = mapped_column(Date)
    budget_kind: Mapped[str] = mapped_column(String(10))
    budget_low_minor: Mapped[int | None] = mapped_column(BigInteger)
    budget_high_minor: Mapped[int | None] = mapped_column(BigInteger)
    budget_currency: Mapped[str | None] = mapped_column(String(3))
    cooperation_mode: Mapped[str] = mapped_column(String(40))
    ip_ownership: Mapped[str] = mapped_column(String(40))
    failure_risk_rule: Mapped[str] = mapped_column(String(40))
    poster_risk_bp: Mapped[int | None]
    who_may_answer: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    confidentiality: Mapped[str] = mapped_column(String(10))
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    acceptance: Mapped[str] = mapped_column(String(12))
    third_party: Mapped[str | None] = mapped_column(String(200))
    lump_sum: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(TIME)
    submitted_at: Mapped[datetime | None] = mapped_column(TIME)
    reviewed_at: Mapped[datetime | None] = mapped_column(TIME)
    due_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
    round: Mapped[int]
    edition_id: Mapped[UUID | None] = mapped_column(ForeignKey("demand_editions.id"))
    terms: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    terms_hash: Mapped[str | None] = mapped_column(String(64))
    notice_count: Mapped[int]
    posted_at: Mapped[datetime | None] = mapped_column(TIME)
    closes_at: Mapped[datetime | None] = mapped_column(TIME)
    auction_id: Mapped[UUID | None]
    bidding: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("demands.id"))
    split_from: Mapped[UUID | None] = mapped_column(ForeignKey("demands.id"))
    ended_at: Mapped[datetime | None] = mapped_column(TIME)


class DemandVersionRow(Base):
    """A content as it was stored; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "demand_versions"

    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    edited_at: Mapped[datetime] = mapped_column(TIME)
    edited_by: Mapped[str] = mapped_column(String(60))


class DemandNoticeRow(Base):
    """A notice as published; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "demand_notices"
    __table_args__ = (
        one_of("kind", DemandNoticeKind),
        Index("uq_demand_notices_seq", "demand_id", "seq", unique=True),
        Index("uq_demand_notices_number", "number", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    seq: Mapped[int]
    number: Mapped[str] = mapped_column(String(32))
    round: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(TIME)
    closes_at: Mapped[datetime | None] = mapped_column(TIME)
