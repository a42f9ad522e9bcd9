"""Routes of exports of registration sheets: one deal's file, a period's files part by part."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request, Response

from app.markets.public import get_market
from app.platform.access import ActorDep, Role
from app.platform.clock import market_now
from app.platform.routing import self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import decode_cursor, encode_cursor
from app.platform.tables.sheets import CSV, XLSX
from app.settlement.domain.registration_export import About
from app.settlement.service import exporting
from app.settlement.service.exporting import PRINTED_MAX, ExportForm
from app.shared.ids import PartyId

routes = self_transacted_router(tag="registration")

_SEES_ALL: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
_MEDIA_TYPES: Final[Mapping[ExportForm, str]] = {
    ExportForm.XLSX: XLSX,
    ExportForm.CSV: CSV,
    ExportForm.JSON: "application/json",
    ExportForm.PDF: "application/pdf",
}

Form = Annotated[ExportForm, Query(alias="format", description="xlsx, csv, json or pdf")]


@routes.get("/deals/{deal_id}/registration-sheet/file", response_class=Response)
async def download_registration_sheet(
    deal_id: UUID, actor: ActorDep, runtime: RuntimeDep, form: Form = ExportForm.PDF
) -> Response:
    """Return a deal's registration sheet as a file, with its check report and what was decided.

    PDF is the printable form, in the form's order with the official codes; XLSX and CSV have one
    row, JSON one item, as the exports of a period.
    """
    async with runtime.database.transaction() as session:
        now = await market_now(session, actor.market_id)
        item = await exporting.one(session, actor, deal_id, now=now)
        market = await get_market(session, actor.market_id)
    about = About(exchange=market.name_zh, made_at=now)
    content = await asyncio.to_thread(exporting.write_one, item, form, about)
    return _answer(content, _MEDIA_TYPES[form], f"{item.number}.{form}")


@routes.get("/registration-exports", response_class=Response)
async def export_registrations(
    actor: ActorDep,
    runtime: RuntimeDep,
    request: Request,
    starts_on: Annotated[date, Query(description="First day of confirmation, in Shanghai")],
    ends_on: Annotated[date, Query(description="Last day, included")],
    form: Form = ExportForm.XLSX,
    seller_id: UUID | None = None,
    only_ready: Annotated[
        bool, Query(description="Leave out sheets on which the linter found an error")
    ] = False,
    limit: Annotated[
        int, Query(ge=1, le=1000, description="Deals a part; of PDF at most 50")
    ] = 500,
    cursor: str | None = None,
) -> Response:
    """Export the registration sheets of a period's deals, the oldest first: XLSX, CSV, JSON or PDF.

    A part holds at most `limit` deals; while more follow, the header `Link` names the next part
    (`rel="next"`), JSON also as `next`. PDF comes as a ZIP with one file a deal. A seller's staff
    export their own party's, the exchange its market's or one seller's.
    """
    own = None if actor.role in _SEES_ALL else actor.party_id
    async with runtime.database.transaction() as session:
        now = await market_now(session, actor.market_id)
        items, last = await exporting.part(
            session,
            actor,
            seller_id=own or (None if seller_id is None else PartyId(seller_id)),
            starts_on=starts_on,
            ends_on=ends_on,
            after=None if cursor is None else decode_cursor(cursor, _aware, UUID),
            limit=min(limit, PRINTED_MAX) if form is ExportForm.PDF else limit,
            now=now,
        )
        market = await get_market(session, actor.market_id)
    about = About(exchange=market.name_zh, made_at=now, starts_on=starts_on, ends_on=ends_on)
    shown = [item for item in items if item.report.ready or not only_ready]
    following = None if last is None else encode_cursor(last[0].isoformat(), str(last[1]))
    content = await asyncio.to_thread(exporting.write, shown, form, about, following=following)
    zipped = form is ExportForm.PDF
    media_type = "application/zip" if zipped else _MEDIA_TYPES[form]
    name = f"registration-{starts_on}-{ends_on}.{'zip' if zipped else form}"
    answer = _answer(content, media_type, name)
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        answer.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return answer


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no moment of this list")
    return moment


def _answer(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
