"""Open all sealed bids of an auction in one act, when their holders' shares suffice (AU70)."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.formats import RULES
from app.auctions.domain.formats.sealed import Sealed
from app.auctions.domain.model import AuctionStatus
from app.auctions.domain.opening import check_published
from app.auctions.domain.terms import Format, Sealing
from app.auctions.repository import bids as bid_rows
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import Opening, StoredBid
from app.auctions.service.events import auction_event
from app.auctions.service.gather import for_closing
from app.auctions.service.publish import publish_change
from app.auctions.vault import Vault
from app.platform.journal import NewEvent
from app.shared.sealing import Opened, ShareHolder, decide
from app.shared.sealing.handing_in import UNREADABLE, is_waiting, shares_of

Handed = Mapping[UUID, Mapping[int, Mapping[str, Any]]]


async def open_when_ready(
    session: AsyncSession, vault: Vault, auction: Auction, now: datetime, *, actor: str
) -> tuple[Auction, list[NewEvent]]:
    """Open every bid of a locked auction and decide it, or do nothing while anything is missing.

    The caller stores the state and the events. Points of a weighted auction come first: they
    are given without knowing a price.
    """
    state = auction.state
    rules = RULES[state.terms.format]
    waits = state.status is AuctionStatus.OPENING and state.terms.sealing is Sealing.THRESHOLD
    if not waits or await _scores_missing(session, auction):
        return auction, []
    assert isinstance(rules, Sealed)
    rows = await _sealed(session, auction)
    handed = await secrets.shares(session, auction.id)
    if _waiting(auction, rows, handed):
        return auction, []
    # Some milliseconds a bid: not on the event loop, which serves everybody else.
    ends = await asyncio.to_thread(_open_all, auction, rows, handed)
    await bid_rows.add_openings(
        session,
        [
            Opening(row.id, auction.id, end.amount, end.void_reason, end.proof)
            for row, end in zip(rows, ends, strict=True)
        ],
    )
    opened = auction_event(
        auction,
        "bids_opened",
        before=state,
        at=now,
        actor=actor,
        public=_told(vault, rows, ends, handed),
    )
    full = await for_closing(session, vault, auction)
    after, decided = await publish_change(
        session, vault, auction, full, rules.open_bids(full, at=now), actor=actor
    )
    return after, [opened, decided]


async def _scores_missing(session: AsyncSession, auction: Auction) -> bool:
    if auction.state.terms.format is not Format.WEIGHTED:
        return False
    return not await secrets.points(session, auction.id)


async def _sealed(session: AsyncSession, auction: Auction) -> list[StoredBid]:
    rows = await bid_rows.latest_sealed(session, [auction.id], kind="bid")
    return sorted(rows, key=lambda row: row.sequence)


def _waiting(auction: Auction, rows: Sequence[StoredBid], handed: Handed) -> list[int]:
    """Return the bids that wait for more shares."""
    terms = auction.state.terms
    assert terms.holders is not None
    assert terms.threshold is not None
    count, threshold = len(terms.holders), terms.threshold
    return [
        row.sequence
        for row in rows
        if is_waiting(handed.get(row.id, {}), threshold=threshold, holders=count)
    ]


def _open_all(auction: Auction, rows: Sequence[StoredBid], handed: Handed) -> list[Opened]:
    ends = []
    for row in rows:
        assert row.sealed is not None
        shares = shares_of(handed.get(row.id, {}))
        end = decide(
            json.loads(row.sealed), shares, auction_id=auction.id, bidder_code=row.bidder_code
        )
        assert end is not None
        ends.append(end)
    return ends


def _told(
    vault: Vault, rows: Sequence[StoredBid], ends: Sequence[Opened], handed: Handed
) -> dict[str, Any]:
    """Return what everybody needs to open the same bids again."""
    bids = [
        {
            "id": row.id,
            "sequence": row.sequence,
            "bidder_code": row.bidder_code,
            "salt": vault.salt(row.id).hex(),
            "sealed": json.loads(row.sealed or b""),
            "amount": end.amount,
            "void_reason": end.void_reason,
            "proof": end.proof,
        }
        for row, end in zip(rows, ends, strict=True)
    ]
    complaints = [
        {"holder": holder, "sequence": row.sequence}
        for row in rows
        for holder, share in sorted(handed.get(row.id, {}).items())
        if share == UNREADABLE
    ]
    return {"bids": bids, "complaints": complaints}


@dataclass(frozen=True, slots=True)
class HolderProgress:
    """What one holder has done.

    Attributes:
        shares, unreadable, missing: Numbers of the bids whose share it has handed in, could not
            read, or has said nothing of.
    """

    position: int
    holder: ShareHolder
    shares: Sequence[int]
    unreadable: Sequence[int]
    missing: Sequence[int]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the opening is.

    Attributes:
        waiting: Numbers of the bids that need more shares.
        scores_missing: Whether a weighted auction waits for its points.
    """

    bids: int
    waiting: Sequence[int]
    scores_missing: bool
    holders: Sequence[HolderProgress]


async def progress(session: AsyncSession, auction: Auction) -> Progress:
    """Return who has handed in what.

    Raises:
        NoShareHolders, OpeningNotDue: There is no such opening, or not yet.
    """
    check_published(auction.state)
    rows = await _sealed(session, auction)
    handed = await secrets.shares(session, auction.id)
    holders = auction.state.terms.holders or ()
    return Progress(
        bids=len(rows),
        waiting=_waiting(auction, rows, handed),
        scores_missing=await _scores_missing(session, auction),
        holders=[
            _progress_of(position, holder, rows, handed)
            for position, holder in enumerate(holders, start=1)
        ],
    )


def _progress_of(
    position: int, holder: ShareHolder, rows: Sequence[StoredBid], handed: Handed
) -> HolderProgress:
    told = {row.sequence: handed.get(row.id, {}).get(position) for row in rows}
    return HolderProgress(
        position=position,
        holder=holder,
        shares=[number for number, it in told.items() if it is not None and it != UNREADABLE],
        unreadable=[number for number, it in told.items() if it == UNREADABLE],
        missing=[number for number, it in told.items() if it is None],
    )
