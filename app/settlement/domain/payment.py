"""Payments 付款: whose money may be booked to a deal, and what it makes of the deal."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from app.settlement.domain.deal import TRANSITIONS, Deal, DealStatus, DealTrigger
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import EntryId
from app.shared.money import Money
from app.shared.transitions import advance


class PayerDiffers(RuleBroken):
    """The price is paid from the buyer's own account, too (ST3)."""

    code = "payer_differs"
    title_zh = "价款须由受让方本人实名账户支付"
    title_en = "The price must come from the buyer's own account"


class PaymentAboveOutstanding(RuleBroken):
    """No more than what is owed is booked to a deal (ST2)."""

    code = "payment_above_outstanding"
    title_zh = "付款金额超过未付价款"
    title_en = "The payment exceeds what is owed"


class PaymentCurrencyWrong(RuleBroken):
    """A deal has one currency."""

    code = "payment_currency_wrong"
    title_zh = "付款币种与成交币种不符"
    title_en = "The payment is in another currency than the price"


class PaymentInFuture(RuleBroken):
    """Money that the bank has not yet received is not booked."""

    code = "payment_in_future"
    title_zh = "到账时间晚于当前时间"
    title_en = "The payment has not arrived yet"


class PaymentRecorded(Conflict):
    """The bank's reference names an arrival that is booked already (ST4)."""

    code = "payment_recorded"
    title_zh = "该银行流水已登记"
    title_en = "This arrival is recorded already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money of the buyer as the bank statement shows it.

    Attributes:
        id: Also the id of the ledger entry that receives it.
        received_at: The bank's moment.
        arrival_id: The arrival in whose suspense account the money lies; ``None`` if the bank
            statement was read by a person only.
    """

    id: EntryId
    amount: Money
    payer_name: str
    bank_reference: str
    received_at: datetime
    arrival_id: UUID | None = None


# Bank statements write brackets in either width.
_WIDTHS: Final = str.maketrans("\uff08\uff09", "()")


def same_name(one: str, other: str) -> bool:
    """Tell whether two spellings are one registered name: spaces and bracket width aside."""
    plain = ["".join(name.translate(_WIDTHS).split()) for name in (one, other)]
    return plain[0] == plain[1]


def check_payment(
    deal: Deal,
    payment: Payment,
    *,
    buyer_name: str,
    known_references: frozenset[str],
    owed: Money,
    now: datetime,
) -> None:
    """Refuse money that is not this deal's.

    Args:
        owed: The most that the schedule takes now.

    Raises:
        TransitionRefused: The deal is paid, and nothing is due on top.
        PaymentRecorded: The bank reference is booked already.
        PayerDiffers: Names the buyer's registered name.
        PaymentCurrencyWrong: Names the deal's currency.
        PaymentAboveOutstanding: Names what is owed.
        PaymentInFuture: ``received_at`` is after ``now``.

    Invariants: ST2, ST3, ST4, ST63. Source: rules.md D1.
    """
    on_top = deal.status is not DealStatus.OPENED and owed.amount_minor > 0
    trigger = DealTrigger.RECEIVE_BEYOND if on_top else DealTrigger.RECEIVE
    advance(TRANSITIONS, state=deal.status, trigger=trigger)
    if payment.bank_reference in known_references:
        raise PaymentRecorded(
            "The bank reference is recorded for this deal.", field="bank_reference"
        )
    if not same_name(payment.payer_name, buyer_name):
        raise PayerDiffers(
            "The payer's name is not the buyer's.", field="payer_name", accepted=buyer_name
        )
    if payment.amount.currency != deal.price.currency:
        raise PaymentCurrencyWrong(
            "Pay in the deal's currency.", field="amount", accepted=deal.price.currency
        )
    check_amount(payment.amount, owed=owed)
    if payment.received_at > now:
        raise PaymentInFuture("Wait for the bank.", field="received_at", maximum=now)


def check_amount(amount: Money, *, owed: Money) -> None:
    """Refuse more than the schedule takes now.

    Raises:
        PaymentAboveOutstanding: Names what is owed.
    """
    if amount > owed:
        raise PaymentAboveOutstanding("The buyer owes less.", field="amount", maximum=owed)


def add_payment(deal: Deal, *, within_price: Money, beyond: Money) -> Deal:
    """Return the deal with a payment added; paid when nothing of the price is owed any more (ST2).

    Args:
        within_price, beyond: How the payment was counted towards the schedule.
    """
    paid = deal.paid + within_price
    trigger = DealTrigger.RECEIVE
    if not within_price.amount_minor:
        trigger = DealTrigger.RECEIVE_BEYOND
    elif paid == deal.price:
        trigger = DealTrigger.COMPLETE
    return replace(
        deal,
        paid=paid,
        beyond_minor=deal.beyond_minor + beyond.amount_minor,
        status=advance(TRANSITIONS, state=deal.status, trigger=trigger),
    )


def escrow_entry_id(payment_id: EntryId) -> EntryId:
    """Return the id of the entry that moves a received payment into escrow."""
    return EntryId(uuid5(payment_id, "escrow"))
