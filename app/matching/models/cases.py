"""The tables of the broker's desk and of matchmaking days."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.matching.domain.cases import CaseStatus
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Verdict
from app.matching.domain.matchmaking import DayStatus
from app.platform.columns import TIME, one_of
from app.platform.db import Base


def _entry() -> ForeignKey:
    return ForeignKey("match_entries.id", ondelete="CASCADE")  # a pair goes with either side


class MatchPairRow(Base):
    """A demand and an achievement of one market, as one of them has found the other.

    Read off the kept results, so that the desk's queue unpacks none of them but those it shows.

    Attributes:
        score_ppm: Millionths.
        place: Where the match stands in the result, from 0.
    """

    __tablename__ = "match_pairs"
    __table_args__ = (
        one_of("found_by", EntryKind),
        one_of("verdict", Verdict),
        Index("ix_match_pairs_achievement_id", "achievement_id"),
        Index(
            "ix_match_pairs_best",
            "market_id",
            text("score_ppm DESC"),
            "demand_id",
            "achievement_id",
        ),
        Index(
            "ix_match_pairs_field",
            "market_id",
            "technology_field",
            text("score_ppm DESC"),
            "demand_id",
            "achievement_id",
        ),
    )

    demand_id: Mapped[UUID] = mapped_column(_entry(), primary_key=True)
    achievement_id: Mapped[UUID] = mapped_column(_entry(), primary_key=True)
    found_by: Mapped[str] = mapped_column(String(12), primary_key=True)
    market_id: Mapped[UUID]
    technology_field: Mapped[str | None] = mapped_column(String(40))
    demand_revision: Mapped[int]
    achievement_revision: Mapped[int]
    score_ppm: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(10))
    result_id: Mapped[UUID] = mapped_column(ForeignKey("match_results.id"))
    place: Mapped[int] = mapped_column(SmallInteger)


class MatchCaseRow(Base):
    """A pair in a broker's hands; the unique index lets one broker have it."""

    __tablename__ = "match_cases"
    __table_args__ = (
        one_of("status", CaseStatus),
        one_of("found_by", EntryKind),
        Index(
            "uq_match_cases_pair",
            "demand_id",
            "achievement_id",
            unique=True,
            postgresql_where=text("status <> 'released'"),
        ),
        Index("ix_match_cases_market_id", "market_id", "id"),
        Index("ix_match_cases_broker_id", "broker_id", "id"),
        Index("ix_match_cases_demand_party_id", "demand_party_id", "id"),
        Index("ix_match_cases_achievement_party_id", "achievement_party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    broker_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    status: Mapped[str] = mapped_column(String(20))
    demand_id: Mapped[UUID]
    achievement_id: Mapped[UUID]
    demand_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    achievement_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    demand_title: Mapped[str] = mapped_column(String(200))
    achievement_title: Mapped[str] = mapped_column(String(200))
    result_id: Mapped[UUID] = mapped_column(ForeignKey("match_results.id"))
    found_by: Mapped[str] = mapped_column(String(12))
    match: Mapped[dict[str, Any]] = mapped_column(JSONB)
    acts: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(TIME)
    acted_at: Mapped[datetime] = mapped_column(TIME)
    meeting_at: Mapped[datetime | None] = mapped_column(TIME)


class MatchCaseActRow(Base):
    """One act of a case, with what only its broker noted."""

    __tablename__ = "match_case_acts"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("match_cases.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str] = mapped_column(String(20))
    acted_at: Mapped[datetime] = mapped_column(TIME)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[str | None] = mapped_column(Text)


class MatchmakingDayRow(Base):
    """A matchmaking day as it is prepared.

    Attributes:
        setting: Slots, tables, who is invited and who is away.
        plan: The schedule that waits to be published.
    """

    __tablename__ = "matchmaking_days"
    __table_args__ = (
        one_of("status", DayStatus),
        Index("ix_matchmaking_days_market_id", "market_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    status: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int]
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    held_on: Mapped[date] = mapped_column(Date)
    place: Mapped[str] = mapped_column(String(200))
    setting: Mapped[dict[str, Any]] = mapped_column(JSONB)
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(TIME)
    reason: Mapped[str | None] = mapped_column(Text)


class MatchmakingPlanRow(Base):
    """A published plan; never changed."""

    __tablename__ = "matchmaking_plans"

    day_id: Mapped[UUID] = mapped_column(ForeignKey("matchmaking_days.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(TIME)
