"""A bidder's own part of an auction."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.repository import bids as bid_rows
from app.auctions.repository import secrets
from app.auctions.repository.bids import StoredBid
from app.auctions.repository.secrets import Holder
from app.auctions.service.bidders import bidders_of
from app.auctions.service.rooms import look
from app.auctions.vault import Vault
from app.shared.ids import PartyId
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class OwnBid:
    """A bid or standing maximum with the amount that its owner reads.

    Attributes:
        amount: ``None`` for a bid that only share holders can open.
    """

    bid: StoredBid
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Mine:
    """What one bidder alone sees.

    Attributes:
        bidder_code: ``None`` for a party that may not bid.
        limit: Its standing maximum, decrypted for it alone.
        bids: Newest first, refused ones too.
    """

    version: int
    bidder_code: str | None
    leads: bool
    limit: Money | None
    holder: Holder | None
    bids: Sequence[OwnBid]


async def mine(session: AsyncSession, vault: Vault, auction_id: UUID, party_id: PartyId) -> Mine:
    """Return a party's own part of an auction; nothing of it is another's (AU38).

    Raises:
        AuctionUnknown: There is no such auction.
    """
    seen = await look(session, auction_id)
    auction = seen.auction
    found = await bidders_of(session, auction, [party_id])
    code = found[party_id].bidder_code if party_id in found else None
    holders = await secrets.holders(session, [auction.id])
    own = [
        OwnBid(bid, _amount(vault, bid))
        for bid in await bid_rows.of_party(session, auction.id, party_id)
    ]
    limits = (it.amount for it in own if it.bid.kind == "limit" and it.bid.refusal is None)
    return Mine(
        version=seen.version,
        bidder_code=code,
        leads=code is not None and seen.room()["leader_code"] == code,
        limit=next(limits, None),
        holder=next((holder for holder in holders if holder.party_id == party_id), None),
        bids=own,
    )


def _amount(vault: Vault, bid: StoredBid) -> Money | None:
    """Return what was bid, ``None`` where it was sealed for share holders, rightly or not."""
    if bid.sealed is None:
        return bid.amount
    try:
        return vault.open(bid.id, bid.sealed)
    except InvalidTag:  # not of our own sealing
        return None
