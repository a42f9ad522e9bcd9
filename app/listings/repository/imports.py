"""Bulk imports in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.importing_result import Import, Outcome, RowResult
from app.listings.models import ImportedRow, ImportResultRow, ImportRow
from app.platform.db import insert_rows
from app.shared.ids import AchievementId, FileId, ImportId, MarketId, PartyId
from app.shared.jsonable import jsonable
from app.shared.tables.form import Fault


async def insert(session: AsyncSession, started: Import, *, started_by: str) -> None:
    """Insert an import of which no row is done."""
    session.add(
        ImportRow(
            id=started.id,
            market_id=started.market_id,
            party_id=started.party_id,
            file_id=started.file_id,
            draft=started.draft,
            row_count=started.rows,
            stored_count=0,
            unchanged_count=0,
            refused_count=0,
            started_by=started_by,
            started_at=started.started_at,
        )
    )
    await session.flush()


async def find(session: AsyncSession, import_id: ImportId) -> Import | None:
    """Return an import."""
    row = await session.get(ImportRow, import_id, populate_existing=True)
    if row is None:
        return None
    return Import(
        id=ImportId(row.id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        file_id=FileId(row.file_id),
        draft=row.draft,
        rows=row.row_count,
        stored=row.stored_count,
        unchanged=row.unchanged_count,
        refused=row.refused_count,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


async def add_results(
    session: AsyncSession, import_id: ImportId, results: Sequence[RowResult]
) -> None:
    """Add what became of a slice of rows, and count it."""
    rows = [
        {
            "import_id": import_id,
            "row_number": result.row,
            "outcome": str(result.outcome),
            "achievement_id": result.achievement_id,
            "faults": jsonable(result.faults),
        }
        for result in results
    ]
    await insert_rows(session, ImportResultRow, rows)
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    await session.execute(
        update(ImportRow)
        .where(ImportRow.id == import_id)
        .values(
            stored_count=ImportRow.stored_count + counts[Outcome.STORED],
            unchanged_count=ImportRow.unchanged_count + counts[Outcome.UNCHANGED],
            refused_count=ImportRow.refused_count + counts[Outcome.REFUSED],
        )
        .execution_options(synchronize_session=False)
    )


async def finish(session: AsyncSession, import_id: ImportId, *, at: datetime) -> None:
    """Note that every row was done."""
    await session.execute(
        update(ImportRow)
        .where(ImportRow.id == import_id)
        .values(finished_at=at)
        .execution_options(synchronize_session=False)
    )


async def find_results(
    session: AsyncSession,
    import_id: ImportId,
    *,
    outcome: Outcome | None,
    after: int | None,
    limit: int | None,
) -> Sequence[RowResult]:
    """Return what became of rows, in the file's order, behind the row ``after``."""
    rows = await session.scalars(
        select(ImportResultRow)
        .where(
            ImportResultRow.import_id == import_id,
            true() if outcome is None else ImportResultRow.outcome == str(outcome),
            true() if after is None else ImportResultRow.row_number > after,
        )
        .order_by(ImportResultRow.row_number)
        .limit(limit)
    )
    return [
        RowResult(
            row.row_number,
            Outcome(row.outcome),
            None if row.achievement_id is None else AchievementId(row.achievement_id),
            tuple(Fault(**fault) for fault in row.faults),
        )
        for row in rows
    ]


async def find_kept(
    session: AsyncSession, party_id: PartyId, keys: Collection[str]
) -> dict[str, AchievementId]:
    """Return by key what rows of a party became before."""
    rows = await session.execute(
        select(ImportedRow.row_key, ImportedRow.achievement_id).where(
            ImportedRow.party_id == party_id, ImportedRow.row_key.in_(keys)
        )
    )
    return {key: AchievementId(achievement_id) for key, achievement_id in rows}


# In the order of the keys, so that two calls with the same rows wait instead of deadlocking.
_CLAIM = text(
    "INSERT INTO achievement_import_rows (party_id, row_key, achievement_id)"
    " SELECT :party_id, claimed.* FROM unnest(CAST(:keys AS text[]), CAST(:ids AS uuid[]))"
    " AS claimed (row_key, achievement_id) ORDER BY row_key"
    " ON CONFLICT (party_id, row_key) DO NOTHING RETURNING row_key"
)


async def claim(
    session: AsyncSession, party_id: PartyId, wanted: Mapping[str, AchievementId]
) -> frozenset[str]:
    """Claim rows for achievements that are to be made; return the keys that are this call's.

    Another call's uncommitted claim is waited for: when it commits, the row is its.
    """
    found = await session.scalars(
        _CLAIM, {"party_id": party_id, "keys": list(wanted), "ids": list(wanted.values())}
    )
    return frozenset(found)
