"""Name the broker 技术经理人 through whom a deal came; both sides consent, then it earns."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.platform.access import Actor, NotYours, ObjectUnknown
from app.settlement import repository
from app.settlement.domain.charge import (
    BrokerDiffers,
    BrokerIsASide,
    BrokerUnknown,
    ChargeInMotion,
    name_broker,
)
from app.settlement.domain.deal import Deal, DealStatus, Side
from app.settlement.repository import fees
from app.settlement.repository.fees import DealBroker
from app.settlement.service.charging import as_told, policy_of, tell
from app.settlement.service.settling import journal_deal
from app.shared.ids import PartyId


async def propose_broker(
    session: AsyncSession, actor: Actor, deal_id: UUID, broker_id: PartyId, *, now: datetime
) -> DealBroker:
    """Name a deal's broker; naming another before both sides agreed begins anew.

    Raises:
        PartyNotVerified, ObjectUnknown: No verified party of the market.
        BrokerIsASide: It buys or sells here.
        ChargeInMotion: Both sides have agreed to a broker, or the deal is over.
    """
    deal = await _lock_open(session, deal_id)
    party = await require_verified(session, broker_id)
    if party.market_id != deal.market_id:
        raise ObjectUnknown("There is no such party in your market.", field="broker_id")
    if broker_id in {deal.buyer_id, deal.seller_id}:
        raise BrokerIsASide("Name a third party.", field="broker_id")
    known = await fees.find_broker(session, deal.id)
    if known is not None and known.agreed:
        raise ChargeInMotion("Both sides have agreed to a broker.", broker_id=known.broker_id)
    named = DealBroker(
        deal_id=deal.id, broker_id=broker_id, named_by=actor.ref, named_at=now, consents={}
    )
    await fees.put_broker(session, named)
    told = {"broker_id": broker_id}
    await journal_deal(session, deal, "broker_named", actor, now, restricted=told)
    return named


async def consent_to_broker(
    session: AsyncSession, actor: Actor, deal_id: UUID, broker_id: PartyId, *, now: datetime
) -> DealBroker:
    """Agree to a deal's broker as one of its sides; the second consent makes its charge.

    Raises:
        NotYours: The actor's party is no side of the deal.
        BrokerUnknown, BrokerDiffers: Nobody, or another one, was named.
        ChargeInMotion: Something was paid already, or the deal is over.

    Invariant: ST105.
    """
    deal = await _lock_open(session, deal_id)
    sides = {deal.buyer_id: Side.BUYER, deal.seller_id: Side.SELLER}
    side = sides.get(actor.party_id)
    if side is None:
        raise NotYours("A side of the deal agrees.")
    known = await fees.find_broker(session, deal.id)
    if known is None:
        raise BrokerUnknown("Nobody was named.")
    if known.broker_id != broker_id:
        raise BrokerDiffers(
            "Read whom the deal names.", field="broker_id", accepted=known.broker_id
        )
    if side in known.consents:
        return known
    agreed = replace(known, consents=known.consents | {side: (now, actor.ref)})
    await fees.put_broker(session, agreed)
    told = {"broker_id": broker_id, "side": side}
    await journal_deal(session, deal, "broker_agreed", actor, now, restricted=told)
    if agreed.agreed:
        await _charge(session, deal, broker_id, now=now, actor=actor)
    return agreed


async def _charge(
    session: AsyncSession, deal: Deal, broker_id: PartyId, *, now: datetime, actor: Actor
) -> None:
    policy = await policy_of(session, deal)
    if policy is None or policy.terms.broker is None:
        return
    payer = policy.terms.broker.payer
    before = await fees.charges_of(session, deal.id)
    after = name_broker(
        before,
        policy.terms,
        deal_id=deal.id,
        market_id=deal.market_id,
        broker_id=broker_id,
        price=deal.price,
        payer_id=deal.buyer_id if payer is Side.BUYER else deal.seller_id,
        due_at=policy.terms.due_at(deal.confirmed_at),
        policy_version=policy.version,
    )
    for old, new in zip(before, after, strict=False):
        if old != new:
            await fees.save_charge(session, new)
            told = {"amount": new.amount, "before": old.amount, "broker_id": broker_id}
            await tell(session, new, "fee_shared", now, actor, told)
    added = after[len(before) :]
    await fees.insert_charges(session, added)
    for charge in added:
        await tell(session, charge, "fee_charged", now, actor, as_told(charge))


async def _lock_open(session: AsyncSession, deal_id: UUID) -> Deal:
    deal = await repository.get_deal(session, deal_id, lock=True)
    if deal.status in {DealStatus.SETTLED, DealStatus.DEFAULTED}:
        raise ChargeInMotion("The deal is over.", state=str(deal.status))
    return deal
