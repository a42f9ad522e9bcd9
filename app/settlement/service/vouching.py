"""Innovation vouchers: issue, reservation, redemption, the claim on the issuer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party, require_verified
from app.ledger import public as ledger
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.settlement import repository
from app.settlement.domain import voucher as rules
from app.settlement.domain.charge import ChargeKind, Means, meet
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.domain.voucher import (
    SERVICE_TYPES,
    Voucher,
    VoucherNumberTaken,
    VoucherStatus,
    VoucherUse,
    VoucherUseRefused,
    check_issue,
    redemption_entry_id,
    usable,
    year_of,
)
from app.settlement.repository import fees, vouchers
from app.settlement.service.charging import pick, tell
from app.settlement.service.paying import count_in
from app.shared.calendar import SHANGHAI
from app.shared.ids import PartyId, VoucherId, VoucherProgrammeId, new_id
from app.shared.money import Money


async def issue_voucher(
    session: AsyncSession,
    actor: Actor,
    *,
    programme_id: UUID,
    number: str,
    holder_id: PartyId,
    face: Money,
    expires_on: date | None,
    now: datetime,
) -> Voucher:
    """Put a voucher that the issuer gave a party on record.

    Args:
        expires_on: Its last day; ``None``: the programme's.

    Raises:
        ObjectUnknown, PartyNotVerified: No such programme or party.
        VoucherUseRefused, VoucherAmountTooHigh: See `check_issue`.
        VoucherNumberTaken: The programme has it.
    """
    programme = await vouchers.get_programme(session, programme_id)
    holder = await require_verified(session, holder_id)
    if programme.market_id != actor.market_id or holder.market_id != actor.market_id:
        raise ObjectUnknown("There is no such programme or party in your market.")
    last = expires_on or programme.valid_to
    check_issue(programme, face=face, expires_on=last, holder_region=holder.region_code)
    issued = Voucher(
        id=VoucherId(new_id()),
        programme_id=VoucherProgrammeId(programme.id),
        market_id=programme.market_id,
        number=number,
        holder_id=holder.id,
        status=VoucherStatus.ISSUED,
        face=face,
        expires_on=last,
        issued_at=now,
    )
    if not await vouchers.insert_voucher(session, issued):
        raise VoucherNumberTaken("It is on record.", field="number", number=number)
    told = {"number": number, "programme_id": programme.id, "face": face, "expires_on": last}
    await _journal(session, issued, "issued", now, actor, told)
    return issued


@dataclass(frozen=True, slots=True)
class _Target:
    """What a voucher shall pay: a charge, or the price."""

    use: VoucherUse
    payer_id: PartyId
    whole: Money
    owed: Money


async def reserve_voucher(
    session: AsyncSession,
    actor: Actor,
    voucher_id: UUID,
    *,
    deal_id: UUID,
    charge_number: int | None,
    amount: Money | None,
    now: datetime,
) -> Voucher:
    """Set a voucher aside for a charge, or for the price of services.

    Args:
        charge_number: ``None`` for the price.
        amount: ``None`` for all that it may pay.

    Raises:
        ObjectUnknown: No such voucher or deal in the actor's market.
        ChargeUnknown: The deal has no such charge.
        VoucherUseRefused: With the rule not_the_payer, brokerage, not_services, deal_over, or one
            of `usable`.
        VoucherAmountTooHigh: Names what it may pay.
        TransitionRefused: It is used already.

    Invariants: ST110, ST111, ST112, ST113.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    if deal.market_id != actor.market_id:
        raise ObjectUnknown("There is no such deal in your market.", field="deal_id")
    seen = await vouchers.get_voucher(session, voucher_id)
    held = await vouchers.lock_holders(session, seen)
    voucher = next(it for it in held if it.id == seen.id)
    target = await _target(session, deal, charge_number)
    if target.payer_id != voucher.holder_id:
        raise VoucherUseRefused("Its holder owes nothing there.", rule="not_the_payer")
    maximum = await _usable(session, deal, held, voucher, target, charge_number, now)
    reserved = rules.reserve(
        voucher,
        deal_id=deal.id,
        charge_number=charge_number,
        amount=amount or maximum,
        maximum=maximum,
        now=now,
    )
    await vouchers.save_voucher(session, reserved)
    told = {"deal_id": deal.id, "charge": charge_number, "amount": reserved.used}
    await _journal(session, reserved, "reserved", now, actor, told)
    return reserved


