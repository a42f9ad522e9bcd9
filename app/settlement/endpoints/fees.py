"""Fees over HTTP: policies, charges, brokers."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from app.platform.access import Actor, ActorDep, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.platform.tables.http import row_number
from app.settlement.domain.charge import BrokerUnknown, Charge, ChargeStatus
from app.settlement.repository import fees as repository
from app.settlement.schemas.fees import (
    BrokerBody,
    BrokerView,
    ChargePayment,
    ChargeView,
    ChargeWaiver,
    FeePolicyBody,
    FeePolicyView,
)
from app.settlement.service import brokering, charging, tariffs
from app.shared.ids import DealId, MarketId, PartyId

routes = router(tag="fees")

_SEES_ALL: Final = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.get("/markets/{market_id}/fee-policies")
async def list_fee_policies(
    market_id: UUID,
    session: SessionDep,
    begun_on: Annotated[date | None, Query(description="Only those begun on this day")] = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[FeePolicyView]:
    """List a market's fees, the newest day first; a market without any charges nothing.

    With ``begun_on`` the first is in effect on that day.
    """
    found = await tariffs.page_of_policies(
        session,
        market_id=MarketId(market_id),
        begun_on=begun_on,
        before=None if cursor is None else decode_cursor(cursor, date.fromisoformat, row_number),
        limit=limit + 1,
    )
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return Page(
        items=[FeePolicyView.of(policy) for policy in page],
        next=None if last is None else encode_cursor(last.effective_on.isoformat(), last.version),
    )


@routes.post("/markets/{market_id}/fee-policies", status_code=201)
async def create_fee_policy(
    market_id: UUID, body: FeePolicyBody, actor: ActorDep, session: SessionDep
) -> FeePolicyView:
    """Enter fees; they hold for deals that open from their day on and are never changed."""
    market = MarketId(market_id)
    return FeePolicyView.of(
        await tariffs.enter_policy(
            session,
            market_id=market,
            effective_on=body.effective_on,
            terms=body.terms.plain(),
            actor=actor.ref,
            now=await market_now(session, market),
        )
    )


@routes.get("/charges")
async def list_charges(
    actor: ActorDep,
    session: SessionDep,
    status: ChargeStatus | None = None,
    overdue: bool = False,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[ChargeView]:
    """List charges, newest deal first: those the caller's party pays or gets, or the market's.

    ``overdue``: only those that are due and were not met in time.
    """
    found = await repository.page_of_charges(
        session,
        market_id=actor.market_id,
        party_id=None if actor.role in _SEES_ALL else actor.party_id,
        status=ChargeStatus.DUE if overdue else status,
        due_before=await market_now(session, actor.market_id) if overdue else None,
        before=None if cursor is None else decode_cursor(cursor, UUID, row_number),
        limit=limit + 1,
    )
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return Page(
        items=[ChargeView.of(charge) for charge in page],
        next=None if last is None else encode_cursor(str(last.deal_id), last.number),
    )


@routes.get("/deals/{deal_id}/charges")
async def list_deal_charges(
    deal_id: UUID, actor: ActorDep, session: SessionDep
) -> Page[ChargeView]:
    """List a deal's charges by number; a side sees those that it pays."""
    found = await repository.charges_of(session, DealId(deal_id))
    return Page(items=[ChargeView.of(it) for it in found if _may_see(actor, it)], next=None)


def _may_see(actor: Actor, charge: Charge) -> bool:
    return actor.role in _SEES_ALL or actor.party_id in {charge.payer_id, charge.payee_id}


@routes.post("/deals/{deal_id}/charges/{number}/payment")
async def pay_charge(
    deal_id: UUID, number: int, body: ChargePayment, actor: ActorDep, session: SessionDep
) -> ChargeView:
    """Pay a charge, or a part of it, out of the payer's funds at the exchange.

    A broker's commission is paid once the deal is settled, when it can fall no more.
    """
    charge = await charging.pay_charge(
        session,
        actor,
        deal_id,
        number,
        body.amount,
        now=await market_now(session, actor.market_id),
    )
    return ChargeView.of(charge)


@routes.post("/deals/{deal_id}/charges/{number}/waiver")
async def waive_charge(
    deal_id: UUID, number: int, body: ChargeWaiver, actor: ActorDep, session: SessionDep
) -> ChargeView:
    """Waive a charge, or a part of it, with a reason."""
    charge = await charging.waive_charge(
        session,
        actor,
        deal_id,
        number,
        body.amount,
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return ChargeView.of(charge)


@routes.get("/deals/{deal_id}/broker")
async def get_deal_broker(deal_id: UUID, session: SessionDep) -> BrokerView:
    """Return a deal's broker and who has agreed to it."""
    found = await repository.find_broker(session, DealId(deal_id))
    if found is None:
        raise BrokerUnknown("Nobody was named.")
    return BrokerView.of(found)


@routes.put("/deals/{deal_id}/broker")
async def name_deal_broker(
    deal_id: UUID, body: BrokerBody, actor: ActorDep, session: SessionDep
) -> BrokerView:
    """Name the broker through whom a deal came; both sides consent before it earns anything.

    Naming another one before that begins anew.
    """
    named = await brokering.propose_broker(
        session,
        actor,
        deal_id,
        PartyId(body.broker_id),
        now=await market_now(session, actor.market_id),
    )
    return BrokerView.of(named)


@routes.post("/deals/{deal_id}/broker/consent")
async def consent_to_broker(
    deal_id: UUID, body: BrokerBody, actor: ActorDep, session: SessionDep
) -> BrokerView:
    """Agree to a deal's broker as its seller or buyer; with the second consent it is charged."""
    agreed = await brokering.consent_to_broker(
        session,
        actor,
        deal_id,
        PartyId(body.broker_id),
        now=await market_now(session, actor.market_id),
    )
    return BrokerView.of(agreed)
