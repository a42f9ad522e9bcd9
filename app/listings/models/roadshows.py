"""The tables of roadshows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.roadshow import RoadshowKind, RoadshowStatus, SignupStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class RoadshowRow(Base):
    """A roadshow; its row lock orders sign-ups."""

    __tablename__ = "roadshows"
    __table_args__ = (
        one_of("status", RoadshowStatus),
        one_of("kind", RoadshowKind),
        CheckConstraint("capacity > 0 AND ends_at > starts_at", name="sizes"),
        Index("ix_roadshows_market_id", "market_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    place: Mapped[str | None] = mapped_column(String(200))
    link: Mapped[str | None] = mapped_column(String(200))
    starts_at: Mapped[datetime] = mapped_column(TIME)
    ends_at: Mapped[datetime] = mapped_column(TIME)
    capacity: Mapped[int]
    agenda: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)


class SignupRow(Base):
    """A party's seats at a roadshow, or its place in the waiting list."""

    __tablename__ = "roadshow_signups"
    __table_args__ = (
        one_of("status", SignupStatus),
        CheckConstraint("seats > 0", name="seats"),
        Index("uq_roadshow_signups_place", "roadshow_id", "place", unique=True),
        Index(
            "uq_roadshow_signups_party",
            "roadshow_id",
            "party_id",
            unique=True,
            postgresql_where=text("status <> 'cancelled'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    roadshow_id: Mapped[UUID] = mapped_column(ForeignKey("roadshows.id"))
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    place: Mapped[int]
    seats: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    signed_up_at: Mapped[datetime] = mapped_column(TIME)
    attended: Mapped[int | None]


class InterestRow(Base):
    """A party's interest in an item of a roadshow's agenda."""

    __tablename__ = "roadshow_interests"

    roadshow_id: Mapped[UUID] = mapped_column(ForeignKey("roadshows.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    achievement_id: Mapped[UUID | None] = mapped_column(ForeignKey("achievements.id"))
    item: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    noted_at: Mapped[datetime] = mapped_column(TIME)
