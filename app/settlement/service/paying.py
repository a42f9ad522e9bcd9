"""Record the buyer's payments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.ledger import public as ledger
from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain.deal import Deal, Payment, add_payment, check_payment, escrow_entry_id
from app.settlement.service.settling import journal_deal, settle_if_paid


async def record_payment(
    session: AsyncSession, actor: Actor, deal_id: UUID, payment: Payment, *, now: datetime
) -> Deal:
    """Book an arrival of the buyer's money and settle the deal when it is paid (ST2–ST5).

    Raises:
        TransitionRefused, PaymentRecorded, PayerDiffers, PaymentCurrencyWrong,
        PaymentAboveOutstanding, PaymentInFuture: See `check_payment`.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    earlier = await repository.payments_of(session, deal.id)
    buyer = await get_party(session, deal.buyer_id)
    check_payment(
        deal,
        payment,
        buyer_name=buyer.name,
        known_references=frozenset(known.bank_reference for known in earlier),
        now=now,
    )
    paid = add_payment(deal, payment.amount)
    await repository.insert_payment(session, deal.id, payment)
    await repository.save_deal(session, paid)
    await _move_into_escrow(session, deal, payment, now=now, actor=actor)
    told = {
        "payment_id": payment.id,
        "amount": payment.amount,
        "payer_name": payment.payer_name,
        "bank_reference": payment.bank_reference,
        "received_at": payment.received_at,
        "outstanding": paid.outstanding,
    }
    await journal_deal(session, paid, "payment_received", actor, now, restricted=told)
    return await settle_if_paid(session, paid, now=now, actor=actor)


async def _move_into_escrow(
    session: AsyncSession, deal: Deal, payment: Payment, *, now: datetime, actor: Actor
) -> None:
    await ledger.lock_parties(
        session,
        market_id=deal.market_id,
        party_ids={deal.buyer_id, deal.seller_id},
        currency=deal.price.currency,
    )
    await ledger.receive(
        session,
        entry_id=payment.id,
        market_id=deal.market_id,
        party_id=deal.buyer_id,
        amount=payment.amount,
        reference=payment.bank_reference,
        at=now,
        actor=actor,
    )
    await ledger.pay_into_escrow(
        session,
        entry_id=escrow_entry_id(payment.id),
        market_id=deal.market_id,
        party_id=deal.buyer_id,
        deal_id=deal.id,
        amount=payment.amount,
        at=now,
        actor=actor,
    )
