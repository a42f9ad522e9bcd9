"""Requests and responses of the opening of sealed bids by the holders of their keys' shares."""

import json
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.auctions.domain.model import AuctionStatus
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import StoredBid
from app.auctions.service.opening import Progress
from app.platform.schema import Page, View
from app.platform.sealed_schema import HolderProgressView


class SealedBidView(View):
    """A sealed bid after the deadline: what holders decrypt their shares from."""

    sequence: int
    bidder_code: str
    sealed: dict[str, Any]

    @classmethod
    def of(cls, bid: StoredBid) -> Self:
        """Return the view of a bid that holders open."""
        return cls(
            sequence=bid.sequence,
            bidder_code=bid.bidder_code,
            sealed=json.loads(bid.sealed or b""),
        )


class SealedBidsView(Page[SealedBidView]):
    """One page of sealed bids."""

    exchange_key: Annotated[
        str, Field(description="X25519: a holder proves itself to it when it complains")
    ]


class OpeningView(View):
    """How far the opening of an auction's sealed bids is."""

    auction_id: UUID
    status: AuctionStatus
    threshold: Annotated[int, Field(description="Shares that open a bid")]
    bids: int
    waiting: Annotated[list[int], Field(description="Bids that need more shares")]
    scores_missing: Annotated[bool, Field(description="Weighted: points come before prices")]
    holders: list[HolderProgressView]

    @classmethod
    def of(cls, auction: Auction, progress: Progress) -> Self:
        """Return the view of an opening."""
        threshold = auction.state.terms.threshold
        assert threshold is not None
        return cls(
            auction_id=auction.id,
            status=auction.state.status,
            threshold=threshold,
            bids=progress.bids,
            waiting=list(progress.waiting),
            scores_missing=progress.scores_missing,
            holders=[
                HolderProgressView(
                    position=it.position,
                    name=it.holder.name,
                    public_key=it.holder.public_key,
                    shares=list(it.shares),
                    unreadable=list(it.unreadable),
                    missing=list(it.missing),
                )
                for it in progress.holders
            ],
        )
