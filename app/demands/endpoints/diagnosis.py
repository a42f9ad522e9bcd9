"""The gate and the diagnosis of demands over HTTP; mergers and splits."""

from uuid import UUID

from app.demands.schemas.demands import DemandBody
from app.demands.schemas.diagnosis import (
    ConsentBody,
    DecisionBody,
    DecisionView,
    DiagnosisExpertsBody,
    DiagnosisOpinionBody,
    DiagnosisSeatsView,
    DiagnosisSeatView,
    DiagnosisTaskView,
    DiagnosisView,
    ReshapingView,
)
from app.demands.schemas.gate import DemandCheckView, DemandGateView
from app.demands.service import deciding, diagnosing, gate, reshaping
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DemandId, MembershipId, OpinionId

routes = router(tag="demands")


@routes.post("/demands/check")
async def check_demand(body: DemandBody, actor: ActorDep, session: SessionDep) -> DemandCheckView:
    """Tell what would be refused and what would keep the demand unanswered; store nothing."""
    now = await market_now(session, actor.market_id)
    return DemandCheckView.of(await gate.check_demand(session, actor, body.content(), now=now))


@routes.get("/demands/{demand_id}/gate")
async def get_demand_gate(demand_id: UUID, actor: ActorDep, session: SessionDep) -> DemandGateView:
    """Return what the quality gate says of a demand today."""
    now = await market_now(session, actor.market_id)
    return DemandGateView.of(await gate.gate_of(session, actor, DemandId(demand_id), now=now))


@routes.post("/demands/{demand_id}/diagnosis/experts")
async def appoint_diagnosis_experts(
    demand_id: UUID, body: DiagnosisExpertsBody, actor: ActorDep, session: SessionDep
) -> DiagnosisSeatsView:
    """Ask experts to diagnose a submitted demand; all or none, in time for all of them."""
    seats = await diagnosing.appoint_experts(
        session,
        actor,
        DemandId(demand_id),
        [MembershipId(item) for item in body.membership_ids],
        due_at=body.due_at,
        now=await market_now(session, actor.market_id),
    )
    return DiagnosisSeatsView(
        # Opinions that are in stay closed while others are waited for.
        experts=[DiagnosisSeatView.of(seat).model_copy(update={"opinion": None}) for seat in seats]
    )


@routes.post("/demands/{demand_id}/diagnosis/opinion")
async def give_diagnosis_opinion(
    demand_id: UUID, body: DiagnosisOpinionBody, actor: ActorDep, session: SessionDep
) -> DiagnosisSeatView:
    """Give the opinion that the caller was asked for; once, and in time."""
    now = await market_now(session, actor.market_id)
    return DiagnosisSeatView.of(
        await diagnosing.give_opinion(session, actor, DemandId(demand_id), body.plain(), now=now)
    )


@routes.get("/demands/{demand_id}/diagnosis")
async def get_diagnosis(demand_id: UUID, actor: ActorDep, session: SessionDep) -> DiagnosisView:
    """Return a diagnosis as far as it is for the caller.

    Opinions are closed to everybody until no expert can give one any more; then the staff read
    them, and without names the poster, once they have decided.
    """
    now = await market_now(session, actor.market_id)
    return DiagnosisView.of(
        await diagnosing.read_diagnosis(session, actor, DemandId(demand_id), now=now)
    )


@routes.get("/demand-diagnoses")
async def list_diagnosis_tasks(
    actor: ActorDep, session: SessionDep, cursor: str | None = None, limit: Limit = 50
) -> Page[DiagnosisTaskView]:
    """List what the caller was asked to diagnose, newest first."""
    found = await diagnosing.list_tasks(
        session,
        actor,
        before=None if cursor is None else OpinionId(decode_cursor(cursor, UUID)[0]),
        limit=limit + 1,
    )
    more = encode_cursor(str(found[limit - 1][0].id)) if len(found) > limit else None
    return Page(items=[DiagnosisTaskView.of(*item) for item in found[:limit]], next=more)


@routes.post("/demands/{demand_id}/diagnosis/decision")
async def decide_diagnosis(
    demand_id: UUID, body: DecisionBody, actor: ActorDep, session: SessionDep
) -> DecisionView:
    """Clear, return or refuse a submitted demand, or ask its posters to merge or split it."""
    now = await market_now(session, actor.market_id)
    demand, asked = await deciding.decide_diagnosis(
        session, actor, DemandId(demand_id), body.plain(), now=now
    )
    return DecisionView.of(demand, asked)


@routes.get("/demands/{demand_id}/consents")
async def list_reshapings(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ReshapingView]:
    """List the mergers and splits that were proposed for a demand, newest first."""
    demand, found = await reshaping.list_reshapings(
        session,
        actor,
        DemandId(demand_id),
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    staff = actor.viewer.staff_of == demand.market_id
    return Page(
        items=[ReshapingView.of(item, demand, staff=staff) for item in found[:limit]],
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@routes.post("/demands/{demand_id}/consent")
async def answer_reshaping(
    demand_id: UUID, body: ConsentBody, actor: ActorDep, session: SessionDep
) -> ReshapingView:
    """Consent to a merger or a split, or decline it; the last consent carries it out."""
    now = await market_now(session, actor.market_id)
    demand, done = await reshaping.answer_reshaping(
        session, actor, DemandId(demand_id), body.plain(), now=now
    )
    return ReshapingView.of(done, demand, staff=False)
