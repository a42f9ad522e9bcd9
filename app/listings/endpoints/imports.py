"""Bulk imports over HTTP."""

import asyncio
from uuid import UUID

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.importing_result import Import, Outcome
from app.listings.repository import imports as repository
from app.listings.schemas.imports import ImportView, NewImport, page_of_rows
from app.listings.service import import_files, importing
from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, decode_cursor, encode_cursor
from app.platform.tables.http import Format, row_number, table_file
from app.platform.tables.report import TableFormat
from app.shared.ids import FileId, ImportId

routes = router(tag="achievements")
bulk = self_transacted_router(tag="achievements")


@bulk.get("/achievements/import-template", response_class=Response)
async def get_import_template(kind: Format = TableFormat.XLSX) -> Response:
    """Return the template of bulk imports 批量导入模板: header, an example row, accepted words."""
    return table_file(await asyncio.to_thread(import_files.template, kind), kind, "成果导入模板")


@bulk.post("/achievements/imports", status_code=201)
async def import_achievements(body: NewImport, actor: ActorDep, runtime: RuntimeDep) -> ImportView:
    """Import up to 20,000 achievements of the caller's verified party from an uploaded table.

    The table is XLSX or CSV (UTF-8 or GB 18030) with the template's header in Chinese or English.
    Every good row is kept; every fault of the others is told in Chinese with its cell and how to
    mend it. A row whose content the party has imported before is left alone, so sending the same
    file again changes nothing, and goes on where a broken call ended; no idempotency key is
    needed. A header that does not fit, or too many rows, refuse the file as a whole. The answer
    holds the first refused rows, `GET /v1/achievements/imports/{import_id}` all rows.
    """
    done = await importing.import_achievements(
        runtime.database, runtime.settings, actor, FileId(body.file_id), draft=body.draft
    )
    async with runtime.database.transaction() as session:
        return await _view(session, done, outcome=Outcome.REFUSED, after=None, limit=50)


@routes.get("/achievements/imports/{import_id}")
async def get_import(
    import_id: UUID,
    session: SessionDep,
    outcome: Outcome | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> ImportView:
    """Return an import with a page of its report, in the file's order."""
    return await _view(
        session,
        await importing.read_import(session, ImportId(import_id)),
        outcome=outcome,
        after=None if cursor is None else decode_cursor(cursor, row_number)[0],
        limit=limit,
    )


@bulk.get("/achievements/imports/{import_id}/report", response_class=Response)
async def download_import_report(
    import_id: UUID, runtime: RuntimeDep, kind: Format = TableFormat.XLSX
) -> Response:
    """Return the whole report of an import as a table, a line a fault."""
    async with runtime.database.transaction() as session:
        await importing.read_import(session, ImportId(import_id))
        results = await import_files.read_report(session, ImportId(import_id))
    content = await asyncio.to_thread(import_files.write_report, results, kind)
    return table_file(content, kind, "成果导入报告")


async def _view(
    session: AsyncSession,
    found: Import,
    *,
    outcome: Outcome | None,
    after: int | None,
    limit: int,
) -> ImportView:
    results = await repository.find_results(
        session, found.id, outcome=outcome, after=after, limit=limit + 1
    )
    page = list(results[:limit])
    following = encode_cursor(page[-1].row) if len(results) > limit else None
    return ImportView.of(found, page_of_rows(page, following))
