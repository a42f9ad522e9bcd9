"""Markets, policies, sessions and clocks."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.markets.domain.market import MarketView, SessionView
from app.markets.domain.policy import Policy
from app.markets.schemas import (
    AdvanceBody,
    AdvanceView,
    ClockView,
    MarketOut,
    PolicyBody,
    PolicyView,
    SessionBody,
    SessionOut,
)
from app.markets.service import clocks, founding, policies, sessions
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import MarketId, SessionId

routes = router(tag="markets")
moving = self_transacted_router(tag="markets")


def version_key(key: int) -> int:
    """Read the version in a cursor."""
    if not 0 < int(key) < 2**31:
        raise ValueError("no version")
    return int(key)


def _before(cursor: str | None) -> UUID | None:
    place: UUID | None = None if cursor is None else decode_cursor(cursor, UUID)[0]
    return place


@routes.get("/markets", response_model=Page[MarketOut])
async def list_markets(
    session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[MarketOut]:
    """List all markets, newest first."""
    found = await founding.page_of_markets(session, before=_before(cursor), limit=limit + 1)
    items = [MarketOut.model_validate(market) for market in found[:limit]]
    more = len(found) > limit
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if more else None)


@routes.get("/markets/{market_id}", response_model=MarketOut)
async def get_market(market_id: UUID, session: SessionDep) -> MarketView:
    """Return a market."""
    return await founding.get_market(session, MarketId(market_id))


@routes.get("/markets/{market_id}/clock", response_model=ClockView)
async def get_clock(market_id: UUID, session: SessionDep) -> ClockView:
    """Tell a market's present moment; only a sandbox's differs from the world's."""
    now, sandbox = await clocks.read_clock(session, MarketId(market_id))
    return ClockView(now=now, sandbox=sandbox)


@moving.post("/markets/{market_id}/sandbox/clock", response_model=AdvanceView)
async def move_clock(
    market_id: UUID, body: AdvanceBody, actor: ActorDep, runtime: RuntimeDep
) -> AdvanceView:
    """Move a sandbox's clock forward; all that falls due on the way happens in its order.

    Each step commits, so a call that is repeated after a lost answer goes on where it was.
    """
    now, handled = await clocks.move_clock(
        runtime, market_id=MarketId(market_id), to=body.advance_to, actor=actor.ref
    )
    return AdvanceView(now=now, timers_handled=handled)


@routes.get("/markets/{market_id}/policies", response_model=Page[PolicyView])
async def list_policies(
    market_id: UUID,
    session: SessionDep,
    seller_class: str | None = None,
    pricing_mode: str | None = None,
    begun_on: Annotated[date | None, Query(description="Only those begun on this day")] = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[PolicyView]:
    """List a market's policies, the newest day first.

    With ``begun_on``, the first of a seller class and pricing mode is the one in effect.
    """
    place = None if cursor is None else decode_cursor(cursor, date.fromisoformat, version_key, UUID)
    found = await policies.page_of_policies(
        session,
        market_id=MarketId(market_id),
        seller_class=seller_class,
        pricing_mode=pricing_mode,
        begun_on=begun_on,
        before=place,
        limit=limit + 1,
    )
    items = [PolicyView.model_validate(policy) for policy in found[:limit]]
    if len(found) <= limit:
        return Page(items=items, next=None)
    last = items[-1]
    place_after = encode_cursor(last.effective_on.isoformat(), last.version, str(last.id))
    return Page(items=items, next=place_after)


@routes.post("/markets/{market_id}/policies", status_code=201, response_model=PolicyView)
async def create_policy(
    market_id: UUID, body: PolicyBody, actor: ActorDep, session: SessionDep
) -> Policy:
    """Enter a policy; it supersedes the present one from its day on and is never changed."""
    return await policies.create_policy(
        session,
        market_id=MarketId(market_id),
        seller_class=body.seller_class,
        pricing_mode=body.pricing_mode,
        effective_on=body.effective_on,
        terms=body.terms.plain(),
        actor=actor.ref,
        now=await market_now(session, MarketId(market_id)),
    )


@routes.post("/sessions", status_code=201, response_model=SessionOut)
async def create_session(body: SessionBody, actor: ActorDep, session: SessionDep) -> SessionView:
    """Announce a session in the caller's market."""
    session_id = await sessions.create_session(
        session,
        market_id=actor.market_id,
        title=body.title,
        edition=body.edition,
        held_on=body.held_on,
        actor=actor.ref,
        now=await market_now(session, actor.market_id),
    )
    return await sessions.get_session(session, session_id)


@routes.get("/sessions", response_model=Page[SessionOut])
async def list_sessions(
    session: SessionDep,
    market_id: UUID | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[SessionOut]:
    """List sessions, the newest announcement first."""
    found = await sessions.page_of_sessions(
        session,
        market_id=None if market_id is None else MarketId(market_id),
        before=_before(cursor),
        limit=limit + 1,
    )
    items = [SessionOut.model_validate(item) for item in found[:limit]]
    more = len(found) > limit
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if more else None)


@routes.get("/sessions/{session_id}", response_model=SessionOut)
async def get_session(session_id: UUID, session: SessionDep) -> SessionView:
    """Return a session."""
    return await sessions.get_session(session, SessionId(session_id))
