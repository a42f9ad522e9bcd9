"""The review of proposals over HTTP: panel, presentations, scores, result."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.demands.schemas.demands import DemandView
from app.demands.schemas.reviews import (
    JudgedProposalView,
    PresentationList,
    PresentationMoveBody,
    PresentationsBody,
    PresentationView,
    ReviewDeadlineBody,
    ReviewDeclarationBody,
    ReviewPanelBody,
    ReviewReasonBody,
    ReviewReplacementBody,
    ReviewSheetBody,
    ReviewView,
    RoutesBody,
)
from app.demands.service import (
    announcing,
    panelling,
    presenting,
    review_reading,
    reviewing,
    scoring,
)
from app.demands.service.locking import lock_demand
from app.platform.access import Actor, ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DemandId, MembershipId

routes = router(tag="demands")

_RANKS_MAX = 2**31 - 1
AfterRank = Annotated[int, Query(ge=0, le=_RANKS_MAX, description="Ranking beyond this rank")]


async def _view(
    session: SessionDep, actor: Actor, demand_id: UUID, *, after: int = 0, limit: int = 50
) -> ReviewView:
    sight = await review_reading.look(session, actor, DemandId(demand_id), after=after, limit=limit)
    return ReviewView.of_sight(sight)


@routes.post("/demands/{demand_id}/review", status_code=201)
async def begin_demand_review(demand_id: UUID, actor: ActorDep, session: SessionDep) -> ReviewView:
    """Begin the review, once every proposal is admitted or excluded and one is admitted."""
    now = await market_now(session, actor.market_id)
    await reviewing.begin_review(session, actor, DemandId(demand_id), now=now)
    return await _view(session, actor, demand_id)


@routes.get("/demands/{demand_id}/review")
async def get_demand_review(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    after_rank: AfterRank = 0,
    limit: Limit = 50,
) -> ReviewView:
    """Return the present review as far as the caller may see it; proposers their own result."""
    return await _view(session, actor, demand_id, after=after_rank, limit=limit)


@routes.post("/demands/{demand_id}/review/panel", status_code=201)
async def appoint_review_panel(
    demand_id: UUID,
    body: ReviewPanelBody,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
) -> ReviewView:
    """Appoint the panel; experts too near poster or proposers are refused with the grounds."""
    now = await market_now(session, actor.market_id)
    await panelling.appoint_panel(
        session, runtime.box, actor, DemandId(demand_id), body.appointments(), now=now
    )
    return await _view(session, actor, demand_id)


@routes.post("/demands/{demand_id}/review/replacements", status_code=201)
async def replace_reviewer(
    demand_id: UUID, body: ReviewReplacementBody, actor: ActorDep, session: SessionDep
) -> ReviewView:
    """Give a seat to another expert: a vacant one, or one whose scores are not in."""
    now = await market_now(session, actor.market_id)
    await panelling.replace_expert(
        session,
        actor,
        DemandId(demand_id),
        number=body.seat,
        membership_id=MembershipId(body.membership_id),
        reason=body.reason,
        now=now,
    )
    return await _view(session, actor, demand_id)


@routes.post("/demands/{demand_id}/review/declaration", status_code=204)
async def declare_review_interest(
    demand_id: UUID, body: ReviewDeclarationBody, actor: ActorDep, session: SessionDep
) -> None:
    """Declare to have no interest in poster and proposals, or one, which vacates the seat."""
    now = await market_now(session, actor.market_id)
    await panelling.declare_interest(
        session, actor, DemandId(demand_id), interest=body.interest, now=now
    )


@routes.get("/demands/{demand_id}/review/proposals")
async def list_review_proposals(
    demand_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[JudgedProposalView]:
    """List the proposals to an expert of the panel who has declared, by code.

    Where the decision weighs the price, prices are shown when all scores are open (two
    envelopes).
    """
    found = await review_reading.read_proposals(
        session,
        actor,
        DemandId(demand_id),
        after=None if cursor is None else decode_cursor(cursor, str)[0],
        limit=limit + 1,
    )
    page = [JudgedProposalView.of(item) for item in found[:limit]]
    return Page(items=page, next=encode_cursor(page[-1].code) if len(found) > limit else None)


@routes.post("/demands/{demand_id}/presentations", status_code=201)
async def draw_presentations(
    demand_id: UUID,
    body: PresentationsBody,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
) -> PresentationList:
    """Draw the order of presentations and set their times; the seed is published with it."""
    drawn = await presenting.draw_presentations(
        session,
        runtime.box,
        actor,
        DemandId(demand_id),
        starts_at=body.starts_at,
        minutes=body.minutes,
        now=await market_now(session, actor.market_id),
    )
    return PresentationList(items=[PresentationView.model_validate(item) for item in drawn])


@routes.post("/demands/{demand_id}/presentations/state")
async def move_presentation(
    demand_id: UUID, body: PresentationMoveBody, actor: ActorDep, session: SessionDep
) -> PresentationList:
    """Call a proposal in, finish its presentation, or mark it absent."""
    moved = await presenting.move_presentation(
        session,
        actor,
        DemandId(demand_id),
        code=body.code,
        trigger=body.act,
        now=await market_now(session, actor.market_id),
    )
    return PresentationList(items=[PresentationView.model_validate(item) for item in moved])


@routes.get("/demands/{demand_id}/presentations")
async def list_presentations(
    demand_id: UUID, actor: ActorDep, session: SessionDep
) -> PresentationList:
    """Return the presentations as they stand, by code, to whom the review concerns."""
    found = await presenting.list_presentations(session, actor, DemandId(demand_id))
    return PresentationList(items=[PresentationView.model_validate(item) for item in found])


@routes.post("/demands/{demand_id}/review/scoring")
async def begin_review_scoring(
    demand_id: UUID, body: ReviewDeadlineBody, actor: ActorDep, session: SessionDep
) -> ReviewView:
    """Let the panel score, all presentations being over, or give it more time."""
    now = await market_now(session, actor.market_id)
    await scoring.begin_scoring(session, actor, DemandId(demand_id), due_at=body.due_at, now=now)
    return await _view(session, actor, demand_id)


@routes.post("/demands/{demand_id}/review/scores", status_code=201)
async def hand_in_review_scores(
    demand_id: UUID,
    body: ReviewSheetBody,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
) -> ReviewView:
    """Hand in a whole score sheet, once; it stays closed, and the last one opens all."""
    now = await market_now(session, actor.market_id)
    await scoring.hand_in_scores(
        session, runtime.box, actor, DemandId(demand_id), body.sheet(), now=now
    )
    return await _view(session, actor, demand_id)


@routes.post("/demands/{demand_id}/review/opening")
async def open_review_scores(
    demand_id: UUID, actor: ActorDep, session: SessionDep, runtime: RuntimeDep
) -> ReviewView:
    """Open the sheets without the missing, after the deadline, with a quorum and the chair's."""
    now = await market_now(session, actor.market_id)
    await scoring.open_scores(session, runtime.box, actor, DemandId(demand_id), now=now)
    return await _view(session, actor, demand_id)


