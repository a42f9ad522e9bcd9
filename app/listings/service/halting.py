"""Suspend, resume, terminate and withdraw a listing, each with its notice."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.domain.halting import check_withdrawal, while_disclosed
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    Listing,
    ListingStatus,
    ListingTrigger,
)
from app.listings.domain.notice import NoticeKind, NoticeTrigger
from app.listings.domain.period import check_suspension, moved_opening, resumed_end
from app.listings.repository import listings, registrations
from app.listings.service.noticing import move_terms, publish_message
from app.listings.service.publishing import CLOSE_DISCLOSURE, require_listing, schedule_close
from app.listings.service.refunding import return_deposits
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor
from app.platform.journal import NewEvent
from app.shared.calendar import mainland_china
from app.shared.ids import HoldId, ListingId
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

SUSPENSION_OVER: Final = "listing.suspension_over"


async def suspend(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    reason: str,
    until: datetime,
    now: datetime,
) -> Listing:
    """Suspend a disclosure 中止: its period stands still, nobody registers.

    Raises:
        TransitionRefused: It is not disclosing.
        SuspensionTooLong: Names the latest end.

    Source: rules.md L5.
    """
    listing = await require_listing(session, listing_id, lock=True)
    status = while_disclosed(listing, ListingTrigger.SUSPEND, now=now)
    assert listing.policy is not None
    check_suspension(until=until, now=now, policy=listing.policy, calendar=mainland_china())
    suspended = replace(listing, status=status, suspended_at=now, suspended_until=until)
    await move_terms(session, listing, NoticeTrigger.SUSPEND)
    await timers.cancel(session, kind=CLOSE_DISCLOSURE, subject_id=listing.id)
    await timers.schedule(
        session,
        market_id=listing.market_id,
        kind=SUSPENSION_OVER,
        subject_id=listing.id,
        due_at=until,
    )
    return await publish_message(
        session,
        suspended,
        NoticeKind.SUSPENSION,
        {"reason": reason, "until": until},
        what="suspended",
        at=now,
        actor=actor.ref,
    )


async def resume(
    session: AsyncSession, actor: Actor, listing_id: ListingId, *, reason: str, now: datetime
) -> Listing:
    """Resume a suspended disclosure; what remains is counted anew and announced.

    The opening of its auction moves with it.

    Raises:
        TransitionRefused: It is not suspended.
        CalendarHorizonExceeded: The period leaves the known working days.

    Source: rules.md L5.
    """
    listing = await require_listing(session, listing_id, lock=True)
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.RESUME)
    assert listing.policy is not None
    assert listing.published_at is not None
    assert listing.disclosure_ends_at is not None
    assert listing.suspended_at is not None
    ends_at = resumed_end(
        published_at=listing.published_at,
        suspended_at=listing.suspended_at,
        ends_at=listing.disclosure_ends_at,
        now=now,
        policy=listing.policy,
        calendar=mainland_china(),
    )
    opens_at = _moved_opening(listing, ends_at, now)
    resumed = replace(
        listing,
        status=status,
        suspended_at=None,
        suspended_until=None,
        disclosure_ends_at=ends_at,
        opens_at=opens_at,
    )
    await move_terms(session, listing, NoticeTrigger.RESUME)
    await timers.cancel(session, kind=SUSPENSION_OVER, subject_id=listing.id)
    await schedule_close(session, resumed)
    facts = {
        "reason": reason,
        "suspended_at": listing.suspended_at,
        "disclosure_ends_at": ends_at,
        "opens_at": opens_at,
        "calendar_version": mainland_china().version,
    }
    return await publish_message(
        session,
        resumed,
        NoticeKind.RESUMPTION,
        facts,
        what="resumed",
        at=now,
        actor=actor.ref,
    )


def _moved_opening(listing: Listing, resumed_end: datetime, now: datetime) -> datetime | None:
    if listing.opens_at is None:
        return None
    assert listing.suspended_at is not None
    assert listing.disclosure_ends_at is not None
    return moved_opening(
        opens_at=listing.opens_at,
        suspended_at=listing.suspended_at,
        ends_at=listing.disclosure_ends_at,
        resumed_end=resumed_end,
        now=now,
        calendar=mainland_china(),
    )


async def remind_of_suspension(session: AsyncSession, listing_id: UUID, due_at: datetime) -> None:
    """Tell the market's staff that a suspension has lasted as long as announced (a timer).

    Nothing resumes by itself: whether the obstacle is gone is for a person to say.
    """
    listing = await require_listing(session, ListingId(listing_id), lock=True)
    if listing.status is not ListingStatus.SUSPENDED:
        return
    event = NewEvent(
        market_id=listing.market_id,
        subject="listing",
        subject_id=listing.id,
        type="listing.suspension_overdue",
        market_at=due_at,
        actor=SYSTEM,
        restricted={"until": listing.suspended_until},
        audience=frozenset({listing.seller_id}),
    )
    await journal.append(session, event)


async def terminate(
    session: AsyncSession, actor: Actor, listing_id: ListingId, *, reason: str, now: datetime
) -> Listing:
    """Terminate a listing 终结 whose obstacle cannot be removed; deposits go back.

    Raises:
        TransitionRefused: It was never published, or has its outcome; also a deal of which the
            listing has not heard yet: deals are opened under its lock.

    Source: rules.md L5, L10.
    """
    listing = await require_listing(session, listing_id, lock=True)
    if await _has_deal(session, listing):
        raise TransitionRefused(
            "Its deal is confirmed.", state=str(listing.status), trigger="terminate", possible=[]
        )
    facts = {"reason": reason}
    trigger, kind = ListingTrigger.TERMINATE, NoticeKind.TERMINATION
    return await _end(session, actor, listing, trigger, kind, facts, now=now)


async def _has_deal(session: AsyncSession, listing: Listing) -> bool:
    """Tell whether a deposit has become a part of a deal's price that did not end in default."""
    for registration in await registrations.of_listing(session, listing.id):
        if registration.deposit_entry_id is None or registration.defaulted_deal_id is not None:
            continue
        hold = await ledger.get_hold(session, HoldId(registration.id))
        if hold.state is ledger.HoldState.POSTED:
            return True
    return False


