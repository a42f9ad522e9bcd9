"""Order payments: deposits and wrong arrivals back, free funds to their party."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.lines import BankLine, require_payer_account
from app.banking.domain.orders import OrderKind, OrderStatus, Payee, PaymentOrder
from app.banking.repository import accounts, lines, orders
from app.banking.service.accounts import payee_of, require_account
from app.banking.service.telling import order_event
from app.identity.public import require_verified
from app.ledger import public as ledger
from app.listings import public as listings
from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import JournalEvent
from app.shared.ids import MarketId, PartyId, RegistrationId, new_id
from app.shared.money import Money


async def order_return(
    session: AsyncSession, line: BankLine, amount: Money, *, actor: Actor | str, now: datetime
) -> PaymentOrder:
    """Order money of an arrival back to the account it came from: suspense → outgoing (BK5).

    The caller holds the line's lock.

    Raises:
        PayerAccountUnknown: The statement does not name it.
    """
    require_payer_account(line)
    order_id = new_id()
    payee = Payee(
        name=line.counterparty_name,
        account_number=line.counterparty_account,
        bank_name=line.counterparty_bank,
    )
    await ledger.order_return(
        session,
        order_id=order_id,
        arrival_id=line.id,
        market_id=line.market_id,
        amount=amount,
        reference=f"来款退回 / arrival returned: {line.serial}",
        at=now,
        actor=actor,
    )
    return await _place(
        session,
        order_id,
        line.market_id,
        OrderKind.RETURN,
        amount,
        subject_id=line.id,
        payee=payee,
        text=f"来款退回 {line.serial}",
        actor=actor,
        now=now,
    )


async def withdraw(
    session: AsyncSession, actor: Actor, party_id: PartyId, amount: Money, *, now: datetime
) -> PaymentOrder:
    """Order a part of a party's free funds to its own account: funds → outgoing (BK7).

    Raises:
        PartyNotVerified: The exchange has not verified the party.
        BankAccountUnknown: It has entered no account.
        InsufficientFunds: Less is free; says what.
    """
    party = await require_verified(session, party_id)
    account = await require_account(session, party.id)
    order_id = new_id()
    await ledger.order_payment(
        session,
        order_id=order_id,
        market_id=actor.market_id,
        party_id=party.id,
        amount=amount,
        reference="提取可用资金 / withdrawal",
        at=now,
        actor=actor,
    )
    return await _place(
        session,
        order_id,
        actor.market_id,
        OrderKind.WITHDRAWAL,
        amount,
        subject_id=party.id,
        party_id=party.id,
        payee=payee_of(account),
        text="提取可用资金",
        actor=actor,
        now=now,
    )


async def order_anew(
    session: AsyncSession,
    failed: PaymentOrder,
    party_id: PartyId,
    *,
    actor: Actor | str,
    now: datetime,
) -> PaymentOrder:
    """Order again, out of its party's funds, what the bank has paid although its order failed.

    Raises:
        InsufficientFunds: The party has used the money since.
    """
    order_id = new_id()
    text = f"补记已付款项 {failed.number}"
    await ledger.order_payment(
        session,
        order_id=order_id,
        market_id=failed.market_id,
        party_id=party_id,
        amount=failed.amount,
        reference=f"{text} / paid although the order had failed",
        at=now,
        actor=actor,
    )
    return await _place(
        session,
        order_id,
        failed.market_id,
        OrderKind.WITHDRAWAL,
        failed.amount,
        subject_id=party_id,
        party_id=party_id,
        payee=failed.payee,
        text=text,
        actor=actor,
        now=now,
    )


async def place_refund(session: AsyncSession, event: JournalEvent) -> None:
    """Make the order of a deposit that goes back; its money is set aside already (D5).

    It goes to the account it came from; if a person recorded the deposit, to the party's own.
    """
    told = event.restricted
    amount = told["amount"]
    registration = await listings.get_registration(session, RegistrationId(event.subject_id))
    due_at = told["due_at"]
    await _place(
        session,
        UUID(told["order_id"]),
        MarketId(event.market_id),
        OrderKind.REFUND,
        Money.parse(amount["amount"], amount["currency"]),
        subject_id=registration.id,
        party_id=registration.party_id,
        payee=await _original_route(session, registration.id, registration.party_id),
        text="退还保证金",
        due_at=None if due_at is None else datetime.fromisoformat(due_at),
        actor=str(told["actor"]),
        now=event.market_at,
    )


async def _original_route(
    session: AsyncSession, registration_id: RegistrationId, party_id: PartyId
) -> Payee | None:
    line = await lines.arrival_of(session, registration_id)
    if line is not None and line.counterparty_account:
        return Payee(
            name=line.counterparty_name,
            account_number=line.counterparty_account,
            bank_name=line.counterparty_bank,
        )
    account = await accounts.account_of(session, party_id)
    return None if account is None else payee_of(account)


async def _place(
    session: AsyncSession,
    order_id: UUID,
    market_id: MarketId,
    kind: OrderKind,
    amount: Money,
    *,
    subject_id: UUID,
    payee: Payee | None,
    text: str,
    actor: Actor | str,
    now: datetime,
    party_id: PartyId | None = None,
    due_at: datetime | None = None,
) -> PaymentOrder:
    number = await orders.next_number(session, at=now)
    order = PaymentOrder(
        id=order_id,
        number=number,
        market_id=market_id,
        kind=kind,
        party_id=party_id,
        subject_id=subject_id,
        amount=amount,
        payee=payee,
        # The number comes back with the bank's statement.
        purpose=f"{number} {text}",
        due_at=due_at,
        status=OrderStatus.ORDERED,
        ordered_at=now,
    )
    if await orders.insert_order(session, order):
        await journal.append(session, order_event(order, "ordered", at=now, actor=actor))
    return order
