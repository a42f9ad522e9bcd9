"""The board: what demands are found and counted by, beside their own table."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.demand import DemandStatus
from app.demands.domain.facts import NoTakeUp, Outcome
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class DemandBoardRow(Base):
    """A demand as lists filter and order it.

    A trigger of ``demands`` keeps all but ``region_code`` and ``words`` in the same transaction;
    those come with the posting's event. The rows are narrow, so that what no index answers is
    read quickly.

    Attributes:
        known: Everybody may know the demand (DM2).
        listed_at: When it was posted last, else when it was drafted.
        amount_minor: Upper end of a budget in CNY, in fen; -1 where there is none.
        words: Of what everybody reads; empty until it is posted.
    """

    __tablename__ = "demand_board"
    __table_args__ = (
        one_of("status", DemandStatus),
        Index("ix_demand_board_newest", "listed_at", "demand_id"),
        Index("ix_demand_board_field", "technology_field", "listed_at", "demand_id"),
        Index("ix_demand_board_edition", "edition_id", "listed_at", "demand_id"),
        Index("ix_demand_board_closing", "closes_at", "demand_id"),
        Index("ix_demand_board_amount", "amount_minor", "demand_id"),
        Index("ix_demand_board_party_id", "party_id", "listed_at", "demand_id"),
        Index(
            "ix_demand_board_words",
            "words",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.id"), primary_key=True)
    market_id: Mapped[UUID]
    party_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(12))
    known: Mapped[bool]
    technology_field: Mapped[str] = mapped_column(String(40))
    cooperation_mode: Mapped[str] = mapped_column(String(40))
    edition_id: Mapped[UUID | None]
    due_on: Mapped[date] = mapped_column(Date)
    low_minor: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    listed_at: Mapped[datetime] = mapped_column(TIME)
    closes_at: Mapped[datetime | None] = mapped_column(TIME)
    region_code: Mapped[str | None] = mapped_column(String(6))
    words: Mapped[str | None] = mapped_column(TSVECTOR)


class DemandFactsRow(Base):
    """What the statistics know of a demand in one round, and how they know it.

    Attributes:
        said: By part, the version of the subject and what its event said; all else follows.
    """

    __tablename__ = "demand_facts"
    __table_args__ = (
        one_of("outcome", Outcome),
        one_of("reason", NoTakeUp),
        Index("ix_demand_facts_posted_at", "posted_at"),
    )

    demand_id: Mapped[UUID] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    market_id: Mapped[UUID]
    posted_at: Mapped[datetime | None] = mapped_column(TIME)
    technology_field: Mapped[str | None] = mapped_column(String(40))
    region_code: Mapped[str | None] = mapped_column(String(6))
    edition_id: Mapped[UUID | None]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    open_budget: Mapped[bool]
    proposals: Mapped[int | None]
    first_answer_at: Mapped[datetime | None] = mapped_column(TIME)
    outcome: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(20))
    taken_up_at: Mapped[datetime | None] = mapped_column(TIME)
    taken_minor: Mapped[int] = mapped_column(BigInteger)
    said: Mapped[dict[str, Any]] = mapped_column(JSONB)
