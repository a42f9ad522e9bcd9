"""Auctions as documents: their creation, their state, a session's totals."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.auctions.domain.judging import bounds, has_deadline
from app.auctions.domain.model import AuctionStatus
from app.auctions.domain.results import SessionResults
from app.auctions.repository.auctions import Auction
from app.auctions.schemas.licence import LicenceBody, Moment
from app.auctions.schemas.terms import TermsBody, TermsView
from app.auctions.service.create import NewAuction
from app.platform.schema import Body, MoneyJson, UtcView, View


class CreateAuction(Body):
    """The bidding of a draft listing."""

    listing_id: UUID
    opens_at: Annotated[Moment, Field(description="Not before the disclosure ends")]
    spread_s: Annotated[
        Annotated[int, Field(ge=1, le=86_400)] | None,
        Field(description="Open at the first free moment: no two lots of the session closer"),
    ] = None
    terms: TermsBody
    licence: Annotated[LicenceBody | None, Field(description="拍卖 needs it; nothing else")] = None
    rerun_of: Annotated[UUID | None, Field(description="The auction that a default ended")] = None

    def new(self) -> NewAuction:
        """Return what the use case takes."""
        return NewAuction(
            listing_id=self.listing_id,
            opens_at=self.opens_at,
            spread_s=self.spread_s,
            terms=self.terms.terms(),
            licence=None if self.licence is None else self.licence.licence(),
            rerun_of=self.rerun_of,
        )


class PauseView(View):
    """What a paused auction goes back to."""

    status: AuctionStatus
    time_left_s: Annotated[int, Field(description="Kept whole; rounded down here")]
    resumes_at: Annotated[UtcView | None, Field(description="Null until it is announced")]


class AuctionView(View):
    """An auction at the market's present moment ``now``; bidders appear by code only."""

    id: UUID
    market_id: UUID
    listing_id: Annotated[UUID | None, Field(description="Null: it is a demand's")]
    demand_id: Annotated[UUID | None, Field(description="Null: it is a listing's")]
    session_id: UUID | None
    title: str
    terms: TermsView
    licence: Annotated[dict[str, Any] | None, Field(description="拍卖: auctioneer, display")]
    status: AuctionStatus
    opens_at: UtcView
    now: UtcView
    deadline_at: Annotated[UtcView, Field(description="End of the present phase, exclusive")]
    time_left_s: Annotated[int, Field(description="Whole seconds left by the server's clock")]
    leading: MoneyJson | None
    leader_code: str | None
    minimum_next: Annotated[MoneyJson | None, Field(description="Lowest amount that would stand")]
    maximum_next: Annotated[MoneyJson | None, Field(description="Highest; null: no such bound")]
    bid_count: int
    contested: bool
    extensions: int
    round_no: int
    eliminated: Annotated[tuple[str, ...], Field(description="Bidders who left after a round")]
    pause: PauseView | None
    confirmed_at: UtcView | None
    deal_id: UUID | None
    rerun_of: UUID | None

    @classmethod
    def of(cls, auction: Auction, now: datetime) -> Self:
        """Return the view at ``now`` of an auction whose deadlines were published."""
        state, pause = auction.state, auction.state.pause
        running = has_deadline(state)
        left = max(state.deadline_at - now, timedelta(0)) if running else timedelta(0)
        minimum, maximum = bounds(state, now)
        return cls(
            id=auction.id,
            market_id=auction.market_id,
            listing_id=auction.listing_id,
            demand_id=auction.demand_id,
            session_id=auction.session_id,
            title=auction.title,
            terms=TermsView.model_validate(state.terms),
            licence=None if auction.licence is None else dict(auction.licence),
            status=state.status,
            opens_at=auction.opens_at,
            now=now,
            deadline_at=state.deadline_at,
            time_left_s=int(left.total_seconds()),
            leading=state.leading,
            leader_code=state.leader,
            minimum_next=minimum,
            maximum_next=maximum,
            bid_count=state.bid_count,
            contested=state.contested,
            extensions=state.extensions,
            round_no=state.round_no,
            eliminated=tuple(sorted(state.eliminated)),
            pause=None
            if pause is None
            else PauseView(
                status=pause.status,
                time_left_s=int(pause.time_left.total_seconds()),
                resumes_at=pause.resumes_at,
            ),
            confirmed_at=auction.confirmed_at,
            deal_id=auction.deal_id,
            rerun_of=auction.rerun_of,
        )


class ConfirmationView(View):
    """A confirmed deal."""

    auction: AuctionView
    confirmation: Annotated[str, Field(description="JWS of the deal confirmation 成交确认书")]


class SessionResultsView(View):
    """Totals of a session; sold lots with one bidder are told apart from contested ones."""

    session_id: UUID
    lots: int
    sold: int
    contested: int
    bids: int
    start: MoneyJson | None
    deal: MoneyJson | None
    premium_rate: Annotated[
        Decimal | None, Field(description="(deal − start) / start, e.g. 0.3743 for 37.43 %")
    ]

    @classmethod
    def of(cls, session_id: UUID, results: SessionResults) -> Self:
        """Return the view of a session's results."""
        return cls(
            session_id=session_id,
            lots=results.lots,
            sold=results.sold,
            contested=results.contested,
            bids=results.bids,
            start=results.start,
            deal=results.deal,
            premium_rate=results.premium,
        )
