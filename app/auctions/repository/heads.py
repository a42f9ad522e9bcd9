"""Chain heads of auctions: where they stand, and which were published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.models import AuctionRow, ChainHeadRow
from app.platform.journal import JournalHead


@dataclass(frozen=True, slots=True)
class Head:
    """Where an auction's chain stood."""

    auction_id: UUID
    version: int
    hash: str


async def unpublished(session: AsyncSession, market_id: UUID) -> list[Head]:
    """Return the heads of a market's announced auctions that moved since they were published."""
    rows = await session.execute(
        select(AuctionRow.id, JournalHead.version, JournalHead.hash)
        .join(JournalHead, JournalHead.subject_id == AuctionRow.id)
        .where(
            AuctionRow.market_id == market_id,
            AuctionRow.announced_at.is_not(None),
            ~exists().where(
                ChainHeadRow.auction_id == AuctionRow.id,
                ChainHeadRow.version == JournalHead.version,
            ),
        )
        .order_by(AuctionRow.id)
    )
    return [Head(*row) for row in rows]


async def add(session: AsyncSession, heads: Sequence[Head], *, published_at: datetime) -> None:
    """Remember that heads were published."""
    rows = [
        {
            "auction_id": head.auction_id,
            "version": head.version,
            "hash": head.hash,
            "published_at": published_at,
        }
        for head in heads
    ]
    await session.execute(insert(ChainHeadRow).on_conflict_do_nothing(), rows)


async def of_auction(session: AsyncSession, auction_id: UUID, *, up_to: int) -> list[Head]:
    """Return an auction's published heads up to a version, in order."""
    rows = await session.execute(
        select(ChainHeadRow.auction_id, ChainHeadRow.version, ChainHeadRow.hash)
        .where(ChainHeadRow.auction_id == auction_id, ChainHeadRow.version <= up_to)
        .order_by(ChainHeadRow.version)
    )
    return [Head(*row) for row in rows]
