"""Name what a contract's effect waits for, note what was met, and let it take effect."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import timers
from app.platform.access import SYSTEM, Actor, NotYours, ObjectUnknown, Role
from app.platform.files.lookup import find_own_file
from app.platform.inbox import NewNotification, notify
from app.settlement import repository
from app.settlement.domain.contract import check_version
from app.settlement.domain.deal import TRANSITIONS, Deal, DealStatus, DealTrigger
from app.settlement.domain.effects import (
    WORDS,
    Condition,
    ConditionKind,
    check_conditions,
    effective_at,
    filing_due_on,
    met_by_payment,
)
from app.settlement.domain.effects import fulfil as fulfil_one
from app.settlement.domain.keeping import DealSigned
from app.settlement.repository import effects
from app.settlement.service.settling import journal_deal
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, FileId
from app.shared.transitions import advance

FILING_SOON: Final = "settlement.licence_filing_soon"
FILING_DUE: Final = "settlement.licence_filing_due"
_NOTICE_DAYS: Final = 30
_MORNING: Final = time(9, tzinfo=SHANGHAI)


def require_seller_side(actor: Actor, deal: Deal) -> None:
    """Refuse everybody but the seller's people and the market's operator.

    By party and not by role: who works for a demand sells, whatever else it is.

    Raises:
        NotYours: The actor is the buyer's.
    """
    if actor.role is not Role.OPERATOR and actor.party_id != deal.seller_id:
        raise NotYours("The deal's seller does this, or the exchange.")


async def open_conditions(session: AsyncSession, deal_id: UUID) -> tuple[Condition, ...]:
    """Return what a deal's contract still waits for, and its money with it (ST43)."""
    return tuple(item for item in await effects.conditions_of(session, deal_id) if item.open)


async def name_conditions(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    conditions: Sequence[Condition],
    *,
    seen: str | None,
    now: datetime,
) -> tuple[Deal, tuple[Condition, ...]]:
    """Write the contract's conditions over the version that the caller has seen (ST6, ST45).

    Money that waited for one that is gone follows by a reaction to the event (ST43).

    Raises:
        NotYours: Of the buyer; or of the seller once the price waits for a condition.
        VersionMissing, VersionMismatch: See `check_version`.
        TransitionRefused, DealSigned: What was signed stays as it is.
        ConditionsUnfit: See `check_conditions`.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    require_seller_side(actor, deal)
    if deal.status is DealStatus.PAID and actor.role is not Role.OPERATOR:
        raise NotYours("The exchange does this once the price waits for it.")
    check_version(seen, present=deal.contract_version)
    advance(TRANSITIONS, state=deal.status, trigger=DealTrigger.SIGN)
    if deal.signed_at is not None:
        raise DealSigned("The conditions were signed with the contract.", signed_at=deal.signed_at)
    check_conditions(deal, conditions)
    fixed = replace(deal, contract_version=deal.contract_version + 1)
    await effects.replace_conditions(session, deal.id, conditions, currency=deal.price.currency)
    await repository.save_deal(session, fixed)
    told = {"version": fixed.contract_version, "conditions": list(conditions)}
    await journal_deal(session, fixed, "conditions_named", actor, now, restricted=told)
    named = await effects.conditions_of(session, deal.id)
    return fixed, named


async def fulfil(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    *,
    fulfilled_on: date,
    evidence_id: FileId | None,
    note: str | None,
    now: datetime,
) -> tuple[Deal, tuple[Condition, ...]]:
    """Note that a condition was met; with the last one the contract takes effect.

    Raises:
        NotYours: Of the buyer.
        DealUnsigned, ConditionUnknown, ConditionMet, FulfilmentUnfit: See `domain.effects.fulfil`.
        ObjectUnknown: The evidence is no file of the caller's party.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    require_seller_side(actor, deal)
    known = await effects.conditions_of(session, deal.id)
    met = fulfil_one(
        deal,
        known,
        number,
        fulfilled_on=fulfilled_on,
        evidence_id=evidence_id,
        note=note,
        now=now,
        actor=actor.ref,
    )
    assert evidence_id is not None
    if await find_own_file(session, actor.party_id, evidence_id) is None:
        raise ObjectUnknown("There is no such file of your party.", field="evidence_file_id")
    await effects.save_fulfilment(session, deal.id, met)
    await _journal_met(session, deal, met, now=now, actor=actor)
    deal = await take_effect(session, deal, now=now, actor=actor)
    return deal, await effects.conditions_of(session, deal.id)


