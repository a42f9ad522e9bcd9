"""Requests and responses of auctions."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.auctions.domain.judging import bounds, has_deadline
from app.auctions.domain.model import AuctionStatus, Origin
from app.auctions.domain.results import SessionResults
from app.auctions.domain.terms import (
    Criterion,
    Direction,
    Format,
    Kind,
    PriorityMode,
    Sealing,
    ShareHolder,
    Terms,
)
from app.auctions.licence_schemas import LicenceBody, Moment
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import Opening, StoredBid
from app.auctions.sealing_schemas import SealedBody
from app.auctions.service.create import NewAuction
from app.platform.schema import Body, MoneyJson, PositiveMoney, UtcView, View

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Seconds = Annotated[int, Field(ge=0, le=366 * 24 * 3600)]
ShortText = Annotated[str, Field(min_length=1, max_length=100)]


class CriterionBody(Body):
    """A published non-price criterion."""

    name: ShortText
    weight_bp: Annotated[int, Field(ge=0, le=10_000, description="Basis points of the whole")]


class ShareHolderBody(Body):
    """Who keeps one share of each sealed bid's key."""

    name: ShortText
    public_key: Annotated[str, Field(max_length=100, description="X25519, base64url")]


class TermsBody(Body):
    """Terms of an auction; what its format does not know stays null."""

    format: Format
    start: PositiveMoney
    direction: Direction = Direction.UP
    kind: Kind = Kind.ONLINE_BIDDING
    step: Annotated[PositiveMoney | None, Field(description="加价幅度")] = None
    steps_max: Annotated[Count | None, Field(description="Most steps a bid; null: no cap")] = None
    reserve: Annotated[PositiveMoney | None, Field(description="Published; null: the start")] = None
    reserve_secret: Annotated[bool, Field(description="The seller deposits one")] = False
    free_phase_s: Annotated[Seconds | None, Field(description="Free phase 自由竞价期")] = None
    window_s: Annotated[Seconds | None, Field(description="Timed window 限时竞价期")] = None
    extensions_max: Annotated[Count | None, Field(description="Null: no cap")] = None
    round_s: Annotated[Seconds | None, Field(description="Sealed bids are taken so long")] = None
    rounds: Count | None = None
    gap_s: Annotated[Seconds | None, Field(description="Between two rounds")] = None
    eliminate: Annotated[Count | None, Field(description="Bidders who leave a round")] = None
    interval_s: Annotated[Seconds | None, Field(description="A Dutch price stands so long")] = None
    criteria: Annotated[tuple[CriterionBody, ...] | None, Field(max_length=20)] = None
    sealing: Sealing | None = None
    holders: Annotated[tuple[ShareHolderBody, ...] | None, Field(max_length=9)] = None
    threshold: Annotated[Count | None, Field(description="Shares that open a bid")] = None
    priority_mode: Annotated[PriorityMode, Field(description="优先购买权的行使方式")] = (
        PriorityMode.NONE
    )
    priority_window_s: Seconds | None = None
    fault_tolerance_s: Annotated[Seconds, Field(description="Longest absence at the end")] = 10
    resumption_notice_s: Annotated[Seconds, Field(description="Announced before resuming")] = 600
    standby_count: Annotated[Count, Field(description="候补: next bidders kept ready")] = 0
    silent_forfeits: Annotated[bool, Field(description="All silent: deposits are lost")] = False

    def terms(self) -> Terms:
        """Return the domain's terms."""
        values: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        if self.criteria is not None:
            values["criteria"] = tuple(
                Criterion(item.name, item.weight_bp) for item in self.criteria
            )
        if self.holders is not None:
            values["holders"] = tuple(
                ShareHolder(item.name, item.public_key) for item in self.holders
            )
        return Terms(**values)


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


class CriterionView(View):
    """A published non-price criterion."""

    name: str
    weight_bp: int


class ShareHolderView(View):
    """Who keeps one share of each sealed bid's key."""

    name: str
    public_key: str


class TermsView(View):
    """Published terms."""

    format: Format
    start: MoneyJson
    direction: Direction
    kind: Kind
    step: MoneyJson | None
    steps_max: int | None
    reserve: MoneyJson | None
    reserve_secret: bool
    free_phase_s: int | None
    window_s: int | None
    extensions_max: int | None
    round_s: int | None
    rounds: int | None
    gap_s: int | None
    eliminate: int | None
    interval_s: int | None
    criteria: tuple[CriterionView, ...] | None
    sealing: Sealing | None
    holders: tuple[ShareHolderView, ...] | None
    threshold: int | None
    priority_mode: PriorityMode
    priority_window_s: int | None
    fault_tolerance_s: int
    resumption_notice_s: int
    standby_count: int
    silent_forfeits: bool


class PauseView(View):
    """What a paused auction goes back to."""

    status: AuctionStatus
    time_left_s: Annotated[int, Field(description="Kept whole; rounded down here")]
    resumes_at: Annotated[UtcView | None, Field(description="Null until it is announced")]


class AuctionView(View):
    """An auction at the market's present moment ``now``; bidders appear by code only."""

    id: UUID
    market_id: UUID
    listing_id: UUID
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
