"""End registrations of a listing without its end: they lapse, or their buyer steps back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.deposit import ForfeitureGround
from app.listings.domain.listing import Listing
from app.listings.domain.registration import (
    REGISTRATION_TRANSITIONS,
    Registration,
    RegistrationStatus,
    RegistrationTrigger,
    costs_deposit,
)
from app.listings.repository import registrations
from app.listings.service.deposit_states import drop_due
from app.listings.service.forfeiting import forfeit_deposits
from app.listings.service.refunding import return_deposits
from app.platform import journal
from app.platform.access import SYSTEM, Actor
from app.platform.journal import NewEvent
from app.shared.transitions import advance

WITHDREW: Final = "缴纳保证金后撤回受让登记 / withdrawal after paying the deposit"


async def lapse(
    session: AsyncSession,
    listing: Listing,
    grounds: Sequence[tuple[Registration, str]],
    *,
    at: datetime,
) -> None:
    """End registrations that did not come along; a deposit goes back at once.

    The caller holds the listing's lock.

    Args:
        grounds: Each with why: ``terms_not_accepted`` or ``deposit_not_paid``.

    Invariants: LS71, LS73.
    """
    if not grounds:
        return
    parties = {registration.party_id for registration, _ in grounds}
    why = {registration.id: ground for registration, ground in grounds}
    known = await registrations.lock_of_parties(session, listing.id, parties)
    await _give_back(session, listing, known, at=at, actor=SYSTEM)
    for registration in known:
        told = {"listing_id": listing.id, "ground": why[registration.id]}
        await end(session, registration, RegistrationTrigger.LAPSE, told, at=at, actor=SYSTEM)


async def step_back(
    session: AsyncSession,
    listing: Listing,
    registration: Registration,
    *,
    at: datetime,
    actor: Actor,
) -> Registration:
    """End a registration at its buyer's wish; the caller holds both locks.

    Who has paid under the terms that hold loses the deposit, as those terms say.

    Raises:
        TransitionRefused: It has ended before.

    Source: rules.md D3; README, LS72.
    """
    trigger = RegistrationTrigger.WITHDRAW
    advance(REGISTRATION_TRANSITIONS, state=registration.status, trigger=trigger)
    costs = costs_deposit(registration, terms_hash=listing.terms_hash)
    if costs:
        parties = [registration.party_id]
        # First the state, which a forfeiture presupposes; the money in the same transaction.
        withdrawn = await end(
            session, registration, trigger, {"forfeited": True}, at=at, actor=actor
        )
        await forfeit_deposits(
            session,
            listing,
            parties,
            ground=ForfeitureGround.WITHDRAWAL,
            words=WITHDREW,
            at=at,
            actor=actor,
        )
        return replace(withdrawn, forfeited_at=at)
    await _give_back(session, listing, [registration], at=at, actor=actor)
    return await end(session, registration, trigger, {"forfeited": False}, at=at, actor=actor)


async def _give_back(
    session: AsyncSession,
    listing: Listing,
    leaving: Sequence[Registration],
    *,
    at: datetime,
    actor: Actor | str,
) -> None:
    paid = {it.party_id for it in leaving if it.status is RegistrationStatus.DEPOSITED}
    if paid:
        everybody = await registrations.find_depositors(session, listing.id, None)
        keep = set(everybody) - paid
        await return_deposits(session, listing, keep=keep, at=at, actor=actor)


async def end(
    session: AsyncSession,
    registration: Registration,
    trigger: RegistrationTrigger,
    restricted: dict[str, Any],
    *,
    at: datetime,
    actor: Actor | str,
) -> Registration:
    """Move a locked registration to its end and tell its buyer and the market's staff."""
    status = advance(REGISTRATION_TRANSITIONS, state=registration.status, trigger=trigger)
    ended = replace(registration, status=status)
    await registrations.save_decision(session, ended)
    await drop_due(session, registration.id)
    event = NewEvent(
        market_id=registration.market_id,
        subject="registration",
        subject_id=registration.id,
        type=f"registration.{status}",
        market_at=at,
        actor=actor if isinstance(actor, str) else actor.ref,
        restricted={"listing_id": registration.listing_id, **restricted},
        audience=frozenset({registration.party_id}),
    )
    await journal.append(session, event)
    return ended
