"""Requests and responses of the opening of sealed bids by the holders of their keys' shares."""

import json
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from app.auctions.domain.model import AuctionStatus
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import StoredBid
from app.auctions.service.opening import Progress
from app.platform.schema import Body, Page, View
from app.shared.canonical import canonical_json
from app.shared.jsonable import jsonable
from app.shared.sealing.handing_in import Submission

SEALED_BYTES_MAX = 8192  # twice what a bid with nine holders has
SEALED_LEVELS_MAX = 8  # more than twice what it has
LINES_MAX = 1000

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


def _storable(sealed: dict[str, Any]) -> dict[str, Any]:
    """Refuse what has no canonical form or is far too much; what it says is judged later."""
    if not _is_flat(sealed, SEALED_LEVELS_MAX):  # proofs walk it again, on another stack
        raise ValueError(f"a sealed bid has at most {SEALED_LEVELS_MAX} levels")
    try:
        size = len(canonical_json(jsonable(sealed)))
    except (TypeError, ValueError):
        raise ValueError("a sealed bid has no fractions and no unpaired surrogates") from None
    if size > SEALED_BYTES_MAX:
        raise ValueError(f"a sealed bid has at most {SEALED_BYTES_MAX} bytes")
    return sealed


def _is_flat(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_flat(item, levels - 1) for item in inner)


SealedBody = Annotated[
    dict[str, Any],
    AfterValidator(_storable),
    Field(description="As `zhepai seal` makes it; app/shared/sealing/README.md is the format"),
]


class ShareBody(Body):
    """A holder's share of one bid's key."""

    index: Annotated[int, Field(ge=1, le=9, description="The holder's position, from 1")]
    value: Annotated[str, Field(max_length=100, description="32 bytes, base64url")]


class ShareLine(Body):
    """What a holder says of one bid: its share, or that it cannot read it."""

    sequence: Number
    share: ShareBody | None = None
    unreadable: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.share is None) == (self.unreadable is None):
            raise ValueError("give either share or unreadable")
        return self

    def line(self) -> dict[str, Any]:
        """Return the line as its holder proved it."""
        return self.model_dump(exclude_none=True)


class HandInShares(Body):
    """What a holder hands in, as `zhepai open-shares` makes it; any part of the bids."""

    holder: Annotated[int, Field(ge=1, le=9, description="Position in terms.holders, from 1")]
    shares: Annotated[list[ShareLine], Field(min_length=1, max_length=LINES_MAX)]
    proof: Annotated[
        str | None, Field(max_length=100, description="That the holder complains; base64url")
    ] = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({line.sequence for line in self.shares}) < len(self.shares):
            raise ValueError("name each bid once")
        return self

    def submission(self) -> Submission:
        """Return what the use case takes."""
        return Submission(self.holder, [line.line() for line in self.shares], self.proof)


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


class HolderProgressView(View):
    """What one holder has handed in, by the bids' numbers."""

    position: int
    name: str
    public_key: str
    shares: list[int]
    unreadable: list[int]
    missing: list[int]


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
