"""Publish what deadlines have decided."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain import control
from app.auctions.domain.formats.sealed import WEIGHTED
from app.auctions.domain.judging import due, end_phase, has_deadline
from app.auctions.domain.model import (
    BIDDABLE,
    BiddingState,
    PhaseChange,
    Trigger,
)
from app.auctions.domain.terms import PriorityMode, Sealing
from app.auctions.repository import auctions as repository
from app.auctions.repository import bids as bid_rows
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.repository.bids import Opening
from app.auctions.service.bidders import bidder_by_code, bidders_of, is_published
from app.auctions.service.create import DEADLINE_TIMER
from app.auctions.service.events import OF_TRIGGER, auction_event
from app.auctions.service.gather import for_closing, rights_by_code
from app.auctions.service.review_points import awaits_review, take_points
from app.auctions.service.trail import act_row, told
from app.auctions.vault import Vault
from app.platform import journal, presence, timers
from app.platform.access import SYSTEM
from app.platform.clock import market_now
from app.platform.journal import JournalEvent, NewEvent
from app.shared.jsonable import jsonable


async def bring_up_to(
    session: AsyncSession, vault: Vault, auction: Auction, now: datetime
) -> Auction:
    """Return the locked auction as its deadlines have left it at ``now``, stored and journaled.

    Who looks first publishes: a bid, the worker, a reader. The outcome is the same (AU6), also
    where the exchange was away in the final window (AU48).
    """
    auction, events = await end_phases(session, vault, auction, now)
    if events:
        await repository.save(session, auction)
        await journal.append(session, *events)
    return auction


async def end_phases(
    session: AsyncSession, vault: Vault, auction: Auction, now: datetime
) -> tuple[Auction, list[NewEvent]]:
    """End every phase that is over at ``now``; the caller stores the state and the events."""
    events: list[NewEvent] = []
    while due(auction.state, now):
        auction, event = await _paused_by_fault(session, auction, now) or await _end_phase(
            session, vault, auction
        )
        events.append(event)
        if awaits_review(auction):
            auction, more = await _take_points(session, vault, auction, event.market_at)
            events += more
    return auction, events


async def _take_points(
    session: AsyncSession, vault: Vault, auction: Auction, at: datetime
) -> tuple[Auction, list[NewEvent]]:
    """Give the bids of a demand's weighted auction the panel's points, as soon as all are in.

    Bids that the exchange keeps sealed decide in the same act; those of share holders when they
    are opened.

    Source: README, AU46, AU99.
    """
    scored = await take_points(session, auction, at)
    if auction.state.terms.sealing is not Sealing.PLAIN:
        return auction, [scored]
    full = await for_closing(session, vault, auction)
    after, decided = await publish_change(
        session, vault, auction, full, WEIGHTED.open_bids(full, at=at)
    )
    return after, [scored, decided]


async def _paused_by_fault(
    session: AsyncSession, auction: Auction, now: datetime
) -> tuple[Auction, NewEvent] | None:
    state = auction.state
    if state.status not in BIDDABLE or state.running_since is None:
        return None
    absences = await presence.absences_in_market(
        session, auction.market_id, since=state.running_since, until=now
    )
    paused = control.fault_pause(state, absences, now=now)
    if paused is None:
        return None
    notice = timedelta(seconds=state.terms.resumption_notice_s)
    resumes_at = now + notice
    after = replace(
        auction,
        state=control.announce_resumption(paused, resumes_at=resumes_at, now=now, notice=notice),
    )
    public = {"reason": "fault", "resumes_at": resumes_at, "absences": absences}
    return after, auction_event(after, "paused", before=state, at=now, public=public)


async def _end_phase(
    session: AsyncSession, vault: Vault, auction: Auction
) -> tuple[Auction, NewEvent]:
    full = await for_closing(session, vault, auction)
    state, change = end_phase(full)
    return await publish_change(session, vault, auction, full, (state, change))


async def publish_change(
    session: AsyncSession,
    vault: Vault,
    auction: Auction,
    full: BiddingState,
    ended: tuple[BiddingState, PhaseChange],
    *,
    actor: str = SYSTEM,
) -> tuple[Auction, NewEvent]:
    """Return an auction whose phase has ended, and the event; store what the end made known.

    Args:
        full: The state that was ended, with its secrets.
        ended: What its rules made of it.
    """
    state, change = ended
    after = replace(auction, state=bare(state))
    public = await tell_change(session, vault, after, change)
    if change.trigger in {Trigger.AWARD, Trigger.FAIL}:
        if full.reserve is not None:
            salt = vault.salt(auction.id).hex()
            public |= {"reserve": full.reserve, "reserve_salt": salt}
        if state.terms.priority_mode is not PriorityMode.NONE:
            public["ranks"] = await rights_by_code(session, auction)
            await _record_silence(session, after, change.at)
    event = auction_event(
        after,
        OF_TRIGGER[change.trigger],
        before=auction.state,
        at=change.at,
        actor=actor,
        public=public,
    )
    return after, event


async def _record_silence(session: AsyncSession, auction: Auction, at: datetime) -> None:
    """Keep which holders of a priority right took no part: that waives it (AU44)."""
    leader = auction.state.leader
    winner = None if leader is None else await bidder_by_code(session, auction, leader)
    party_id = None if winner is None else winner.party_id
    await secrets.waive_silent(session, auction.id, at=at, winner=party_id)


def bare(state: BiddingState) -> BiddingState:
    """Return a state without what its row does not hold."""
    return replace(state, entries=(), limits=(), ranks={}, reserve=None)


async def tell_change(
    session: AsyncSession, vault: Vault, auction: Auction, change: PhaseChange
) -> dict[str, Any]:
    """Return what is published of a phase's end; store the system's bids and what was opened."""
    state = auction.state
    public: dict[str, Any] = {"status": change.status, **(change.detail or {})}
    if change.trigger in {Trigger.AWARD, Trigger.FAIL, Trigger.MATCH}:
        public |= {"bidder_code": state.leader, "price": state.leading}
    if change.trigger is Trigger.FAIL:
        silent = state.bid_count == 0
        public |= {"silent": silent, "silent_forfeits": silent and state.terms.silent_forfeits}
    if change.acts:
        first = state.judged_count - len(change.acts) + 1
        public["bids"] = await _add_acts(session, auction, change, first)
    if "openings" in public:
        public["openings"] = await _reveal(session, vault, auction, public["openings"])
    return public


async def _add_acts(
    session: AsyncSession, auction: Auction, change: PhaseChange, first: int
) -> list[dict[str, object]]:
    bidders = await bidders_of(session, auction, None)
    parties = {bidder.bidder_code: party for party, bidder in bidders.items()}
    rows = [
        act_row(
            auction.id,
            act,
            party_id=parties[act.bidder],
            state=auction.state,
            sequence=sequence,
            at=change.at,
        )
        for sequence, act in enumerate(change.acts, start=first)
    ]
    await bid_rows.add(session, rows)
    return [told(row) for row in rows]


async def _reveal(
    session: AsyncSession, vault: Vault, auction: Auction, openings: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Add to what was opened what its commitment hid, and keep it for readers (AU19)."""
    rows = {
        row.sequence: row for row in await bid_rows.latest_sealed(session, [auction.id], kind="bid")
    }
    known = await bid_rows.openings(session, auction.id)
    fresh = [
        Opening(rows[told["sequence"]].id, auction.id, told["amount"])
        for told in openings
        if rows[told["sequence"]].id not in known
    ]
    await bid_rows.add_openings(session, fresh)
    return [
        {**told, "id": row.id, "salt": vault.salt(row.id).hex()}
        for told in openings
        if (row := rows[told["sequence"]])
    ]


