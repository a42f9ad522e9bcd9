"""Who can solve a demand, over HTTP."""

from dataclasses import replace
from uuid import UUID

from app.matching.schemas.teams import DemandExpertsView
from app.matching.service import teaming
from app.matching.service.engine import engine_of
from app.platform.access import ActorDep
from app.platform.routing import self_transacted_router
from app.platform.runtime import RuntimeDep

# Models are asked between two transactions.
routes = self_transacted_router(tag="matching")


@routes.get("/demands/{demand_id}/experts")
async def find_demand_experts(
    demand_id: UUID, actor: ActorDep, runtime: RuntimeDep
) -> DemandExpertsView:
    """Return who can solve a demand: teams and people behind the results that fit it.

    They come from what everybody may read: the completers of public results, published sales and
    accepted demands, counted without prices. The market's staff reads beside them which
    registered experts stand near a team, and which of them stand too near the poster.
    """
    engine = engine_of(runtime)
    async with runtime.database.transaction() as session:
        demand, wish = await teaming.wish_of_demand(session, actor, demand_id)
    if wish.vector is None:
        vector, model = await engine.embed(wish.words, wish.wants)
        wish = replace(wish, vector=vector, model=model)
    async with runtime.database.transaction() as session:
        found = await teaming.find_teams(session, engine, actor, demand, wish)
    return DemandExpertsView.of(demand_id, found)
