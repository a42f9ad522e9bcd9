"""Matchmaking days 对接日 over HTTP: JSON, Chinese PDF/A and XLSX."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.public import get_market
from app.matching.domain.matchmaking import Plan
from app.matching.domain.plan_texts import printed, sheets
from app.matching.schemas.days import DayBody, DayCancellationBody, DaySummary, DayView
from app.matching.service import day_reading, matchmaking
from app.matching.service.engine import engine_of
from app.platform.access import Actor, ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.documents import render_pdf
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.platform.tables.http import table_file
from app.platform.tables.report import TableFormat
from app.platform.tables.sheets import write_xlsx
from app.shared.ids import MarketId

routes = router(tag="matching")
slow = self_transacted_router(tag="matching")

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "matchmaking.typ"

IfMatch = Annotated[str | None, Header(description="ETag of the day as last read", max_length=100)]


async def _view(session: AsyncSession, actor: Actor, day_id: UUID, response: Response) -> DayView:
    seen = await day_reading.read_day(session, actor, day_id)
    response.headers["ETag"] = f'"{seen.day.revision}"'
    return DayView.seen(seen)


@routes.post("/matchmaking-days", status_code=201)
async def create_matchmaking_day(
    body: DayBody, actor: ActorDep, session: SessionDep, response: Response
) -> DayView:
    """Prepare a matchmaking day; before it is published, only the market's staff knows of it."""
    now = await market_now(session, actor.market_id)
    day = await matchmaking.create_day(session, actor, body.wanted(), now=now)
    return await _view(session, actor, day.id, response)


@routes.get("/matchmaking-days")
async def list_matchmaking_days(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DaySummary]:
    """List published matchmaking days, the newest first; a market's staff sees the others, too."""
    found = await day_reading.list_days(
        session,
        actor,
        market_id=None if market_id is None else MarketId(market_id),
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[DaySummary.of(day) for day in found[:limit]], next=more)


@routes.get("/matchmaking-days/{day_id}")
async def get_matchmaking_day(
    day_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> DayView:
    """Return a day: a party reads its own meetings, everybody else when and where it is held."""
    return await _view(session, actor, day_id, response)


@routes.put("/matchmaking-days/{day_id}")
async def change_matchmaking_day(
    day_id: UUID,
    body: DayBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: IfMatch = None,
) -> DayView:
    """Change a day before it begins; what is published holds until a new plan is."""
    now = await market_now(session, actor.market_id)
    await matchmaking.change_day(session, actor, day_id, body.wanted(), seen=if_match, now=now)
    return await _view(session, actor, day_id, response)


@slow.post("/matchmaking-days/{day_id}/plan")
async def plan_matchmaking_day(
    day_id: UUID, actor: ActorDep, runtime: RuntimeDep, response: Response
) -> DayView:
    """Make the best schedule: most demands served, then the highest sum of scores.

    Every invited demand is scored with every invited achievement; only pairs that are at least
    possible meet, each at most once. No party sits at two tables in one slot. `optimal` says
    whether that is proven; `without` says who has no meeting and why. Takes up to a minute.
    Planning again replaces the plan, so no idempotency key is needed.
    """
    await matchmaking.plan_day(runtime.database, engine_of(runtime), actor, day_id)
    async with runtime.database.transaction() as session:
        return await _view(session, actor, day_id, response)


@routes.post("/matchmaking-days/{day_id}/publication")
async def publish_matchmaking_day(
    day_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> DayView:
    """Freeze the plan as the next version; parties for whom anything is new are told."""
    now = await market_now(session, actor.market_id)
    await matchmaking.publish_day(session, actor, day_id, now=now)
    return await _view(session, actor, day_id, response)


@routes.post("/matchmaking-days/{day_id}/cancellation")
async def cancel_matchmaking_day(
    day_id: UUID,
    body: DayCancellationBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> DayView:
    """Cancel a day; whom its published plan named is told."""
    now = await market_now(session, actor.market_id)
    await matchmaking.cancel_day(session, actor, day_id, reason=body.reason, now=now)
    return await _view(session, actor, day_id, response)


@slow.get("/matchmaking-days/{day_id}/schedule.pdf", response_class=Response)
async def get_matchmaking_pdf(day_id: UUID, actor: ActorDep, runtime: RuntimeDep) -> Response:
    """Return the published schedule as a Chinese PDF/A: all to the staff, to a party its own."""
    async with runtime.database.transaction() as session:
        plan, part = await day_reading.read_printable(session, actor, day_id)
        market = await get_market(session, MarketId(UUID(plan.content["market_id"])))
    pdf = await asyncio.to_thread(_render, plan, part, market.name_zh)
    name = f"matchmaking-{plan.content['held_on']}-v{plan.version}.pdf"
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _render(plan: Plan, part: Mapping[str, Any], exchange: str) -> bytes:
    data = printed(plan.content, part, content_hash=plan.content_hash, exchange=exchange)
    return render_pdf(_TEMPLATE, data, at=plan.published_at)


@slow.get("/matchmaking-days/{day_id}/schedule.xlsx", response_class=Response)
async def get_matchmaking_sheet(day_id: UUID, actor: ActorDep, runtime: RuntimeDep) -> Response:
    """Return the published schedule as XLSX: all to the staff, to a party its own."""
    async with runtime.database.transaction() as session:
        plan, part = await day_reading.read_printable(session, actor, day_id)
    content = await asyncio.to_thread(write_xlsx, sheets(part))
    name = f"对接日程-{plan.content['held_on']}-第{plan.version}版"
    return table_file(content, TableFormat.XLSX, name)
