"""An announced auction in the hands of staff: locked, and as its deadlines have left it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.ending import AuctionNotAnnounced
from app.auctions.repository import auctions as repository
from app.auctions.repository.auctions import Auction
from app.auctions.service.bidders import is_published
from app.auctions.service.publish import bring_up_to
from app.auctions.vault import Vault
from app.platform.clock import market_now


async def take(session: AsyncSession, vault: Vault, auction_id: UUID) -> tuple[Auction, datetime]:
    """Return an announced auction under its row lock, brought up to the market's moment.

    The clock is read behind the lock, and never stands before the last judging.

    Raises:
        AuctionUnknown: There is none.
        AuctionNotAnnounced: Its listing is a draft.
    """
    auction = await repository.load(session, auction_id, lock=True)
    now = await market_now(session, auction.market_id)
    if not await is_published(session, auction):
        raise AuctionNotAnnounced("Publish the listing's notice first.")
    last = auction.state.last_judged_at
    now = now if last is None else max(now, last)
    return await bring_up_to(session, vault, auction, now), now
