"""Priority rights 优先购买权: notify holders, take waivers, show the record that a deal needs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.holding import (
    PriorityRightUnknown,
    Standing,
    check_notification,
    check_waiver,
    decisions,
)
from app.auctions.domain.model import AuctionStatus
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.repository.secrets import Holder
from app.auctions.service.bidders import bidders_of
from app.auctions.service.events import auction_event
from app.auctions.service.staff import take
from app.auctions.vault import Vault
from app.identity import public as identity
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.shared.ids import PartyId


async def notify_holder(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    *,
    auction_id: UUID,
    party_id: PartyId,
    rank: int,
    basis: str,
) -> Holder:
    """Record that a party holds a priority right and is notified of the auction now.

    Notifying it again corrects rank and basis, and counts from then.

    Args:
        rank: 1 is the best; holders may share one.

    Raises:
        AuctionNotAnnounced: Its listing is a draft.
        ObjectUnknown: No such party in the market.
        PriorityNotInTerms, PriorityTooLate, PriorityDecided: Name what is accepted.

    Source: rules.md §2, priority rights; README, AU43.
    """
    auction, now = await take(session, vault, auction_id)
    party = await identity.get_party(session, party_id)
    if party.market_id != auction.market_id:
        raise ObjectUnknown("There is no such party in your market.", field="party_id")
    opens_at = max(auction.opens_at, _opening(auction))
    check_notification(auction.state, opens_at=opens_at, now=now)
    known = await _find(session, auction, party_id)
    if known is not None:
        check_waiver(auction.state, waived=known.waived_at is not None, leads=False)
    holder = Holder(
        auction_id=auction.id, party_id=party_id, rank=rank, basis=basis, notified_at=now
    )
    await _store(session, actor, auction, holder, "priority_holder_notified", now)
    return holder


def _opening(auction: Auction) -> datetime:
    scheduled = auction.state.status is AuctionStatus.SCHEDULED
    return auction.state.deadline_at if scheduled else auction.opens_at


async def waive(session: AsyncSession, vault: Vault, actor: Actor, *, auction_id: UUID) -> Holder:
    """Take the actor's declaration that its party does not exercise its right here.

    It may still bid like everybody.

    Raises:
        PriorityRightUnknown: The party is no holder.
        PriorityDecided: It waived before, it leads, or the auction is over.

    Source: rules.md §2, a waiver or exercise record a holder; README, AU44.
    """
    auction, now = await take(session, vault, auction_id)
    holder = await _find(session, auction, actor.party_id)
    if holder is None:
        raise PriorityRightUnknown("The party was not notified as a holder.")
    leader = auction.state.leader
    found = await bidders_of(session, auction, [actor.party_id])
    bidder = found.get(actor.party_id)
    leads = bidder is not None and bidder.bidder_code == leader
    check_waiver(auction.state, waived=holder.waived_at is not None, leads=leads)
    waived = replace(holder, waived_at=now)
    await _store(session, actor, auction, waived, "priority_waived", now)
    return waived


async def evidence(session: AsyncSession, auction: Auction, winner: PartyId) -> dict[str, Any]:
    """Return what each holder made of its right, for the restricted part of a confirmation.

    Raises:
        PriorityUndecided: Nothing is on record for a holder.
    """
    known = await secrets.holders(session, [auction.id])
    if not known:
        return {}
    took_part = await secrets.holders_who_bid(session, auction.id)
    standings = [Standing(it.party_id, it.waived_at, it.silent) for it in known]
    made = decisions(standings, winner=winner, took_part=took_part)
    return {"priority": [{**_told(it), "decision": made[it.party_id]} for it in known]}


async def _find(session: AsyncSession, auction: Auction, party_id: PartyId) -> Holder | None:
    known = await secrets.holders(session, [auction.id])
    return next((holder for holder in known if holder.party_id == party_id), None)


def _told(holder: Holder) -> Mapping[str, Any]:
    return {
        "party_id": holder.party_id,
        "rank": holder.rank,
        "basis": holder.basis,
        "notified_at": holder.notified_at,
        "waived_at": holder.waived_at,
    }


async def _store(
    session: AsyncSession, actor: Actor, auction: Auction, holder: Holder, what: str, now: datetime
) -> None:
    await secrets.save_holder(session, holder)
    await journal.append(
        session,
        auction_event(
            auction,
            what,
            before=auction.state,
            at=now,
            actor=actor.ref,
            restricted=_told(holder),
            audience=frozenset({holder.party_id}),
        ),
    )
