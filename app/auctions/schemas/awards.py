"""Requests and responses of the award queue."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.auctions.domain.offering import Award, Outcome
from app.auctions.schemas.auctions import AuctionView
from app.platform.schema import Body, MoneyJson, UtcView, View
from app.shared.money import Money


class StandbyAnswer(Body):
    """Whether a standby bidder 候补 buys at its own best bid."""

    accept: bool


class StandbyAnswerView(View):
    """What the answer led to."""

    auction: AuctionView
    confirmation: Annotated[
        str | None, Field(description="JWS of the new deal confirmation; null: declined")
    ]


class AwardView(View):
    """A place of the queue; who, which deal and what it owes only for staff and its own bidder."""

    place: Annotated[int, Field(description="0 is the winner's")]
    bidder_code: str
    amount: Annotated[MoneyJson, Field(description="At which it buys")]
    outcome: Outcome
    answer_by_at: Annotated[UtcView | None, Field(description="Once it was asked; exclusive")]
    own: Annotated[bool, Field(description="The reader's own place")]
    party_id: UUID | None
    deal_id: UUID | None
    shortfall: Annotated[
        MoneyJson | None,
        Field(description="What the re-run brought less: owed to the seller by who defaulted"),
    ]

    @classmethod
    def of(cls, award: Award, *, own: bool, full: bool, shortfall: Money | None) -> Self:
        """Return a place as far as the reader sees it.

        Args:
            full: The reader is of the market's staff, or the bidder itself.
        """
        return cls(
            place=award.place,
            bidder_code=award.bidder_code,
            amount=award.amount,
            outcome=award.outcome,
            answer_by_at=award.answer_by_at,
            own=own,
            party_id=award.party_id if full else None,
            deal_id=award.deal_id if full else None,
            shortfall=shortfall if full else None,
        )


class AwardsView(View):
    """The award queue, the winner first; empty before the confirmation."""

    items: list[AwardView]
