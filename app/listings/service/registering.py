"""Register buyers, qualify them, take their deposits."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party, require_verified
from app.ledger import public as ledger
from app.listings.domain.achievement import require_reason
from app.listings.domain.registration import (
    BIDDER_CODES,
    REGISTRATION_TRANSITIONS,
    AlreadyRegistered,
    BankReceipt,
    BankReferenceUsed,
    BidderCodesExhausted,
    DefaulterExcluded,
    Registration,
    RegistrationStatus,
    RegistrationTrigger,
    check_deposit,
    check_registration,
    nth_bidder_code,
)
from app.listings.domain.relation import Relation
from app.listings.repository import registrations as repository
from app.listings.service.publishing import read_listing, require_listing
from app.listings.service.relating import check_buyer, flag_registration
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import EntryId, HoldId, ListingId, RegistrationId, new_id
from app.shared.transitions import advance


async def register_buyer(
    session: AsyncSession,
    actor: Actor,
    listing_id: ListingId,
    *,
    accepted_terms_hash: str,
    relation: Relation,
    now: datetime,
) -> Registration:
    """Register the actor's party for a listing, recording which terms it accepted.

    Raises:
        PartyNotVerified: The exchange has not verified the buyer.
        RegistrationClosed, SellerMayNotRegister, TermsNotAccepted: See the rule.
        StaffMayNotRegister, RelatedPartyNotDisclosed, RelationUntrue: See `check_buyer`.
        DefaulterExcluded: It bought this achievement before and defaulted.
        AlreadyRegistered: Once per party.
    """
    listing, notice = await read_listing(session, actor, listing_id)
    buyer = await require_verified(session, actor.party_id)
    check_registration(
        listing=listing,
        notice=notice,
        party_id=buyer.id,
        terms_hash=accepted_terms_hash,
        now=now,
    )
    await check_buyer(session, listing, buyer, relation)
    if await repository.has_defaulted(session, listing.achievement_id, buyer.id):
        raise DefaulterExcluded("The re-run is without the buyer in default.")
    registration = Registration(
        id=RegistrationId(new_id()),
        listing_id=listing.id,
        market_id=listing.market_id,
        party_id=buyer.id,
        status=RegistrationStatus.APPLIED,
        bidder_code=None,
        accepted_terms_hash=accepted_terms_hash,
        accepted_by=actor.ref,
        registered_at=now,
        relation=relation,
    )
    if not await repository.insert_once(session, registration):
        raise AlreadyRegistered("A party registers once.", listing_id=listing.id)
    accepted = {
        "listing_id": listing.id,
        "accepted_terms_hash": accepted_terms_hash,
        "relation": relation,
    }
    await _journal(session, registration, "applied", actor, now, accepted)
    return registration


async def qualify_registration(
    session: AsyncSession,
    actor: Actor,
    registration_id: RegistrationId,
    *,
    qualified: bool,
    reason: str | None,
    now: datetime,
) -> Registration:
    """Decide whether a registered buyer qualifies.

    Raises:
        TransitionRefused: It was decided before.
        ReasonMissing: Refused without a reason.
    """
    seen = await require_registration(session, registration_id)
    # The listing first, always: its lock also lets the second of two that qualify see the first.
    await require_listing(session, seen.listing_id, lock=True)
    registration = await require_registration(session, registration_id, lock=True)
    trigger = RegistrationTrigger.QUALIFY if qualified else RegistrationTrigger.REFUSE
    status = advance(REGISTRATION_TRANSITIONS, state=registration.status, trigger=trigger)
    require_reason(favourable=qualified, reason=reason)
    decided = replace(registration, status=status, decided_at=now, reason=reason)
    await repository.save_decision(session, decided)
    await _journal(session, decided, str(status), actor, now, {"reason": reason})
    if qualified:
        await flag_registration(session, actor, decided, now=now)
    return decided


async def record_deposit(
    session: AsyncSession,
    actor: Actor,
    registration_id: RegistrationId,
    receipt: BankReceipt,
    *,
    now: datetime,
) -> Registration:
    """Book a qualified buyer's deposit, hold it and give the buyer its bidder code.

    Raises:
        TransitionRefused: Not qualified, or deposited before.
        DepositClosed, DepositAmountWrong, PayerNotTheBuyer, ReceivedInFuture, DepositLate:
            See the rule.
        BankReferenceUsed: The transfer pays another deposit.
    """
    seen = await require_registration(session, registration_id)
    # The listing first, always: its lock also keeps two deposits from drawing one code.
    listing = await require_listing(session, seen.listing_id, lock=True)
    registration = await require_registration(session, registration_id, lock=True)
    trigger = RegistrationTrigger.DEPOSIT
    status = advance(REGISTRATION_TRANSITIONS, state=registration.status, trigger=trigger)
    buyer = await get_party(session, registration.party_id)
    check_deposit(listing=listing, receipt=receipt, buyer_name=buyer.name, now=now)
    deposited = replace(
        registration,
        status=status,
        bidder_code=await _draw_code(session, listing.id),
        bank_reference=receipt.bank_reference,
        received_at=receipt.received_at,
        deposit_entry_id=EntryId(new_id()),
    )
    if not await repository.save_deposit(session, deposited):
        raise BankReferenceUsed("One transfer pays one deposit.", field="bank_reference")
    await _hold(session, deposited, receipt, now=now, actor=actor)
    told = {
        "amount": receipt.amount,
        "payer_name": receipt.payer_name,
        "bank_reference": receipt.bank_reference,
        "received_at": receipt.received_at,
        "bidder_code": deposited.bidder_code,
    }
    await _journal(session, deposited, "deposited", actor, now, told)
    return deposited


async def _hold(
    session: AsyncSession,
    registration: Registration,
    receipt: BankReceipt,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    assert registration.deposit_entry_id is not None
    await ledger.receive(
        session,
        entry_id=registration.deposit_entry_id,
        market_id=registration.market_id,
        party_id=registration.party_id,
        amount=receipt.amount,
        reference=receipt.bank_reference,
        at=now,
        actor=actor,
    )
    await ledger.hold(
        session,
        hold_id=HoldId(registration.id),
        market_id=registration.market_id,
        party_id=registration.party_id,
        amount=receipt.amount,
        subject_id=registration.listing_id,
        at=now,
        actor=actor,
    )


async def _draw_code(session: AsyncSession, listing_id: ListingId) -> str:
    taken = await repository.bidder_codes(session, listing_id)
    if len(taken) * 2 > BIDDER_CODES:  # beyond half, drawing anew would take long
        raise BidderCodesExhausted("The listing has too many depositors.", maximum=len(taken))
    while (code := nth_bidder_code(secrets.randbelow(BIDDER_CODES))) in taken:
        pass
    return code


async def require_registration(
    session: AsyncSession, registration_id: RegistrationId, *, lock: bool = False
) -> Registration:
    """Return a registration, under its row lock if asked.

    Raises:
        ObjectUnknown: There is none.
    """
    registration = await repository.find(session, registration_id, lock=lock)
    if registration is None:
        raise ObjectUnknown("There is no such registration.")
    return registration


async def list_registrations(
    session: AsyncSession, listing_id: ListingId, *, before: RegistrationId | None, limit: int
) -> Sequence[Registration]:
    """Return a listing's registrations, newest first; for operators and auditors only."""
    return await repository.find_page(session, listing_id, before=before, limit=limit)


async def _journal(
    session: AsyncSession,
    registration: Registration,
    what: str,
    actor: Actor,
    now: datetime,
    restricted: dict[str, Any],
) -> None:
    # Who registers, and how many, stays secret: nothing here is public (LS9).
    event = NewEvent(
        market_id=registration.market_id,
        subject="registration",
        subject_id=registration.id,
        type=f"registration.{what}",
        market_at=now,
        actor=actor.ref,
        restricted=restricted,
        audience=frozenset({registration.party_id}),
    )
    await journal.append(session, event)
