"""Charge the sides of a deal, meet what they owe, withhold it, give it back when the deal falls.

Everything here runs under the deal's row lock: who holds it may read and write its charges.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.platform import journal
from app.platform.access import Actor, NotYours, Role
from app.platform.journal import NewEvent
from app.settlement import repository
from app.settlement.domain.charge import (
    BrokerageTooEarly,
    Charge,
    ChargeKind,
    ChargeStatus,
    ChargeUnknown,
    Means,
    cancel,
    meet,
    open_charges,
    refund_entry_id,
    withheld_entry_id,
    withheld_now,
)
from app.settlement.domain.deal import Deal, DealStatus, Side
from app.settlement.domain.fees import FeePolicy, select_fees
from app.settlement.repository import fees
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, EntryId, PartyId, new_id
from app.shared.money import Money


async def policy_of(session: AsyncSession, deal: Deal) -> FeePolicy | None:
    """Return the fees that a deal was opened under, whatever was entered since.

    Invariant: ST100.
    """
    entered = await fees.policies_of(
        session,
        deal.market_id,
        begun_on=deal.confirmed_at.astimezone(SHANGHAI).date(),
        entered_by_then=deal.confirmed_at,
        limit=1,
    )
    return select_fees(entered, on=deal.confirmed_at.astimezone(SHANGHAI).date())


async def charge_deal(session: AsyncSession, deal: Deal, *, actor: Actor | str) -> None:
    """Write down what the sides of a new deal owe; nothing in a market without a policy.

    Invariants: ST100, ST101, ST102.
    """
    policy = await policy_of(session, deal)
    if policy is None:
        return
    charges = open_charges(
        policy.terms,
        policy_version=policy.version,
        deal_id=deal.id,
        market_id=deal.market_id,
        source=deal.source,
        price=deal.price,
        payers={Side.BUYER: deal.buyer_id, Side.SELLER: deal.seller_id},
        due_at=policy.terms.due_at(deal.confirmed_at),
    )
    await fees.insert_charges(session, charges)
    for charge in charges:
        await tell(session, charge, "fee_charged", deal.confirmed_at, actor, as_told(charge))


def as_told(charge: Charge) -> dict[str, Any]:
    """Return what the journal says of a new charge."""
    return {
        "kind": charge.kind,
        "side": charge.side,
        "amount": charge.amount,
        "due_at": charge.due_at,
        "policy_version": charge.policy_version,
        "calculation": charge.calculation,
    }


async def withhold(
    session: AsyncSession,
    deal: Deal,
    amount: Money,
    *,
    release_id: EntryId,
    now: datetime,
    actor: Actor | str,
) -> Money:
    """Keep the seller side's charges back of money that is released; return what is left for it.

    The caller holds the deal's lock and gives the deal as it stands before this release. With
    several releases each withholds in step with the price.

    Args:
        amount: What leaves the escrow for the seller.
        release_id: Of the release; repeating it withholds nothing more.

    Invariant: ST104.
    """
    net = amount
    for charge in await fees.charges_of(session, deal.id):
        if charge.side is not Side.SELLER or charge.status is not ChargeStatus.DUE:
            continue
        part = withheld_now(charge, price=deal.price, released=deal.released, amount=amount)
        part = min(part, net)
        if not part.amount_minor:
            continue
        net -= part
        entry_id = withheld_entry_id(release_id, charge.number)
        await _pay(session, charge, deal, part, Means.WITHHELD, entry_id, now=now, actor=actor)
    return net


async def owing_sellers(session: AsyncSession, deal_ids: Collection[DealId]) -> frozenset[DealId]:
    """Return those of the deals from whose releases something is withheld, in one query."""
    return await fees.owing_sellers(session, deal_ids)


async def brokers_of(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> Mapping[DealId, frozenset[PartyId]]:
    """Return whom deals' money may go to besides their sides, in one query.

    Their accounts are locked with the sides', see `ledger.lock_parties`.
    """
    return await fees.payees_of(session, deal_ids)


async def pay_charge(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    amount: Money | None,
    *,
    now: datetime,
) -> Charge:
    """Pay a charge, or a part of it, out of the payer's funds.

    Args:
        amount: ``None`` for all that is owed.

    Raises:
        ChargeUnknown, NotYours: There is none, or another party owes it.
        BrokerageTooEarly: A broker is paid once the deal is settled.
        InsufficientFunds: The payer's funds are less.
        TransitionRefused, ChargeAmountTooHigh, ChargeCurrencyWrong: See `meet`.

    Invariants: ST103, ST106.
    """
    deal, charge = await lock_charge(session, deal_id, number)
    if actor.role is not Role.OPERATOR and actor.party_id != charge.payer_id:
        raise NotYours("Another party owes this charge.")
    if charge.kind is ChargeKind.BROKERAGE and deal.status is not DealStatus.SETTLED:
        raise BrokerageTooEarly("The deal can still fall.", state=str(deal.status))
    part = amount or charge.outstanding
    entry_id = EntryId(new_id())
    return await _pay(session, charge, deal, part, Means.FUNDS, entry_id, now=now, actor=actor)


async def waive_charge(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    amount: Money | None,
    *,
    reason: str,
    now: datetime,
) -> Charge:
    """Waive a charge, or a part of it, for a reason that its payer reads.

    Raises:
        ChargeUnknown: There is none.
        TransitionRefused, ChargeAmountTooHigh, ChargeCurrencyWrong: See `meet`.
    """
    _, charge = await lock_charge(session, deal_id, number)
    part = amount or charge.outstanding
    waived = meet(charge, part, Means.WAIVER, reason=reason)
    await fees.save_charge(session, waived)
    told = {"amount": part, "reason": reason, "outstanding": waived.outstanding}
    await tell(session, waived, "fee_waived", now, actor, told)
    return waived


async def lock_charge(session: AsyncSession, deal_id: UUID, number: int) -> tuple[Deal, Charge]:
    """Lock a deal and return it with one of its charges.

    Raises:
        ChargeUnknown: There is none; names those that are.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    return deal, pick(await fees.charges_of(session, deal.id), number)


