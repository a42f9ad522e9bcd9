"""The room as a snapshot, and a bidder's own part of it; the stream is in `live`."""

from uuid import UUID

from app.auctions.endpoints.reading import current, visible
from app.auctions.schemas.rooms import MineView, RoomView
from app.auctions.service import mine as own
from app.auctions.service.bidders import bidders_of
from app.auctions.service.rooms import is_staff, look
from app.auctions.vault import VaultDep
from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router

routes = router(tag="auctions")


@routes.get("/auctions/{auction_id}/room")
async def get_room(
    auction_id: UUID, actor: ActorDep, session: SessionDep, vault: VaultDep
) -> RoomView:
    """Return the live room at one version; the stream leads on from it."""
    await current(session, vault, actor, auction_id)
    seen = await look(session, auction_id)
    bidders = None
    if is_staff(actor.viewer, seen.auction):
        found = await bidders_of(session, seen.auction, None)
        bidders = sorted(found.values(), key=lambda bidder: bidder.bidder_code)
    return RoomView.of(seen, bidders)


@routes.get("/auctions/{auction_id}/mine")
async def get_mine(
    auction_id: UUID, actor: ActorDep, session: SessionDep, vault: VaultDep
) -> MineView:
    """Return the caller's own code, standing maximum, bids and priority right."""
    await visible(session, actor, auction_id)
    return MineView.of(await own.mine(session, vault, auction_id, actor.party_id))
