"""The tables of reviews: panels, sheets, presentations, results and objections to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.objection import DemandObjectionGround, DemandObjectionStatus
from app.demands.domain.presentation import PresentationState
from app.demands.domain.ranking import Fate
from app.demands.domain.review import ReviewStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base
from app.shared.panels import Departure


class ReviewRow(Base):
    """One round of judging; ``seed_sealed`` lies encrypted until the order is drawn."""

    __tablename__ = "demand_reviews"
    __table_args__ = (
        one_of("status", ReviewStatus),
        Index("uq_demand_reviews_number", "demand_id", "number", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    posting: Mapped[int]
    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(12))
    begun_at: Mapped[datetime] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)
    seed_digest: Mapped[str | None] = mapped_column(String(64))
    seed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    seed: Mapped[str | None] = mapped_column(String(64))
    scores_due_at: Mapped[datetime | None] = mapped_column(TIME)
    opened_at: Mapped[datetime | None] = mapped_column(TIME)
    ended_at: Mapped[datetime | None] = mapped_column(TIME)
    routes: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class ReviewSeatRow(Base):
    """An expert who sits or sat on a panel; a person and a number sit once at a time."""

    __tablename__ = "demand_review_seats"
    __table_args__ = (
        one_of("departure", Departure),
        CheckConstraint("(left_at IS NULL) = (departure IS NULL)", name="left"),
        CheckConstraint("(handed_in_at IS NULL) = (digest IS NULL)", name="handed_in"),
        Index(
            "uq_demand_review_seats_number",
            "review_id",
            "number",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        Index(
            "uq_demand_review_seats_user_id",
            "review_id",
            "user_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("demand_reviews.id"))
    number: Mapped[int]
    membership_id: Mapped[UUID]
    user_id: Mapped[UUID]
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


class ReviewSheetRow(Base):
    """A sheet: encrypted as handed in, and in plain once all are opened together."""

    __tablename__ = "demand_review_sheets"

    seat_id: Mapped[UUID] = mapped_column(ForeignKey("demand_review_seats.id"), primary_key=True)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("demand_reviews.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    scores: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class PresentationRow(Base):
    """A proposal's turn to present."""

    __tablename__ = "demand_presentations"
    __table_args__ = (one_of("state", PresentationState),)

    review_id: Mapped[UUID] = mapped_column(ForeignKey("demand_reviews.id"), primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    place: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(TIME)
    state: Mapped[str] = mapped_column(String(12))
    called_at: Mapped[datetime | None] = mapped_column(TIME)
    ended_at: Mapped[datetime | None] = mapped_column(TIME)


class ProposalScoreRow(Base):
    """The panel's points for a proposal, of the latest review whose sheets are open.

    ``criterion`` is the place in the posting, from 0; ``points`` are whole, half up, and
    ``total`` over ``count`` is exact.
    """

    __tablename__ = "proposal_scores"
    __table_args__ = (CheckConstraint("points BETWEEN 0 AND 100", name="points"),)

    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    criterion: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    review_id: Mapped[UUID | None] = mapped_column(ForeignKey("demand_reviews.id"))
    name: Mapped[str | None] = mapped_column(String(200))
    points: Mapped[int]
    total: Mapped[int | None]
    count: Mapped[int | None]


class ResultRow(Base):
    """A published result."""

    __tablename__ = "demand_results"
    __table_args__ = (Index("uq_demand_results_number", "demand_id", "number", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    number: Mapped[int]
    review_id: Mapped[UUID] = mapped_column(ForeignKey("demand_reviews.id"))
    notice_seq: Mapped[int]
    published_at: Mapped[datetime] = mapped_column(TIME)
    ends_at: Mapped[datetime | None] = mapped_column(TIME)
    winners: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    over_at: Mapped[datetime | None] = mapped_column(TIME)


class RankingRow(Base):
    """What the rules made of a proposal in a review that ended."""

    __tablename__ = "demand_rankings"
    __table_args__ = (one_of("fate", Fate), Index("ix_demand_rankings_rank", "review_id", "rank"))

    review_id: Mapped[UUID] = mapped_column(ForeignKey("demand_reviews.id"), primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    code: Mapped[str] = mapped_column(String(20))
    rank: Mapped[int]
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    total: Mapped[str | None] = mapped_column(String(20))
    contributions: Mapped[dict[str, Any]] = mapped_column(JSONB)
    route: Mapped[str | None] = mapped_column(String(200))
    fate: Mapped[str] = mapped_column(String(20))


class DemandObjectionRow(Base):
    """An objection to a result and its decision."""

    __tablename__ = "demand_objections"
    __table_args__ = (
        one_of("status", DemandObjectionStatus),
        one_of("ground", DemandObjectionGround),
        CheckConstraint(
            "(status IN ('upheld', 'rejected')) = (decision IS NOT NULL)", name="decision"
        ),
        Index("ix_demand_objections_demand_id", "demand_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    result_id: Mapped[UUID] = mapped_column(ForeignKey("demand_results.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID | None] = mapped_column(ForeignKey("parties.id"))
    name: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(200))
    ground: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    files: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    status: Mapped[str] = mapped_column(String(10))
    filed_at: Mapped[datetime] = mapped_column(TIME)
    filed_by: Mapped[str] = mapped_column(String(60))
    decide_by_at: Mapped[datetime | None] = mapped_column(TIME)
    decision: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(TIME)
    decided_by: Mapped[str | None] = mapped_column(String(60))
