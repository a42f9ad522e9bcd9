"""Give the money of a line to what it is for: by rule at once, or by a clerk from the queue."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.lines import (
    BankLine,
    Direction,
    FundsPayerDiffers,
    Part,
    PartKind,
    assign,
    check_direction,
    ignore,
    part_entry_id,
)
from app.banking.domain.matching import TargetKind
from app.banking.domain.orders import OrderStatus
from app.banking.repository import lines, orders
from app.banking.service import executing, ordering
from app.banking.service.targets import payers_of
from app.banking.service.telling import journal_line, ref_of, tell_returned
from app.identity.public import get_party
from app.ledger import public as ledger
from app.listings import public as listings
from app.platform.access import Actor, ObjectUnknown
from app.settlement import public as settlement
from app.shared.ids import DealId, PartyId, RegistrationId
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an arrival and what it is for."""

    kind: TargetKind
    target_id: UUID
    amount: Money


async def assign_shares(
    session: AsyncSession, actor: Actor, line_id: UUID, shares: Sequence[Share], *, now: datetime
) -> BankLine:
    """Book an arrival, or parts of it, as a clerk says; what is left stays in the queue.

    All shares are booked or none. The rules of deposits and deals apply as ever, the payer's
    name too: nobody pays for another (BK5).

    Raises:
        WrongDirection: The line went out.
        TransitionRefused: It is not in the queue.
        AmountBeyondRest: More than what is left.
        FundsPayerDiffers: A party's funds take its own money only.
        DomainError: What deposits and deals refuse.
    """
    line = await lines.get_line(session, line_id, lock=True)
    check_direction(line, Direction.CREDIT)
    await _lock_targets(session, line, shares)
    for share in shares:
        line = await book_share(session, actor, line, share, now=now)
    return line


async def _lock_targets(session: AsyncSession, line: BankLine, shares: Sequence[Share]) -> None:
    """Lock deals, then listings, each in id order, before any ledger account is locked.

    Another payment for one of them would else wait for an account here and hold what is wanted
    next. None of another market is booked.
    """
    deal_ids = {share.target_id for share in shares if share.kind is TargetKind.PAYMENT}
    markets = {deal.market_id for deal in await settlement.lock_deals(session, deal_ids)}
    listing_ids = set()
    for share in shares:
        if share.kind is TargetKind.DEPOSIT:
            found = await listings.get_registration(session, RegistrationId(share.target_id))
            markets.add(found.market_id)
            listing_ids.add(found.listing_id)
        elif share.kind is TargetKind.FUNDS:
            markets.add((await get_party(session, PartyId(share.target_id))).market_id)
    if markets - {line.market_id}:
        raise ObjectUnknown("There is no such target in your market.", field="target_id")
    for listing_id in sorted(listing_ids):
        await listings.get_listing(session, listing_id, lock=True)


async def book_share(
    session: AsyncSession, actor: Actor | str, line: BankLine, share: Share, *, now: datetime
) -> BankLine:
    """Book one share of a locked arrival: out of suspense, to whom it belongs (BK2, BK6)."""
    after = assign(line, share.amount)
    number = after.parts
    match share.kind:
        case TargetKind.DEPOSIT:
            receipt = listings.BankReceipt(
                amount=share.amount,
                payer_name=line.counterparty_name,
                bank_reference=line.bank_reference(number),
                received_at=line.at,
                arrival_id=line.id,
            )
            await listings.record_deposit(
                session, actor, RegistrationId(share.target_id), receipt, now=now
            )
        case TargetKind.PAYMENT:
            payment = settlement.Payment(
                id=part_entry_id(line.id, number),
                amount=share.amount,
                payer_name=line.counterparty_name,
                bank_reference=line.bank_reference(number),
                received_at=line.at,
                arrival_id=line.id,
            )
            await settlement.record_payment(
                session, actor, DealId(share.target_id), payment, now=now
            )
        case TargetKind.FUNDS:
            await _give_funds(session, actor, line, share, number, now=now)
    await _keep(session, actor, after, PartKind(share.kind), share.target_id, share.amount, now=now)
    return after


