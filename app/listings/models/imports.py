"""The tables of bulk imports: each call, what became of its rows, and every row ever kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.listings.domain.importing_result import Outcome
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class ImportRow(Base):
    """One call; its counts grow by a slice a transaction."""

    __tablename__ = "achievement_imports"
    __table_args__ = (Index("ix_achievement_imports_party_id", "party_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
    draft: Mapped[bool]
    row_count: Mapped[int]
    stored_count: Mapped[int]
    unchanged_count: Mapped[int]
    refused_count: Mapped[int]
    started_by: Mapped[str] = mapped_column(String(60))
    started_at: Mapped[datetime] = mapped_column(TIME)
    finished_at: Mapped[datetime | None] = mapped_column(TIME)


class ImportResultRow(Base):
    """What became of one row of a call.

    A row each, not one growing document: every slice would write all that stood in it again.
    """

    __tablename__ = "achievement_import_results"
    __table_args__ = (one_of("outcome", Outcome),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("achievement_imports.id"), primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(String(10))
    achievement_id: Mapped[UUID | None]
    faults: Mapped[list[dict[str, str]]] = mapped_column(JSONB)


class ImportedRow(Base):
    """A row of a party that became an achievement: the same row never becomes a second one."""

    __tablename__ = "achievement_import_rows"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    row_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Claimed before the achievement is there, in the same transaction.
    achievement_id: Mapped[UUID] = mapped_column(
        ForeignKey("achievements.id", deferrable=True, initially="DEFERRED")
    )
