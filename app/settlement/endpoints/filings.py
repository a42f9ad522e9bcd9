"""Routes of filings 合同登记结果: what the registration office decided, deal by deal."""

import asyncio
from typing import Annotated, Final
from uuid import UUID

from fastapi import Header, Query, Response

from app.platform.access import ActorDep, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.platform.tables.http import Format, table_file
from app.platform.tables.report import TableFormat
from app.settlement.domain.contract import etag
from app.settlement.domain.filing import FilingStatus
from app.settlement.repository import filings as rows
from app.settlement.schemas.filing_imports import FilingImportBody, FilingImportView
from app.settlement.schemas.filings import DecisionBody, FilingItem, FilingView
from app.settlement.service import filing, filing_import
from app.shared.ids import FileId, PartyId

routes = router(tag="registration")
bulk = self_transacted_router(tag="registration")

_SEES_ALL: Final = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.get("/deals/{deal_id}/filing")
async def get_filing(
    deal_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> FilingView:
    """Return what the registration office decided; the `ETag` is the entry's version.

    What was recognised otherwise than filed is listed with the likely ground; of a refusal, the
    linter's rules that look for it and what they find now.
    """
    now = await market_now(session, actor.market_id)
    explained = await filing.read(session, actor, deal_id, now=now)
    response.headers["ETag"] = etag(explained.filing.version)
    return FilingView.of(explained)


@routes.put("/deals/{deal_id}/filing")
async def enter_filing(
    deal_id: UUID,
    body: DecisionBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the filing as last read; required", max_length=100)
    ] = None,
) -> FilingView:
    """Enter what the office decided: registered with its number and amounts, or refused.

    Entering again corrects; `pending` takes back what was entered in error. Every version is in
    the journal. A number belongs to one deal of the market.
    """
    entered = await filing.enter(
        session,
        actor,
        deal_id,
        body.to_domain(),
        seen=if_match,
        now=await market_now(session, actor.market_id),
    )
    response.headers["ETag"] = etag(entered.filing.version)
    return FilingView.of(entered)


@routes.get("/registration-filings")
async def list_filings(
    actor: ActorDep,
    session: SessionDep,
    status: FilingStatus | None = None,
    differs: Annotated[
        bool | None, Query(description="Only what was recognised otherwise than filed, or not")
    ] = None,
    seller_id: UUID | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[FilingItem]:
    """List filings, the newest deal first: a seller's own, or the market's."""
    own = None if actor.role in _SEES_ALL else actor.party_id
    found = await rows.list_filings(
        session,
        market_id=actor.market_id,
        seller_id=own or (None if seller_id is None else PartyId(seller_id)),
        status=status,
        differs=differs,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    items = [
        FilingItem.summary_of(item, filing.explain_differences(item), deal_number=number)
        for number, item in page
    ]
    more = encode_cursor(str(page[-1][1].deal_id)) if len(found) > limit else None
    return Page(items=items, next=more)


@bulk.get("/registration-filings/import-template", response_class=Response)
async def get_filing_template(kind: Format = TableFormat.XLSX) -> Response:
    """Return the table in which decisions are sent in: header, an example row, accepted words."""
    content = await asyncio.to_thread(filing_import.template, kind)
    return table_file(content, kind, "登记结果导入模板")


@bulk.post("/registration-filings/imports", status_code=201)
async def import_filings(
    body: FilingImportBody, actor: ActorDep, runtime: RuntimeDep
) -> FilingImportView:
    """Enter up to 2,000 decisions from an uploaded XLSX or CSV table; tell of every row.

    A row is recognised by its deal's number. The same file again changes nothing and goes on
    where a broken call ended, so no idempotency key is needed. A contract that is registered
    otherwise is left alone and told: it is corrected deal by deal. A seller's staff enter their
    own party's.
    """
    results = await filing_import.import_filings(
        runtime.database, runtime.settings, actor, FileId(body.file_id)
    )
    return FilingImportView.of(results)