async def _give_funds(
    session: AsyncSession,
    actor: Actor | str,
    line: BankLine,
    share: Share,
    number: int,
    *,
    now: datetime,
) -> None:
    party = await get_party(session, PartyId(share.target_id))
    if not settlement.same_name(line.counterparty_name, party.name):
        raise FundsPayerDiffers(
            "The payer's name is not the party's.", field="target_id", accepted=party.name
        )
    await ledger.identify(
        session,
        entry_id=part_entry_id(line.id, number),
        arrival_id=line.id,
        market_id=line.market_id,
        party_id=party.id,
        amount=share.amount,
        reference=line.bank_reference(number),
        at=now,
        actor=actor,
    )


async def return_rest(
    session: AsyncSession, actor: Actor, line_id: UUID, *, reason: str, now: datetime
) -> BankLine:
    """Order what is left of an arrival back to the account it came from.

    Whoever is registered under the payer's name is told why.

    Raises:
        WrongDirection, TransitionRefused, PayerAccountUnknown: See the rules.
    """
    line = await lines.get_line(session, line_id, lock=True)
    check_direction(line, Direction.CREDIT)
    for party_id in await payers_of(session, line):
        await tell_returned(session, line, party_id, reason=reason, at=now)
    return await send_back(session, actor, line, reason=reason, now=now)


async def send_back(
    session: AsyncSession, actor: Actor | str, line: BankLine, *, reason: str, now: datetime
) -> BankLine:
    """Order what is left of a locked arrival back (BK5)."""
    rest = line.rest
    after = replace(assign(line, rest, returned=True), reason=reason)
    order = await ordering.order_return(session, line, rest, actor=actor, now=now)
    await _keep(session, actor, after, PartKind.RETURN, order.id, rest, now=now)
    return after


async def dismiss(
    session: AsyncSession, actor: Actor, line_id: UUID, *, reason: str, now: datetime
) -> BankLine:
    """Strike a line that is no money of ours: recorded by hand before, or a fee of the bank.

    An arrival leaves the books again: suspense → bank.

    Raises:
        TransitionRefused: It is not in the queue.
        LineTouched: A part of it was given to somebody.
    """
    line = await lines.get_line(session, line_id, lock=True)
    after = ignore(line, reason)
    if line.direction is Direction.CREDIT:
        await ledger.strike_arrival(session, arrival_id=line.id, at=now, actor=actor, reason=reason)
    await lines.save_line(session, after)
    await journal_line(session, after, "ignored", at=now, actor=actor)
    return after


async def execute_order(
    session: AsyncSession, actor: Actor, line_id: UUID, order_id: UUID, *, now: datetime
) -> BankLine:
    """Say which payment order a line that went out executed.

    Raises:
        WrongDirection, TransitionRefused, OrderAmountDiffers: See the rules.
        InsufficientFunds: The order had failed, and its party has used the money since.
        ObjectUnknown: There is no such order in the line's market.
    """
    line = await lines.get_line(session, line_id, lock=True)
    check_direction(line, Direction.DEBIT)
    return await pay_order(session, actor, line, order_id, now=now)


async def pay_order(
    session: AsyncSession, actor: Actor | str, line: BankLine, order_id: UUID, *, now: datetime
) -> BankLine:
    """Let a locked line that went out execute an order (BK8).

    One that had failed is ordered anew, out of the funds to which its money had returned.
    """
    after = assign(line, line.rest)
    order = await orders.get_order(session, order_id)
    if order.market_id != line.market_id:
        raise ObjectUnknown("There is no such payment order in your market.", field="order_id")
    if order.status is OrderStatus.FAILED and order.party_id is not None:
        order = await ordering.order_anew(session, order, order.party_id, actor=actor, now=now)
    await executing.execute(
        session,
        actor,
        order.id,
        at=line.at,
        bank_reference=line.serial,
        amount=line.amount,
        now=now,
    )
    await _keep(session, actor, after, PartKind.ORDER, order.id, line.amount, now=now)
    return after


async def _keep(
    session: AsyncSession,
    actor: Actor | str,
    after: BankLine,
    kind: PartKind,
    target_id: UUID,
    amount: Money,
    *,
    now: datetime,
) -> None:
    part = Part(
        number=after.parts,
        kind=kind,
        target_id=target_id,
        amount=amount,
        at=now,
        actor=ref_of(actor),
    )
    await lines.save_line(session, after)
    await lines.insert_part(session, after.id, part)
    what = "returned" if kind is PartKind.RETURN else "booked"
    told = {"kind": kind, "target_id": target_id, "part": amount}
    await journal_line(session, after, what, at=now, actor=actor, told=told)
