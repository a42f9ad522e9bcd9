"""Selection terms of a market."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.markets.domain.selection_terms import DEFAULT, SelectionPolicy
from app.markets.endpoints.markets import version_key
from app.markets.schemas import SelectionPolicyView, SelectionTermsBody
from app.markets.service import selection_terms
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import MarketId

routes = router(tag="markets")


@routes.get("/markets/{market_id}/selection-terms")
async def list_selection_terms(
    market_id: UUID,
    session: SessionDep,
    begun_on: Annotated[date | None, Query(description="Only those begun on this day")] = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[SelectionPolicyView]:
    """List a market's selection terms, the newest day first; the last is always the default.

    With ``begun_on`` the first is in effect on that day.
    """
    market = MarketId(market_id)
    place = None if cursor is None else decode_cursor(cursor, date.fromisoformat, version_key)
    found = await selection_terms.page_of_selection_terms(
        session,
        market_id=market,
        begun_on=begun_on,
        before=place,
        limit=limit,
    )
    if len(found) == limit:
        last = found[-1]
        assert last.effective_on is not None
        following = encode_cursor(last.effective_on.isoformat(), last.version)
        return Page(items=[SelectionPolicyView.of(item) for item in found], next=following)
    found = [*found, SelectionPolicy(market_id=market, terms=DEFAULT)]
    return Page(items=[SelectionPolicyView.of(item) for item in found], next=None)


@routes.post("/markets/{market_id}/selection-terms", status_code=201)
async def create_selection_terms(
    market_id: UUID, body: SelectionTermsBody, actor: ActorDep, session: SessionDep
) -> SelectionPolicyView:
    """Enter selection terms; they hold from their day on and are never changed."""
    market = MarketId(market_id)
    return SelectionPolicyView.of(
        await selection_terms.create_selection_terms(
            session,
            market_id=market,
            effective_on=body.effective_on,
            terms=body.terms.plain(),
            actor=actor.ref,
            now=await market_now(session, market),
        )
    )
