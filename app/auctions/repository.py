"""All SQL of auctions: rows to rules and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.terms import Terms
from app.auctions.models import AuctionRow, BidRow
from app.platform.db import insert_rows
from app.shared.errors import NotFound
from app.shared.ids import AuctionId, DealId, ListingId, MarketId, PartyId, SessionId
from app.shared.money import Money


class AuctionUnknown(NotFound):
    """No auction has this id."""

    code = "auction_unknown"
    title_zh = "竞价项目不存在"
    title_en = "There is no such auction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Auction:
    """An auction as stored.

    Attributes:
        state: As of the last judging or publication; `roll` brings it up to a moment.
        announced_at: When the listing's notice published it; the public sees it from then on.
        leader_code: The leader's bidder code, the only name the public sees.
    """

    id: AuctionId
    market_id: MarketId
    listing_id: ListingId
    seller_id: PartyId
    session_id: SessionId | None
    title: str
    opens_at: datetime
    announced_at: datetime | None
    state: BiddingState
    leader_code: str | None
    confirmed_at: datetime | None
    deal_id: DealId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """A judged bid as stored."""

    id: UUID
    sequence: int
    party_id: PartyId
    bidder_code: str
    amount: Money
    phase: str
    refusal: str | None
    judged_at: datetime


def _auction(row: AuctionRow) -> Auction:
    terms = Terms.from_json(row.terms)
    leading = row.leading_minor
    return Auction(
        id=AuctionId(row.id),
        market_id=MarketId(row.market_id),
        listing_id=ListingId(row.listing_id),
        seller_id=PartyId(row.seller_id),
        session_id=None if row.session_id is None else SessionId(row.session_id),
        title=row.title,
        opens_at=row.opens_at,
        announced_at=row.announced_at,
        state=BiddingState(
            terms=terms,
            status=AuctionStatus(row.status),
            deadline_at=row.deadline_at,
            leader_id=None if row.leader_id is None else PartyId(row.leader_id),
            leading=None if leading is None else Money(leading, terms.start.currency),
            contested=row.contested,
            bid_count=row.bid_count,
            judged_count=row.judged_count,
            last_judged_at=row.last_judged_at,
        ),
        leader_code=row.leader_code,
        confirmed_at=row.confirmed_at,
        deal_id=None if row.deal_id is None else DealId(row.deal_id),
    )


def _state_columns(state: BiddingState) -> dict[str, Any]:
    return {
        "status": str(state.status),
        "deadline_at": state.deadline_at,
        "leader_id": state.leader_id,
        "leading_minor": None if state.leading is None else state.leading.amount_minor,
        "contested": state.contested,
        "bid_count": state.bid_count,
        "judged_count": state.judged_count,
        "last_judged_at": state.last_judged_at,
    }


async def add(session: AsyncSession, auction: Auction) -> None:
    """Insert a new auction."""
    await session.execute(
        insert(AuctionRow).values(
            id=auction.id,
            market_id=auction.market_id,
            listing_id=auction.listing_id,
            seller_id=auction.seller_id,
            session_id=auction.session_id,
            title=auction.title,
            terms=auction.state.terms.as_json(),
            opens_at=auction.opens_at,
            **_state_columns(auction.state),
        )
    )


async def load(session: AsyncSession, auction_id: UUID, *, lock: bool = False) -> Auction:
    """Return an auction, locked until the transaction ends if asked.

    Raises:
        AuctionUnknown: No such auction.
    """
    statement = select(AuctionRow).where(AuctionRow.id == auction_id)
    if lock:
        # KEY SHARE of the bids' foreign key must not wait for the judging lock.
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    row = await session.scalar(statement)
    if row is None:
        raise AuctionUnknown("There is no such auction.", auction_id=str(auction_id))
    return _auction(row)


async def save(session: AsyncSession, auction: Auction) -> None:
    """Store what bidding, time and confirmation changed; the caller holds the row lock."""
    await session.execute(
        update(AuctionRow)
        .where(AuctionRow.id == auction.id)
        .values(
            **_state_columns(auction.state),
            announced_at=auction.announced_at,
            leader_code=auction.leader_code,
            confirmed_at=auction.confirmed_at,
            deal_id=auction.deal_id,
        )
        .execution_options(synchronize_session=False)
    )


async def add_bids(session: AsyncSession, auction_id: AuctionId, bids: Sequence[Bid]) -> None:
    """Insert judged bids in one statement."""
    await insert_rows(
        session,
        BidRow,
        [
            {
                "id": bid.id,
                "auction_id": auction_id,
                "sequence": bid.sequence,
                "party_id": bid.party_id,
                "bidder_code": bid.bidder_code,
                "amount_minor": bid.amount.amount_minor,
                "currency": bid.amount.currency,
                "phase": str(bid.phase),
                "refusal": bid.refusal,
                "judged_at": bid.judged_at,
            }
            for bid in bids
        ],
    )


async def bids_after(
    session: AsyncSession, auction_id: UUID, *, after: int, limit: int
) -> list[Bid]:
    """Return accepted bids with a sequence above ``after``, in order."""
    rows = await session.scalars(
        select(BidRow)
        .where(BidRow.auction_id == auction_id, BidRow.sequence > after, BidRow.refusal.is_(None))
        .order_by(BidRow.sequence)
        .limit(limit)
    )
    return [
        Bid(
            id=row.id,
            sequence=row.sequence,
            party_id=PartyId(row.party_id),
            bidder_code=row.bidder_code,
            amount=Money(row.amount_minor, row.currency),
            phase=row.phase,
            refusal=row.refusal,
            judged_at=row.judged_at,
        )
        for row in rows
    ]


async def page(
    session: AsyncSession,
    *,
    before: UUID | None,
    limit: int,
    market_id: UUID | None,
    session_id: UUID | None,
) -> list[Auction]:
    """Return announced auctions, newest first, below the id ``before``."""
    statement = (
        select(AuctionRow)
        .where(AuctionRow.announced_at.is_not(None))
        .order_by(AuctionRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(AuctionRow.id < before)
    if market_id is not None:
        statement = statement.where(AuctionRow.market_id == market_id)
    if session_id is not None:
        statement = statement.where(AuctionRow.session_id == session_id)
    return [_auction(row) for row in await session.scalars(statement)]


async def id_of_listing(session: AsyncSession, listing_id: UUID) -> AuctionId | None:
    """Return the auction of a listing."""
    found = await session.scalar(select(AuctionRow.id).where(AuctionRow.listing_id == listing_id))
    return None if found is None else AuctionId(found)


async def of_session(session: AsyncSession, session_id: UUID) -> list[Auction]:
    """Return all announced auctions of a session in the order they were made."""
    rows = await session.scalars(
        select(AuctionRow)
        .where(AuctionRow.session_id == session_id, AuctionRow.announced_at.is_not(None))
        .order_by(AuctionRow.id)
    )
    return [_auction(row) for row in rows]
