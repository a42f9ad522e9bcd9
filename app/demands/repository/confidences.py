"""Acceptances of confidentiality, and who read what they opened, in the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.confidence import ConfidenceGiven
from app.demands.models import ConfidenceRow, DemandFileRow, ReadingRow
from app.platform.db import insert_rows
from app.shared.ids import DemandId, FileId, PartyId


@dataclass(frozen=True, slots=True)
class Reading:
    """That a party read the restricted text."""

    party_id: PartyId
    first_read_at: datetime
    last_read_at: datetime
    times: int


async def insert_once(session: AsyncSession, given: ConfidenceGiven) -> bool:
    """Insert an acceptance unless the party has given one; tell whether it is new."""
    statement = (
        upsert(ConfidenceRow)
        .values(
            id=given.id,
            demand_id=given.demand_id,
            party_id=given.party_id,
            text_hash=given.text_hash,
            salt=given.salt,
            accepted_at=given.accepted_at,
            accepted_by=given.accepted_by,
        )
        .on_conflict_do_nothing(index_elements=["demand_id", "party_id"])
        .returning(ConfidenceRow.id)
    )
    return await session.scalar(statement) is not None


def _given(row: ConfidenceRow) -> ConfidenceGiven:
    return ConfidenceGiven(
        id=row.id,
        demand_id=DemandId(row.demand_id),
        party_id=PartyId(row.party_id),
        text_hash=row.text_hash,
        salt=row.salt,
        accepted_at=row.accepted_at,
        accepted_by=row.accepted_by,
    )


async def find(
    session: AsyncSession, demand_id: DemandId, party_id: PartyId
) -> ConfidenceGiven | None:
    """Return a party's acceptance."""
    row = await session.scalar(
        select(ConfidenceRow).where(
            ConfidenceRow.demand_id == demand_id, ConfidenceRow.party_id == party_id
        )
    )
    return None if row is None else _given(row)


async def count(session: AsyncSession, demand_id: DemandId) -> int:
    """Return how many parties accepted."""
    found = await session.scalar(
        select(func.count()).select_from(ConfidenceRow).where(ConfidenceRow.demand_id == demand_id)
    )
    return int(found or 0)


async def note_reading(
    session: AsyncSession, demand_id: DemandId, party_id: PartyId, *, at: datetime
) -> None:
    """Note that a party read the restricted text; the first time stays."""
    new = upsert(ReadingRow).values(
        demand_id=demand_id, party_id=party_id, first_read_at=at, last_read_at=at, times=1
    )
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["demand_id", "party_id"],
            set_={
                "last_read_at": func.greatest(ReadingRow.last_read_at, at),
                "times": ReadingRow.times + 1,
            },
        )
    )


async def readings(session: AsyncSession, demand_id: DemandId, *, limit: int) -> Sequence[Reading]:
    """Return who read it, in the order of the first reading."""
    rows = await session.scalars(
        select(ReadingRow)
        .where(ReadingRow.demand_id == demand_id)
        .order_by(ReadingRow.first_read_at, ReadingRow.party_id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [
        Reading(PartyId(row.party_id), row.first_read_at, row.last_read_at, row.times)
        for row in rows
    ]


async def all_of(session: AsyncSession, demand_id: DemandId) -> Sequence[ConfidenceGiven]:
    """Return every acceptance of a demand, oldest first."""
    rows = await session.scalars(
        select(ConfidenceRow).where(ConfidenceRow.demand_id == demand_id).order_by(ConfidenceRow.id)
    )
    return [_given(row) for row in rows]


async def files_of(session: AsyncSession, demand_id: DemandId) -> Sequence[FileId]:
    """Return the files of a demand's restricted part, in the order of their ids."""
    found = await session.scalars(
        select(DemandFileRow.file_id)
        .where(DemandFileRow.demand_id == demand_id)
        .order_by(DemandFileRow.file_id)
    )
    return [FileId(file_id) for file_id in found]


async def put_files(
    session: AsyncSession, demand_id: DemandId, file_ids: Collection[FileId]
) -> None:
    """Put files in the place of those before; the caller holds the demand's lock."""
    await session.execute(delete(DemandFileRow).where(DemandFileRow.demand_id == demand_id))
    rows = [{"demand_id": demand_id, "file_id": file_id} for file_id in sorted(set(file_ids))]
    if rows:
        await insert_rows(session, DemandFileRow, rows)
