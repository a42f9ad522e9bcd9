"""The award notice: published in the unit, objected to, decided, over."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.platform import timers
from app.platform.access import Actor
from app.settlement.domain.sharing import notices
from app.settlement.domain.sharing.awards import Sharing, SharingTrigger, as_of
from app.settlement.domain.sharing.comparing import check_plan, judge
from app.settlement.domain.sharing.floors import require_met
from app.settlement.domain.sharing.notices import SharingObjection, SharingObjectionStatus
from app.settlement.repository import get_deal
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.keeping import floors_of, keep, locked
from app.settlement.service.sharing.planning import achieved
from app.shared.calendar import mainland_china

TIMER: Final = "settlement.conclude_sharing"


async def publish_notice(
    session: AsyncSession, actor: Actor, deal_id: UUID, *, days: int, now: datetime
) -> Sharing:
    """Publish the award notice inside the unit; the public learns the fact and the hash.

    Raises:
        ObjectUnknown, NotYours: See `keeping.locked`.
        TransitionRefused: It is no draft.
        SharingPersonsInvalid and what else `check_plan` refuses.
        SharingBelowFloor: Names the article that is broken.
        OwnershipSharesMissing, OwnershipNotGranted: See `check_ownership`.
        AwardNoticeTooShort: Names the minimum.

    Invariants: ST133, ST139, ST141.
    """
    sharing, known = await locked(session, actor, deal_id, now=now)
    sharing.moved(SharingTrigger.NOTICE)
    check_plan(sharing.plan, currency=sharing.currency)
    deal = await get_deal(session, deal_id)
    result = await achieved(session, deal)
    notices.check_ownership(sharing.plan, granted=result.granted)
    floors = await floors_of(session, sharing.seller_id, sharing.plan.basis, now=now)
    require_met(judge(sharing.plan, known, floors))
    unit = await get_party(session, sharing.seller_id)
    noticed = notices.publish(
        sharing,
        known,
        {"deal_number": deal.number, "unit": unit.name, "title": result.title},
        days=days,
        now=now,
        days_off=mainland_china(),
    )
    told = {"notice_hash": noticed.notice_hash, "ends_at": noticed.notice_ends_at}
    kept = await keep(
        session, noticed, "noticed", actor, now, public=told, restricted={"notice": noticed.notice}
    )
    assert kept.notice_ends_at is not None
    await timers.schedule(
        session,
        market_id=kept.market_id,
        kind=TIMER,
        subject_id=kept.id,
        due_at=kept.notice_ends_at,
    )
    return kept


async def object_to(
    session: AsyncSession, actor: Actor, deal_id: UUID, *, name: str, text: str, now: datetime
) -> tuple[Sharing, SharingObjection]:
    """File an objection of a person of the unit; its staff hands it in.

    Raises:
        ObjectUnknown, NotYours: See `keeping.locked`.
        TransitionRefused, SharingObjectionsClosed: See `notices.objected`.
    """
    sharing, _ = await locked(session, actor, deal_id, now=now)
    moved = notices.objected(sharing, now)
    objection = SharingObjection(
        number=len(await repository.objections_of(session, sharing.id)) + 1,
        name=name,
        text=text,
        status=SharingObjectionStatus.OPEN,
        filed_at=now,
    )
    await repository.put_objection(session, sharing.id, objection)
    told = {"objection": objection}
    return await keep(session, moved, "objected", actor, now, restricted=told), objection


async def decide(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    number: int,
    *,
    upheld: bool,
    decision: str,
    now: datetime,
) -> tuple[Sharing, SharingObjection]:
    """Decide an objection: upheld, the plan is a draft again and will be noticed anew.

    Raises:
        ObjectUnknown, NotYours: See `keeping.locked`.
        SharingObjectionUnknown, SharingObjectionDecided: See `notices.decide`.
    """
    sharing, _ = await locked(session, actor, deal_id, now=now)
    known = await repository.objections_of(session, sharing.id)
    changed, trigger = notices.decide(known, number, upheld=upheld, decision=decision, now=now)
    moved = sharing.moved(trigger)
    for objection in changed:
        await repository.put_objection(session, sharing.id, objection)
    told = {"objections": changed}
    kept = await keep(session, moved, "objection_decided", actor, now, restricted=told)
    over = as_of(kept, now)
    if over is not kept:  # it was held up beyond its end by this objection
        kept = await keep(session, replace(over, final_at=now), "finalised", actor, now)
    return kept, changed[0]
