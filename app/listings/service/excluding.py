"""Exclude a buyer for false material or collusion: the operator's finding costs its deposit."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.deposit import ForfeitureGround, check_judged
from app.listings.domain.registration import (
    REGISTRATION_TRANSITIONS,
    Registration,
    RegistrationTrigger,
)
from app.listings.repository import deposits
from app.listings.service.fielding import proceed
from app.listings.service.forfeiting import forfeit_deposits
from app.listings.service.lapsing import end
from app.listings.service.publishing import require_listing
from app.listings.service.registering import require_registration
from app.platform.access import Actor
from app.shared.ids import RegistrationId
from app.shared.transitions import advance


async def exclude_buyer(
    session: AsyncSession,
    actor: Actor,
    registration_id: RegistrationId,
    *,
    ground: ForfeitureGround,
    finding: str,
    now: datetime,
) -> Registration:
    """End a depositor's registration and take its deposit; it stays away from the achievement.

    A running auction takes no more bids from it; a result that it leads is annulled.

    Args:
        ground: One of `JUDGED`.
        finding: What was found, in the operator's words; the buyer reads it.

    Raises:
        DepositNotHeld: It holds no deposit.
        DepositInDeal: The deal's default decides.
        TransitionRefused: The registration has ended.

    Source: rules.md D3, D4; README, LS20, LS24, LS28.
    """
    seen = await require_registration(session, registration_id)
    # The listing first, always.
    listing = await require_listing(session, seen.listing_id, lock=True)
    registration = await require_registration(session, registration_id, lock=True)
    check_judged(await deposits.find_deposit(session, registration_id))
    trigger = RegistrationTrigger.EXCLUDE
    advance(REGISTRATION_TRANSITIONS, state=registration.status, trigger=trigger)
    told = {"ground_code": ground, "finding": finding}
    excluded = await end(session, registration, trigger, told, at=now, actor=actor)
    await forfeit_deposits(
        session,
        listing,
        [registration.party_id],
        ground=ground,
        words=finding,
        at=now,
        actor=actor,
    )
    await proceed(session, listing, at=now)
    return replace(excluded, forfeited_at=now)
