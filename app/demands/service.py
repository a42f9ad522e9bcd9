"""Submit, review and read demands."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import repository
from app.demands.domain.checking import check_content
from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Confidentiality,
    Demand,
    DemandContent,
    DemandStatus,
    DemandTrigger,
    may_see,
    require_reason,
)
from app.identity.public import require_verified
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown, Role
from app.platform.journal import NewEvent
from app.shared.calendar import SHANGHAI
from app.shared.ids import DemandId, MarketId, new_id
from app.shared.transitions import advance

_STAFF = frozenset({Role.OPERATOR, Role.AUDITOR})


async def submit_demand(
    session: AsyncSession, actor: Actor, content: DemandContent, *, now: datetime
) -> Demand:
    """Submit a demand of the actor's party.

    Raises:
        PartyNotVerified: The exchange has not verified the poster.
        DemandInvalid: Names every fault.
    """
    poster = await require_verified(session, actor.party_id)
    check_content(content, today=now.astimezone(SHANGHAI).date())
    demand = Demand(
        id=DemandId(new_id()),
        market_id=poster.market_id,
        party_id=poster.id,
        status=DemandStatus.SUBMITTED,
        content=content,
        submitted_at=now,
    )
    await repository.insert(session, demand)
    await _journal(session, demand, actor, now, restricted={"content": content})
    return demand


async def review_demand(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    accepted: bool,
    reason: str | None,
    now: datetime,
) -> Demand:
    """Post or refuse a submitted demand.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: It was decided before.
        RefusalReasonMissing: Refused without a reason.
    """
    demand = await repository.find(session, demand_id, lock=True)
    if demand is None:
        raise ObjectUnknown("There is no such demand.")
    trigger = DemandTrigger.POST if accepted else DemandTrigger.REFUSE
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=trigger)
    require_reason(accepted=accepted, reason=reason)
    reviewed = replace(
        demand,
        status=status,
        reviewed_at=now,
        refusal_reason=None if accepted else reason,
    )
    await repository.save_review(session, reviewed)
    await _journal(session, reviewed, actor, now, restricted={"reason": reason})
    return reviewed


async def _journal(
    session: AsyncSession,
    demand: Demand,
    actor: Actor,
    now: datetime,
    *,
    restricted: dict[str, Any],
) -> None:
    event = NewEvent(
        market_id=demand.market_id,
        subject="demand",
        subject_id=demand.id,
        type=f"demand.{demand.status}",
        market_at=now,
        actor=actor.ref,
        public=_told(demand),
        restricted=restricted,
        audience=frozenset({demand.party_id}),
    )
    await journal.append(session, event)


def _told(demand: Demand) -> dict[str, Any]:
    content = demand.content
    public = content.confidentiality is Confidentiality.PUBLIC
    if demand.status is not DemandStatus.POSTED or not public:
        return {}
    return {
        "title": content.title,
        "technology_field": content.technology_field,
        "targets": content.targets,
        "due_on": content.due_on,
        "budget": content.budget,
        "cooperation_mode": content.cooperation_mode,
        "ip_ownership": content.ip_ownership,
        "failure_risk_rule": content.failure_risk_rule,
    }


async def read_demand(session: AsyncSession, actor: Actor, demand_id: DemandId) -> Demand:
    """Return a demand that the actor may see.

    Raises:
        ObjectUnknown: There is none, or it is not for the actor.
    """
    demand = await repository.find(session, demand_id)
    if demand is None or not may_see(actor.viewer, demand):
        raise ObjectUnknown("There is no such demand for you.")
    return demand


async def list_demands(
    session: AsyncSession,
    actor: Actor,
    *,
    market_id: MarketId | None,
    technology_field: str | None,
    before: DemandId | None,
    limit: int,
) -> Sequence[Demand]:
    """Return what the actor may see, newest first."""
    return await repository.find_page(
        session,
        actor.viewer,
        market_id=market_id,
        technology_field=technology_field,
        before=before,
        limit=limit,
    )
