"""Engagements over HTTP: deliveries, decisions, the end, who is owed what."""

from uuid import UUID

from app.demands.repository import engagements as repository
from app.demands.schemas.engagements import (
    AcceptanceBody,
    ConfirmationBody,
    CostsBody,
    CutBody,
    DeliveryBody,
    EngagementDetail,
    EngagementSummary,
    EngagementView,
    RefusalBody,
    ReportBody,
    StatementLineView,
    StatementView,
    StopBody,
)
from app.demands.service import delivering, statements, stopping
from app.platform.access import ActorDep, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import DemandId, EngagementId, FileId

routes = router(tag="demands")

_SEES_ALL = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.get("/engagements")
async def list_engagements(
    actor: ActorDep,
    session: SessionDep,
    demand_id: UUID | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[EngagementSummary]:
    """List engagements, newest first: those the caller's party takes part in, or the market's."""
    found = await repository.find_page(
        session,
        market_id=actor.market_id,
        party_id=None if actor.role in _SEES_ALL else actor.party_id,
        demand_id=None if demand_id is None else DemandId(demand_id),
        before=None if cursor is None else EngagementId(decode_cursor(cursor, UUID)[0]),
        limit=limit + 1,
    )
    return Page(
        items=[EngagementSummary.model_validate(it) for it in found[:limit]],
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@routes.get("/engagements/{engagement_id}")
async def get_engagement(engagement_id: UUID, session: SessionDep) -> EngagementDetail:
    """Return an engagement with its milestones and everything that was delivered."""
    engagement = await statements.read(session, EngagementId(engagement_id))
    deliveries = await repository.deliveries_of(session, [it.id for it in engagement.milestones])
    return EngagementDetail.whole(engagement, deliveries)


@routes.get("/engagements/{engagement_id}/statement")
async def get_engagement_statement(engagement_id: UUID, session: SessionDep) -> StatementView:
    """Return what was agreed, accepted, paid, given back and is owed, each by which rule."""
    engagement, in_escrow, lines = await statements.write(session, EngagementId(engagement_id))
    return StatementView(
        engagement_id=engagement.id,
        price=engagement.price,
        earned=engagement.earned,
        released=engagement.released,
        returned=engagement.returned,
        owed=engagement.owed,
        in_escrow=in_escrow,
        finished=engagement.finished,
        lines=[StatementLineView.model_validate(line) for line in lines],
    )


@routes.post("/engagements/{engagement_id}/deliveries", status_code=201)
async def deliver_milestone(
    engagement_id: UUID, body: DeliveryBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Hand in a milestone, or hand it in anew until it is decided; the last delivery counts.

    The last milestone measures every target of the demand.
    """
    engagement = await delivering.deliver(
        session,
        actor,
        EngagementId(engagement_id),
        body.milestone,
        body.to_domain(),
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)


@routes.post("/engagements/{engagement_id}/third-party-report")
async def enter_third_party_report(
    engagement_id: UUID, body: ReportBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Enter the report of the third party that the demand names, on what was delivered last."""
    engagement = await delivering.report(
        session,
        actor,
        EngagementId(engagement_id),
        body.milestone,
        text=body.text,
        files=[FileId(file_id) for file_id in dict.fromkeys(body.files)],
        values=tuple(value.to_domain() for value in body.values),
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)


@routes.post("/engagements/{engagement_id}/acceptance")
async def accept_milestone(
    engagement_id: UUID, body: AcceptanceBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Accept a delivered milestone: its payment goes to the solver, now or when it has arrived.

    The poster decides; from `decide_by_at` the operator may, nobody's silence does.
    """
    engagement = await delivering.accept(
        session,
        actor,
        EngagementId(engagement_id),
        body.milestone,
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)


@routes.post("/engagements/{engagement_id}/refusal")
async def refuse_milestone(
    engagement_id: UUID, body: RefusalBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Refuse a delivery, or demand what is overdue: it may be mended until `remedy_due_at`, once.

    Refused once more it has failed.
    """
    engagement = await delivering.refuse(
        session,
        actor,
        EngagementId(engagement_id),
        body.milestone,
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)


@routes.post("/engagements/{engagement_id}/cut")
async def cut_engagement(
    engagement_id: UUID, body: CutBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Cut a route of a race at its failed milestone: accepted ones are paid, the rest goes back."""
    engagement = await stopping.cut(
        session,
        actor,
        EngagementId(engagement_id),
        reason=body.reason,
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)


@routes.post("/engagements/{engagement_id}/costs")
async def show_costs(
    engagement_id: UUID, body: CostsBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Show the solver's costs of what was not accepted, each with its evidence."""
    engagement = await stopping.show_costs(
        session,
        actor,
        EngagementId(engagement_id),
        body.to_domain(),
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)


@routes.post("/engagements/{engagement_id}/settlement")
async def propose_settlement(
    engagement_id: UUID, body: StopBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Propose to the other side how to settle and stop; it confirms `proposal.hash`."""
    found = await statements.read(session, EngagementId(engagement_id))
    engagement = await stopping.propose(
        session,
        actor,
        found.id,
        body.to_domain(found.price.currency),
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)


@routes.post("/engagements/{engagement_id}/settlement/confirmation")
async def confirm_settlement(
    engagement_id: UUID, body: ConfirmationBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Confirm the other side's proposal: the engagement ends and its money moves."""
    engagement = await stopping.confirm(
        session,
        actor,
        EngagementId(engagement_id),
        seen=body.hash,
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)


@routes.post("/engagements/{engagement_id}/settlement/decision")
async def decide_settlement(
    engagement_id: UUID, body: StopBody, actor: ActorDep, session: SessionDep
) -> EngagementView:
    """Settle by the exchange's decision: at a failed milestone, or where a side asked to stop."""
    found = await statements.read(session, EngagementId(engagement_id))
    engagement = await stopping.decide(
        session,
        actor,
        found.id,
        body.to_domain(found.price.currency),
        now=await market_now(session, actor.market_id),
    )
    return EngagementView.model_validate(engagement)
