"""What other modules may use of auctions."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.proof.shell import verify_files as verify_proof_files
from app.auctions.proof.verify import verify as verify_proof
from app.auctions.repository import auctions as repository
from app.auctions.repository.auctions import AuctionUnknown
from app.auctions.sealing import shell as sealing_shell
from app.platform.access import Owner

__all__ = ["owner_of_auction", "sealing_shell", "verify_proof", "verify_proof_files"]


async def owner_of_auction(session: AsyncSession, auction_id: UUID) -> Owner | None:
    """Return whose an auction is: the consignor's."""
    try:
        auction = await repository.load(session, auction_id)
    except AuctionUnknown:
        return None
    return Owner(auction.market_id, frozenset({auction.seller_id}))
