"""Auctions: rows to rules and back."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Uuid, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.model import AuctionStatus, BiddingState, Pause
from app.auctions.domain.terms import Terms
from app.auctions.models import AuctionRow
from app.platform.clock import MarketClock
from app.platform.journal import JournalHead
from app.shared.errors import NotFound
from app.shared.ids import AuctionId, DealId, DemandId, ListingId, MarketId, PartyId, SessionId
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
        listing_id, demand_id: What is sold or asked: exactly one of them.
        seller_id: The consignor: a listing's seller, a demand's poster.
        state: As of the last judging or publication, without its secrets.
        licence: The facts that 拍卖 needs (auctioneer, notice, display), as published.
        announced_at: When the listing's notice published it; the public sees it from then on.
        rerun_of: The auction whose winner defaulted, where this one repeats it.
        demand_round: The round of proposals whose proposers bid.
        demand_call: Version of the demand's event that called for it.
    """

    id: AuctionId
    market_id: MarketId
    listing_id: ListingId | None
    seller_id: PartyId
    session_id: SessionId | None
    title: str
    licence: Mapping[str, Any] | None
    opens_at: datetime
    announced_at: datetime | None
    state: BiddingState
    confirmed_at: datetime | None = None
    deal_id: DealId | None = None
    rerun_of: AuctionId | None = None
    demand_id: DemandId | None = None
    demand_round: int | None = None
    demand_call: int | None = None


_TERMS: Final[dict[UUID, Terms]] = {}  # frozen with the auction, and costly to parse on each bid
_TERMS_MAX: Final = 10_000


def _terms(auction_id: UUID, stored: Mapping[str, Any]) -> Terms:
    terms = _TERMS.get(auction_id)
    if terms is None:
        if len(_TERMS) >= _TERMS_MAX:
            _TERMS.clear()
        terms = _TERMS[auction_id] = Terms.from_json(stored)
    return terms


def _auction(row: Any) -> Auction:
    terms = _terms(row.id, row.terms)
    leading = row.leading_minor
    return Auction(
        id=AuctionId(row.id),
        market_id=MarketId(row.market_id),
        listing_id=None if row.listing_id is None else ListingId(row.listing_id),
        seller_id=PartyId(row.seller_id),
        session_id=None if row.session_id is None else SessionId(row.session_id),
        title=row.title,
        licence=row.licence,
        opens_at=row.opens_at,
        announced_at=row.announced_at,
        state=BiddingState(
            terms=terms,
            status=AuctionStatus(row.status),
            deadline_at=row.deadline_at,
            running_since=row.running_since,
            leader=row.leader_code,
            leading=None if leading is None else Money(leading, terms.start.currency),
            contested=row.contested,
            bid_count=row.bid_count,
            judged_count=row.judged_count,
            last_judged_at=row.last_judged_at,
            extensions=row.extensions,
            round_no=row.round_no,
            eliminated=frozenset(row.eliminated),
            pause=_pause(row.pause),
        ),
        confirmed_at=row.confirmed_at,
        deal_id=None if row.deal_id is None else DealId(row.deal_id),
        rerun_of=None if row.rerun_of is None else AuctionId(row.rerun_of),
        demand_id=None if row.demand_id is None else DemandId(row.demand_id),
        demand_round=row.demand_round,
        demand_call=row.demand_call,
    )


_MICROSECOND: Final = timedelta(microseconds=1)


def _pause(stored: Mapping[str, Any] | None) -> Pause | None:
    if stored is None:
        return None
    resumes_at = stored["resumes_at"]
    return Pause(
        status=AuctionStatus(stored["status"]),
        time_left=stored["time_left_us"] * _MICROSECOND,
        resumes_at=None if resumes_at is None else datetime.fromisoformat(resumes_at),
    )


def _state_columns(auction: Auction) -> dict[str, Any]:
    """Return what bidding, time and staff change of a row, as JSON values."""
    state, pause = auction.state, auction.state.pause
    return {
        "status": str(state.status),
        "deadline_at": _moment(state.deadline_at),
        "running_since": _moment(state.running_since),
        "leader_code": state.leader,
        "leading_minor": None if state.leading is None else state.leading.amount_minor,
        "contested": state.contested,
        "bid_count": state.bid_count,
        "judged_count": state.judged_count,
        "last_judged_at": _moment(state.last_judged_at),
        "extensions": state.extensions,
        "round_no": state.round_no,
        "eliminated": sorted(state.eliminated),
        "pause": None
        if pause is None
        else {
            "status": str(pause.status),
            "time_left_us": pause.time_left // _MICROSECOND,
            "resumes_at": _moment(pause.resumes_at),
        },
        "announced_at": _moment(auction.announced_at),
        "confirmed_at": _moment(auction.confirmed_at),
        "deal_id": None if auction.deal_id is None else str(auction.deal_id),
    }


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


async def add(session: AsyncSession, auction: Auction) -> None:
    """Insert a scheduled auction."""
    await session.execute(
        insert(AuctionRow).values(
            id=auction.id,
            market_id=auction.market_id,
            listing_id=auction.listing_id,
            demand_id=auction.demand_id,
            demand_round=auction.demand_round,
            demand_call=auction.demand_call,
            seller_id=auction.seller_id,
            session_id=auction.session_id,
            title=auction.title,
            terms=auction.state.terms.as_json(),
            licence=auction.licence,
            opens_at=auction.opens_at,
            status=str(auction.state.status),
            deadline_at=auction.state.deadline_at,
            contested=False,
            bid_count=0,
            judged_count=0,
            extensions=0,
            round_no=0,
            eliminated=[],
            rerun_of=auction.rerun_of,
        )
    )


_COLUMNS: Final = tuple(AuctionRow.__table__.c)


