"""Objections to the result of a demand's review over HTTP."""

from uuid import UUID

from app.demands.schemas.reviews import (
    DemandObjectionBody,
    DemandObjectionDecision,
    DemandObjectionView,
)
from app.demands.service import objecting
from app.demands.service.locking import read_demand
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DemandId, DemandObjectionId

routes = router(tag="demands")


@routes.post("/demands/{demand_id}/objections", status_code=201)
async def file_demand_objection(
    demand_id: UUID, body: DemandObjectionBody, actor: ActorDep, session: SessionDep
) -> DemandObjectionView:
    """Object to a result, with evidence: anyone, while its notice is open.

    The award then waits for the decision. Everybody reads that an objection stands and what it
    is about; who objects is for the exchange and whoever objects.
    """
    demand = await read_demand(session, actor, DemandId(demand_id))
    now = await market_now(session, demand.market_id)
    filed = await objecting.object_to(session, actor, demand.id, body.new(), now=now)
    return DemandObjectionView.of(filed, actor.viewer)


@routes.get("/demands/{demand_id}/objections")
async def list_demand_objections(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DemandObjectionView]:
    """List the objections to a demand's results, newest first, with their decisions."""
    found = await objecting.list_objections(
        session,
        actor,
        DemandId(demand_id),
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    return Page(
        items=[DemandObjectionView.of(item, actor.viewer) for item in found[:limit]],
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@routes.post("/demand-objections/{demand_objection_id}/decision", status_code=201)
async def decide_demand_objection(
    demand_objection_id: UUID,
    body: DemandObjectionDecision,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
) -> DemandObjectionView:
    """Decide an objection as the exchange; the decision is published.

    Where it is upheld the demand is reviewed anew. When the last one is rejected after the end
    of the notice, the work is awarded.
    """
    decided = await objecting.decide(
        session,
        runtime.box,
        actor,
        DemandObjectionId(demand_objection_id),
        reopening=body.plain(),
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return DemandObjectionView.of(decided, actor.viewer)


@routes.post("/demand-objections/{demand_objection_id}/withdrawal", status_code=201)
async def withdraw_demand_objection(
    demand_objection_id: UUID, actor: ActorDep, session: SessionDep
) -> DemandObjectionView:
    """Take the caller's own objection back."""
    now = await market_now(session, actor.market_id)
    withdrawn = await objecting.withdraw(
        session, actor, DemandObjectionId(demand_objection_id), now=now
    )
    return DemandObjectionView.of(withdrawn, actor.viewer)
