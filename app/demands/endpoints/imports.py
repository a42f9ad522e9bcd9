"""Bulk imports of demands over HTTP."""

import asyncio
from uuid import UUID

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.importing_result import DemandImport, DemandOutcome
from app.demands.repository import imports as repository
from app.demands.schemas.imports import DemandImportView, NewDemandImport, page_of_rows
from app.demands.service import import_files, importing
from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, decode_cursor, encode_cursor
from app.platform.tables.http import Format, row_number, table_file
from app.platform.tables.report import TableFormat
from app.shared.ids import DemandImportId, FileId

routes = router(tag="demands")
bulk = self_transacted_router(tag="demands")


@bulk.get("/demands/imports/template", response_class=Response)
async def get_demand_import_template(kind: Format = TableFormat.XLSX) -> Response:
    """Return the template of bulk imports 需求导入模板: header, an example row, accepted words."""
    return table_file(await asyncio.to_thread(import_files.template, kind), kind, "需求导入模板")


@bulk.post("/demands/imports", status_code=201)
async def import_demands(
    body: NewDemandImport, actor: ActorDep, runtime: RuntimeDep
) -> DemandImportView:
    """Import up to 20,000 demands of the caller's verified party from an uploaded table, as drafts.

    The table is XLSX or CSV (UTF-8 or GB 18030) with the template's header in Chinese or English.
    Targets and milestones stand in numbered columns, or one a line in one cell. Every fault of a
    row is told in Chinese with its cell and how to mend it; what the quality gate would mend is
    told as a hint and keeps no row out. A row is recognised by the poster's own number: a new
    number makes a draft, a known one changes the draft that it made, unless that was edited since
    or is no draft any more. So sending the same file again changes nothing, and goes on where a
    broken call ended; no idempotency key is needed. The answer holds the first refused rows,
    `GET /v1/demands/imports/{demand_import_id}` all rows.
    """
    done = await importing.import_demands(
        runtime.database, runtime.settings, actor, FileId(body.file_id)
    )
    async with runtime.database.transaction() as session:
        return await _view(session, done, outcome=DemandOutcome.REFUSED, after=None, limit=50)


@routes.get("/demands/imports/{demand_import_id}")
async def get_demand_import(
    demand_import_id: UUID,
    session: SessionDep,
    outcome: DemandOutcome | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> DemandImportView:
    """Return an import with a page of its report, in the file's order."""
    return await _view(
        session,
        await importing.read_import(session, DemandImportId(demand_import_id)),
        outcome=outcome,
        after=None if cursor is None else decode_cursor(cursor, row_number)[0],
        limit=limit,
    )


@bulk.get("/demands/imports/{demand_import_id}/report", response_class=Response)
async def download_demand_import_report(
    demand_import_id: UUID, runtime: RuntimeDep, kind: Format = TableFormat.XLSX
) -> Response:
    """Return the whole report of an import as a table, a line a fault or hint."""
    import_id = DemandImportId(demand_import_id)
    async with runtime.database.transaction() as session:
        await importing.read_import(session, import_id)
        results = await import_files.read_report(session, import_id)
    content = await asyncio.to_thread(import_files.write_report, results, kind)
    return table_file(content, kind, "需求导入报告")


async def _view(
    session: AsyncSession,
    found: DemandImport,
    *,
    outcome: DemandOutcome | None,
    after: int | None,
    limit: int,
) -> DemandImportView:
    results = await repository.find_results(
        session, found.id, outcome=outcome, after=after, limit=limit + 1
    )
    page = list(results[:limit])
    following = encode_cursor(page[-1].row) if len(results) > limit else None
    return DemandImportView.of(found, page_of_rows(page, following))
