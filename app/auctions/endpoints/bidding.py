"""The bid path: bids, standing maxima, matches and floor bids, all through the lane."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from app.auctions.answers import to_send
from app.auctions.lane import Lanes
from app.auctions.schemas.bidding import BidReceipt, FloorBid, MatchBid, PlaceBid, SetLimitBody
from app.auctions.service.trail import BidCommand, What
from app.auctions.vault import Vault
from app.platform.access import Actor, Role
from app.platform.problems import current_request_id
from app.platform.routing import request_print, self_transacted_router
from app.platform.runtime import Runtime
from app.shared.money import Money

routes = self_transacted_router(tag="auctions")


@routes.post("/auctions/{auction_id}/bids", status_code=201, response_model=BidReceipt)
async def place_bid(auction_id: UUID, body: PlaceBid, request: Request) -> Response:
    """Bid. The answer leaves after the bid is durable; it carries a signed receipt.

    A refusal names the lowest (and highest) amount that would stand, and is signed as well.
    """
    return await submit(request, auction_id, body.amount, sealed=body.sealed)


@routes.post("/auctions/{auction_id}/limits", status_code=201, response_model=BidReceipt)
async def set_limit(auction_id: UUID, body: SetLimitBody, request: Request) -> Response:
    """Set or raise a standing maximum 委托报价.

    The system bids the lowest sufficient amount up to it, also while its owner is offline. It is
    encrypted at rest; the trail shows a commitment, whose salt the answer tells its owner.
    """
    return await submit(request, auction_id, body.amount, what=What.LIMIT)


@routes.post("/auctions/{auction_id}/matches", status_code=201, response_model=BidReceipt)
async def match_price(auction_id: UUID, body: MatchBid, request: Request) -> Response:
    """Exercise a priority right 优先购买权: take the lead at an equal price."""
    return await submit(request, auction_id, body.amount, what=What.MATCH)


@routes.post("/auctions/{auction_id}/floor-bids", status_code=201, response_model=BidReceipt)
async def place_floor_bid(auction_id: UUID, body: FloorBid, request: Request) -> Response:
    """Enter a bid from the room 线下拍卖, by paddle, through the same lane as all others."""
    return await submit(request, auction_id, body.amount, what=What.FLOOR, paddle=body.paddle)


async def submit(
    request: Request,
    auction_id: UUID,
    amount: Money | None,
    *,
    what: What = What.BID,
    sealed: Mapping[str, Any] | None = None,
    paddle: str | None = None,
    lanes: Lanes | None = None,
) -> Response:
    """Send a command through its auction's lane and answer with the signed receipt.

    Actor and runtime are taken from the request: on this path, asking FastAPI for them costs a
    tenth of all that a bid costs.

    Args:
        lanes: Other lanes than the process's.
    """
    runtime: Runtime = request.app.state.runtime
    actor: Actor = request.state.actor
    command = BidCommand(
        actor.party_id,
        amount,
        actor.ref,
        current_request_id(),
        what=what,
        sealed=sealed,
        paddle=paddle,
        for_demands=actor.role is Role.SELLER_STAFF,
    )
    answer = await (lanes or lanes_of(runtime)).submit(
        auction_id, command, key=request.state.key, request_print=await request_print(request)
    )
    status, content, media_type = to_send(answer, runtime.signer, Vault(runtime.box))
    return Response(content, status, media_type=media_type)


def lanes_of(runtime: Runtime) -> Lanes:
    """Return the lanes of this process."""
    lanes = runtime.live.get("lanes")
    if not isinstance(lanes, Lanes):
        lanes = runtime.live["lanes"] = Lanes(
            database=runtime.database,
            signer=runtime.signer,
            vault=Vault(runtime.box),
            batch_max=runtime.settings.bid_batch_max,
            queue_max=runtime.settings.bid_queue_max,
        )
    return lanes
