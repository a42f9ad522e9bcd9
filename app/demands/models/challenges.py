"""The tables of challenge events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.challenge import ChallengeStatus, PrizeFunding
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class ChallengeRow(Base):
    """A challenge event; its row lock comes before the locks of its demands."""

    __tablename__ = "challenges"
    __table_args__ = (
        one_of("status", ChallengeStatus),
        CheckConstraint(
            "status IN ('draft', 'cancelled') OR num_nonnulls(announced_at, terms_hash) = 2",
            name="announced",
        ),
        CheckConstraint("status <> 'cancelled' OR reason IS NOT NULL", name="reason"),
        Index("uq_challenges_number", "number", unique=True),
        Index("ix_challenges_market_id", "market_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(TIME)
    notice_count: Mapped[int]
    terms_hash: Mapped[str | None] = mapped_column(String(64))
    announced_at: Mapped[datetime | None] = mapped_column(TIME)
    stages_done: Mapped[int]
    ended_at: Mapped[datetime | None] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)


class ChallengeNoticeRow(Base):
    """A document as published; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "challenge_notices"

    challenge_id: Mapped[UUID] = mapped_column(ForeignKey("challenges.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(TIME)


class ChallengeDemandRow(Base):
    """A demand's one event."""

    __tablename__ = "challenge_demands"
    __table_args__ = (Index("ix_challenge_demands_challenge_id", "challenge_id", "demand_id"),)

    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"), primary_key=True)
    challenge_id: Mapped[UUID] = mapped_column(ForeignKey("challenges.id"))
    attached_at: Mapped[datetime] = mapped_column(TIME)


class ChallengeResultRow(Base):
    """Who advanced from a stage; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "challenge_results"

    challenge_id: Mapped[UUID] = mapped_column(ForeignKey("challenges.id"), primary_key=True)
    stage: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    code: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(12))


class ChallengeAwardRow(Base):
    """A prize that was given; never updated, never deleted (a trigger refuses both)."""

    __tablename__ = "challenge_awards"
    __table_args__ = (
        one_of("funding", PrizeFunding),
        CheckConstraint("(funding = 'outside') = (reference IS NOT NULL)", name="reference"),
        Index("uq_challenge_awards_proposal", "challenge_id", "proposal_id", unique=True),
    )

    challenge_id: Mapped[UUID] = mapped_column(ForeignKey("challenges.id"), primary_key=True)
    prize: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    proposal_id: Mapped[UUID]
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    code: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    funding: Mapped[str] = mapped_column(String(10))
    reference: Mapped[str | None] = mapped_column(String(200))
    awarded_at: Mapped[datetime] = mapped_column(TIME)


class ChallengeFundRow(Base):
    """The money of one prize, kept by the exchange under an id of its own."""

    __tablename__ = "challenge_funds"

    challenge_id: Mapped[UUID] = mapped_column(ForeignKey("challenges.id"), primary_key=True)
    prize: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    escrow_id: Mapped[UUID]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    paid_at: Mapped[datetime] = mapped_column(TIME)
    returned_minor: Mapped[int | None] = mapped_column(BigInteger)
    returned_at: Mapped[datetime | None] = mapped_column(TIME)
