"""Bids, standing maxima and what was opened of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.models import BidRow, OpeningRow
from app.platform.db import insert_rows
from app.shared.ids import AuctionId, PartyId
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBid:
    """A judged bid or standing maximum as stored.

    Attributes:
        kind: ``bid`` or ``limit``.
        origin: An `Origin`: who made it.
        amount: ``None`` while it is sealed.
        sealed: Ciphertext of the exchange's, or canonical JSON that only share holders open.
    """

    id: UUID
    auction_id: AuctionId
    sequence: int
    kind: str
    origin: str
    party_id: PartyId
    bidder_code: str
    amount: Money | None
    sealed: bytes | None
    phase: str
    round_no: int
    refusal: str | None
    judged_at: datetime


async def add(session: AsyncSession, bids: Sequence[StoredBid]) -> None:
    """Insert judged bids in one statement."""
    await insert_rows(
        session,
        BidRow,
        [
            {
                "id": bid.id,
                "auction_id": bid.auction_id,
                "sequence": bid.sequence,
                "kind": bid.kind,
                "origin": bid.origin,
                "party_id": bid.party_id,
                "bidder_code": bid.bidder_code,
                "amount_minor": None if bid.amount is None else bid.amount.amount_minor,
                "currency": None if bid.amount is None else bid.amount.currency,
                "sealed": bid.sealed,
                "phase": bid.phase,
                "round_no": bid.round_no,
                "refusal": bid.refusal,
                "judged_at": bid.judged_at,
            }
            for bid in bids
        ],
    )


def _bid(row: Any) -> StoredBid:
    amount = row.amount_minor
    return StoredBid(
        id=row.id,
        auction_id=AuctionId(row.auction_id),
        sequence=row.sequence,
        kind=row.kind,
        origin=row.origin,
        party_id=PartyId(row.party_id),
        bidder_code=row.bidder_code,
        amount=None if amount is None else Money(amount, row.currency),
        sealed=row.sealed,
        phase=row.phase,
        round_no=row.round_no,
        refusal=row.refusal,
        judged_at=row.judged_at,
    )


_BIDS: Final = tuple(BidRow.__table__.c)


async def page(
    session: AsyncSession, auction_id: UUID, *, after: int, limit: int
) -> list[StoredBid]:
    """Return accepted bids with a sequence above ``after``, in order; no standing maxima."""
    rows = await session.execute(
        select(*_BIDS)
        .where(
            BidRow.auction_id == auction_id,
            BidRow.sequence > after,
            BidRow.refusal.is_(None),
            BidRow.kind == "bid",
        )
        .order_by(BidRow.sequence)
        .limit(limit)
    )
    return [_bid(row) for row in rows]


async def count_bidders(session: AsyncSession, auction_id: UUID) -> int:
    """Return how many different bidders have an accepted bid."""
    found = await session.scalar(
        select(func.count(BidRow.bidder_code.distinct())).where(
            BidRow.auction_id == auction_id, BidRow.refusal.is_(None), BidRow.kind == "bid"
        )
    )
    return found or 0


async def sealed_page(
    session: AsyncSession, auction_id: UUID, *, after: int, limit: int
) -> list[StoredBid]:
    """Return accepted sealed bids with a sequence above ``after``, in order."""
    rows = await session.execute(
        select(*_BIDS)
        .where(
            BidRow.auction_id == auction_id,
            BidRow.sequence > after,
            BidRow.refusal.is_(None),
            BidRow.kind == "bid",
            BidRow.sealed.is_not(None),
        )
        .order_by(BidRow.sequence)
        .limit(limit)
    )
    return [_bid(row) for row in rows]


async def of_party(session: AsyncSession, auction_id: UUID, party_id: UUID) -> list[StoredBid]:
    """Return a bidder's own last bids and maxima, refused ones too, newest first, at most 200."""
    rows = await session.execute(
        select(*_BIDS)
        .where(BidRow.auction_id == auction_id, BidRow.party_id == party_id)
        .order_by(BidRow.sequence.desc())
        .limit(200)
    )
    return [_bid(row) for row in rows]


async def everything(session: AsyncSession, auction_id: UUID) -> list[StoredBid]:
    """Return all rows of an auction in order, for its proof."""
    rows = await session.execute(
        select(*_BIDS).where(BidRow.auction_id == auction_id).order_by(BidRow.sequence)
    )
    return [_bid(row) for row in rows]


_LATEST_SEALED: Final = (
    select(*_BIDS)
    .ext(distinct_on(BidRow.auction_id, BidRow.bidder_code))
    .where(
        BidRow.auction_id == text("ANY(CAST(:auctions AS uuid[]))"),
        BidRow.kind == text(":kind"),
        BidRow.sealed.is_not(None),
        BidRow.refusal.is_(None),
    )
    .order_by(BidRow.auction_id, BidRow.bidder_code, BidRow.sequence.desc())
)
_LATEST_SEALED_OF: Final = _LATEST_SEALED.where(
    BidRow.bidder_code == text("ANY(CAST(:codes AS text[]))")
)


async def latest_sealed(
    session: AsyncSession,
    auctions: Collection[UUID],
    *,
    kind: str,
    codes: Collection[str] | None = None,
) -> list[StoredBid]:
    """Return each bidder's latest accepted sealed bid or standing maximum, a row a bidder.

    Args:
        codes: Only of these bidders; ``None`` for all.
    """
    values: dict[str, Any] = {"auctions": sorted(auctions), "kind": kind}
    statement = _LATEST_SEALED
    if codes is not None:
        values["codes"] = sorted(codes)
        statement = _LATEST_SEALED_OF
    return [_bid(row) for row in await session.execute(statement, values)]


@dataclass(frozen=True, slots=True)
class Opening:
    """What an opened bid said; ``amount`` is ``None`` where it was void."""

    bid_id: UUID
    auction_id: AuctionId
    amount: Money | None
    void_reason: str | None = None
    proof: dict[str, Any] | None = None


async def add_openings(session: AsyncSession, openings: Sequence[Opening]) -> None:
    """Insert what was opened."""
    rows = [
        {
            "bid_id": opening.bid_id,
            "auction_id": opening.auction_id,
            "amount_minor": None if opening.amount is None else opening.amount.amount_minor,
            "currency": None if opening.amount is None else opening.amount.currency,
            "void_reason": opening.void_reason,
            "proof": opening.proof,
        }
        for opening in openings
    ]
    if rows:
        await insert_rows(session, OpeningRow, rows)


async def openings(session: AsyncSession, auction_id: UUID) -> dict[UUID, Opening]:
    """Return what was opened in an auction, by bid."""
    rows = await session.scalars(select(OpeningRow).where(OpeningRow.auction_id == auction_id))
    return {
        row.bid_id: Opening(
            row.bid_id,
            AuctionId(row.auction_id),
            None if row.amount_minor is None else Money(row.amount_minor, row.currency or ""),
            row.void_reason,
            row.proof,
        )
        for row in rows
    }
