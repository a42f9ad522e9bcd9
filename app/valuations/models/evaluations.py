"""Tables of evaluations and market views."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.shared.panels import Departure
from app.valuations.domain.evaluation import RUNNING, EvaluationStatus
from app.valuations.domain.market_views import Horizon, Stance

TIME: Final = DateTime(timezone=True)
ONE_RUNNING: Final = "uq_evaluations_running"
ONE_VERSION: Final = "uq_market_views_version"


def _one_of(column: str, kinds: type[StrEnum]) -> CheckConstraint:
    values = ", ".join(f"'{kind}'" for kind in kinds)
    return CheckConstraint(f"{column} IN ({values})", name=column)


_RUNNING: Final = ", ".join(f"'{status}'" for status in RUNNING)


class EvaluationRow(Base):
    """An evaluation; subject and scheme are frozen in it.

    The result lives in a module above this one, so its id has no foreign key.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        _one_of("status", EvaluationStatus),
        CheckConstraint("status <> 'cancelled' OR reason IS NOT NULL", name="reason"),
        CheckConstraint("published_at IS NULL OR status = 'concluded'", name="published"),
        Index(
            ONE_RUNNING,
            "achievement_id",
            unique=True,
            postgresql_where=text(f"status IN ({_RUNNING})"),
        ),
        Index("ix_evaluations_achievement_id", "achievement_id", "id"),
        Index("ix_evaluations_market_id", "market_id", "id"),
        Index("ix_evaluations_owner_id", "owner_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    achievement_id: Mapped[UUID]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    subject: Mapped[dict[str, Any]] = mapped_column(JSONB)
    scheme: Mapped[dict[str, Any]] = mapped_column(JSONB)
    purpose: Mapped[str] = mapped_column(Text)
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    opened_at: Mapped[datetime] = mapped_column(TIME)
    due_at: Mapped[datetime] = mapped_column(TIME)
    scores_due_at: Mapped[datetime | None] = mapped_column(TIME)
    scores_opened_at: Mapped[datetime | None] = mapped_column(TIME)
    explain_due_at: Mapped[datetime | None] = mapped_column(TIME)
    ended_at: Mapped[datetime | None] = mapped_column(TIME)
    published_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)


class SeatRow(Base):
    """An expert on a panel; who left stays on record."""

    __tablename__ = "evaluation_seats"
    __table_args__ = (
        _one_of("departure", Departure),
        CheckConstraint("(left_at IS NULL) = (departure IS NULL)", name="left"),
        CheckConstraint("(handed_in_at IS NULL) = (digest IS NULL)", name="handed_in"),
        CheckConstraint("handed_in_at IS NULL OR left_at IS NULL", name="scores_stay"),
        Index(
            "uq_evaluation_seats_number",
            "evaluation_id",
            "number",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        Index(
            "uq_evaluation_seats_user",
            "evaluation_id",
            "user_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_evaluation_seats_user_id", "user_id", "evaluation_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"))
    number: Mapped[int]
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    name: Mapped[str] = mapped_column(String(200))
    unit_name: Mapped[str] = mapped_column(String(200))
    chair: Mapped[bool]
    appointed_at: Mapped[datetime] = mapped_column(TIME)
    declared_at: Mapped[datetime | None] = mapped_column(TIME)
    left_at: Mapped[datetime | None] = mapped_column(TIME)
    departure: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    handed_in_at: Mapped[datetime | None] = mapped_column(TIME)
    digest: Mapped[str | None] = mapped_column(String(64))


class SheetRow(Base):
    """A score sheet as handed in; append-only."""

    __tablename__ = "evaluation_sheets"

    seat_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation_seats.id"), primary_key=True)
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"), index=True)
    scores: Mapped[dict[str, Any]] = mapped_column(JSONB)
    salt: Mapped[bytes] = mapped_column(LargeBinary)


class ExplanationRow(Base):
    """What was said about an outlier; append-only."""

    __tablename__ = "evaluation_explanations"

    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"), primary_key=True)
    seat: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    indicator: Mapped[str] = mapped_column(String(40), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    by_expert: Mapped[bool]
    explained_at: Mapped[datetime] = mapped_column(TIME)


class ReportRow(Base):
    """A concluded evaluation's report, as signed; append-only."""

    __tablename__ = "evaluation_reports"

    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    kid: Mapped[str] = mapped_column(String(64))
    jws: Mapped[str] = mapped_column(Text)
    concluded_at: Mapped[datetime] = mapped_column(TIME)


class MarketViewRow(Base):
    """One version of what a party would do with a result; append-only."""

    __tablename__ = "market_views"
    __table_args__ = (
        _one_of("stance", Stance),
        _one_of("horizon", Horizon),
        CheckConstraint(
            "(price_low_minor IS NULL) = (price_high_minor IS NULL)"
            " AND (price_low_minor IS NULL) = (currency IS NULL)"
            " AND price_low_minor <= price_high_minor",
            name="price",
        ),
        Index(ONE_VERSION, "achievement_id", "party_id", "version", unique=True),
        Index("ix_market_views_party_id", "party_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    achievement_id: Mapped[UUID]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    stance: Mapped[str] = mapped_column(String(20))
    price_low_minor: Mapped[int | None] = mapped_column(BigInteger)
    price_high_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    horizon: Mapped[str | None] = mapped_column(String(20))
    reasons: Mapped[str] = mapped_column(Text)
    content_version: Mapped[int]
    stated_at: Mapped[datetime] = mapped_column(TIME)
    stated_by: Mapped[str] = mapped_column(String(60))
