"""Change what a notice says: a new notice, the whole period anew."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.halting import check_change, while_disclosed
from app.listings.domain.listing import (
    Listing,
    ListingTerms,
    ListingTrigger,
    PricingMode,
    check_listable,
)
from app.listings.domain.notice import NoticeKind
from app.listings.domain.relation import Relation
from app.listings.repository import registrations
from app.listings.service import agreeing
from app.listings.service.drafting import achievement_of, require_buyer, vars_of
from app.listings.service.publishing import publish_offer, require_listing
from app.platform.access import Actor
from app.shared.ids import ListingId


async def change_listing(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    terms: ListingTerms,
    *,
    now: datetime,
) -> Listing:
    """Publish other terms of a listing that is disclosed; its period begins anew.

    Whoever registered accepts the new terms before the disclosure ends, or drops out then. Those
    of an agreement wait for its buyer's consent, which publishes them.

    Args:
        terms: All of them; `ListingTerms.approval` is the document that the change needs.

    Raises:
        TransitionRefused: It is not disclosing.
        ChangeNotPossible: See the rule.
        What `publish_offer` raises.

    Source: rules.md L2, A5.
    """
    listing = await require_listing(session, listing_id, lock=True)
    while_disclosed(listing, ListingTrigger.CHANGE, now=now)
    depositors = await registrations.find_depositors(session, listing.id, None)
    check_change(listing, terms, held=listing.deposit if depositors else None)
    achievement = await achievement_of(session, listing)
    await require_buyer(session, terms, achievement)
    if listing.pricing_mode is PricingMode.AGREEMENT:
        await agreeing.propose(session, actor, listing, terms, now=now)
        return listing
    return await _publish(session, actor, listing, terms, now=now)


async def consent(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    terms_hash: str,
    relation: Relation,
    now: datetime,
) -> Listing:
    """Take the consent of an agreement's buyer; a change that waited for it is published.

    Raises:
        What `agreeing.consent` and, for a change, `publish_offer` raise.

    Invariant: LS60. Source: rules.md A5.
    """
    listing = await agreeing.consent(
        session, actor, listing_id, terms_hash=terms_hash, relation=relation, now=now
    )
    waiting = await agreeing.waiting_terms(session, listing)
    if waiting is None:
        return listing
    return await _publish(session, actor, listing, waiting, now=now)


async def _publish(
    session: AsyncSession, actor: Actor, listing: Listing, terms: ListingTerms, *, now: datetime
) -> Listing:
    status = while_disclosed(listing, ListingTrigger.CHANGE, now=now)
    achievement = await achievement_of(session, listing)
    check_listable(achievement)
    return await publish_offer(
        session,
        # The new notice states its own extensions, counted from it.
        replace(listing, status=status, extensions_done=0, **vars_of(terms)),
        achievement,
        kind=NoticeKind.CHANGE,
        what="changed",
        now=now,
        actor=actor,
    )