async def _usable(
    session: AsyncSession,
    deal: Deal,
    held: Sequence[Voucher],
    voucher: Voucher,
    target: _Target,
    charge_number: int | None,
    now: datetime,
) -> Money:
    """Return the most that a locked voucher may pay of its target now."""
    programme = await vouchers.get_programme(session, voucher.programme_id)
    beside = [
        it for it in await vouchers.of_deal(session, deal.id) if it.charge_number == charge_number
    ]
    currency = deal.price.currency
    return usable(
        voucher,
        programme,
        use=target.use,
        whole=target.whole,
        owed=target.owed
        - _used((it for it in beside if it.status is VoucherStatus.RESERVED), currency),
        used_this_year=_used((it for it in held if _same_year(it, now)), currency),
        used_beside=_used((it for it in beside if it.programme_id == programme.id), currency),
        holder_region=(await get_party(session, voucher.holder_id)).region_code,
        today=now.astimezone(SHANGHAI).date(),
    )


def _used(found: Iterable[Voucher], currency: str) -> Money:
    return sum((it.used for it in found if it.used is not None), Money(0, currency))


def _waits(voucher: Voucher) -> bool:
    return voucher.status is VoucherStatus.RESERVED


def _same_year(voucher: Voucher, now: datetime) -> bool:
    return voucher.reserved_at is not None and year_of(voucher.reserved_at) == year_of(now)


async def _target(session: AsyncSession, deal: Deal, charge_number: int | None) -> _Target:
    if charge_number is not None:
        charge = pick(await fees.charges_of(session, deal.id), charge_number)
        if charge.kind is ChargeKind.BROKERAGE:
            raise VoucherUseRefused("A broker is paid in money.", rule="brokerage")
        return _Target(VoucherUse.FEE, charge.payer_id, charge.amount, charge.outstanding)
    if deal.status is not DealStatus.OPENED:
        raise VoucherUseRefused("Its price is not owed.", rule="deal_over", state=str(deal.status))
    contract = await repository.get_contract(session, deal.id)
    kind = contract.contract_type or ""
    if deal.listing_id is None or not kind.startswith(SERVICE_TYPES):
        raise VoucherUseRefused(
            "Fix the type of the listing's contract: services, consulting, development.",
            rule="not_services",
            contract_type=contract.contract_type,
            accepted=list(SERVICE_TYPES),
        )
    return _Target(VoucherUse.PRICE, deal.buyer_id, deal.price, deal.outstanding)


async def free_voucher(
    session: AsyncSession, actor: Actor, voucher_id: UUID, *, now: datetime
) -> Voucher:
    """Take a reservation back.

    Raises:
        TransitionRefused: It is not reserved.
    """
    _, voucher = await _lock(session, voucher_id)
    freed = rules.free(voucher)
    await vouchers.save_voucher(session, freed)
    await _journal(session, freed, "freed", now, actor, {"deal_id": voucher.deal_id})
    return freed


async def _lock(session: AsyncSession, voucher_id: UUID) -> tuple[Deal | None, Voucher]:
    """Lock a voucher behind the deal that it is reserved for."""
    seen = await vouchers.get_voucher(session, voucher_id)
    deal = None
    if seen.deal_id is not None:
        deal = await repository.get_deal(session, seen.deal_id, lock=True)
    held = await vouchers.lock_holders(session, seen)
    voucher = next(it for it in held if it.id == seen.id)
    return (deal if voucher.deal_id == seen.deal_id else None), voucher


async def redeem_voucher(
    session: AsyncSession, actor: Actor, voucher_id: UUID, *, now: datetime
) -> Voucher:
    """Let a reserved voucher pay; its issuer owes the exchange the amount from then on.

    Raises:
        TransitionRefused: It is not reserved, or what it pays is met or cancelled.
        VoucherUseRefused: It has expired meanwhile.
        ChargeAmountTooHigh, PaymentAboveOutstanding: Less is owed by now.

    Invariants: ST111, ST113, ST114.
    """
    deal, voucher = await _lock(session, voucher_id)
    redeemed = rules.redeem(voucher, now=now)
    assert deal is not None  # it is reserved
    assert voucher.used is not None
    if now.astimezone(SHANGHAI).date() > voucher.expires_on:
        raise VoucherUseRefused("It has expired.", rule="expired", expires_on=voucher.expires_on)
    await vouchers.save_voucher(session, redeemed)
    await ledger.pay_by_voucher(
        session,
        entry_id=redemption_entry_id(redeemed, "redemption"),
        market_id=deal.market_id,
        voucher_id=voucher.id,
        deal_id=deal.id,
        price=voucher.charge_number is None,
        amount=voucher.used,
        reference=f"科技创新券 {voucher.number} / innovation voucher",
        at=now,
        actor=actor,
    )
    told = {"deal_id": deal.id, "charge": voucher.charge_number, "amount": voucher.used}
    await _journal(session, redeemed, "redeemed", now, actor, told)
    if voucher.charge_number is not None:
        charge = pick(await fees.charges_of(session, deal.id), voucher.charge_number)
        met = meet(charge, voucher.used, Means.VOUCHER)
        await fees.save_charge(session, met)
        paid = {"amount": voucher.used, "means": Means.VOUCHER, "outstanding": met.outstanding}
        await tell(session, met, "fee_paid", now, actor, paid)
    else:
        await count_in(session, deal, voucher.used, now=now, actor=actor)
    return redeemed


