"""Demands over HTTP."""

from uuid import UUID

from app.demands import service
from app.demands.schemas import Code, DemandReview, DemandSummary, DemandView, NewDemand
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DemandId, MarketId

routes = router(tag="demands")


@routes.post("/demands", status_code=201)
async def submit_demand(body: NewDemand, actor: ActorDep, session: SessionDep) -> DemandView:
    """Submit a demand of the caller's party; the party must be verified."""
    now = await market_now(session, actor.market_id)
    return DemandView.of(await service.submit_demand(session, actor, body.content(), now=now))


@routes.get("/demands")
async def list_demands(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    technology_field: Code | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DemandSummary]:
    """List demands, newest first: posted public ones, and all of the caller's own.

    The market's operators and auditors see all of their market.
    """
    found = await service.list_demands(
        session,
        actor,
        market_id=None if market_id is None else MarketId(market_id),
        technology_field=technology_field,
        before=None if cursor is None else DemandId(decode_cursor(cursor, UUID)[0]),
        limit=limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[DemandSummary.of(item) for item in found[:limit]], next=more)


@routes.get("/demands/{demand_id}")
async def get_demand(demand_id: UUID, actor: ActorDep, session: SessionDep) -> DemandView:
    """Return a demand that the caller may see."""
    return DemandView.of(await service.read_demand(session, actor, DemandId(demand_id)))


@routes.post("/demands/{demand_id}/review")
async def review_demand(
    demand_id: UUID, body: DemandReview, actor: ActorDep, session: SessionDep
) -> DemandView:
    """Post or refuse a submitted demand; a refusal states its reason."""
    now = await market_now(session, actor.market_id)
    return DemandView.of(
        await service.review_demand(
            session,
            actor,
            DemandId(demand_id),
            accepted=body.accepted,
            reason=body.reason,
            now=now,
        )
    )
