"""Bulk imports of demands in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.importing_result import (
    DemandImport,
    DemandOutcome,
    DemandRowResult,
    ImportedDemand,
)
from app.demands.models import DemandImportResultRow, DemandImportRow, ImportedDemandRow
from app.platform.db import insert_rows
from app.shared.ids import DemandId, DemandImportId, FileId, MarketId, PartyId
from app.shared.jsonable import jsonable
from app.shared.tables.form import Fault


async def insert(session: AsyncSession, started: DemandImport, *, started_by: str) -> None:
    """Insert an import of which no row is done."""
    session.add(
        DemandImportRow(
            id=started.id,
            market_id=started.market_id,
            party_id=started.party_id,
            file_id=started.file_id,
            row_count=started.rows,
            stored_count=0,
            updated_count=0,
            unchanged_count=0,
            refused_count=0,
            started_by=started_by,
            started_at=started.started_at,
        )
    )
    await session.flush()


async def find(session: AsyncSession, import_id: DemandImportId) -> DemandImport | None:
    """Return an import."""
    row = await session.get(DemandImportRow, import_id, populate_existing=True)
    if row is None:
        return None
    return DemandImport(
        id=DemandImportId(row.id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        file_id=FileId(row.file_id),
        rows=row.row_count,
        stored=row.stored_count,
        updated=row.updated_count,
        unchanged=row.unchanged_count,
        refused=row.refused_count,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


async def add_results(
    session: AsyncSession, import_id: DemandImportId, results: Sequence[DemandRowResult]
) -> None:
    """Add what became of a slice of rows, and count it."""
    rows = [
        {
            "import_id": import_id,
            "row_number": result.row,
            "external_number": result.external_number,
            "outcome": str(result.outcome),
            "demand_id": result.demand_id,
            "faults": jsonable(result.faults),
            "hints": jsonable(result.hints),
        }
        for result in results
    ]
    await insert_rows(session, DemandImportResultRow, rows)
    counts = dict.fromkeys(DemandOutcome, 0)
    for result in results:
        counts[result.outcome] += 1
    await session.execute(
        update(DemandImportRow)
        .where(DemandImportRow.id == import_id)
        .values(
            stored_count=DemandImportRow.stored_count + counts[DemandOutcome.STORED],
            updated_count=DemandImportRow.updated_count + counts[DemandOutcome.UPDATED],
            unchanged_count=DemandImportRow.unchanged_count + counts[DemandOutcome.UNCHANGED],
            refused_count=DemandImportRow.refused_count + counts[DemandOutcome.REFUSED],
        )
        .execution_options(synchronize_session=False)
    )


async def finish(session: AsyncSession, import_id: DemandImportId, *, at: datetime) -> None:
    """Note that every row was done."""
    await session.execute(
        update(DemandImportRow)
        .where(DemandImportRow.id == import_id)
        .values(finished_at=at)
        .execution_options(synchronize_session=False)
    )


async def find_results(
    session: AsyncSession,
    import_id: DemandImportId,
    *,
    outcome: DemandOutcome | None,
    after: int | None,
    limit: int | None,
) -> Sequence[DemandRowResult]:
    """Return what became of rows, in the file's order, behind the row ``after``."""
    rows = await session.scalars(
        select(DemandImportResultRow)
        .where(
            DemandImportResultRow.import_id == import_id,
            true() if outcome is None else DemandImportResultRow.outcome == str(outcome),
            true() if after is None else DemandImportResultRow.row_number > after,
        )
        .order_by(DemandImportResultRow.row_number)
        .limit(limit)
    )
    return [
        DemandRowResult(
            row.row_number,
            row.external_number,
            DemandOutcome(row.outcome),
            None if row.demand_id is None else DemandId(row.demand_id),
            tuple(Fault(**fault) for fault in row.faults),
            tuple(Fault(**hint) for hint in row.hints),
        )
        for row in rows
    ]


# In the order of the numbers, so that two calls with the same rows wait instead of deadlocking.
_CLAIM = text(
    "INSERT INTO imported_demands (party_id, external_number, demand_id, content_hash, version)"
    " SELECT :party_id, claimed.*, 1 FROM unnest(CAST(:numbers AS text[]), CAST(:ids AS uuid[]),"
    " CAST(:hashes AS text[])) AS claimed (external_number, demand_id, content_hash)"
    " ORDER BY external_number"
    " ON CONFLICT (party_id, external_number) DO NOTHING RETURNING external_number"
)


async def claim(
    session: AsyncSession,
    party_id: PartyId,
    wanted: Mapping[str, tuple[DemandId, str]],
) -> frozenset[str]:
    """Claim numbers for demands that are to be made; return those that are this call's.

    Another call's uncommitted claim is waited for: when it commits, the number is its.

    Args:
        wanted: By number the demand and the hash of its content.
    """
    found = await session.scalars(
        _CLAIM,
        {
            "party_id": party_id,
            "numbers": list(wanted),
            "ids": [demand_id for demand_id, _ in wanted.values()],
            "hashes": [content_hash for _, content_hash in wanted.values()],
        },
    )
    return frozenset(found)


async def find_imported(
    session: AsyncSession, party_id: PartyId, numbers: Collection[str]
) -> dict[str, ImportedDemand]:
    """Return by number what a party has imported before."""
    rows = await session.scalars(
        select(ImportedDemandRow)
        .where(
            ImportedDemandRow.party_id == party_id,
            ImportedDemandRow.external_number.in_(numbers),
        )
        .execution_options(populate_existing=True)
    )
    return {
        row.external_number: ImportedDemand(
            external_number=row.external_number,
            demand_id=DemandId(row.demand_id),
            content_hash=row.content_hash,
            version=row.version,
        )
        for row in rows
    }


async def save_imported(
    session: AsyncSession, party_id: PartyId, imported: Sequence[ImportedDemand]
) -> None:
    """Note what was imported last of numbers; the caller holds their demands' locks."""
    rows = [
        {
            "party_id": party_id,
            "external_number": item.external_number,
            "content_hash": item.content_hash,
            "version": item.version,
        }
        for item in imported
    ]
    await session.execute(update(ImportedDemandRow), rows)
