"""Upload and download."""

import asyncio
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Form, UploadFile
from fastapi.responses import FileResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import ActorDep, ObjectUnknown, Owner, Role
from app.platform.db import SessionDep
from app.platform.files.grants import is_granted
from app.platform.files.model import (
    Audience,
    FileRow,
    FileTooLarge,
    may_read,
    media_type_of,
    plain_name,
)
from app.platform.files.store import FileStore
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import UtcView, View
from app.shared.ids import MarketId, PartyId, new_id

routes = router(tag="files")
uploads = self_transacted_router(tag="files")


class FileView(View):
    """A kept file."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    audience: Audience
    uploaded_at: UtcView


@uploads.post("/files", status_code=201, response_model=FileView)
async def upload_file(
    file: UploadFile,
    audience: Annotated[Audience, Form()],
    actor: ActorDep,
    runtime: RuntimeDep,
) -> FileRow:
    """Keep a document or image of the caller's party; its type is told from its content."""
    limit = runtime.settings.file_size_max_bytes
    content = await file.read(limit + 1)
    if len(content) > limit:
        raise FileTooLarge("The file is too large.", field="file", accepted_bytes_max=limit)
    name = plain_name(file.filename or "")
    media_type = await asyncio.to_thread(media_type_of, name, content)
    store = FileStore(runtime.settings.files_path)
    # The bytes are durable before the row names them; a crash between leaves only bytes.
    sha256 = await asyncio.to_thread(store.put, content)
    row = FileRow(
        id=new_id(),
        market_id=actor.market_id,
        party_id=actor.party_id,
        sha256=sha256,
        size_bytes=len(content),
        name=name,
        media_type=media_type,
        audience=audience,
        uploaded_by=actor.ref,
    )
    async with runtime.database.transaction() as session:
        session.add(row)
        await session.flush()
        await session.refresh(row)
    return row


async def _readable(session: AsyncSession, actor: ActorDep, file_id: UUID) -> FileRow:
    row = await session.get(FileRow, file_id)
    if row is None or not (may_read(actor, row) or await _is_let_in(session, actor, row)):
        raise ObjectUnknown("There is no such file for you.")
    return row


async def _is_let_in(session: AsyncSession, actor: ActorDep, row: FileRow) -> bool:
    near = actor.role is not Role.ANONYMOUS and actor.market_id == row.market_id
    return near and await is_granted(session, row.id, actor.party_id)


@routes.get("/files/{file_id}", response_model=FileView)
async def get_file(file_id: UUID, actor: ActorDep, session: SessionDep) -> FileRow:
    """Return a file's description to its audience."""
    return await _readable(session, actor, file_id)


@routes.get("/files/{file_id}/content", response_class=FileResponse)
async def download_file(
    file_id: UUID, actor: ActorDep, session: SessionDep, runtime: RuntimeDep
) -> FileResponse:
    """Return a file's bytes to its audience, always as an attachment."""
    row = await _readable(session, actor, file_id)
    disposition = f"attachment; filename*=UTF-8''{quote(row.name, safe='')}"
    return FileResponse(
        FileStore(runtime.settings.files_path).path(row.sha256),
        media_type=row.media_type,
        headers={"Content-Disposition": disposition, "ETag": f'"{row.sha256}"'},
    )


async def owner_of_file(session: AsyncSession, file_id: UUID) -> Owner | None:
    """Return whose a file is."""
    row = await session.get(FileRow, file_id)
    if row is None:
        return None
    return Owner(MarketId(row.market_id), frozenset({PartyId(row.party_id)}))
