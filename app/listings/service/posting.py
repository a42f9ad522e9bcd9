"""What a posted listing 挂牌 adds around its notice: the plan, the rights, the field."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    Listing,
    ListingTrigger,
)
from app.listings.domain.plan import check_fit, require_posted
from app.listings.domain.priority import Decision, check_recorded
from app.listings.repository import achievements, listings, rights
from app.listings.service.noticing import listing_event
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import AuctionId, ListingId
from app.shared.jsonable import jsonable
from app.shared.transitions import advance

JUDGE_FIELD: Final = "listing.judge_field"


async def attach_plan(
    session: AsyncSession,
    *,
    listing_id: ListingId,
    plan: Mapping[str, Any],
    now: datetime,
    actor: Actor,
) -> Listing:
    """Fix how bids will be taken if two or more buyers qualify, over an earlier plan of the draft.

    Args:
        plan: As `domain.plan` describes it; the notice publishes it whole (L8).

    Raises:
        ObjectUnknown: No such listing in the actor's market.
        PlanNotOfThisMode: It is not posted.
        TransitionRefused: It is not a draft.
    """
    listing = await listings.find(session, listing_id, lock=True)
    if listing is None or listing.market_id != actor.market_id:
        raise ObjectUnknown("There is no such listing in your market.")
    require_posted(listing)
    trigger = ListingTrigger.ATTACH_BIDDING
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=trigger)
    planned = replace(listing, status=status, bidding=jsonable(plan))
    await listings.save(session, planned)
    event = NewEvent(
        market_id=listing.market_id,
        subject="listing",
        subject_id=listing.id,
        type="listing.plan_attached",
        market_at=now,
        actor=actor.ref,
        # A draft is nobody else's business; its publication tells everything.
        restricted={"plan": planned.bidding},
        audience=frozenset({listing.seller_id}),
    )
    await journal.append(session, event)
    return planned


async def hand_over(
    session: AsyncSession,
    listing: Listing,
    *,
    auction_id: AuctionId,
    opens_at: datetime,
    at: datetime,
) -> Listing:
    """Give a closed listing the auction that its plan announced; the caller holds its lock.

    Raises:
        TransitionRefused: It is not closed.

    Invariant: LS76. Source: rules.md L8.
    """
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.HAND_OVER)
    handed = replace(listing, status=status, auction_id=auction_id, opens_at=opens_at)
    await listings.save(session, handed)
    event = listing_event(handed, "handed_over", SYSTEM, at)
    told = {**event.public, "auction_id": auction_id, "opens_at": opens_at}
    await journal.append(session, replace(event, public=told))
    return handed


async def prepare(session: AsyncSession, listing: Listing) -> Mapping[str, Any]:
    """Refuse a posted listing whose plan or rights are not in order; return what its notice adds.

    The caller holds the listing's lock and has seen that there is a plan.

    Raises:
        PlanUnfit: The floors fell below what the plan was checked for, or holders are on record
            and the plan knows no priority mode.
        RightsUnrecorded: A service result is transferred without a word of its completers.

    Invariants: LS70, LS78.
    """
    assert listing.bidding is not None
    achievement = await achievements.find(session, listing.achievement_id)
    assert achievement is not None
    holders = await rights.holders(session, listing.id)
    statement = await rights.find_statement(session, listing.id)
    waiting = any(holder.decision is not Decision.WAIVED for holder in holders)
    check_fit(listing, has_holders=waiting)
    check_recorded(listing, achievement, holders, statement)
    # Bases and ranks, never names: a notice stays readable for ever.
    told = [
        {"basis": it.basis, "rank": it.rank, "waived": it.decision is Decision.WAIVED}
        for it in holders
    ]
    document = None
    if statement is not None:
        document = {"reference": statement.reference, "signed_on": statement.signed_on}
    return {"priority": {"holders": told, "completers_statement": document}}


async def after_close(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Have the field judged, by a timer that is due at once: a transaction of its own."""
    await wake(session, listing, at)


async def judge_again(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Forget that a field called for bidding, and have it judged; the caller holds the lock."""
    await rights.drop_field(session, listing.id)
    await wake(session, listing, at)


async def wake(session: AsyncSession, listing: Listing, due_at: datetime) -> None:
    """Have the field judged at a moment; the caller holds the listing's lock.

    A worker that has the timer waits for that lock: it judges next and sets the timer itself.
    """
    if not await timers.is_in_hand(session, kind=JUDGE_FIELD, subject_id=listing.id):
        await timers.schedule(
            session,
            market_id=listing.market_id,
            kind=JUDGE_FIELD,
            subject_id=listing.id,
            due_at=due_at,
        )
