"""What auctions do about listings: plans, auctions that open by themselves, halts and ends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain import control
from app.auctions.domain.model import (
    TRANSITIONS,
    AuctionStatus,
    BiddingState,
    Trigger,
)
from app.auctions.domain.plan import Plan, check_plan, terms_at
from app.auctions.domain.terms import PriorityMode, Terms
from app.auctions.repository import auctions as repository
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.repository.secrets import Holder
from app.auctions.service.create import DEADLINE_TIMER, check_keys, scheduled
from app.auctions.service.events import auction_event
from app.auctions.service.publish import announced, await_deadline, on_listing_published
from app.auctions.service.staff import take
from app.auctions.vault import Vault
from app.listings import public as listings
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor
from app.platform.clock import market_now
from app.platform.journal import JournalEvent, NewEvent
from app.shared.calendar import CalendarHorizonExceeded, mainland_china
from app.shared.ids import AuctionId, ListingId, new_id

FOLLOWED: Final = frozenset(
    {
        "listing.published",
        "listing.bidding_due",
        "listing.suspended",
        "listing.resumed",
        "listing.withdrawn",
        "listing.terminated",
    }
)
HALTED: Final = "listing_suspended"
RESUMED: Final = "listing_resumed"


async def set_plan(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    terms: Terms,
    opens_after: int,
    opening_hour: int,
    now: datetime,
) -> Plan:
    """Announce with a posted draft how bids are taken if two or more buyers qualify.

    Raises:
        TermsContradict: Lists every contradiction, at each announced floor.
        AuctionNotLicensed: 拍卖 cannot be planned.
        What `listings.attach_plan` raises.

    Source: rules.md L8; README, AU90.
    """
    listing = await listings.get_listing(session, listing_id, lock=True)
    floors = (listing.floor, *listing.reductions)
    check_plan(terms, opens_after=opens_after, floors=floors, now=now)
    check_keys(terms)
    plan = Plan(
        terms=terms,
        opens_after=opens_after,
        opening_hour=opening_hour,
        lowest_floor=min(floors, key=lambda floor: floor.amount_minor),
    )
    await listings.attach_plan(
        session, listing_id=listing.id, plan=plan.as_json(), now=now, actor=actor
    )
    return plan


async def follow_listing(session: AsyncSession, vault: Vault, event: JournalEvent) -> None:
    """Let a listing's auction follow it (one reaction, so that the order of events is kept)."""
    if event.type == "listing.published":
        await on_listing_published(session, event)
    elif event.type == "listing.bidding_due":
        await open_bidding(session, event)
    else:
        auction_id = await repository.id_of_listing(session, event.subject_id)
        if auction_id is None:
            return
        match event.type:
            case "listing.suspended":
                await _halt(session, vault, auction_id)
            case "listing.resumed":
                opens_at = datetime.fromisoformat(event.public["notice"]["opens_at"])
                await _go_on(session, vault, auction_id, event.subject_id, opens_at)
            case _:
                await end_without_result(session, vault, auction_id, event.type)


async def open_bidding(session: AsyncSession, event: JournalEvent) -> None:
    """Create, announce and attach the auction of a posted listing with two buyers or more.

    Under the listing's lock, so two at once or a repeated event make one auction; a listing that
    was withdrawn or terminated meanwhile gets none. Where the working days have run out since the
    call, its field is judged again and waits by itself: the auctions of all others go on.

    Source: rules.md L8; README, AU91.
    """
    listing = await listings.get_listing(session, ListingId(event.subject_id), lock=True)
    closed = listing.status is listings.ListingStatus.CLOSED
    if listing.auction_id is not None or not closed:
        return
    assert listing.bidding is not None
    plan = Plan.from_json(listing.bidding)
    at = max(event.market_at, await market_now(session, listing.market_id))
    try:
        opens_at = plan.opening(at, mainland_china())
    except CalendarHorizonExceeded:
        await listings.judge_again(session, listing, at=at)
        return
    auction = _planned(listing, plan, opens_at, at)
    await repository.add(session, auction)
    await repository.save(session, auction)  # an insert does not know the announcement
    await timers.schedule(
        session,
        market_id=auction.market_id,
        kind=DEADLINE_TIMER,
        subject_id=auction.id,
        due_at=auction.opens_at,
    )
    await journal.append(session, scheduled(auction, SYSTEM, at), announced(auction, at))
    await _take_holders_along(session, listing, auction, at)
    await listings.hand_over(
        session, listing, auction_id=auction.id, opens_at=auction.opens_at, at=at
    )


