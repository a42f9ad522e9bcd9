"""Invoice data over HTTP: per party, per charge, and the number back."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Header, Response

from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.tables.http import table_file
from app.platform.tables.report import TableFormat
from app.platform.tables.sheets import write_xlsx
from app.settlement.domain.contract import etag
from app.settlement.domain.invoice import as_rows
from app.settlement.schemas.fees import (
    ChargeView,
    InvoiceBody,
    InvoiceTitleBody,
    InvoiceTitleView,
    InvoiceView,
)
from app.settlement.service import invoicing
from app.shared.ids import PartyId

routes = router(tag="fees")
files = self_transacted_router(tag="fees")


@routes.get("/parties/{party_id}/invoice-title")
async def get_invoice_title(
    party_id: UUID, session: SessionDep, response: Response
) -> InvoiceTitleView:
    """Return a party's invoice data 开票信息; the `ETag` is their version, 0 before any."""
    title = await invoicing.read_title(session, PartyId(party_id))
    response.headers["ETag"] = etag(title.version)
    return InvoiceTitleView.model_validate(title)


@routes.put("/parties/{party_id}/invoice-title")
async def put_invoice_title(
    party_id: UUID,
    body: InvoiceTitleBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag as last read; required", max_length=100)
    ] = None,
) -> InvoiceTitleView:
    """Enter a party's invoice data over the version named by `If-Match`; earlier ones are kept."""
    title = await invoicing.enter_title(
        session,
        actor,
        body.plain(PartyId(party_id)),
        seen=if_match,
        now=await market_now(session, actor.market_id),
    )
    response.headers["ETag"] = etag(title.version)
    return InvoiceTitleView.model_validate(title)


@routes.get("/deals/{deal_id}/charges/{number}/invoice")
async def get_invoice(
    deal_id: UUID, number: int, actor: ActorDep, session: SessionDep
) -> InvoiceView:
    """Return what the invoicing system needs for a met commission.

    Item and tax rate are the policy's and to be checked by the exchange's accountant.
    """
    return InvoiceView.of(await invoicing.read_invoice(session, actor, deal_id, number))


@files.get("/deals/{deal_id}/charges/{number}/invoice.xlsx", response_class=Response)
async def get_invoice_table(
    deal_id: UUID, number: int, actor: ActorDep, runtime: RuntimeDep
) -> Response:
    """Return the same data as a table for the invoicing system's import."""
    async with runtime.database.transaction() as session:
        data = await invoicing.read_invoice(session, actor, deal_id, number)
    content = await asyncio.to_thread(write_xlsx, [("开票信息", as_rows(data))])
    return table_file(content, TableFormat.XLSX, f"{data.deal_number}-{number}-invoice")


@routes.post("/deals/{deal_id}/charges/{number}/invoice")
async def record_invoice(
    deal_id: UUID, number: int, body: InvoiceBody, actor: ActorDep, session: SessionDep
) -> ChargeView:
    """Enter the number that the invoicing system gave a charge's invoice, once."""
    charge = await invoicing.record_invoice(
        session,
        actor,
        deal_id,
        number,
        number=body.number,
        issued_on=body.issued_on,
        now=await market_now(session, actor.market_id),
    )
    return ChargeView.of(charge)
