"""Editions 需求清单 over HTTP: JSON and Chinese PDF/A."""

import asyncio
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from app.demands.domain.edition import Edition, EditionUnpublished, printed
from app.demands.schemas.editions import EditionBody, EditionSummary, EditionView
from app.demands.service import editions
from app.markets.public import get_market
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.documents import render_pdf
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import EditionId, MarketId

routes = router(tag="demands")
rendering = self_transacted_router(tag="demands")

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "edition.typ"


@routes.post("/demand-editions", status_code=201)
async def create_edition(body: EditionBody, actor: ActorDep, session: SessionDep) -> EditionView:
    """Open an edition; postings may name it until it is published."""
    now = await market_now(session, actor.market_id)
    edition = await editions.create_edition(session, actor, body.plain(), now=now)
    return EditionView.model_validate(edition)


@routes.get("/demand-editions")
async def list_editions(
    session: SessionDep,
    market_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[EditionSummary]:
    """List editions, newest first."""
    found = await editions.list_editions(
        session,
        None if market_id is None else MarketId(market_id),
        before=None if cursor is None else EditionId(decode_cursor(cursor, UUID)[0]),
        limit=limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[EditionSummary.model_validate(item) for item in found[:limit]], next=more)


@routes.get("/demand-editions/{edition_id}")
async def get_edition(edition_id: UUID, session: SessionDep) -> EditionView:
    """Return an edition with its frozen list."""
    return EditionView.model_validate(await editions.read_edition(session, EditionId(edition_id)))


@routes.post("/demand-editions/{edition_id}/publication")
async def publish_edition(edition_id: UUID, actor: ActorDep, session: SessionDep) -> EditionView:
    """Publish an edition: the list of its posted demands is frozen with its hash."""
    now = await market_now(session, actor.market_id)
    edition = await editions.publish_edition(session, actor, EditionId(edition_id), now=now)
    return EditionView.model_validate(edition)


@rendering.get("/demand-editions/{edition_id}/list.pdf", response_class=Response)
async def get_edition_pdf(edition_id: UUID, runtime: RuntimeDep) -> Response:
    """Return a published edition as a Chinese PDF/A; the JSON's hash stands in it."""
    async with runtime.database.transaction() as session:
        edition = await editions.read_edition(session, EditionId(edition_id))
        market = await get_market(session, edition.market_id)
    if edition.published_at is None:
        raise EditionUnpublished("Read it as JSON until it is published.")
    pdf = await asyncio.to_thread(_render, edition, market.name_zh)
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{edition.number}.pdf"'},
    )


def _render(edition: Edition, exchange: str) -> bytes:
    assert edition.published_at is not None
    data: dict[str, Any] = printed(edition, exchange=exchange)
    return render_pdf(_TEMPLATE, data, at=edition.published_at)
