"""Let a further party of the file's market read a file, as long as its ground stands."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.files.model import FileGrantRow
from app.shared.ids import PartyId


async def grant_files(
    session: AsyncSession, file_ids: Collection[UUID], *, party_id: PartyId, ground_id: UUID
) -> None:
    """Let a party read files; once is enough.

    Args:
        ground_id: Of what the grant rests on, such as a deal room; `revoke_files` ends it.
    """
    if file_ids:
        rows = [
            {"file_id": file_id, "party_id": party_id, "ground_id": ground_id}
            for file_id in sorted(set(file_ids))
        ]
        await session.execute(insert(FileGrantRow).values(rows).on_conflict_do_nothing())


async def revoke_files(session: AsyncSession, ground_id: UUID) -> None:
    """End every grant that rests on a ground; those on other grounds stay."""
    await session.execute(delete(FileGrantRow).where(FileGrantRow.ground_id == ground_id))


async def is_granted(session: AsyncSession, file_id: UUID, party_id: PartyId) -> bool:
    """Tell whether a party was let in."""
    row = FileGrantRow
    found = select(row.file_id).where(row.file_id == file_id, row.party_id == party_id).limit(1)
    return await session.scalar(found) is not None
