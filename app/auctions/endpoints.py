"""Routes of auctions."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions import repository
from app.auctions.answers import to_send
from app.auctions.domain.results import session_results
from app.auctions.lane import Lanes
from app.auctions.schemas import (
    AuctionView,
    BidReceipt,
    BidView,
    ConfirmationView,
    CreateAuction,
    PlaceBid,
    SessionResultsView,
)
from app.auctions.service.confirm import confirm_auction as confirm
from app.auctions.service.create import create_auction as create
from app.auctions.service.place_bids import BidCommand
from app.markets import public as markets
from app.platform.access import Actor, ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.problems import current_request_id
from app.platform.routing import request_print, router, self_transacted_router
from app.platform.runtime import Runtime, RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import SessionId

routes = router(tag="auctions")
bid_path = self_transacted_router(tag="auctions")


@routes.post("/auctions", status_code=201)
async def create_auction(body: CreateAuction, actor: ActorDep, session: SessionDep) -> AuctionView:
    """Fix the bidding of a draft listing; its notice publishes these terms unchanged."""
    now = await market_now(session, actor.market_id)
    auction = await create(
        session,
        actor,
        listing_id=body.listing_id,
        opens_at=body.opens_at,
        terms=body.terms.terms(),
        now=now,
    )
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


async def _visible(session: AsyncSession, actor: Actor, auction_id: UUID) -> repository.Auction:
    """Return an auction that its notice has announced, or that the actor may see before."""
    auction = await repository.load(session, auction_id)
    viewer = actor.viewer
    insider = viewer.staff_of == auction.market_id or viewer.party_id == auction.seller_id
    if auction.announced_at is None and not insider:
        raise repository.AuctionUnknown("There is no such auction.", auction_id=str(auction_id))
    return auction


@routes.get("/auctions/{auction_id}")
async def get_auction(auction_id: UUID, actor: ActorDep, session: SessionDep) -> AuctionView:
    """Return an auction as it stands at the market's present moment."""
    auction = await _visible(session, actor, auction_id)
    return AuctionView.of(auction, await market_now(session, auction.market_id))


def _sequence(key: int) -> int:
    if not 0 <= int(key) < 2**31:  # INTEGER
        raise ValueError("no sequence")
    return int(key)


@routes.get("/auctions/{auction_id}/bids")
async def list_bids(
    auction_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Page[BidView]:
    """List accepted bids in the order in which they were judged."""
    await _visible(session, actor, auction_id)
    after = 0 if cursor is None else decode_cursor(cursor, _sequence)[0]
    found = await repository.bids_after(session, auction_id, after=after, limit=limit + 1)
    return Page(
        items=[BidView.model_validate(bid) for bid in found[:limit]],
        next=encode_cursor(found[limit - 1].sequence) if len(found) > limit else None,
    )


@bid_path.post("/auctions/{auction_id}/bids", status_code=201, response_model=BidReceipt)
async def place_bid(
    auction_id: UUID, body: PlaceBid, actor: ActorDep, runtime: RuntimeDep, request: Request
) -> Response:
    """Bid. The answer leaves after the bid is durable; it carries a signed receipt.

    A refusal names the lowest (and highest) amount that would stand, and is signed as well.
    """
    return await submit_bid(lanes_of(runtime), auction_id, body, actor, runtime, request)


async def submit_bid(
    lanes: Lanes,
    auction_id: UUID,
    body: PlaceBid,
    actor: Actor,
    runtime: Runtime,
    request: Request,
) -> Response:
    """Send a bid through its auction's lane and answer with the signed receipt."""
    command = BidCommand(actor.party_id, body.amount, actor.ref, current_request_id())
    answer = await lanes.of(auction_id).submit(
        command, key=request.state.key, request_print=await request_print(request)
    )
    status, content, media_type = to_send(answer, runtime.signer)
    return Response(content, status, media_type=media_type)


def lanes_of(runtime: Runtime) -> Lanes:
    """Return the lanes of this process."""
    lanes = runtime.live.get("lanes")
    if not isinstance(lanes, Lanes):
        lanes = runtime.live["lanes"] = Lanes(
            database=runtime.database,
            signer=runtime.signer,
            batch_max=runtime.settings.bid_batch_max,
            queue_max=runtime.settings.bid_queue_max,
        )
    return lanes


@routes.post("/auctions/{auction_id}/confirmation")
async def confirm_auction(
    auction_id: UUID, actor: ActorDep, session: SessionDep, runtime: RuntimeDep
) -> ConfirmationView:
    """Confirm the winner of an awarded auction; the deal exists from this moment."""
    auction, confirmation = await confirm(session, runtime.signer, actor, auction_id=auction_id)
    now = await market_now(session, auction.market_id)
    return ConfirmationView(auction=AuctionView.of(auction, now), confirmation=confirmation)


@routes.get("/sessions/{session_id}/results")
async def get_session_results(session_id: UUID, session: SessionDep) -> SessionResultsView:
    """Return a session's totals with its premium rate 增值率."""
    event = await markets.get_session(session, SessionId(session_id))
    auctions = await repository.of_session(session, event.id)
    return SessionResultsView.of(event.id, session_results(lot.state for lot in auctions))
