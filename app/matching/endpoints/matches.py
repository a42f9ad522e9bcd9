"""Matches over HTTP: of a demand, of an achievement, and of any text, both ways."""

from dataclasses import replace
from uuid import UUID

from app.matching.domain.entry import EntryKind
from app.matching.domain.query import check_query
from app.matching.schemas.matches import FoundView, MatchesView, MatchView, QueryBody, QueryView
from app.matching.service import reading
from app.matching.service.engine import engine_of
from app.matching.service.finding import find_matches
from app.matching.service.reading import Reading
from app.matching.service.weighting import active_weights
from app.platform.access import Actor, ActorDep
from app.platform.clock import market_now
from app.platform.routing import self_transacted_router
from app.platform.runtime import Runtime, RuntimeDep
from app.shared.calendar import SHANGHAI

# Models are asked between two transactions.
routes = self_transacted_router(tag="matching")


@routes.get("/demands/{demand_id}/matches")
async def get_demand_matches(demand_id: UUID, actor: ActorDep, runtime: RuntimeDep) -> MatchesView:
    """Return the achievements that fit a demand, best first, each with its reasons and gaps.

    What was found when the demand was last posted or changed, or when anything new fitted it; for
    a demand that is not posted, what its public part finds now. ``none`` says that nothing
    suitable is on offer.
    """
    return await _matches(runtime, actor, EntryKind.DEMAND, demand_id)


@routes.get("/achievements/{achievement_id}/matches")
async def get_achievement_matches(
    achievement_id: UUID, actor: ActorDep, runtime: RuntimeDep
) -> MatchesView:
    """Return the demands that an achievement fits, best first, each with its reasons and gaps."""
    return await _matches(runtime, actor, EntryKind.ACHIEVEMENT, achievement_id)


async def _matches(runtime: Runtime, actor: Actor, kind: EntryKind, entry_id: UUID) -> MatchesView:
    engine = engine_of(runtime)
    async with runtime.database.transaction() as session:
        found = await reading.read_kept(session, entry_id)
        if found is not None:
            names = await reading.names_of(session, found.matches)
            return _view(found, names)
        entry = await reading.describe(session, actor.viewer, kind, entry_id)
        wish = await reading.wish_of_own(session, entry)
    vector, model = await engine.embed(wish.words, wish.wants)
    async with runtime.database.transaction() as session:
        found = await reading.read_now(
            session, engine, entry, replace(wish, vector=vector, model=model)
        )
        names = await reading.names_of(session, found.matches)
    return _view(found, names)


def _view(found: Reading, names: reading.Names) -> MatchesView:
    told = {name: getattr(found, name) for name in Reading.__dataclass_fields__}
    shown = [MatchView.of(match, names) for match in found.matches]
    return MatchesView.model_validate({**told, "matches": shown})


@routes.post("/match-queries")
async def query_matches(body: QueryBody, actor: ActorDep, runtime: RuntimeDep) -> QueryView:
    """Return what fits a text on each side that is asked for; nothing of the query is kept."""
    engine = engine_of(runtime)
    wishes = {
        kind: body.wish(kind, market_id=actor.market_id, party_id=actor.party_id)
        for kind in dict.fromkeys(body.wants)
    }
    for wish in wishes.values():
        check_query(wish)
    read = {kind: await engine.embed(wish.words, kind) for kind, wish in wishes.items()}
    views: dict[EntryKind, FoundView] = {}
    async with runtime.database.transaction() as session:
        now = await market_now(session, actor.market_id)
        weights = await active_weights(session, actor.market_id)
        for kind, wish in wishes.items():
            found = await find_matches(
                session,
                engine,
                replace(wish, vector=read[kind][0], model=read[kind][1]),
                home=actor.market_id,
                weights=weights,
                today=now.astimezone(SHANGHAI).date(),
                limit=body.limit,
            )
            views[kind] = FoundView.of(found, await reading.names_of(session, found.matches))
    return QueryView(
        achievements=views.get(EntryKind.ACHIEVEMENT), demands=views.get(EntryKind.DEMAND)
    )