async def load(session: AsyncSession, auction_id: UUID, *, lock: bool = False) -> Auction:
    """Return an auction as it stands now.

    Args:
        lock: Take its row lock for the rest of the transaction.

    Raises:
        AuctionUnknown: There is none.
    """
    statement = select(*_COLUMNS).where(AuctionRow.id == auction_id)
    if lock:
        statement = statement.with_for_update()
    row = (await session.execute(statement)).first()
    if row is None:
        raise AuctionUnknown("There is no such auction.", auction_id=str(auction_id))
    return _auction(row)


_MANY: Final = (
    select(*_COLUMNS)
    .where(AuctionRow.id == text("ANY(CAST(:ids AS uuid[]))"))
    .order_by(AuctionRow.id)
)
_LOCK_MANY: Final = _MANY.with_for_update()
_LOCK_FREE: Final = _MANY.with_for_update(skip_locked=True)


async def lock_many(
    session: AsyncSession, ids: Collection[UUID], *, wait: bool = True
) -> dict[UUID, Auction]:
    """Return auctions as they stand now, their rows locked in id order.

    Args:
        wait: For rows that others have locked; else they are left out, as unknown ids are.
    """
    statement = _LOCK_MANY if wait else _LOCK_FREE
    rows = await session.execute(statement, {"ids": sorted(ids)})
    return {row.id: _auction(row) for row in rows}


async def load_with_version(session: AsyncSession, auction_id: UUID) -> tuple[Auction, int]:
    """Return an auction with the journal version it stands at, from one statement's snapshot.

    Raises:
        AuctionUnknown: There is none.
    """
    row = (
        await session.execute(
            select(*_COLUMNS, JournalHead.version.label("version"))
            .join(JournalHead, JournalHead.subject_id == AuctionRow.id)
            .where(AuctionRow.id == auction_id)
        )
    ).first()
    if row is None:
        raise AuctionUnknown("There is no such auction.", auction_id=str(auction_id))
    return _auction(row), row.version


async def load_live(session: AsyncSession, auction_id: UUID) -> tuple[Auction, int, datetime]:
    """Return an auction, its journal version and the market's moment, in one statement.

    Auction and version are of one snapshot; the moment is read after it.

    Raises:
        AuctionUnknown: There is none.
    """
    row = (await session.execute(_LIVE, {"auction": auction_id})).first()
    if row is None:
        raise AuctionUnknown("There is no such auction.", auction_id=str(auction_id))
    return _auction(row), row.version, row.now


_LIVE: Final = (
    select(
        *_COLUMNS,
        JournalHead.version.label("version"),
        (func.clock_timestamp(type_=DateTime(timezone=True)) + MarketClock.ahead).label("now"),
    )
    .join(JournalHead, JournalHead.subject_id == AuctionRow.id)
    .join(MarketClock, MarketClock.market_id == AuctionRow.market_id)
    .where(AuctionRow.id == bindparam("auction", type_=Uuid))
)


_SAVE: Final = text("""
    UPDATE auctions a SET
        status = r.status, deadline_at = r.deadline_at, running_since = r.running_since,
        leader_code = r.leader_code, leading_minor = r.leading_minor, contested = r.contested,
        bid_count = r.bid_count, judged_count = r.judged_count,
        last_judged_at = r.last_judged_at, extensions = r.extensions, round_no = r.round_no,
        eliminated = r.eliminated, pause = r.pause, announced_at = r.announced_at,
        confirmed_at = r.confirmed_at, deal_id = r.deal_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        id uuid, status text, deadline_at timestamptz, running_since timestamptz,
        leader_code text, leading_minor bigint, contested boolean, bid_count int,
        judged_count int, last_judged_at timestamptz, extensions int, round_no int,
        eliminated varchar[], pause jsonb, announced_at timestamptz, confirmed_at timestamptz,
        deal_id uuid)
    WHERE a.id = r.id
""")


async def save(session: AsyncSession, *auctions: Auction) -> None:
    """Store what bidding, time and staff changed; the caller holds the rows' locks."""
    rows = [{"id": str(auction.id), **_state_columns(auction)} for auction in auctions]
    await session.execute(_SAVE, {"rows": json.dumps(rows)})


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
        select(*_COLUMNS)
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
    return [_auction(row) for row in await session.execute(statement)]


async def id_of_listing(session: AsyncSession, listing_id: UUID) -> AuctionId | None:
    """Return the auction of a listing."""
    found = await session.scalar(select(AuctionRow.id).where(AuctionRow.listing_id == listing_id))
    return None if found is None else AuctionId(found)


async def of_demand(session: AsyncSession, demand_id: UUID) -> Sequence[Auction]:
    """Return all auctions of a demand, the latest first."""
    rows = await session.execute(
        select(*_COLUMNS)
        .where(AuctionRow.demand_id == demand_id)
        .order_by(AuctionRow.demand_call.desc())
    )
    return [_auction(row) for row in rows]


async def of_session(session: AsyncSession, session_id: UUID) -> Sequence[Auction]:
    """Return all announced auctions of a session in the order they were made."""
    rows = await session.execute(
        select(*_COLUMNS)
        .where(AuctionRow.session_id == session_id, AuctionRow.announced_at.is_not(None))
        .order_by(AuctionRow.id)
    )
    return [_auction(row) for row in rows]


async def openings_of_session(session: AsyncSession, session_id: UUID) -> frozenset[datetime]:
    """Return when the lots of a session open, drafts too; who spreads openings takes turns."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:session AS text), 0))"),
        {"session": str(session_id)},
    )
    found = await session.scalars(
        select(AuctionRow.opens_at).where(AuctionRow.session_id == session_id)
    )
    return frozenset(found)
