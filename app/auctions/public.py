"""What other modules may use of auctions."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.proof.broken import LinkBroken as ProofBroken
from app.auctions.proof.bundle import ProofNotReady, pieces, plan
from app.auctions.proof.shell import verify_files as verify_proof_files
from app.auctions.proof.verify import verify as verify_proof
from app.auctions.repository import auctions as repository
from app.auctions.repository import bids
from app.auctions.repository.auctions import AuctionUnknown
from app.auctions.vault import Vault
from app.platform.access import Owner
from app.platform.runtime import Runtime
from app.shared.ids import AuctionId, ListingId

__all__ = [
    "ProofBroken",
    "bidders_of_listing",
    "owner_of_auction",
    "proof_of",
    "verify_proof",
    "verify_proof_files",
]


async def proof_of(runtime: Runtime, auction_id: AuctionId) -> bytes | None:
    """Return an ended auction's public proof bundle as JSON, or ``None`` while it runs.

    Opens transactions of its own, a page each, so call it outside of any.

    Raises:
        AuctionUnknown: There is none.
    """
    async with runtime.database.transaction() as session:
        try:
            planned = await plan(session, runtime.signer, auction_id, for_auditor=False)
        except ProofNotReady:
            return None
    vault = Vault(runtime.box)
    read = pieces(runtime.database, runtime.signer, vault, planned)
    return b"".join([piece async for piece in read])


async def bidders_of_listing(session: AsyncSession, listing_id: ListingId) -> int | None:
    """Return how many have bid in a listing's auction; ``None`` if it has none.

    Different bidder codes of accepted bids, as the trail shows them when it is over; sealed bids
    with them, standing maxima that never came to a bid not.
    """
    auction_id = await repository.id_of_listing(session, listing_id)
    return None if auction_id is None else await bids.count_bidders(session, auction_id)


async def owner_of_auction(session: AsyncSession, auction_id: UUID) -> Owner | None:
    """Return whose an auction is: the consignor's."""
    try:
        auction = await repository.load(session, auction_id)
    except AuctionUnknown:
        return None
    return Owner(auction.market_id, frozenset({auction.seller_id}))
