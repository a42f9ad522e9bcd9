"""Auctions as documents: create, read, confirm; a session's totals."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auctions.domain.results import session_results
from app.auctions.endpoints.reading import current
from app.auctions.repository import auctions as repository
from app.auctions.repository import bids as bid_rows
from app.auctions.schemas.auctions import (
    AuctionView,
    ConfirmationView,
    CreateAuction,
    SessionResultsView,
)
from app.auctions.schemas.bidding import BidView
from app.auctions.service.confirm import confirm_auction as confirm
from app.auctions.service.create import create_auction as create
from app.auctions.vault import VaultDep
from app.markets import public as markets
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import SessionId

routes = router(tag="auctions")


@routes.post("/auctions", status_code=201)
async def create_auction(body: CreateAuction, actor: ActorDep, session: SessionDep) -> AuctionView:
    """Fix the bidding of a draft listing; its notice publishes these terms unchanged."""
    now = await market_now(session, actor.market_id)
    auction = await create(session, actor, body.new(), now=now)
    return AuctionView.of(auction, now)


@routes.get("/auctions")
async def list_auctions(
    session: SessionDep,
    market_id: UUID | None = None,
    session_id: UUID | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[AuctionView]:
    """List auctions, newest first."""
    before = None if cursor is None else decode_cursor(cursor, UUID)[0]
    found = await repository.page(
        session, before=before, limit=limit + 1, market_id=market_id, session_id=session_id
    )
    clocks = {market: await market_now(session, market) for market in {a.market_id for a in found}}
    return Page(
        items=[AuctionView.of(auction, clocks[auction.market_id]) for auction in found[:limit]],
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@routes.get("/auctions/{auction_id}")
async def get_auction(
    auction_id: UUID, actor: ActorDep, session: SessionDep, vault: VaultDep
) -> AuctionView:
    """Return an auction as it stands at the market's present moment."""
    auction, now = await current(session, vault, actor, auction_id)
    return AuctionView.of(auction, now)


def _sequence(key: int) -> int:
    if not 0 <= int(key) < 2**31:  # INTEGER
        raise ValueError("no sequence")
    return int(key)


@routes.get("/auctions/{auction_id}/bids")
async def list_bids(
    auction_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    vault: VaultDep,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Page[BidView]:
    """List accepted bids in the order in which they were judged; sealed ones without amounts."""
    await current(session, vault, actor, auction_id)
    after = 0 if cursor is None else decode_cursor(cursor, _sequence)[0]
    found = await bid_rows.page(session, auction_id, after=after, limit=limit + 1)
    sealed = any(bid.sealed is not None for bid in found)
    opened = await bid_rows.openings(session, auction_id) if sealed else {}
    return Page(
        items=[BidView.of(bid, opened.get(bid.id)) for bid in found[:limit]],
        next=encode_cursor(found[limit - 1].sequence) if len(found) > limit else None,
    )


@routes.post("/auctions/{auction_id}/confirmation")
async def confirm_auction(
    auction_id: UUID, actor: ActorDep, session: SessionDep, runtime: RuntimeDep, vault: VaultDep
) -> ConfirmationView:
    """Confirm the winner of an awarded auction; the deal exists from this moment."""
    auction, confirmation = await confirm(
        session, runtime.signer, vault, actor, auction_id=auction_id
    )
    now = await market_now(session, auction.market_id)
    return ConfirmationView(auction=AuctionView.of(auction, now), confirmation=confirmation)


@routes.get("/sessions/{session_id}/results")
async def get_session_results(session_id: UUID, session: SessionDep) -> SessionResultsView:
    """Return a session's totals with its premium rate 增值率."""
    event = await markets.get_session(session, SessionId(session_id))
    auctions = await repository.of_session(session, event.id)
    return SessionResultsView.of(event.id, session_results(lot.state for lot in auctions))