def _planned(
    listing: listings.Listing, plan: Plan, opens_at: datetime, announced_at: datetime
) -> Auction:
    return Auction(
        id=AuctionId(new_id()),
        market_id=listing.market_id,
        listing_id=listing.id,
        seller_id=listing.seller_id,
        session_id=listing.session_id,
        title=listing.title,
        licence=None,
        opens_at=opens_at,
        announced_at=announced_at,
        state=BiddingState(
            terms=terms_at(plan.terms, floor=listing.floor),
            status=AuctionStatus.SCHEDULED,
            deadline_at=opens_at,
        ),
    )


async def _take_holders_along(
    session: AsyncSession, listing: listings.Listing, auction: Auction, at: datetime
) -> None:
    """Let those who hold a priority right in the listing hold it in its auction (AU92)."""
    if auction.state.terms.priority_mode is PriorityMode.NONE:
        return  # the listing refuses such a plan while anybody holds a right
    for known in await listings.right_holders(session, listing.id):
        holder = Holder(
            auction_id=auction.id,
            party_id=known.party_id,
            rank=known.rank,
            basis=str(known.basis),
            notified_at=known.notified_at,
        )
        await secrets.save_holder(session, holder)
        told = {
            "party_id": holder.party_id,
            "rank": holder.rank,
            "basis": holder.basis,
            "notified_at": holder.notified_at,
            "waived_at": None,
        }
        event = auction_event(
            auction,
            "priority_holder_notified",
            before=auction.state,
            at=at,
            restricted=told,
            audience=frozenset({holder.party_id}),
        )
        await journal.append(session, event)


async def _halt(session: AsyncSession, vault: Vault, auction_id: AuctionId) -> None:
    """Interrupt the auction of a suspended listing; what was left of its phase is kept (AU93)."""
    auction, now = await take(session, vault, auction_id)
    if (auction.state.status, Trigger.PAUSE) not in TRANSITIONS:
        return  # its staff has paused it, or it is over
    paused = control.pause(auction.state, at=now)
    await _store(session, auction, paused, "paused", now, {"reason": HALTED})


async def _go_on(
    session: AsyncSession,
    vault: Vault,
    auction_id: AuctionId,
    listing_id: UUID,
    opens_at: datetime,
) -> None:
    """Announce when the auction of a resumed listing opens: as the resumption's notice says.

    Source: README, AU93.
    """
    auction, now = await take(session, vault, auction_id)
    state = auction.state
    listing = await listings.get_listing(session, ListingId(listing_id))
    if state.pause is None or listing.status is not listings.ListingStatus.DISCLOSING:
        return
    notice = timedelta(seconds=state.terms.resumption_notice_s)
    resumes_at = max(opens_at - state.pause.time_left, now + notice)
    resumed = control.announce_resumption(state, resumes_at=resumes_at, now=now, notice=notice)
    told = {"reason": RESUMED, "resumes_at": resumes_at}
    auction = await _store(session, auction, resumed, "resumption_announced", now, told)
    await await_deadline(session, auction)


async def end_without_result(
    session: AsyncSession, vault: Vault, auction_id: AuctionId, reason: str
) -> None:
    """End the auction of what was withdrawn or terminated, without a result (AU94, AU101)."""
    auction = await repository.load(session, auction_id, lock=True)
    if auction.announced_at is None:
        await _drop(session, auction)
        return
    auction, now = await take(session, vault, auction_id)
    if (auction.state.status, Trigger.CANCEL) not in TRANSITIONS:
        return
    cancelled = control.cancel(auction.state, at=now)
    await timers.cancel(session, kind=DEADLINE_TIMER, subject_id=auction.id)
    told = {"reason": reason.replace(".", "_")}
    await _store(session, auction, cancelled, "cancelled", now, told)


async def _drop(session: AsyncSession, auction: Auction) -> None:
    """End the auction of a draft: of what nobody was told nothing becomes known (AU14)."""
    now = await market_now(session, auction.market_id)
    await timers.cancel(session, kind=DEADLINE_TIMER, subject_id=auction.id)
    dropped = replace(auction, state=control.cancel(auction.state, at=now))
    await repository.save(session, dropped)
    event = NewEvent(
        market_id=auction.market_id,
        subject="auction",
        subject_id=auction.id,
        type="auction.dropped",
        market_at=now,
        actor=SYSTEM,
        restricted={"listing_id": auction.listing_id},
        audience=frozenset({auction.seller_id}),
    )
    await journal.append(session, event)


async def _store(
    session: AsyncSession,
    auction: Auction,
    state: BiddingState,
    what: str,
    now: datetime,
    public: Mapping[str, object],
) -> Auction:
    after = replace(auction, state=state)
    await repository.save(session, after)
    await journal.append(
        session, auction_event(after, what, before=auction.state, at=now, public=public)
    )
    return after
