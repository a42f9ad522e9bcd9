"""The bid path: bids, standing maxima, matches and floor bids, all through the lane."""

from uuid import UUID

from fastapi import Request, Response

from app.auctions.answers import to_send
from app.auctions.lane import Lanes
from app.auctions.schemas.bidding import BidReceipt, FloorBid, MatchBid, PlaceBid, SetLimitBody
from app.auctions.service.trail import BidCommand, What
from app.auctions.vault import Vault
from app.platform.access import ActorDep
from app.platform.problems import current_request_id
from app.platform.routing import request_print, self_transacted_router
from app.platform.runtime import Runtime, RuntimeDep

routes = self_transacted_router(tag="auctions")


@routes.post("/auctions/{auction_id}/bids", status_code=201, response_model=BidReceipt)
async def place_bid(
    auction_id: UUID, body: PlaceBid, actor: ActorDep, runtime: RuntimeDep, request: Request
) -> Response:
    """Bid. The answer leaves after the bid is durable; it carries a signed receipt.

    A refusal names the lowest (and highest) amount that would stand, and is signed as well.
    """
    command = BidCommand(
        actor.party_id, body.amount, actor.ref, current_request_id(), sealed=body.sealed
    )
    return await submit(lanes_of(runtime), auction_id, command, runtime, request)


@routes.post("/auctions/{auction_id}/limits", status_code=201, response_model=BidReceipt)
async def set_limit(
    auction_id: UUID, body: SetLimitBody, actor: ActorDep, runtime: RuntimeDep, request: Request
) -> Response:
    """Set or raise a standing maximum 委托报价.

    The system bids the lowest sufficient amount up to it, also while its owner is offline. It is
    encrypted at rest; the trail shows a commitment, whose salt the answer tells its owner.
    """
    command = BidCommand(
        actor.party_id, body.amount, actor.ref, current_request_id(), what=What.LIMIT
    )
    return await submit(lanes_of(runtime), auction_id, command, runtime, request)


@routes.post("/auctions/{auction_id}/matches", status_code=201, response_model=BidReceipt)
async def match_price(
    auction_id: UUID, body: MatchBid, actor: ActorDep, runtime: RuntimeDep, request: Request
) -> Response:
    """Exercise a priority right 优先购买权: take the lead at an equal price."""
    command = BidCommand(
        actor.party_id, body.amount, actor.ref, current_request_id(), what=What.MATCH
    )
    return await submit(lanes_of(runtime), auction_id, command, runtime, request)


@routes.post("/auctions/{auction_id}/floor-bids", status_code=201, response_model=BidReceipt)
async def place_floor_bid(
    auction_id: UUID, body: FloorBid, actor: ActorDep, runtime: RuntimeDep, request: Request
) -> Response:
    """Enter a bid from the room 线下拍卖, by paddle, through the same lane as all others."""
    command = BidCommand(
        actor.party_id,
        body.amount,
        actor.ref,
        current_request_id(),
        what=What.FLOOR,
        paddle=body.paddle,
    )
    return await submit(lanes_of(runtime), auction_id, command, runtime, request)


async def submit(
    lanes: Lanes, auction_id: UUID, command: BidCommand, runtime: Runtime, request: Request
) -> Response:
    """Send a command through its auction's lane and answer with the signed receipt."""
    answer = await lanes.submit(
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
