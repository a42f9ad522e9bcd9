"""The table of demands."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.demand import BudgetKind, Confidentiality, DemandStatus
from app.platform.db import Base

TIME: Final = DateTime(timezone=True)


def _one_of(column: str, kinds: type[StrEnum]) -> CheckConstraint:
    values = ", ".join(f"'{kind}'" for kind in kinds)
    return CheckConstraint(f"{column} IN ({values})", name=column)


class DemandRow(Base):
    """A demand with the party that posts it."""

    __tablename__ = "demands"
    __table_args__ = (
        _one_of("status", DemandStatus),
        _one_of("confidentiality", Confidentiality),
        _one_of("budget_kind", BudgetKind),
        CheckConstraint(
            "CASE budget_kind WHEN 'open' THEN num_nonnulls(budget_low_minor, budget_high_minor,"
            " budget_currency) = 0 ELSE num_nonnulls(budget_low_minor, budget_high_minor,"
            " budget_currency) = 3 AND budget_low_minor > 0"
            " AND budget_high_minor >= budget_low_minor END",
            name="budget",
        ),
        CheckConstraint("status <> 'refused' OR refusal_reason IS NOT NULL", name="refusal"),
        Index("ix_demands_market_id", "market_id", "id"),
        Index("ix_demands_party_id", "party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    technology_field: Mapped[str] = mapped_column(String(40))
    background: Mapped[str] = mapped_column(Text)
    targets: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    due_on: Mapped[date] = mapped_column(Date)
    budget_kind: Mapped[str] = mapped_column(String(10))
    budget_low_minor: Mapped[int | None] = mapped_column(BigInteger)
    budget_high_minor: Mapped[int | None] = mapped_column(BigInteger)
    budget_currency: Mapped[str | None] = mapped_column(String(3))
    cooperation_mode: Mapped[str] = mapped_column(String(40))
    ip_ownership: Mapped[str] = mapped_column(String(40))
    failure_risk_rule: Mapped[str] = mapped_column(String(40))
    who_may_answer: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    confidentiality: Mapped[str] = mapped_column(String(10))
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    submitted_at: Mapped[datetime] = mapped_column(TIME)
    reviewed_at: Mapped[datetime | None] = mapped_column(TIME)
    refusal_reason: Mapped[str | None] = mapped_column(Text)
