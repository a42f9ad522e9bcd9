"""Routes of bank accounts, payment references and withdrawals."""

from uuid import UUID

from app.banking.schemas.orders import (
    BankAccountBody,
    BankAccountView,
    PaymentOrderView,
    PaymentReferenceView,
    WithdrawalBody,
)
from app.banking.service import accounts, ordering
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.shared.ids import PartyId

routes = router(tag="banking")


@routes.put("/parties/{party_id}/bank-account")
async def enter_bank_account(
    party_id: UUID, body: BankAccountBody, actor: ActorDep, session: SessionDep
) -> BankAccountView:
    """Enter where the caller's party is paid; it takes the place of the account before.

    The account holder is the party's registered name. Refunds that wait for an account get it;
    orders that have one keep it.
    """
    account = await accounts.enter_account(
        session,
        actor,
        PartyId(party_id),
        holder_name=body.holder_name,
        account_number=body.account_number,
        bank_name=body.bank_name,
        bank_code=body.bank_code,
        now=await market_now(session, actor.market_id),
    )
    return BankAccountView.of(account, whole=True)


@routes.get("/parties/{party_id}/bank-account")
async def get_bank_account(party_id: UUID, actor: ActorDep, session: SessionDep) -> BankAccountView:
    """Return where a party is paid; others than its own staff see the last four digits."""
    account, whole = await accounts.account_shown(session, actor, PartyId(party_id))
    return BankAccountView.of(account, whole=whole)


@routes.post("/parties/{party_id}/withdrawals", status_code=201)
async def withdraw_funds(
    party_id: UUID, body: WithdrawalBody, actor: ActorDep, session: SessionDep
) -> PaymentOrderView:
    """Order a part of the caller's party's free funds to its own account on record.

    The money is set aside at once and leaves when the bank has paid.
    """
    now = await market_now(session, actor.market_id)
    order = await ordering.withdraw(session, actor, PartyId(party_id), body.amount, now=now)
    return PaymentOrderView.of(order, now=now)


@routes.get("/registrations/{registration_id}/payment-reference")
async def get_deposit_reference(registration_id: UUID, session: SessionDep) -> PaymentReferenceView:
    """Return how a qualified buyer transfers its deposit: amount, account, reference 汇款附言码.

    Transfers with the reference are recognised and booked without a clerk.
    """
    return PaymentReferenceView.of(await accounts.instruct_deposit(session, registration_id))


@routes.get("/deals/{deal_id}/payment-reference")
async def get_payment_reference(deal_id: UUID, session: SessionDep) -> PaymentReferenceView:
    """Return how the buyer transfers a deal's price: what is owed, account, reference 汇款附言码.

    Transfers with the reference or with the deal's number are recognised and booked without a
    clerk, parts of the price too.
    """
    return PaymentReferenceView.of(await accounts.instruct_payment(session, deal_id))
