"""Bids, standing maxima, matches and floor bids, and what a bidder is told."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.auctions.domain.model import AuctionStatus, Origin
from app.auctions.repository.bids import Opening, StoredBid
from app.platform.schema import Body, MoneyJson, PositiveMoney, UtcView, View
from app.platform.sealed_schema import SealedBody


class PlaceBid(Body):
    """A bid: an open or plain sealed amount, or one that only share holders can open."""

    amount: Annotated[PositiveMoney | None, Field(description="Price per lot")] = None
    sealed: SealedBody | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount is None) == (self.sealed is None):
            raise ValueError("give either amount or sealed")
        return self


class SetLimitBody(Body):
    """A standing maximum 委托报价: the system bids up to it, never more than it must."""

    amount: Annotated[PositiveMoney, Field(description="Highest price; in a reverse one lowest")]


class FloorBid(Body):
    """A bid from the room 线下拍卖, entered by the clerk."""

    paddle: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,12}$", description="The bidder's code 号牌")]
    amount: PositiveMoney


class MatchBid(Body):
    """A priority holder takes the lead at the leading price."""

    amount: Annotated[PositiveMoney, Field(description="The leading price, as seen")]


class BidReceipt(View):
    """An accepted bid or standing maximum: durable, in the auction's chain, and decisive."""

    auction_id: UUID
    bid_id: UUID
    sequence: int
    bidder_code: str
    amount: Annotated[MoneyJson | None, Field(description="Null: sealed")] = None
    commitment: Annotated[str | None, Field(description="What the trail shows of it")] = None
    salt: Annotated[str | None, Field(description="Opens the commitment; keep it")] = None
    phase: AuctionStatus
    judged_at: UtcView
    deadline_at: UtcView
    leader_code: str | None
    leading: MoneyJson | None
    minimum_next: MoneyJson | None
    maximum_next: MoneyJson | None
    receipt: Annotated[str, Field(description="JWS over the receipt; keys: /.well-known/jwks.json")]


class BidView(View):
    """An accepted bid as the public sees it."""

    sequence: int
    bidder_code: str
    amount: Annotated[MoneyJson | None, Field(description="Null: sealed, or void when opened")]
    void_reason: str | None
    origin: Origin
    phase: str
    round_no: int
    judged_at: UtcView

    @classmethod
    def of(cls, bid: StoredBid, opening: Opening | None) -> Self:
        """Return a bid with what was opened of it."""
        return cls(
            sequence=bid.sequence,
            bidder_code=bid.bidder_code,
            amount=bid.amount if opening is None else opening.amount,
            void_reason=None if opening is None else opening.void_reason,
            origin=Origin(bid.origin),
            phase=bid.phase,
            round_no=bid.round_no,
            judged_at=bid.judged_at,
        )