def pick(charges: Sequence[Charge], number: int) -> Charge:
    """Return the charge of a number.

    Raises:
        ChargeUnknown: Names those that are.
    """
    for charge in charges:
        if charge.number == number:
            return charge
    raise ChargeUnknown("There is no such charge.", accepted=[it.number for it in charges])


async def _pay(
    session: AsyncSession,
    charge: Charge,
    deal: Deal,
    amount: Money,
    means: Means,
    entry_id: EntryId,
    *,
    now: datetime,
    actor: Actor | str,
) -> Charge:
    paid = meet(charge, amount, means)
    await fees.save_charge(session, paid)
    payer = charge.payer_id if means is Means.FUNDS else None
    reference = f"{deal.number} 费用 {charge.number} / fee {charge.number}"
    where: dict[str, Any] = {
        "entry_id": entry_id,
        "market_id": deal.market_id,
        "deal_id": deal.id,
        "amount": amount,
        "reference": reference,
        "at": now,
        "actor": actor,
    }
    if charge.payee_id is not None:
        if payer is not None:
            await ledger.lock_parties(
                session,
                market_id=deal.market_id,
                party_ids={payer, charge.payee_id},
                currency=amount.currency,
            )
        await ledger.pay_commission(session, payer_id=payer, broker_id=charge.payee_id, **where)
    elif payer is not None:
        await ledger.pay_fee(session, party_id=payer, **where)
    else:
        await ledger.withhold_fee(session, **where)
    told = {"amount": amount, "means": means, "outstanding": paid.outstanding}
    await tell(session, paid, "fee_paid", now, actor, told)
    return paid


async def drop_charges(
    session: AsyncSession, deal: Deal, *, now: datetime, actor: Actor | str
) -> None:
    """Cancel the charges of a deal that fell and give back what was paid for them in money.

    Vouchers' parts go back to their vouchers first, see `vouching.undo_vouchers`. The caller has
    locked buyer and seller in the ledger.

    Invariant: ST106.
    """
    for charge in await fees.charges_of(session, deal.id):
        if charge.status is ChargeStatus.CANCELLED:
            continue
        dropped = cancel(charge)
        await fees.save_charge(session, dropped)
        if dropped.refunded.amount_minor:
            await ledger.refund_fee(
                session,
                entry_id=refund_entry_id(deal.id, charge.number),
                market_id=deal.market_id,
                deal_id=deal.id,
                party_id=charge.payer_id,
                amount=dropped.refunded,
                reference=f"{deal.number} 费用退还 / fee returned",
                at=now,
                actor=actor,
            )
        await tell(session, dropped, "fee_cancelled", now, actor, {"refunded": dropped.refunded})


async def tell(
    session: AsyncSession,
    charge: Charge,
    what: str,
    now: datetime,
    actor: Actor | str,
    restricted: Mapping[str, Any],
) -> None:
    """Journal what happened to a charge for who pays it and who gets it, not for the other side."""
    audience = {charge.payer_id} | ({charge.payee_id} if charge.payee_id is not None else set())
    await journal.append(
        session,
        NewEvent(
            market_id=charge.market_id,
            subject="deal",
            subject_id=charge.deal_id,
            type=f"deal.{what}",
            market_at=now,
            actor=actor if isinstance(actor, str) else actor.ref,
            restricted={"charge": charge.number, "payer_id": charge.payer_id} | dict(restricted),
            audience=frozenset(audience),
        ),
    )
