"""The table of experts' appointments and opinions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.selection import SelectionVote
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class OpinionRow(Base):
    """An expert appointed for one submission of an achievement, with the opinion once given."""

    __tablename__ = "selection_opinions"
    __table_args__ = (
        one_of("vote", SelectionVote),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("num_nonnulls(vote, score, reason, given_at) IN (0, 4)", name="whole"),
        Index(
            "uq_selection_opinions_expert",
            "achievement_id",
            "submitted_at",
            "user_id",
            unique=True,
        ),
        Index("ix_selection_opinions_user_id", "user_id", "party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"))
    submitted_at: Mapped[datetime] = mapped_column(TIME)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    expert_name: Mapped[str] = mapped_column(String(200))
    appointed_at: Mapped[datetime] = mapped_column(TIME)
    appointed_by: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime | None] = mapped_column(TIME)
    vote: Mapped[str | None] = mapped_column(String(10))
    score: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    given_at: Mapped[datetime | None] = mapped_column(TIME)