async def withdraw(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    reason: str,
    costs: Money | None,
    now: datetime,
) -> Listing:
    """Withdraw a listing 撤回 for its seller, who pays reasonable costs; deposits go back.

    Args:
        costs: What the seller owes for it, as the exchange states it; for the two alone.

    Raises:
        TransitionRefused: It has its outcome.
        BiddingHasBegun: Its auction has opened.

    Source: rules.md L9; 拍卖法 29.
    """
    listing = await require_listing(session, listing_id, lock=True)
    check_withdrawal(listing, now=now)
    facts = {"reason": reason}
    trigger, kind = ListingTrigger.WITHDRAW, NoticeKind.WITHDRAWAL
    return await _end(session, actor, listing, trigger, kind, facts, now=now, costs=costs)


async def _end(
    session: AsyncSession,
    actor: Actor,
    listing: Listing,
    trigger: ListingTrigger,
    kind: NoticeKind,
    facts: Mapping[str, Any],
    *,
    now: datetime,
    costs: Money | None = None,
) -> Listing:
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=trigger)
    ended = replace(listing, status=status, suspended_at=None, suspended_until=None)
    for timer in (CLOSE_DISCLOSURE, SUSPENSION_OVER):
        await timers.cancel(session, kind=timer, subject_id=listing.id)
    restricted = {"costs": costs}
    if listing.published_at is None:
        # Nobody but its seller knew of a draft.
        await listings.save(session, ended)
        event = NewEvent(
            market_id=listing.market_id,
            subject="listing",
            subject_id=listing.id,
            type=f"listing.{status}",
            market_at=now,
            actor=actor.ref,
            restricted={**facts, **restricted},
            audience=frozenset({listing.seller_id}),
        )
        await journal.append(session, event)
        return ended
    await move_terms(session, listing, NoticeTrigger.WITHDRAW)
    ended = await publish_message(
        session,
        ended,
        kind,
        facts,
        what=str(status),
        at=now,
        actor=actor.ref,
        restricted=restricted,
    )
    await return_deposits(session, ended, at=now, actor=actor)
    return ended
