"""Withdraw a demand 撤榜: before its contract, with a reason once others know it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Demand,
    DemandStatus,
    DemandTrigger,
    is_open,
    require_reason,
)
from app.demands.domain.notice import DemandNoticeKind
from app.demands.domain.withdrawing import WithdrawalClaim, told_claims
from app.demands.repository import demands as repository
from app.demands.service.awarding import require_unawarded
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event, publish_notice
from app.demands.service.posting import CLOSE
from app.demands.service.reshaping import drop_asked
from app.demands.service.stopping import on_withdrawn
from app.platform import journal, timers
from app.platform.access import Actor
from app.shared.ids import DemandId
from app.shared.transitions import advance


async def withdraw_demand(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, reason: str | None, now: datetime
) -> Demand:
    """Withdraw a demand that has no contract yet.

    Raises:
        ObjectUnknown: There is no such demand.
        TransitionRefused: It has its contract, or will have it now that its notice is over; or
            it is over.
        DemandReasonMissing: Others know the demand, and there is no reason.

    Who may claim what stands in the notice; an announced winner is named to itself only.

    Invariants: DM3, DM8, DM88.
    """
    demand = await lock_demand(session, demand_id)
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.WITHDRAW)
    await require_unawarded(session, demand, now=now)
    withdrawn = replace(demand, status=status, reason=reason, ended_at=now)
    await drop_asked(session, demand, at=now)
    if demand.posted_at is None:
        await repository.save(session, withdrawn)
        event = demand_event(
            withdrawn, "withdrawn", actor=actor.ref, at=now, restricted={"reason": reason}
        )
        await journal.append(session, event)
        return withdrawn
    told = require_reason(reason)
    if demand.status is DemandStatus.POSTED:
        await timers.cancel(session, kind=CLOSE, subject_id=demand.id)
        if not is_open(demand, now=now):  # the stored deadline decides, not its timer
            demand = replace(demand, status=DemandStatus.CLOSED)
    claims = await on_withdrawn(session, demand)
    entitled = [it for it in claims if it.claim is not WithdrawalClaim.NOTHING]
    return await publish_notice(
        session,
        withdrawn,
        DemandNoticeKind.WITHDRAWAL,
        {
            "reason": told,
            "withdrawn_from": demand.status,
            "claims": told_claims(demand.status, claims),
        },
        what="withdrawn",
        at=now,
        actor=actor.ref,
        restricted={"claims": entitled},
        audience=frozenset({demand.party_id, *(it.party_id for it in entitled)}),
    )