async def on_listing_published(session: AsyncSession, event: JournalEvent) -> None:
    """Show the auction of a listing whose notice was published (a reaction)."""
    auction_id = await repository.id_of_listing(session, event.subject_id)
    if auction_id is None:
        return
    auction = await repository.load(session, auction_id, lock=True)
    auction = replace(auction, announced_at=event.market_at)
    await repository.save(session, auction)
    await journal.append(session, announced(auction, event.market_at))


def announced(auction: Auction, at: datetime) -> NewEvent:
    """Return the event that tells everybody of an auction."""
    public = jsonable(
        {
            "opens_at": auction.opens_at,
            "terms": auction.state.terms.as_json(),
            "licence": auction.licence,
            "title": auction.title,
            "rerun_of": auction.rerun_of,
        }
    )
    return auction_event(auction, "announced", before=auction.state, at=at, public=public)


async def on_deadline(
    session: AsyncSession, vault: Vault, subject_id: UUID, due_at: datetime
) -> None:
    """Publish the phases that have ended by now and wait for the next deadline.

    The timer is not moved by each bid: when it fires early it looks again at the deadline.
    A draft whose notice was never published has no auction to open. A worker that comes late
    acts in the present, as every other who looks: a resumption is announced ahead (AU48).
    """
    auction = await repository.load(session, subject_id, lock=True)
    if not await is_published(session, auction):
        return
    now = max(due_at, await market_now(session, auction.market_id))
    auction = await bring_up_to(session, vault, auction, now)
    await await_deadline(session, auction)


async def await_deadline(session: AsyncSession, auction: Auction) -> None:
    """Set the timer of a locked auction's next deadline, if it has one.

    A worker that has the timer waits for the auction: it looks next, and sets the timer itself.
    """
    if not has_deadline(auction.state):
        return
    if not await timers.is_in_hand(session, kind=DEADLINE_TIMER, subject_id=auction.id):
        await timers.schedule(
            session,
            market_id=auction.market_id,
            kind=DEADLINE_TIMER,
            subject_id=auction.id,
            due_at=auction.state.deadline_at,
        )
