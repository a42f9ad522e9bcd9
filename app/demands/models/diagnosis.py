"""The tables of diagnosis: experts' opinions, and mergers and splits that wait for consent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.diagnosis import Verdict
from app.demands.domain.reshaping import ReshapingKind, ReshapingStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class DiagnosisOpinionRow(Base):
    """An expert appointed for one submission of a demand, with the opinion once given."""

    __tablename__ = "diagnosis_opinions"
    __table_args__ = (
        one_of("verdict", Verdict),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint(
            "num_nonnulls(verdict, score, reason, parts, salt, given_at) IN (0, 6)", name="whole"
        ),
        Index("uq_diagnosis_opinions_expert", "demand_id", "submitted_at", "user_id", unique=True),
        Index("ix_diagnosis_opinions_user_id", "user_id", "party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    submitted_at: Mapped[datetime] = mapped_column(TIME)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    expert_name: Mapped[str] = mapped_column(String(200))
    appointed_at: Mapped[datetime] = mapped_column(TIME)
    appointed_by: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime] = mapped_column(TIME)
    verdict: Mapped[str | None] = mapped_column(String(10))
    score: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    merge_into: Mapped[UUID | None]
    parts: Mapped[list[str] | None] = mapped_column(ARRAY(String(200)))
    salt: Mapped[str | None] = mapped_column(String(32))
    given_at: Mapped[datetime | None] = mapped_column(TIME)


class ReshapingRow(Base):
    """A merger or a split that posters are asked to consent to."""

    __tablename__ = "demand_reshapings"
    __table_args__ = (
        one_of("kind", ReshapingKind),
        one_of("status", ReshapingStatus),
        CheckConstraint("(kind = 'merge') = (into_id IS NOT NULL)", name="into"),
        CheckConstraint("status <> 'done' OR asked <@ consented", name="consent"),
        Index(
            "uq_demand_reshapings_asked",
            "demand_id",
            unique=True,
            postgresql_where=text("status = 'asked'"),
        ),
        Index("ix_demand_reshapings_demand_id", "demand_id", "id"),
        Index("ix_demand_reshapings_into_id", "into_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    into_id: Mapped[UUID | None] = mapped_column(ForeignKey("demands.id"))
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    explanation: Mapped[str] = mapped_column(Text)
    asked: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    consented: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    declined_by: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(TIME)
    asked_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(TIME)
