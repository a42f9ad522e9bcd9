"""Evaluations over HTTP; they are opened at the result, in listings."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from app.identity.public import find_experts
from app.platform.access import Actor, ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import AchievementId, EvaluationId, MembershipId
from app.valuations.domain.evaluation import EvaluationStatus
from app.valuations.domain.scheme import find_scheme, schemes
from app.valuations.schemas.evaluations import (
    CancellationBody,
    ConclusionBody,
    DeadlineBody,
    DeclarationBody,
    EvaluationSummary,
    EvaluationView,
    ExpertView,
    ExplanationsBody,
    PanelBody,
    ReplacementBody,
    SchemeList,
    SchemeView,
    SheetBody,
    scheme_view,
)
from app.valuations.service import (
    evaluating_conclusion,
    evaluating_panel,
    evaluating_reading,
    evaluating_scores,
)
from app.valuations.service.evaluating import Case

routes = router(tag="evaluations")


async def _view(session: SessionDep, actor: Actor, case: Case) -> EvaluationView:
    return EvaluationView.of_sight(await evaluating_reading.look(session, actor, case))


@routes.get("/evaluation-schemes")
async def list_evaluation_schemes() -> SchemeList:
    """List the evaluation schemes in their latest versions."""
    return SchemeList(items=[scheme_view(versions[-1]) for versions in schemes().values()])


@routes.get("/evaluation-schemes/{code}")
async def get_evaluation_scheme(
    code: Annotated[str, Path(max_length=60)],
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> SchemeView:
    """Return a scheme, by default its latest version: values, indicators, weights, sources."""
    return scheme_view(find_scheme(code, version=version))


@routes.get("/evaluation-experts")
async def list_evaluation_experts(
    actor: ActorDep, session: SessionDep, cursor: str | None = None, limit: Limit = 50
) -> Page[ExpertView]:
    """List the market's experts with their memberships, which a panel is appointed by."""
    after = None if cursor is None else MembershipId(decode_cursor(cursor, UUID)[0])
    found = await find_experts(session, actor.market_id, after=after, limit=limit + 1)
    page = [
        ExpertView(
            membership_id=item.membership_id,
            name=item.name,
            unit_id=item.unit.id,
            unit_name=item.unit.name,
        )
        for item in found[:limit]
    ]
    following = encode_cursor(str(page[-1].membership_id)) if len(found) > limit else None
    return Page(items=page, next=following)


@routes.get("/evaluations")
async def list_evaluations(
    actor: ActorDep,
    session: SessionDep,
    achievement_id: UUID | None = None,
    status: EvaluationStatus | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[EvaluationSummary]:
    """List evaluations, newest first: published ones, and those the caller has a part in."""
    found = await evaluating_reading.list_evaluations(
        session,
        actor,
        achievement_id=None if achievement_id is None else AchievementId(achievement_id),
        status=status,
        before=None if cursor is None else EvaluationId(decode_cursor(cursor, UUID)[0]),
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[EvaluationSummary.of(item) for item in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


@routes.get("/evaluations/{evaluation_id}")
async def get_evaluation(
    evaluation_id: UUID, actor: ActorDep, session: SessionDep
) -> EvaluationView:
    """Return an evaluation as far as the caller may see it."""
    return await _view(session, actor, await evaluating_reading.read_case(session, evaluation_id))


@routes.post("/evaluations/{evaluation_id}/panel", status_code=201)
async def appoint_panel(
    evaluation_id: UUID, body: PanelBody, actor: ActorDep, session: SessionDep
) -> EvaluationView:
    """Appoint the panel; experts too near the result are refused with the grounds found."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_panel.appoint_panel(
        session, actor, evaluation_id, body.appointments(), now=now
    )
    return await _view(session, actor, case)


@routes.post("/evaluations/{evaluation_id}/replacements", status_code=201)
async def replace_expert(
    evaluation_id: UUID, body: ReplacementBody, actor: ActorDep, session: SessionDep
) -> EvaluationView:
    """Give a seat to another expert: a vacant one, or one whose scores are not in."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_panel.replace_expert(
        session,
        actor,
        evaluation_id,
        number=body.seat,
        membership_id=MembershipId(body.membership_id),
        reason=body.reason,
        now=now,
    )
    return await _view(session, actor, case)


@routes.post("/evaluations/{evaluation_id}/scoring")
async def begin_scoring(
    evaluation_id: UUID, body: DeadlineBody, actor: ActorDep, session: SessionDep
) -> EvaluationView:
    """Let the panel score until a moment, or give it more time."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_panel.begin_scoring(
        session, actor, evaluation_id, due_at=body.due_at, now=now
    )
    return await _view(session, actor, case)


@routes.post("/evaluations/{evaluation_id}/declaration")
async def declare_interest(
    evaluation_id: UUID, body: DeclarationBody, actor: ActorDep, session: SessionDep
) -> None:
    """Declare to have no interest in the result, or one, which vacates the caller's seat."""
    now = await market_now(session, actor.market_id)
    await evaluating_panel.declare_interest(
        session, actor, evaluation_id, interest=body.interest, now=now
    )


@routes.post("/evaluations/{evaluation_id}/scores", status_code=201)
async def hand_in_scores(
    evaluation_id: UUID, body: SheetBody, actor: ActorDep, session: SessionDep
) -> EvaluationView:
    """Hand in the caller's scores, once; nobody else reads them before the scores are open."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_scores.hand_in_scores(
        session, actor, evaluation_id, body.sheet(), now=now
    )
    return await _view(session, actor, case)


@routes.post("/evaluations/{evaluation_id}/opening")
async def open_scores(evaluation_id: UUID, actor: ActorDep, session: SessionDep) -> EvaluationView:
    """Open the scores without the missing, after the deadline and with a quorum."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_scores.open_scores(session, actor, evaluation_id, now=now)
    return await _view(session, actor, case)


@routes.post("/evaluations/{evaluation_id}/explanations", status_code=201)
async def explain_outliers(
    evaluation_id: UUID, body: ExplanationsBody, actor: ActorDep, session: SessionDep
) -> EvaluationView:
    """Explain outlying scores: experts their own; the exchange notes silence after their time."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_scores.explain_outliers(
        session, actor, evaluation_id, body.texts(), now=now
    )
    return await _view(session, actor, case)


@routes.post("/evaluations/{evaluation_id}/conclusion", status_code=201)
async def conclude_evaluation(
    evaluation_id: UUID,
    body: ConclusionBody,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
) -> EvaluationView:
    """Conclude as the chair; the report is signed and never changes."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_conclusion.conclude(
        session, runtime.signer, actor, evaluation_id, body.conclusion(), now=now
    )
    return await _view(session, actor, case)


@routes.post("/evaluations/{evaluation_id}/cancellation")
async def cancel_evaluation(
    evaluation_id: UUID, body: CancellationBody, actor: ActorDep, session: SessionDep
) -> EvaluationView:
    """End an evaluation without a conclusion; closed scores stay closed."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_conclusion.cancel_evaluation(
        session, actor, evaluation_id, reason=body.reason, now=now
    )
    return await _view(session, actor, case)


@routes.post("/evaluations/{evaluation_id}/publication")
async def publish_evaluation(
    evaluation_id: UUID, actor: ActorDep, session: SessionDep
) -> EvaluationView:
    """Let everybody read the report of the caller's own result, for ever."""
    now = await market_now(session, actor.market_id)
    case = await evaluating_conclusion.publish_report(session, actor, evaluation_id, now=now)
    return await _view(session, actor, case)
