"""Payment orders 付款指令: money on its way out through the bank, and the batches of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import MarketId, PartyId
from app.shared.money import Money
from app.shared.transitions import advance

BATCH_MAX: Final = 1000


class OrderKind(StrEnum):
    """Why money is paid."""

    REFUND = "refund"  # a deposit goes back (D5)
    RETURN = "return"  # an arrival goes back where it came from
    WITHDRAWAL = "withdrawal"  # a party takes its free funds


class OrderStatus(StrEnum):
    """Where an order stands; its money lies in ``outgoing`` until it is executed or failed."""

    ORDERED = "ordered"
    EXPORTED = "exported"  # in a batch for the bank
    EXECUTED = "executed"  # the bank has paid it
    FAILED = "failed"  # the bank does not pay it; the money is back where it was taken from


class OrderTrigger(StrEnum):
    """What moves an order."""

    EXPORT = "export"
    EXECUTE = "execute"
    FAIL = "fail"


_S, _T = OrderStatus, OrderTrigger

TRANSITIONS: Final[Mapping[tuple[OrderStatus, OrderTrigger], OrderStatus]] = {
    (_S.ORDERED, _T.EXPORT): _S.EXPORTED,
    (_S.ORDERED, _T.EXECUTE): _S.EXECUTED,  # typed into the bank's page by hand
    (_S.ORDERED, _T.FAIL): _S.FAILED,
    (_S.EXPORTED, _T.EXECUTE): _S.EXECUTED,
    (_S.EXPORTED, _T.FAIL): _S.FAILED,
}


class NothingToPay(Conflict):
    """No order waits with an account to pay to."""

    code = "nothing_to_pay"
    title_zh = "没有可导出的付款指令"
    title_en = "No payment order is ready for the bank"


class ExecutedInFuture(RuleBroken):
    """A bank shows only what has happened."""

    code = "executed_in_future"
    title_zh = "银行付款时间不能晚于当前时间"
    title_en = "The moment of payment lies in the future"


class OrderAmountDiffers(RuleBroken):
    """The bank paid another amount than was ordered."""

    code = "order_amount_differs"
    title_zh = "银行付款金额与付款指令不符"
    title_en = "The bank paid another amount than ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """To whom and where; checked against a party's name or taken from the arrival's payer."""

    name: str
    account_number: str
    bank_name: str
    bank_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """An order to the bank.

    Attributes:
        number: ``ZP-P-2026-000001``; stands in the transfer's purpose, by which it comes back.
        party_id: Whose funds pay it; ``None`` for a return of unidentified money.
        subject_id: The registration, the bank line, or the party itself.
        payee: ``None`` while nobody knows the account: it is not exported before.
        due_at: Until when it has to be paid; of a deposit by its listing's frozen policy (D5).
        batch_id, place: The batch that took it to the bank, and where in it, from 1.
        bank_reference: The bank's serial number of the payment.
    """

    id: UUID
    number: str
    market_id: MarketId
    kind: OrderKind
    party_id: PartyId | None
    subject_id: UUID
    amount: Money
    payee: Payee | None
    purpose: str
    due_at: datetime | None
    status: OrderStatus
    ordered_at: datetime
    batch_id: UUID | None = None
    place: int | None = None
    executed_at: datetime | None = None
    bank_reference: str | None = None
    failed_at: datetime | None = None
    failure: str | None = None

    def overdue(self, now: datetime) -> bool:
        """Tell whether it should have been paid by now, or was paid too late (BK10)."""
        if self.due_at is None or self.status is OrderStatus.FAILED:
            return False
        return (self.executed_at or now) >= self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Orders that went to the bank together; never changes."""

    id: UUID
    number: str
    market_id: MarketId
    made_at: datetime
    made_by: str
    count: int
    total: Money


def execute(
    order: PaymentOrder, *, at: datetime, bank_reference: str, amount: Money, now: datetime
) -> PaymentOrder:
    """Return the order that the bank has paid.

    Raises:
        TransitionRefused: It was executed or failed before.
        OrderAmountDiffers: Names what was ordered.
        ExecutedInFuture: ``at`` is after ``now``.
    """
    status = advance(TRANSITIONS, state=order.status, trigger=OrderTrigger.EXECUTE)
    if amount != order.amount:
        raise OrderAmountDiffers("Another amount was ordered.", accepted=order.amount)
    if at > now:
        raise ExecutedInFuture("Wait for the bank.", field="executed_at", maximum=now)
    return replace(order, status=status, executed_at=at, bank_reference=bank_reference)


def fail(order: PaymentOrder, *, reason: str, now: datetime) -> PaymentOrder:
    """Return the order that the bank does not pay.

    Raises:
        TransitionRefused: It was executed or failed before.
    """
    status = advance(TRANSITIONS, state=order.status, trigger=OrderTrigger.FAIL)
    return replace(order, status=status, failed_at=now, failure=reason)
