"""Record the buyers' payments: many at a time, one as a batch of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_parties
from app.ledger import public as ledger
from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import NewEvent
from app.settlement import repository
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.dues import Due, DueState, allocate, owed, with_changed
from app.settlement.domain.payment import (
    Payment,
    add_payment,
    check_amount,
    check_payment,
    escrow_entry_id,
)
from app.settlement.repository import dues as due_rows
from app.settlement.service import releasing
from app.settlement.service.settling import deal_event
from app.shared.ids import DealId
from app.shared.money import Money


@dataclass(slots=True)
class _Account:
    """A locked deal while payments are counted towards it."""

    deal: Deal
    dues: list[Due]
    changed: dict[int, Due] = field(default_factory=dict)
    events: list[NewEvent] = field(default_factory=list)

    @property
    def owed(self) -> Money:
        return owed(
            self.dues,
            currency=self.deal.price.currency,
            signed=self.deal.signed_at is not None,
        )

    def count(
        self, amount: Money, what: str, told: dict[str, Any], *, now: datetime, actor: Actor | str
    ) -> None:
        """Count an amount towards the schedule and note what happened (ST2, ST64)."""
        signed = self.deal.signed_at is not None
        counted = allocate(self.dues, amount, signed=signed)
        before = self.deal.status
        self.deal = add_payment(self.deal, within_price=counted.within_price, beyond=counted.beyond)
        self.dues = with_changed(self.dues, counted.changed)
        self.changed |= {due.number: due for due in counted.changed}
        told |= {
            "outstanding": self.deal.outstanding,
            "counted": [{"number": due.number, "paid": due.paid} for due in counted.changed],
        }
        self.events.append(deal_event(self.deal, what, actor, now, restricted=told))
        full = [due.number for due in counted.changed if due.state is DueState.PAID]
        if full and self.deal.terms_version:
            told = {"numbers": full}
            self.events.append(deal_event(self.deal, "due_paid", actor, now, restricted=told))
        if self.deal.status is DealStatus.PAID and before is not DealStatus.PAID:
            self.events.append(deal_event(self.deal, "paid", actor, now))


async def record_payment(
    session: AsyncSession, actor: Actor | str, deal_id: UUID, payment: Payment, *, now: datetime
) -> Deal:
    """Book one arrival of a buyer's money; see `record_payments`."""
    (deal,) = await record_payments(session, actor, [(deal_id, payment)], now=now)
    return deal


async def record_payments(
    session: AsyncSession,
    actor: Actor | str,
    payments: Sequence[tuple[UUID, Payment]],
    *,
    now: datetime,
) -> list[Deal]:
    """Book arrivals of the buyers' money, all or none, and hand on what may go to the sellers.

    Each is judged in the order given; a deal may occur several times. Deals are locked in id
    order, then the parties' accounts, so batches that share deals wait for each other in no
    ring (ST2–ST5, ST63–ST65).

    Returns:
        The deal of each payment as it stands after all of them.

    Raises:
        ObjectUnknown: No such deal.
        TransitionRefused, PaymentRecorded, PayerDiffers, PaymentCurrencyWrong,
        PaymentAboveOutstanding, PaymentInFuture: See `check_payment`.
    """
    accounts = await _load(session, {deal_id for deal_id, _ in payments})
    ids = list(accounts)
    references = await repository.references_of(session, ids)
    buyers = await get_parties(session, {account.deal.buyer_id for account in accounts.values()})
    names = {party.id: party.name for party in buyers}
    judged = [(DealId(deal_id), payment) for deal_id, payment in payments]
    for deal_id, payment in judged:
        account = accounts[deal_id]
        check_payment(
            account.deal,
            payment,
            buyer_name=names[account.deal.buyer_id],
            known_references=frozenset(references[deal_id]),
            owed=account.owed,
            now=now,
        )
        references[deal_id].add(payment.bank_reference)
        told = {
            "payment_id": payment.id,
            "amount": payment.amount,
            "payer_name": payment.payer_name,
            "bank_reference": payment.bank_reference,
            "received_at": payment.received_at,
        }
        account.count(payment.amount, "payment_received", told, now=now, actor=actor)
    await repository.insert_payments(session, judged)
    await _save(session, accounts.values())
    await releasing.lock_sides(session, [account.deal for account in accounts.values()])
    entries = [
        entry
        for deal_id, payment in judged
        for entry in _into_escrow(accounts[deal_id].deal, payment)
    ]
    await ledger.book_all(session, entries, at=now, actor=actor)
    done = await _go_on(session, accounts.values(), now=now, actor=actor)
    return [done[deal_id] for deal_id, _ in judged]


async def count_in(
    session: AsyncSession, deal: Deal, amount: Money, *, now: datetime, actor: Actor | str
) -> Deal:
    """Count an amount that another means of payment brought into a deal's escrow.

    The caller holds the deal's lock and has booked the movement.

    Raises:
        PaymentAboveOutstanding: Names what is owed.

    Invariants: ST2, ST63.
    """
    account = _Account(deal, await due_rows.dues_of(session, deal.id))
    check_amount(amount, owed=account.owed)
    account.count(amount, "payment_counted", {"amount": amount}, now=now, actor=actor)
    await _save(session, [account])
    return (await _go_on(session, [account], now=now, actor=actor))[deal.id]


async def _load(session: AsyncSession, deal_ids: set[UUID]) -> dict[DealId, _Account]:
    deals = await repository.lock_deals(session, deal_ids)
    dues = await due_rows.dues_of_deals(session, deals)
    return {deal_id: _Account(deal, dues[deal_id]) for deal_id, deal in deals.items()}


async def _save(session: AsyncSession, accounts: Iterable[_Account]) -> None:
    changed = [(account.deal.id, due) for account in accounts for due in account.changed.values()]
    await due_rows.save_dues(session, changed)
    await repository.save_deals(session, [account.deal for account in accounts])


async def _go_on(
    session: AsyncSession, accounts: Iterable[_Account], *, now: datetime, actor: Actor | str
) -> dict[DealId, Deal]:
    """Journal what was counted, then hand over what may go on."""
    await journal.append(session, *(event for account in accounts for event in account.events))
    moved = await releasing.release_ready(
        session, [(account.deal, account.dues) for account in accounts], now=now, actor=actor
    )
    return {deal.id: deal for deal in moved}


def _into_escrow(deal: Deal, payment: Payment) -> tuple[ledger.Entry, ledger.Entry]:
    arrives = partial(ledger.receipt)
    if payment.arrival_id is not None:
        arrives = partial(ledger.identification, arrival_id=payment.arrival_id)
    received = arrives(
        entry_id=payment.id,
        market_id=deal.market_id,
        party_id=deal.buyer_id,
        amount=payment.amount,
        reference=payment.bank_reference,
    )
    kept = ledger.escrow_payment(
        entry_id=escrow_entry_id(payment.id),
        market_id=deal.market_id,
        party_id=deal.buyer_id,
        deal_id=deal.id,
        amount=payment.amount,
    )
    return received, kept
