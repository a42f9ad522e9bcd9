"""Change what a notice says: a new notice, the whole period anew."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.halting import check_change
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    Listing,
    ListingTerms,
    ListingTrigger,
    check_listable,
)
from app.listings.domain.notice import NoticeKind
from app.listings.repository import registrations
from app.listings.service.drafting import achievement_of, require_buyer, vars_of
from app.listings.service.publishing import publish_offer, require_listing
from app.platform.access import Actor
from app.shared.ids import ListingId
from app.shared.transitions import advance


async def change_listing(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    terms: ListingTerms,
    *,
    now: datetime,
) -> Listing:
    """Publish other terms of a listing that is disclosed; its period begins anew.

    Whoever registered accepts the new terms before the disclosure ends, or drops out then.

    Args:
        terms: All of them; `ListingTerms.approval` is the document that the change needs.

    Raises:
        TransitionRefused: It is not disclosing.
        ChangeNotPossible: See the rule.
        What `publish_offer` raises.

    Source: rules.md L2, A5.
    """
    listing = await require_listing(session, listing_id, lock=True)
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.CHANGE)
    depositors = await registrations.find_depositors(session, listing.id, None)
    check_change(listing, terms, held=listing.deposit if depositors else None)
    achievement = await achievement_of(session, listing)
    check_listable(achievement)
    await require_buyer(session, terms, achievement)
    return await publish_offer(
        session,
        replace(listing, status=status, **vars_of(terms)),
        achievement,
        kind=NoticeKind.CHANGE,
        what="changed",
        now=now,
        actor=actor,
    )
