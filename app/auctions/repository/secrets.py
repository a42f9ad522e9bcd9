"""Reserves, points, shares and priority rights: what a closing needs beside the bids."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.models import BidRow, PriorityHolderRow, ReserveRow, ScoreRow, ShareRow
from app.shared.ids import PartyId


async def save_reserve(
    session: AsyncSession, auction_id: UUID, *, sealed: bytes, commitment: str
) -> None:
    """Deposit a secret reserve, over an earlier one."""
    values = {"sealed": sealed, "commitment": commitment}
    await session.execute(
        insert(ReserveRow)
        .values(auction_id=auction_id, **values)
        .on_conflict_do_update(index_elements=["auction_id"], set_=values)
    )


async def sealed_reserve(session: AsyncSession, auction_id: UUID) -> bytes | None:
    """Return an auction's encrypted reserve."""
    return await session.scalar(
        select(ReserveRow.sealed).where(ReserveRow.auction_id == auction_id)
    )


async def save_points(
    session: AsyncSession, auction_id: UUID, points: Mapping[str, Sequence[int]]
) -> None:
    """Store bidders' points, over earlier ones."""
    statement = insert(ScoreRow).values(
        [
            {"auction_id": auction_id, "bidder_code": code, "points": list(given)}
            for code, given in points.items()
        ]
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["auction_id", "bidder_code"],
            set_={"points": statement.excluded.points},
        )
    )


async def points(session: AsyncSession, auction_id: UUID) -> dict[str, tuple[int, ...]]:
    """Return bidders' points by code."""
    rows = await session.scalars(select(ScoreRow).where(ScoreRow.auction_id == auction_id))
    return {row.bidder_code: tuple(row.points) for row in rows}


async def add_shares(
    session: AsyncSession, auction_id: UUID, *, holder: int, shares: Mapping[UUID, dict[str, Any]]
) -> None:
    """Store what a holder handed in, by bid; what it handed in before stays."""
    rows = [
        {"bid_id": bid_id, "holder": holder, "auction_id": auction_id, "share": share}
        for bid_id, share in shares.items()
    ]
    if rows:
        await session.execute(insert(ShareRow).on_conflict_do_nothing(), rows)


async def shares(session: AsyncSession, auction_id: UUID) -> dict[UUID, dict[int, dict[str, Any]]]:
    """Return all shares of an auction by bid and holder."""
    found: dict[UUID, dict[int, dict[str, Any]]] = {}
    for row in await session.scalars(select(ShareRow).where(ShareRow.auction_id == auction_id)):
        found.setdefault(row.bid_id, {})[row.holder] = row.share
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A holder of a priority right 优先购买权.

    Attributes:
        rank: 1 is the best.
        basis: Where the right comes from, e.g. 民法典 847.
        waived_at: When it declared, or was found, not to exercise its right.
        silent: It was found so at the end, having taken no part.
    """

    auction_id: UUID
    party_id: PartyId
    rank: int
    basis: str
    notified_at: datetime
    waived_at: datetime | None = None
    silent: bool = False


async def save_holder(session: AsyncSession, holder: Holder) -> None:
    """Store a holder, or what changed of it."""
    values = {
        "rank": holder.rank,
        "basis": holder.basis,
        "notified_at": holder.notified_at,
        "waived_at": holder.waived_at,
        "silent": holder.silent,
    }
    await session.execute(
        insert(PriorityHolderRow)
        .values(auction_id=holder.auction_id, party_id=holder.party_id, **values)
        .on_conflict_do_update(index_elements=["auction_id", "party_id"], set_=values)
    )


async def waive_silent(
    session: AsyncSession, auction_id: UUID, *, at: datetime, winner: PartyId | None
) -> None:
    """Note that the holders who have neither waived nor bid have not taken part.

    Args:
        winner: Who has taken part, also where its bid is not stored yet.
    """
    took_part = select(BidRow.party_id).where(
        BidRow.auction_id == auction_id, BidRow.refusal.is_(None)
    )
    await session.execute(
        update(PriorityHolderRow)
        .where(
            PriorityHolderRow.auction_id == auction_id,
            PriorityHolderRow.waived_at.is_(None),
            PriorityHolderRow.party_id.not_in(took_part),
            PriorityHolderRow.party_id.is_distinct_from(winner),
        )
        .values(waived_at=at, silent=True)
    )


async def holders_who_bid(session: AsyncSession, auction_id: UUID) -> frozenset[UUID]:
    """Return the holders with a bid or standing maximum that was accepted."""
    found = await session.scalars(
        select(PriorityHolderRow.party_id).where(
            PriorityHolderRow.auction_id == auction_id,
            exists().where(
                BidRow.auction_id == auction_id,
                BidRow.party_id == PriorityHolderRow.party_id,
                BidRow.refusal.is_(None),
            ),
        )
    )
    return frozenset(found)


_HOLDERS: Final = (
    select(PriorityHolderRow)
    .where(PriorityHolderRow.auction_id == text("ANY(CAST(:auctions AS uuid[]))"))
    .order_by(PriorityHolderRow.auction_id, PriorityHolderRow.rank, PriorityHolderRow.party_id)
)


async def holders(session: AsyncSession, auctions: Collection[UUID]) -> list[Holder]:
    """Return the holders of auctions, best rank first."""
    rows = await session.scalars(_HOLDERS, {"auctions": sorted(auctions)})
    return [
        Holder(
            auction_id=row.auction_id,
            party_id=PartyId(row.party_id),
            rank=row.rank,
            basis=row.basis,
            notified_at=row.notified_at,
            waived_at=row.waived_at,
            silent=row.silent,
        )
        for row in rows
    ]
