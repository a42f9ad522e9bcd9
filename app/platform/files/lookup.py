"""What other modules ask about files: whose they are, and their bytes."""

import asyncio
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.files.model import FileRow
from app.platform.files.store import FileStore
from app.settings import Settings
from app.shared.ids import FileId, PartyId


async def find_own_file(
    session: AsyncSession, party_id: PartyId, file_id: FileId
) -> FileRow | None:
    """Return a file of a party, or ``None`` if there is no such file of it."""
    row = await session.get(FileRow, file_id)
    return row if row is not None and row.party_id == party_id else None


async def own_files(
    session: AsyncSession, party_id: PartyId, file_ids: Collection[UUID]
) -> frozenset[FileId]:
    """Return those of the ids that are files of a party."""
    if not file_ids:
        return frozenset()
    # One array: a statement takes 32,767 parameters, and an import may name more files.
    asked = literal(list(set(file_ids)), ARRAY(Uuid))
    found = await session.scalars(
        select(FileRow.id).where(FileRow.party_id == party_id, FileRow.id == any_(asked))
    )
    return frozenset(FileId(file_id) for file_id in found)


async def read_content(settings: Settings, sha256: str) -> bytes:
    """Return a file's bytes; takes no connection."""
    return await asyncio.to_thread(FileStore(settings.files_path).path(sha256).read_bytes)
