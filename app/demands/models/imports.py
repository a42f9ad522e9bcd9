"""The tables of bulk imports: each call, its rows, and the numbers of posters' own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.demands.domain.importing import NUMBER_MAX
from app.demands.domain.importing_result import DemandOutcome
from app.platform.columns import TIME, one_of
from app.platform.db import Base


class DemandImportRow(Base):
    """One call; its counts grow by a slice a transaction."""

    __tablename__ = "demand_imports"
    __table_args__ = (Index("ix_demand_imports_party_id", "party_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID] = mapped_column(ForeignKey("markets.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
    row_count: Mapped[int]
    stored_count: Mapped[int]
    updated_count: Mapped[int]
    unchanged_count: Mapped[int]
    refused_count: Mapped[int]
    started_by: Mapped[str] = mapped_column(String(60))
    started_at: Mapped[datetime] = mapped_column(TIME)
    finished_at: Mapped[datetime | None] = mapped_column(TIME)


class DemandImportResultRow(Base):
    """What became of one row of a call; a row each, so that no slice writes another's again."""

    __tablename__ = "demand_import_results"
    __table_args__ = (one_of("outcome", DemandOutcome),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("demand_imports.id"), primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    external_number: Mapped[str] = mapped_column(String(NUMBER_MAX))
    outcome: Mapped[str] = mapped_column(String(10))
    demand_id: Mapped[UUID | None]
    faults: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    hints: Mapped[list[dict[str, str]]] = mapped_column(JSONB)


class ImportedDemandRow(Base):
    """What a number of a party's own stands for: one demand, for ever."""

    __tablename__ = "imported_demands"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    external_number: Mapped[str] = mapped_column(String(NUMBER_MAX), primary_key=True)
    # Claimed before the demand is there, in the same transaction.
    demand_id: Mapped[UUID] = mapped_column(
        ForeignKey("demands.id", deferrable=True, initially="DEFERRED")
    )
    content_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
