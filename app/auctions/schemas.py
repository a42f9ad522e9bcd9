"""Requests and responses of auctions."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.auctions.domain.model import AuctionStatus, roll
from app.auctions.domain.results import SessionResults
from app.auctions.domain.terms import Format, Terms
from app.auctions.repository import Auction
from app.platform.schema import Body, Instant, MoneyJson, PositiveMoney, UtcView, View

Seconds = Annotated[int, Field(ge=0, le=366 * 24 * 3600)]


class TermsBody(Body):
    """Terms of a two-phase ascending auction 多次报价."""

    format: Format
    start: PositiveMoney
    step: PositiveMoney
    steps_max: Annotated[int | None, Field(description="Most steps a bid; null: no cap")] = None
    reserve: Annotated[PositiveMoney | None, Field(description="Published; null: the start")] = None
    free_phase_s: Annotated[Seconds, Field(description="Free phase 自由竞价期")]
    window_s: Annotated[Seconds, Field(description="Timed window 限时竞价期, restarted by bids")]

    def terms(self) -> Terms:
        """Return the domain's terms."""
        return Terms(
            format=self.format,
            start=self.start,
            step=self.step,
            steps_max=self.steps_max,
            reserve=self.reserve,
            free_phase_s=self.free_phase_s,
            window_s=self.window_s,
        )


class CreateAuction(Body):
    """The bidding of a draft listing."""

    listing_id: UUID
    opens_at: Annotated[Instant, Field(description="Not before the disclosure ends")]
    terms: TermsBody


class PlaceBid(Body):
    """A bid: the price per lot that the bidder offers."""

    amount: PositiveMoney


class TermsView(View):
    """Published terms."""

    format: Format
    start: MoneyJson
    step: MoneyJson
    steps_max: int | None
    reserve: MoneyJson | None
    free_phase_s: int
    window_s: int


class AuctionView(View):
    """An auction at the market's present moment ``now``; bidders appear by code only."""

    id: UUID
    market_id: UUID
    listing_id: UUID
    session_id: UUID | None
    title: str
    terms: TermsView
    status: AuctionStatus
    opens_at: UtcView
    now: UtcView
    deadline_at: Annotated[UtcView, Field(description="End of the present phase, exclusive")]
    time_left_s: Annotated[int, Field(description="Whole seconds left by the server's clock")]
    leading: MoneyJson | None
    leader_code: str | None
    minimum_next: Annotated[MoneyJson | None, Field(description="Lowest valid bid; null: closed")]
    maximum_next: MoneyJson | None
    bid_count: int
    contested: bool
    confirmed_at: UtcView | None
    deal_id: UUID | None

    @classmethod
    def of(cls, auction: Auction, now: datetime) -> Self:
        """Return the view at ``now``: deadlines count even where nothing was published yet."""
        state, _ = roll(auction.state, now)
        running = state.status in {
            AuctionStatus.SCHEDULED,
            AuctionStatus.FREE,
            AuctionStatus.TIMED,
        }
        left = max(state.deadline_at - now, timedelta(0)) if running else timedelta(0)
        return cls(
            id=auction.id,
            market_id=auction.market_id,
            listing_id=auction.listing_id,
            session_id=auction.session_id,
            title=auction.title,
            terms=TermsView.model_validate(state.terms),
            status=state.status,
            opens_at=auction.opens_at,
            now=now,
            deadline_at=state.deadline_at,
            time_left_s=int(left.total_seconds()),
            leading=state.leading,
            leader_code=auction.leader_code,
            minimum_next=state.minimum_next if running else None,
            maximum_next=state.maximum_next if running else None,
            bid_count=state.bid_count,
            contested=state.contested,
            confirmed_at=auction.confirmed_at,
            deal_id=auction.deal_id,
        )


class BidReceipt(View):
    """An accepted bid: durable, in the auction's chain, and decisive."""

    auction_id: UUID
    bid_id: UUID
    sequence: int
    bidder_code: str
    amount: MoneyJson
    phase: AuctionStatus
    judged_at: UtcView
    deadline_at: UtcView
    minimum_next: MoneyJson
    receipt: Annotated[str, Field(description="JWS over the receipt; keys: /.well-known/jwks.json")]


class BidView(View):
    """An accepted bid as the public sees it."""

    sequence: int
    bidder_code: str
    amount: MoneyJson
    phase: str
    judged_at: UtcView


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
