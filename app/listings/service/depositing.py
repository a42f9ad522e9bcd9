"""Book deposits: the bank's moment decides, and only the buyer's own account counts (D1)."""

import secrets
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.ledger import public as ledger
from app.listings.domain.bidder_code import BIDDER_CODES, BidderCodesExhausted, nth_bidder_code
from app.listings.domain.deposit import DepositTrigger
from app.listings.domain.field import payable_until
from app.listings.domain.registration import (
    REGISTRATION_TRANSITIONS,
    BankReceipt,
    BankReferenceUsed,
    Registration,
    RegistrationTrigger,
    check_deposit,
)
from app.listings.repository import registrations as repository
from app.listings.service.deposit_states import move_deposit
from app.listings.service.fielding import proceed
from app.listings.service.publishing import require_listing
from app.listings.service.registering import journal_registration, require_registration
from app.platform.access import Actor
from app.shared.ids import EntryId, HoldId, ListingId, RegistrationId, new_id
from app.shared.transitions import advance


async def record_deposit(
    session: AsyncSession,
    actor: Actor | str,
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
    before = listing.opens_at
    if before is None and listing.disclosure_ends_at is not None:
        ends_at = listing.disclosure_ends_at
        before = payable_until(registration, disclosure_ends_at=ends_at)
    check_deposit(listing=listing, receipt=receipt, buyer_name=buyer.name, before=before, now=now)
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
    await move_deposit(session, deposited.id, DepositTrigger.ARRIVE)
    await journal_registration(session, deposited, "deposited", actor, now, told)
    await proceed(session, listing, at=now)
    return deposited


async def _hold(
    session: AsyncSession,
    registration: Registration,
    receipt: BankReceipt,
    *,
    now: datetime,
    actor: Actor | str,
) -> None:
    assert registration.deposit_entry_id is not None
    arrives = partial(ledger.receive)
    if receipt.arrival_id is not None:
        arrives = partial(ledger.identify, arrival_id=receipt.arrival_id)
    await arrives(
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
