"""Comparable deals over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.valuations.domain.comparables import ComparableFilter, ComparableSource
from app.valuations.schemas.comparables import ComparableBody, ComparableView
from app.valuations.service import comparing

routes = router(tag="valuations")

Name = Annotated[str | None, Query(max_length=40)]


@routes.get("/comparables")
async def list_comparables(
    actor: ActorDep,
    session: SessionDep,
    technology_field: Name = None,
    kind: Name = None,
    ip_kind: Name = None,
    conversion_mode: Name = None,
    contested: bool | None = None,
    source: ComparableSource | None = None,
    since: date | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ComparableView]:
    """List settled deals of this exchange and given ones, latest first.

    ``contested`` tells auctions that ended above their start from sales without a rival.
    """
    asked = ComparableFilter(
        technology_field=technology_field,
        kind=kind,
        ip_kind=ip_kind,
        conversion_mode=conversion_mode,
        contested=contested,
        source=source,
        since=since,
    )
    before = None
    if cursor is not None:
        day, last = decode_cursor(cursor, date.fromisoformat, UUID)
        before = (day, last)
    found = await comparing.list_comparables(session, actor, asked, before=before, limit=limit + 1)
    page = found[:limit]
    following = None
    if len(found) > limit:
        following = encode_cursor(page[-1].dealt_on.isoformat(), str(page[-1].id))
    return Page(items=[ComparableView.of(item) for item in page], next=following)


@routes.post("/comparables", status_code=201)
async def give_comparable(
    body: ComparableBody, actor: ActorDep, session: SessionDep
) -> ComparableView:
    """Keep a deal from outside with its source, date and terms."""
    now = await market_now(session, actor.market_id)
    return ComparableView.of(
        await comparing.give_comparable(
            session,
            actor,
            terms=body.terms(),
            price=body.price,
            dealt_on=body.dealt_on,
            contested=body.contested,
            cited=body.cited,
            note=body.note,
            now=now,
        )
    )
