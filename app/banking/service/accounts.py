"""Bank accounts of parties, and the references by which payers are recognised."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.bank_accounts import (
    BankAccount,
    BankAccountUnknown,
    check_account,
    plain_number,
)
from app.banking.domain.matching import TargetKind
from app.banking.domain.orders import Payee
from app.banking.domain.references import reference_of
from app.banking.repository import accounts, orders
from app.banking.service.telling import tell_reference
from app.identity.public import require_verified
from app.listings import public as listings
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown, Role
from app.platform.journal import JournalEvent, NewEvent
from app.settlement import public as settlement
from app.shared.ids import DealId, MarketId, PartyId, RegistrationId, new_id
from app.shared.money import Money


async def enter_account(
    session: AsyncSession,
    actor: Actor,
    party_id: PartyId,
    *,
    holder_name: str,
    account_number: str,
    bank_name: str,
    bank_code: str | None,
    now: datetime,
) -> BankAccount:
    """Note where a party is paid; orders that wait for an account get it (BK7).

    Raises:
        PartyNotVerified: The exchange has not verified the party.
        HolderDiffers, AccountNumberMalformed, BankCodeMalformed: See the rules.
    """
    party = await require_verified(session, party_id)
    number = plain_number(account_number)
    check_account(holder_name=holder_name, bank_code=bank_code, party_name=party.name)
    account = BankAccount(
        id=new_id(),
        market_id=actor.market_id,
        party_id=party.id,
        holder_name=party.name,
        account_number=number,
        bank_name=bank_name,
        bank_code=bank_code,
        of_exchange=actor.role is Role.OPERATOR,
        entered_at=now,
        entered_by=actor.ref,
    )
    await accounts.insert_account(session, account)
    await orders.give_payee(session, party.id, payee_of(account))
    event = NewEvent(
        market_id=account.market_id,
        subject="bank_account",
        subject_id=account.id,
        type="bank_account.entered",
        market_at=now,
        actor=actor.ref,
        restricted={
            "party_id": party.id,
            "account_number": number,
            "bank_name": bank_name,
            "bank_code": bank_code,
        },
        audience=frozenset({party.id}),
    )
    await journal.append(session, event)
    return account


def payee_of(account: BankAccount) -> Payee:
    """Return the account as whom an order pays."""
    return Payee(
        name=account.holder_name,
        account_number=account.account_number,
        bank_name=account.bank_name,
        bank_code=account.bank_code,
    )


async def require_account(session: AsyncSession, party_id: UUID) -> BankAccount:
    """Return where a party is paid.

    Raises:
        BankAccountUnknown: It has entered no account.
    """
    account = await accounts.account_of(session, party_id)
    if account is None:
        raise BankAccountUnknown("The party enters its bank account first.", party_id=party_id)
    return account


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a payer has to write on its transfer.

    Attributes:
        payee: The exchange's account; ``None`` while it has entered none.
        due: What is owed now; zero once it came.
    """

    kind: TargetKind
    reference: str
    number: str
    due: Money
    payee: BankAccount | None


async def issue(session: AsyncSession, event: JournalEvent) -> None:
    """Give a deposit or a price its reference when it becomes owed (BK3).

    Its payer is told, unless it has paid before the worker came.
    """
    if event.type == "registration.qualified":
        registration_id = RegistrationId(event.subject_id)
        registration = await listings.get_registration(session, registration_id)
        listing = await listings.get_listing(session, registration.listing_id)
        if not listing.deposit.amount_minor:  # an agreement's buyer owes none
            return
        reference = await _claim(session, event.market_id, TargetKind.DEPOSIT, registration_id)
        if registration.status is not listings.RegistrationStatus.QUALIFIED:
            return
        await tell_reference(
            session,
            market_id=listing.market_id,
            party_id=registration.party_id,
            reference=reference,
            what_zh=f"{listing.number} 保证金{listing.deposit}元",
            what_en=f"Deposit of {listing.deposit} {listing.deposit.currency} for {listing.number}",
            data={"registration_id": registration.id, "amount": listing.deposit},
            at=event.market_at,
        )
        return
    deal = await settlement.get_deal(session, DealId(event.subject_id))
    reference = await _claim(session, event.market_id, TargetKind.PAYMENT, deal.id)
    if not deal.outstanding.amount_minor:
        return
    await tell_reference(
        session,
        market_id=deal.market_id,
        party_id=deal.buyer_id,
        reference=reference,
        what_zh=f"{deal.number} 价款{deal.outstanding}元",
        what_en=f"Price of {deal.number}, {deal.outstanding} {deal.price.currency}",
        data={"deal_id": deal.id, "amount": deal.outstanding},
        at=event.market_at,
    )


async def _claim(session: AsyncSession, market_id: UUID, kind: TargetKind, target_id: UUID) -> str:
    known = await accounts.reference_of(session, target_id)
    if known is not None:
        return known
    attempt = 0
    while True:
        reference = reference_of(target_id, attempt)
        if await accounts.claim_reference(
            session,
            reference=reference,
            market_id=MarketId(market_id),
            kind=kind,
            target_id=target_id,
        ):
            return reference
        attempt += 1


async def instruct_deposit(session: AsyncSession, registration_id: UUID) -> Instruction:
    """Return how a registration's deposit is transferred.

    Raises:
        ObjectUnknown: It has no reference: nothing was ever owed.
    """
    found = await listings.get_registration(session, RegistrationId(registration_id))
    listing = await listings.get_listing(session, found.listing_id)
    owed = found.status is listings.RegistrationStatus.QUALIFIED
    return Instruction(
        TargetKind.DEPOSIT,
        await _reference(session, registration_id),
        listing.number,
        listing.deposit if owed else Money(0, listing.deposit.currency),
        await accounts.exchange_account(session, listing.market_id),
    )


async def instruct_payment(session: AsyncSession, deal_id: UUID) -> Instruction:
    """Return how a deal's price is transferred.

    Raises:
        ObjectUnknown: It has no reference yet: the worker gives it within seconds.
    """
    deal = await settlement.get_deal(session, DealId(deal_id))
    (due,) = await settlement.payments_due(
        session,
        deal.market_id,
        deal_ids={deal.id},
        numbers=(),
        buyer_ids=(),
        amount=None,
        limit=1,
    )
    return Instruction(
        TargetKind.PAYMENT,
        await _reference(session, deal_id),
        deal.number,
        due.owed,
        await accounts.exchange_account(session, deal.market_id),
    )


async def _reference(session: AsyncSession, target_id: UUID) -> str:
    reference = await accounts.reference_of(session, target_id)
    if reference is None:
        raise ObjectUnknown("No reference yet: it comes seconds after something is owed.")
    return reference


async def account_shown(
    session: AsyncSession, actor: Actor, party_id: PartyId
) -> tuple[BankAccount, bool]:
    """Return where a party is paid, and whether the actor sees all digits: its own staff do."""
    return await require_account(session, party_id), actor.party_id == party_id
