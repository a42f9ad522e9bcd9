"""Demand analyses over HTTP."""

from dataclasses import replace

from app.matching.schemas.analyses import AnalysisBody, AnalysisView
from app.matching.service import analysing, reading
from app.matching.service.engine import engine_of
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.routing import self_transacted_router
from app.platform.runtime import RuntimeDep
from app.shared.ids import DemandId

# The model is asked between two transactions.
routes = self_transacted_router(tag="matching")


@routes.post("/demand-analyses")
async def analyse_demand(body: AnalysisBody, actor: ActorDep, runtime: RuntimeDep) -> AnalysisView:
    """Analyse a demand or the text of one 企业需求分析; nothing of it is kept.

    Told are: which parts of a good demand it states and which it lacks, with questions to answer
    next, the most important first; which of its words are too general to find anything by;
    similar demands of the past and what became of them; achievements on offer, or that nothing
    suitable is; and what deals of its field came to. The rules read Chinese text. Of a demand
    its public part is analysed. While the index is not ready, what needs it is null.
    """
    engine = engine_of(runtime)
    async with runtime.database.transaction() as session:
        now = await market_now(session, actor.market_id)
        if body.demand_id is None:
            subject = analysing.subject_of_text(body.wish(actor.party_id))
        else:
            subject = await analysing.subject_of_demand(
                session, actor, DemandId(body.demand_id), now=now
            )
    vector, model = await engine.embed(subject.wish.words, subject.wish.wants)
    subject = replace(subject, wish=replace(subject.wish, vector=vector, model=model))
    async with runtime.database.transaction() as session:
        analysis = await analysing.analyse(session, engine, actor, subject, now=now)
        found = () if analysis.market is None else analysis.market.found.matches
        names = await reading.names_of(session, found)
    return AnalysisView.of(analysis, names)