async def take_effect(
    session: AsyncSession, deal: Deal, *, now: datetime, actor: Actor | str
) -> Deal:
    """Let a signed contract take effect unless it waits; the caller holds the deal's lock.

    The money follows by a reaction to ``deal.effective``: a signing has given deposits back, and
    takes no further accounts' locks behind those.

    Invariants: ST44, ST47.
    """
    if deal.signed_at is None or deal.effective_at is not None:
        return deal
    conditions = []
    for item in await effects.conditions_of(session, deal.id):
        met = met_by_payment(deal, item, now=now)
        if met != item:
            await effects.save_fulfilment(session, deal.id, met)
            await _journal_met(session, deal, met, now=now, actor=SYSTEM)
        conditions.append(met)
    at = effective_at(deal, conditions, now=now)
    if at is None:
        return deal
    effective = replace(deal, effective_at=at)
    await repository.save_deal(session, effective)
    await _call_for_filing(session, effective, conditions, at)
    told = {"effective_at": at}
    await journal_deal(session, effective, "effective", actor, now, public=told)
    return effective


async def follow_payment(session: AsyncSession, deal_id: DealId, *, now: datetime) -> None:
    """Let a payment meet the condition of a first payment."""
    deal = await repository.get_deal(session, deal_id, lock=True)
    await take_effect(session, deal, now=now, actor=SYSTEM)


async def _journal_met(
    session: AsyncSession, deal: Deal, met: Condition, *, now: datetime, actor: Actor | str
) -> None:
    told = {"condition": met}
    await journal_deal(session, deal, "condition_met", actor, now, restricted=told)


async def _call_for_filing(
    session: AsyncSession, deal: Deal, conditions: Sequence[Condition], at: datetime
) -> None:
    """Set the last day to file a patent licence, and the reminders before it (ST47)."""
    duty = next((it for it in conditions if it.kind is ConditionKind.LICENCE_FILING), None)
    if duty is None:
        contract = await repository.get_contract(session, deal.id)
        if contract.contract_type != "licence_patent":
            return
        kind = ConditionKind.LICENCE_FILING
        duty = Condition(number=len(conditions) + 1, kind=kind, description=WORDS[kind])
        await effects.add_condition(session, deal.id, duty, currency=deal.price.currency)
    due_on = filing_due_on(at)
    await effects.save_due(session, deal.id, duty.number, due_on)
    morning = datetime.combine(due_on, _MORNING)
    for timer, due_at in (
        (FILING_SOON, morning - timedelta(days=_NOTICE_DAYS)),
        (FILING_DUE, morning),
    ):
        await timers.schedule(
            session, market_id=deal.market_id, kind=timer, subject_id=deal.id, due_at=due_at
        )


async def remind_of_filing(session: AsyncSession, subject_id: UUID, due_at: datetime) -> None:
    """Tell both sides that a licence is to be filed, unless it is on record."""
    deal = await repository.get_deal(session, subject_id)
    conditions = await effects.conditions_of(session, deal.id)
    duty = next((it for it in conditions if it.kind is ConditionKind.LICENCE_FILING), None)
    if duty is None or duty.due_on is None or duty.fulfilled_on is not None:
        return
    told = [
        NewNotification(
            market_id=deal.market_id,
            party_id=party_id,
            topic="settlement.licence_filing",
            title_zh=f"专利实施许可合同须于{duty.due_on.isoformat()}前备案",
            title_en=f"The patent licence is to be filed by {duty.due_on.isoformat()}",
            text_zh=f"成交{deal.number}的许可合同应自生效之日起三个月内向国家知识产权局备案，"
            "备案后请在合同生效条件中登记并上传备案证明。",
            text_en=f"File the licence of deal {deal.number} with the patent office within three "
            "months of its effect, then record it with the proof.",
            dedupe_key=f"licence_filing:{deal.id}:{due_at.isoformat()}",
            market_at=due_at,
            data={"deal_id": deal.id, "due_on": duty.due_on},
        )
        for party_id in (deal.seller_id, deal.buyer_id)
    ]
    await notify(session, *told)
