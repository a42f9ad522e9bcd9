"""Confirm a sale that no auction found: the moment at which the contract exists."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.listing import LISTING_TRANSITIONS, Listing, ListingTrigger
from app.listings.domain.registration import Registration
from app.listings.repository import listings
from app.listings.service.noticing import listing_event
from app.platform import journal
from app.shared.calendar import mainland_china, period_end
from app.shared.money import Money
from app.shared.transitions import advance


def require_known_days(listing: Listing, at: datetime) -> None:
    """Refuse a moment from which on a deal's deadlines cannot be counted.

    Raises:
        CalendarHorizonExceeded: They leave the known working days.
    """
    assert listing.policy is not None  # it was published
    for duration in (listing.policy.signing, listing.policy.payment_due):
        period_end(start=at, duration=duration, calendar=mainland_china())


async def award(
    session: AsyncSession,
    listing: Listing,
    registration: Registration,
    price: Money,
    *,
    at: datetime,
    actor: str,
) -> Listing:
    """Award a closed listing to a buyer; the deal is opened from the event.

    The caller holds the listing's lock. Journals ``listing.awarded``: public with the price,
    restricted with who buys; ``at`` is the moment at which the contract exists (L10).

    Raises:
        TransitionRefused: It is not closed, or was awarded before.
        CalendarHorizonExceeded: The deal's deadlines would leave the known working days: this
            award waits then, instead of its deal holding up those of all others.

    Source: rules.md L10; 民法典合同编通则解释 4.
    """
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.AWARD)
    require_known_days(listing, at)
    awarded = replace(listing, status=status)
    await listings.save(session, awarded)
    event = listing_event(awarded, "awarded", actor, at)
    await journal.append(
        session,
        replace(
            event,
            public={**event.public, "price": price, "pricing_mode": listing.pricing_mode},
            restricted={"registration_id": registration.id, "buyer_id": registration.party_id},
            audience=frozenset({listing.seller_id, registration.party_id}),
        ),
    )
    return awarded
