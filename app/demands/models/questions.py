"""The tables of questions and of confidentiality."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.question import QuestionStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class QuestionRow(Base):
    """A question; whose it is, nobody else reads before the deadline."""

    __tablename__ = "demand_questions"
    __table_args__ = (
        one_of("status", QuestionStatus),
        CheckConstraint(
            "num_nonnulls(answer, answered_at) = CASE status WHEN 'answered' THEN 2 ELSE 0 END",
            name="answer",
        ),
        Index("uq_demand_questions_number", "demand_id", "number", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    round: Mapped[int]
    number: Mapped[int]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(TIME)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(TIME)


class ConfidenceRow(Base):
    """That a party accepted a demand's confidentiality; kept for ever."""

    __tablename__ = "demand_confidences"
    __table_args__ = (Index("uq_demand_confidences_party", "demand_id", "party_id", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    text_hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(32))
    accepted_at: Mapped[datetime] = mapped_column(TIME)
    accepted_by: Mapped[str] = mapped_column(String(60))


class ReadingRow(Base):
    """That a party read a demand's restricted text."""

    __tablename__ = "demand_readings"

    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    first_read_at: Mapped[datetime] = mapped_column(TIME)
    last_read_at: Mapped[datetime] = mapped_column(TIME)
    times: Mapped[int]


class DemandFileRow(Base):
    """A file of a demand's restricted part."""

    __tablename__ = "demand_files"

    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"), primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"), primary_key=True)