@routes.post("/demands/{demand_id}/review/routes")
async def tag_review_routes(
    demand_id: UUID, body: RoutesBody, actor: ActorDep, session: SessionDep
) -> ReviewView:
    """Name the route of every proposal of a race, as the panel's chair."""
    now = await market_now(session, actor.market_id)
    await reviewing.tag_routes(session, actor, DemandId(demand_id), body.routes, now=now)
    return await _view(session, actor, demand_id)


@routes.post("/demands/{demand_id}/review/conclusion")
async def conclude_review(demand_id: UUID, actor: ActorDep, session: SessionDep) -> DemandView:
    """Rank by the published rules: announce the result, call for bids, or find nobody."""
    now = await market_now(session, actor.market_id)
    demand = await reviewing.conclude_review(session, actor, DemandId(demand_id), now=now)
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.post("/demands/{demand_id}/review/failure")
async def fail_demand_review(
    demand_id: UUID, body: ReviewReasonBody, actor: ActorDep, session: SessionDep
) -> DemandView:
    """End a review without a winner, or a closed demand of which nobody was admitted."""
    now = await market_now(session, actor.market_id)
    demand = await reviewing.give_up(
        session, actor, DemandId(demand_id), reason=body.reason, now=now
    )
    return DemandView.of_seen(demand, near=True, restricted=True)


@routes.post("/demands/{demand_id}/review/next")
async def announce_next_winner(
    demand_id: UUID, body: ReviewReasonBody, actor: ActorDep, session: SessionDep
) -> DemandView:
    """Announce the next in the ranking, no winner having signed; it is open to objections."""
    now = await market_now(session, actor.market_id)
    demand = await lock_demand(session, DemandId(demand_id))
    announced = await announcing.announce_next(
        session, demand, reason=body.reason, at=now, actor=actor.ref
    )
    return DemandView.of_seen(announced, near=True, restricted=True)
