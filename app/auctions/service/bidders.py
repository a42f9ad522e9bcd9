"""Who may bid, under which code: a listing's depositors, or a demand's admitted proposers.

The one place where bidding asks whose auction it is. On the bid path a batch costs one query
for the listings in it and, only where there are any, one for the demands.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.repository.auctions import Auction
from app.demands import public as demands
from app.listings import public as listings
from app.shared.ids import AuctionId, DemandId, PartyId


class Bidder(Protocol):
    """Somebody who may bid in an auction."""

    @property
    def party_id(self) -> PartyId:
        """Whose bids they are."""
        ...

    @property
    def bidder_code(self) -> str:
        """The only name that others know it by (AU11)."""
        ...


async def bidders_of(
    session: AsyncSession, auction: Auction, party_ids: Collection[PartyId] | None
) -> Mapping[PartyId, Bidder]:
    """Return who may bid in an auction, by party.

    Args:
        party_ids: Only these; ``None`` for all.

    Invariant: AU95.
    """
    if auction.listing_id is not None:
        return await listings.depositors(session, auction.listing_id, party_ids)
    demand_id, round_no = _demand_of(auction)
    found = await demands.bidders_of(session, demand_id, party_ids, round_no=round_no)
    return {party: bidder for party, bidder in found.items() if party != auction.seller_id}


async def bidders_of_many(
    session: AsyncSession, auctions: Sequence[Auction], party_ids: Collection[PartyId]
) -> dict[tuple[AuctionId, PartyId], Bidder]:
    """Return those of the parties who may bid, by auction and party.

    Invariant: AU95.
    """
    found: dict[tuple[AuctionId, PartyId], Bidder] = {}
    sold = {auction.listing_id: auction.id for auction in auctions if auction.listing_id}
    if sold:
        depositors = await listings.depositors_of_many(session, sold, party_ids)
        found.update(((sold[lot], party), it) for (lot, party), it in depositors.items())
    asked = {_demand_of(auction): auction for auction in auctions if auction.demand_id}
    if asked:
        proposers = await demands.bidders_of_many(session, asked, party_ids)
        for (demand_id, round_no, party), bidder in proposers.items():
            auction = asked[demand_id, round_no]
            if party != auction.seller_id:
                found[auction.id, party] = bidder
    return found


async def bidder_by_code(session: AsyncSession, auction: Auction, code: str) -> Bidder | None:
    """Return who stands behind a bidder code of an auction, or ``None`` if nobody does."""
    if auction.listing_id is not None:
        return await listings.depositor_by_code(session, auction.listing_id, code)
    demand_id, round_no = _demand_of(auction)
    return await demands.bidder_by_code(session, demand_id, code, round_no=round_no)


async def is_published(session: AsyncSession, auction: Auction) -> bool:
    """Tell whether an auction is known to all, and so opens by itself (AU14).

    Its announcement may be a reaction to the listing's notice, which is still on its way. A
    demand's auction is announced as it is made.
    """
    if auction.announced_at is not None or auction.listing_id is None:
        return True
    listing = await listings.get_listing(session, auction.listing_id)
    return listing.status is not listings.ListingStatus.DRAFT


def _demand_of(auction: Auction) -> tuple[DemandId, int]:
    assert auction.demand_id is not None
    assert auction.demand_round is not None
    return auction.demand_id, auction.demand_round
