"""The tables of engagements, their milestones and what was delivered."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.engagement import EngagementStatus
from app.demands.domain.milestone import MilestoneStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class EngagementRow(Base):
    """A winner's contract; one living a proposal."""

    __tablename__ = "engagements"
    __table_args__ = (
        one_of("status", EngagementStatus),
        CheckConstraint("price_minor > 0", name="price"),
        CheckConstraint(
            "released_minor >= 0 AND returned_minor >= 0"
            " AND released_minor + returned_minor <= price_minor",
            name="moved",
        ),
        CheckConstraint("poster_id <> solver_id", name="parties"),
        CheckConstraint(
            "(status IN ('cut', 'stopped')) = (entitled_minor IS NOT NULL)", name="entitled"
        ),
        CheckConstraint("(status IN ('opened', 'contracted')) = (ended_at IS NULL)", name="ended"),
        Index("uq_engagements_number", "number", unique=True),
        Index(
            "uq_engagements_proposal_id",
            "proposal_id",
            unique=True,
            postgresql_where=text("status <> 'fallen'"),
        ),
        Index("ix_engagements_demand_id", "demand_id"),
        Index("ix_engagements_market_id", "market_id", "id"),
        Index("ix_engagements_poster_id", "poster_id", "id"),
        Index("ix_engagements_solver_id", "solver_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    proposal_id: Mapped[UUID]
    round: Mapped[int]
    rank: Mapped[int]
    poster_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    solver_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(12))
    currency: Mapped[str] = mapped_column(String(3))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    failure_risk_rule: Mapped[str] = mapped_column(String(40))
    poster_risk_bp: Mapped[int | None]
    lump_sum: Mapped[bool]
    third_party: Mapped[str | None] = mapped_column(String(200))
    racing: Mapped[bool]
    opened_at: Mapped[datetime] = mapped_column(TIME)
    sign_by_at: Mapped[datetime] = mapped_column(TIME)
    pay_by_at: Mapped[datetime] = mapped_column(TIME)
    released_minor: Mapped[int] = mapped_column(BigInteger)
    returned_minor: Mapped[int] = mapped_column(BigInteger)
    deal_id: Mapped[UUID | None]
    signed_at: Mapped[datetime | None] = mapped_column(TIME)
    ended_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
    costs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    proposal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    entitled_minor: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class EngagementMilestoneRow(Base):
    """A milestone as contracted, and where it stands."""

    __tablename__ = "engagement_milestones"
    __table_args__ = (
        one_of("status", MilestoneStatus),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("(status = 'released') = (released_at IS NOT NULL)", name="released"),
        Index("uq_engagement_milestones_place", "engagement_id", "place", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    engagement_id: Mapped[UUID] = mapped_column(ForeignKey("engagements.id"))
    place: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date] = mapped_column(Date)
    deliverable: Mapped[str] = mapped_column(String(200))
    metric: Mapped[str] = mapped_column(String(200))
    share_bp: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10))
    delivered_at: Mapped[datetime | None] = mapped_column(TIME)
    decide_by_at: Mapped[datetime | None] = mapped_column(TIME)
    decided_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
    remedy_due_at: Mapped[datetime | None] = mapped_column(TIME)
    released_at: Mapped[datetime | None] = mapped_column(TIME)


class DeliveryRow(Base):
    """What was delivered; afterwards only the third party's report is added."""

    __tablename__ = "engagement_deliveries"

    milestone_id: Mapped[UUID] = mapped_column(
        ForeignKey("engagement_milestones.id"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    values: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    costs: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    delivered_at: Mapped[datetime] = mapped_column(TIME)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
