"""Take deposits for good, and keep what the party had been shown about it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.domain.deposit import DepositTrigger, ForfeitureGround
from app.listings.domain.listing import Listing
from app.listings.domain.registration import Registration
from app.listings.repository import notices, registrations
from app.listings.service.deposit_states import move_deposit
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import DealId, HoldId, PartyId, RegistrationId
from app.shared.money import Money


async def forfeit_deposits(
    session: AsyncSession,
    listing: Listing,
    parties: Collection[PartyId],
    *,
    ground: ForfeitureGround,
    words: str,
    at: datetime,
    actor: Actor | str,
    deal_id: DealId | None = None,
    lock_with: Collection[PartyId] = (),
) -> None:
    """Take the deposits of these parties that are still held; repeating it does nothing.

    Args:
        words: The ground as the party reads it.
        deal_id: Whose default costs it, if one does.
        lock_with: Whose accounts the caller moves, too: all are locked at once.

    Source: rules.md D3, L11; README, LS23, LS24.
    """
    known = await registrations.lock_of_parties(session, listing.id, parties)
    await ledger.lock_parties(
        session,
        market_id=listing.market_id,
        party_ids={*lock_with, *(registration.party_id for registration in known)},
        currency=listing.deposit.currency,
    )
    for registration in known:
        if registration.deposit_entry_id is None:
            continue
        hold = await ledger.get_hold(session, HoldId(registration.id))
        if hold.state is ledger.HoldState.HELD:
            await ledger.forfeit(session, hold_id=hold.id, at=at, actor=actor, ground=words)
            lost = Lost(ground, words, hold.amount, deal_id)
            await _note(session, listing, registration, lost, at=at, actor=actor)


async def record_forfeiture(
    session: AsyncSession,
    listing: Listing,
    registration_id: RegistrationId,
    *,
    deal_id: DealId,
    amount: Money,
    ground: ForfeitureGround,
    words: str,
    at: datetime,
    actor: Actor | str,
) -> None:
    """Note that a buyer in default loses the deposit that became a part of its deal's price.

    The caller moves the money: it lies in the deal's escrow.

    Raises:
        ObjectUnknown: There is no such registration.
    """
    registration = await registrations.find(session, registration_id, lock=True)
    if registration is None:
        raise ObjectUnknown("There is no such registration.")
    if amount.amount_minor:
        lost = Lost(ground, words, amount, deal_id)
        await _note(session, listing, registration, lost, at=at, actor=actor)
    else:  # an agreement takes no deposit; its buyer in default still buys nothing here again
        await registrations.save_fate(session, replace(registration, defaulted_deal_id=deal_id))


@dataclass(frozen=True, slots=True)
class Lost:
    """What is lost, on which ground, and by which deal's default."""

    ground: ForfeitureGround
    words: str
    amount: Money
    deal_id: DealId | None


async def _note(
    session: AsyncSession,
    listing: Listing,
    registration: Registration,
    lost: Lost,
    *,
    at: datetime,
    actor: Actor | str,
) -> None:
    fate = replace(registration, forfeited_at=at, defaulted_deal_id=lost.deal_id)
    await registrations.save_fate(session, fate)
    await move_deposit(
        session, registration.id, DepositTrigger.FORFEIT, ground=lost.ground, deal_id=lost.deal_id
    )
    shown = registration.accepted_terms_hash
    notice = await notices.find_accepted(session, listing.id, shown)
    event = NewEvent(
        market_id=listing.market_id,
        subject="registration",
        subject_id=registration.id,
        type="registration.forfeited",
        market_at=at,
        actor=actor if isinstance(actor, str) else actor.ref,
        restricted={
            "listing_id": listing.id,
            "deal_id": lost.deal_id,
            "amount": lost.amount,
            "ground_code": lost.ground,
            "ground": lost.words,
            # What was shown, to whom and when: the proof that a ticked box alone is not.
            "forfeiture_terms": None if notice is None else notice.content["forfeiture_terms"],
            "notice_number": None if notice is None else notice.number,
            "accepted_terms_hash": registration.accepted_terms_hash,
            "accepted_by": registration.accepted_by,
            "accepted_at": registration.accepted_at,
        },
        audience=frozenset({registration.party_id}),
    )
    await journal.append(session, event)
