"""What the bank did with an order: paid it, or not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain import orders as rules
from app.banking.domain.lines import take_back
from app.banking.domain.orders import OrderKind, PaymentOrder
from app.banking.repository import lines, orders
from app.banking.service.telling import journal_line, order_event, tell_failed
from app.ledger import public as ledger
from app.platform import journal
from app.platform.access import Actor
from app.shared.money import Money


async def execute(
    session: AsyncSession,
    actor: Actor | str,
    order_id: UUID,
    *,
    at: datetime,
    bank_reference: str,
    now: datetime,
    amount: Money | None = None,
) -> PaymentOrder:
    """Note that the bank has paid an order: outgoing → bank at the bank's moment (BK8).

    Args:
        amount: What the bank paid; ``None`` if a person says that it was paid.

    Raises:
        TransitionRefused: It was executed or failed before.
        OrderAmountDiffers, ExecutedInFuture: See the rule.
    """
    order = await orders.get_order(session, order_id, lock=True)
    paid = rules.execute(
        order, at=at, bank_reference=bank_reference, amount=amount or order.amount, now=now
    )
    await ledger.execute(
        session,
        order_id=order.id,
        market_id=order.market_id,
        amount=order.amount,
        reference=bank_reference,
        # A bank's clock may lag behind; money does not leave before it was set aside.
        at=max(at, order.ordered_at),
        actor=actor,
    )
    await orders.save_outcome(session, paid)
    await journal.append(session, order_event(paid, "executed", at=now, actor=actor))
    return paid


async def fail(
    session: AsyncSession, actor: Actor, order_id: UUID, *, reason: str, now: datetime
) -> PaymentOrder:
    """Note that the bank does not pay an order: its money goes back where it was taken (BK8).

    An arrival's waits in the queue again; a party's is in its funds, and it is told.

    Raises:
        TransitionRefused: It was executed or failed before.
    """
    order = await orders.get_order(session, order_id, lock=True)
    failed = rules.fail(order, reason=reason, now=now)
    await ledger.call_off(session, order_id=order.id, at=now, actor=actor, reason=reason)
    await orders.save_outcome(session, failed)
    await journal.append(session, order_event(failed, "failed", at=now, actor=actor))
    if order.kind is OrderKind.RETURN:
        line = await lines.get_line(session, order.subject_id, lock=True)
        waiting = take_back(line, order.amount, reason)
        await lines.save_line(session, waiting)
        await journal_line(session, waiting, "queued", at=now, actor=actor)
    await tell_failed(session, failed, at=now)
    return failed
