"""Draft, edit and submit demands; read the versions of their content."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.checking import check_content
from app.demands.domain.content import DemandContent
from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Demand,
    DemandStatus,
    DemandTrigger,
    is_near,
)
from app.demands.domain.versions import DemandVersion, check_seen
from app.demands.repository import demands as repository
from app.demands.repository import versions
from app.demands.service.locking import lock_demand, read_demand
from app.demands.service.noticing import demand_event
from app.identity.public import require_verified
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.shared.calendar import SHANGHAI
from app.shared.ids import DemandId, new_id
from app.shared.transitions import advance


async def draft_demand(
    session: AsyncSession, actor: Actor, content: DemandContent, *, draft: bool, now: datetime
) -> Demand:
    """Store a demand of the actor's party and, unless it is a draft, submit it.

    Raises:
        PartyNotVerified: The exchange has not verified the poster.
        DemandInvalid: Names every fault.
    """
    poster = await require_verified(session, actor.party_id)
    check_content(content, today=now.astimezone(SHANGHAI).date())
    demand = Demand(
        id=DemandId(new_id()),
        number=await repository.next_number(session, now=now),
        market_id=poster.market_id,
        party_id=poster.id,
        status=DemandStatus.DRAFT if draft else DemandStatus.SUBMITTED,
        content=content,
        version=1,
        created_at=now,
        submitted_at=None if draft else now,
    )
    await repository.insert(session, demand)
    await versions.insert(session, demand, edited_at=now, edited_by=actor.ref)
    await _journal(
        session, demand, "drafted" if draft else "submitted", actor, now, content=content
    )
    return demand


async def edit_demand(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    content: DemandContent,
    *,
    seen: str | None,
    now: datetime,
) -> Demand:
    """Put a whole content in the place of the version that the poster has seen.

    The same content again changes nothing.

    Raises:
        ObjectUnknown: There is no such demand.
        DemandVersionMissing, DemandChanged: See `check_seen`.
        TransitionRefused: It is neither a draft nor returned to be mended.
        DemandInvalid: Names every fault.

    Invariant: DM4.
    """
    demand = await lock_demand(session, demand_id)
    check_seen(seen, present=demand.version)
    advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.EDIT)
    check_content(content, today=now.astimezone(SHANGHAI).date())
    if content == demand.content:
        return demand
    edited = replace(demand, content=content, version=demand.version + 1)
    await repository.save_content(session, edited)
    await versions.insert(session, edited, edited_at=now, edited_by=actor.ref)
    await _journal(session, edited, "edited", actor, now, content=content)
    return edited


async def submit_demand(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, now: datetime
) -> Demand:
    """Submit a draft, or what was returned and mended, to the diagnosis.

    Raises:
        ObjectUnknown: There is no such demand.
        TransitionRefused: It is neither a draft nor returned.
        PartyNotVerified: The exchange has not verified the poster.
        DemandInvalid: Time has broken what was in order, such as a date.
    """
    demand = await lock_demand(session, demand_id)
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.SUBMIT)
    await require_verified(session, demand.party_id)
    check_content(demand.content, today=now.astimezone(SHANGHAI).date())
    submitted = replace(demand, status=status, submitted_at=now, due_at=None)
    await repository.save(session, submitted)
    await _journal(session, submitted, "submitted", actor, now, content=submitted.content)
    return submitted


async def list_versions(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, before: int | None, limit: int
) -> Sequence[DemandVersion]:
    """Return a demand's versions, newest first; for its poster and the market's staff.

    Raises:
        ObjectUnknown: There is no such demand, or its versions are not for the actor.
    """
    demand = await read_demand(session, actor, demand_id)
    if not is_near(actor.viewer, demand):
        raise ObjectUnknown("The versions are for the poster and the exchange.")
    return await versions.find_page(session, demand_id, before=before, limit=limit)


async def _journal(
    session: AsyncSession, demand: Demand, what: str, actor: Actor, now: datetime, **told: Any
) -> None:
    event = demand_event(
        demand, what, actor=actor.ref, at=now, restricted={"version": demand.version} | told
    )
    await journal.append(session, event)
