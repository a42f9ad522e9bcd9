"""Who may see an auction, and as of when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.judging import due
from app.auctions.repository import auctions as repository
from app.auctions.repository.auctions import Auction, AuctionUnknown
from app.auctions.service.bidders import is_published
from app.auctions.service.publish import bring_up_to
from app.auctions.service.rooms import sees
from app.auctions.vault import Vault
from app.platform.access import Actor
from app.platform.clock import market_now


async def visible(session: AsyncSession, actor: Actor, auction_id: UUID) -> Auction:
    """Return an auction that its notice has announced, or that the actor may see before (AU14).

    Raises:
        AuctionUnknown: There is none for this actor.
    """
    auction = await repository.load(session, auction_id)
    if not sees(actor.viewer, auction):
        raise AuctionUnknown("There is no such auction.", auction_id=str(auction_id))
    return auction


async def current(
    session: AsyncSession, vault: Vault, actor: Actor, auction_id: UUID
) -> tuple[Auction, datetime]:
    """Return a visible auction and the market's moment.

    A deadline that nobody has published yet is published by whoever looks: readers need no
    worker, and see what the journal says.
    """
    auction = await visible(session, actor, auction_id)
    now = await market_now(session, auction.market_id)
    if due(auction.state, now) and await is_published(session, auction):
        auction = await repository.load(session, auction_id, lock=True)
        now = await market_now(session, auction.market_id)
        auction = await bring_up_to(session, vault, auction, now)
    return auction, now
