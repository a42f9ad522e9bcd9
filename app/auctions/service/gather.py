"""Bring to a state what its rules need and its row does not hold: secrets and rights."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.formats import RULES
from app.auctions.domain.model import AuctionStatus, BiddingState, Entry, Limit
from app.auctions.domain.terms import Format, PriorityMode, Sealing
from app.auctions.repository import bids as bid_rows
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import StoredBid
from app.auctions.service.bidders import bidders_of
from app.auctions.vault import Vault
from app.shared.ids import PartyId

_SEALED_FORMATS = frozenset(
    {Format.SEALED_FIRST, Format.SEALED_SECOND, Format.WEIGHTED, Format.ROUNDS}
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A state with its secrets, and who is behind the codes that the system may bid for."""

    state: BiddingState
    parties: Mapping[str, PartyId]


async def for_judging(
    session: AsyncSession, vault: Vault, auctions: Sequence[Auction], codes: Collection[str]
) -> dict[UUID, Gathered]:
    """Return the states of locked auctions with what the judging of some bidders needs.

    Costs at most a query a kind of secret, however many auctions there are.

    Args:
        codes: Bidder codes at hand; only their sealed bids are read.
    """
    limited = [lot.id for lot in auctions if RULES[lot.state.terms.format].limits]
    standing = await _limit_rows(session, limited)
    taking = [lot.id for lot in auctions if lot.state.status is AuctionStatus.SEALED]
    entries: dict[UUID, list[Entry]] = {}
    if taking:
        for bid in await bid_rows.latest_sealed(session, taking, kind="bid", codes=codes):
            lot = next(lot for lot in auctions if lot.id == bid.auction_id)
            entries.setdefault(bid.auction_id, []).append(_entry(vault, lot, bid))
    ranks = await _ranks(session, auctions)
    return {
        lot.id: Gathered(
            replace(
                lot.state,
                limits=_limits(vault, standing.get(lot.id, ())),
                entries=tuple(entries.get(lot.id, ())),
                ranks=ranks.get(lot.id, {}),
            ),
            {row.bidder_code: row.party_id for row in standing.get(lot.id, ())},
        )
        for lot in auctions
    }


async def for_closing(session: AsyncSession, vault: Vault, auction: Auction) -> BiddingState:
    """Return a locked auction's state with everything that the end of a phase may need."""
    terms = auction.state.terms
    state = auction.state
    if RULES[terms.format].limits:
        standing = await _limit_rows(session, [auction.id])
        state = replace(state, limits=_limits(vault, standing.get(auction.id, ())))
    if terms.format in _SEALED_FORMATS:
        state = replace(state, entries=await _entries(session, vault, auction))
    if terms.reserve_secret:
        sealed = await secrets.sealed_reserve(session, auction.id)
        if sealed is not None:
            state = replace(state, reserve=vault.open(auction.id, sealed))
    ranks = await _ranks(session, [auction])
    return replace(state, ranks=ranks.get(auction.id, {}))


async def _limit_rows(
    session: AsyncSession, auctions: Collection[UUID]
) -> Mapping[UUID, list[StoredBid]]:
    found: dict[UUID, list[StoredBid]] = {}
    if auctions:
        for row in await bid_rows.latest_sealed(session, auctions, kind="limit"):
            found.setdefault(row.auction_id, []).append(row)
    return found


def _limits(vault: Vault, rows: Sequence[StoredBid]) -> tuple[Limit, ...]:
    return tuple(
        Limit(row.bidder_code, vault.open(row.id, row.sealed), row.sequence)
        for row in rows
        if row.sealed is not None
    )


async def _entries(session: AsyncSession, vault: Vault, auction: Auction) -> tuple[Entry, ...]:
    rows = await bid_rows.latest_sealed(session, [auction.id], kind="bid")
    threshold = auction.state.terms.sealing is Sealing.THRESHOLD
    opened = await bid_rows.openings(session, auction.id) if threshold else {}
    scored = auction.state.terms.format is Format.WEIGHTED
    points = await secrets.points(session, auction.id) if scored else {}
    entries = []
    for row in rows:
        if row.bidder_code in auction.state.eliminated:
            continue
        entry = _entry(vault, auction, row)
        if row.id in opened:
            entry = replace(entry, amount=opened[row.id].amount)
        entries.append(replace(entry, points=points.get(row.bidder_code)))
    return tuple(sorted(entries, key=lambda entry: entry.sequence))


def _entry(vault: Vault, auction: Auction, row: StoredBid) -> Entry:
    assert row.sealed is not None
    readable = auction.state.terms.sealing is Sealing.PLAIN
    amount = vault.open(row.id, row.sealed) if readable else None
    return Entry(row.bidder_code, amount, row.sequence, row.round_no)


async def _ranks(
    session: AsyncSession, auctions: Sequence[Auction]
) -> dict[UUID, Mapping[str, int]]:
    """Return the ranks of holders who have not waived and who may bid, by code."""
    lots = {
        lot.id: lot for lot in auctions if lot.state.terms.priority_mode is not PriorityMode.NONE
    }
    if not lots:
        return {}
    holders = [h for h in await secrets.holders(session, list(lots)) if h.waived_at is None]
    ranks: dict[UUID, dict[str, int]] = {}
    for auction_id, lot in lots.items():
        own = {h.party_id: h.rank for h in holders if h.auction_id == auction_id}
        if own:
            bidders = await bidders_of(session, lot, own)
            ranks[auction_id] = {
                bidder.bidder_code: own[party] for party, bidder in bidders.items()
            }
    return dict(ranks)


async def rights_by_code(session: AsyncSession, auction: Auction) -> list[dict[str, object]]:
    """Return what the end publishes of priority rights, so that anybody can replay them.

    By bidder code, waived ones too; a holder who did not register to bid has none.
    """
    rights: list[dict[str, object]] = []
    found = await secrets.holders(session, [auction.id])
    bidders = await bidders_of(session, auction, [holder.party_id for holder in found])
    for holder in found:
        if holder.party_id in bidders:
            code = bidders[holder.party_id].bidder_code
            rights.append({"bidder_code": code, "rank": holder.rank, "waived_at": holder.waived_at})
    return rights