async def undo_vouchers(
    session: AsyncSession, deal: Deal, *, room: Money, now: datetime, actor: Actor | str
) -> Money:
    """Give their vouchers back to whom a fallen deal had used them; return what paid its price.

    What leaves the escrow is the vouchers' first, so that nobody gets cash for one. What the
    seller has got of them stays paid, and their issuers owe it.

    Args:
        room: What leaves the escrow for the buyer's side, vouchers' parts within it.

    Invariant: ST114.
    """
    undone = Money(0, room.currency)
    for voucher in await vouchers.of_deal(session, deal.id, lock=True):
        told: dict[str, Any] = {"deal_id": deal.id}
        if voucher.status is VoucherStatus.RESERVED:
            left = rules.free(voucher)
        else:
            assert voucher.used is not None
            price = voucher.charge_number is None
            part = min(voucher.used, room - undone) if price else voucher.used
            if not part.amount_minor:
                continue
            left = rules.undo(voucher, part)
            undone += part if price else Money(0, part.currency)
            told |= {"amount": part}
            await ledger.undo_voucher(
                session,
                entry_id=redemption_entry_id(voucher, "undone"),
                market_id=deal.market_id,
                voucher_id=voucher.id,
                deal_id=deal.id,
                price=price,
                amount=part,
                reference=f"科技创新券 {voucher.number} 退回 / voucher returned",
                at=now,
                actor=actor,
            )
        await vouchers.save_voucher(session, left)
        await _journal(session, left, "returned", now, actor, told)
    return undone


async def claim_voucher(
    session: AsyncSession, actor: Actor, voucher_id: UUID, *, now: datetime
) -> Voucher:
    """Note that the issuer was asked to pay for a voucher whose deal is over.

    Raises:
        TransitionRefused: It is not redeemed.
        VoucherClaimTooEarly: Its deal can still fall.
    """
    deal, voucher = await _lock(session, voucher_id)
    over = deal is not None and deal.status in {DealStatus.SETTLED, DealStatus.DEFAULTED}
    claimed = rules.claim(voucher, deal_over=over, now=now)
    await vouchers.save_voucher(session, claimed)
    await _journal(session, claimed, "claimed", now, actor, {"amount": claimed.used})
    return claimed


async def settle_voucher(
    session: AsyncSession, actor: Actor, voucher_id: UUID, *, bank_reference: str, now: datetime
) -> Voucher:
    """Book that the issuer has paid for a claimed voucher.

    Raises:
        TransitionRefused: It is not claimed.
    """
    _, voucher = await _lock(session, voucher_id)
    settled = rules.settle(voucher, bank_reference=bank_reference, now=now)
    assert settled.used is not None
    await vouchers.save_voucher(session, settled)
    await ledger.settle_voucher(
        session,
        entry_id=redemption_entry_id(settled, "settlement"),
        market_id=settled.market_id,
        voucher_id=settled.id,
        amount=settled.used,
        reference=bank_reference,
        at=now,
        actor=actor,
    )
    told = {"amount": settled.used, "bank_reference": bank_reference}
    await _journal(session, settled, "settled", now, actor, told)
    return settled


async def _journal(
    session: AsyncSession,
    voucher: Voucher,
    what: str,
    now: datetime,
    actor: Actor | str,
    restricted: Mapping[str, Any],
) -> None:
    event = NewEvent(
        market_id=voucher.market_id,
        subject="voucher",
        subject_id=voucher.id,
        type=f"voucher.{what}",
        market_at=now,
        actor=actor if isinstance(actor, str) else actor.ref,
        restricted=dict(restricted),
        audience=frozenset({voucher.holder_id}),
    )
    await journal.append(session, event)
