"""What people say of matches, and the weights that are compared on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.matching.domain.feedback import Judgement, RejectionReason, Side
from app.matching.domain.market_weights import WeightsStatus
from app.matching.domain.match import Verdict
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class MatchFeedbackRow(Base):
    """One judgement of a shown match, with the match as it was shown; only ever added.

    Attributes:
        ordinal: Orders all that is said of a pair; its uniqueness is what lets no two judges
            speak at once.
    """

    __tablename__ = "match_feedback"
    __table_args__ = (
        one_of("judgement", Judgement),
        one_of("reason", RejectionReason),
        one_of("side", Side),
        one_of("verdict", Verdict),
        CheckConstraint(
            "(judgement = 'rejected') = (reason IS NOT NULL)"
            " AND (comment IS NULL OR reason IS NOT NULL)",
            name="explained",
        ),
        CheckConstraint("(side = 'system') = (judge_id IS NULL)", name="judge"),
        UniqueConstraint("entry_id", "shown_id", "ordinal", name="uq_match_feedback_pair"),
        Index("ix_match_feedback_result_id", "result_id", "id"),
        Index(
            "ix_match_feedback_first",
            "market_id",
            "judged_at",
            postgresql_where=text("ordinal = 1"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    result_id: Mapped[UUID] = mapped_column(ForeignKey("match_results.id"))
    party_id: Mapped[UUID]
    entry_id: Mapped[UUID]
    shown_id: Mapped[UUID]
    ordinal: Mapped[int]
    side: Mapped[str] = mapped_column(String(10))
    judge_id: Mapped[UUID | None]
    judgement: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(40))
    comment: Mapped[str | None] = mapped_column(String(2000))
    judged_at: Mapped[datetime] = mapped_column(TIME)
    deal_id: Mapped[UUID | None]
    rank: Mapped[int]
    score: Mapped[float] = mapped_column(Double)
    text_score: Mapped[float] = mapped_column(Double)
    verdict: Mapped[str] = mapped_column(String(10))
    factor_values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    shown_revision: Mapped[int]
    basis: Mapped[dict[str, Any]] = mapped_column(JSONB)


class MatchWeightsRow(Base):
    """A version of a market's weights.

    Attributes:
        rematched_to: While entries are matched anew by it: the last one that was marked.
    """

    __tablename__ = "match_weights"
    __table_args__ = (
        one_of("status", WeightsStatus),
        UniqueConstraint("market_id", "number", name="uq_match_weights_number"),
        Index(
            "uq_match_weights_active",
            "market_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    text_bp: Mapped[int]
    factors_bp: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(String(2000))
    proposed_at: Mapped[datetime] = mapped_column(TIME)
    activated_at: Mapped[datetime | None] = mapped_column(TIME)
    rematched_to: Mapped[UUID | None]


class MatchComparisonRow(Base):
    """What a comparison of weights has found; only ever added."""

    __tablename__ = "match_comparisons"
    __table_args__ = (Index("ix_match_comparisons_weights_id", "weights_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    weights_id: Mapped[UUID] = mapped_column(ForeignKey("match_weights.id"))
    baseline: Mapped[str] = mapped_column(String(40))
    newest: Mapped[int]
    seed: Mapped[int]
    compared_at: Mapped[datetime] = mapped_column(TIME)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
