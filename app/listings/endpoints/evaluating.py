"""Evaluations and market views begin at the result; all further acts are routes of valuations."""

from uuid import UUID

from app.listings.schemas.evaluating import (
    EvaluationOpened,
    MarketViewBody,
    MarketViewStated,
    NewEvaluation,
)
from app.listings.service import evaluating
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.shared.ids import AchievementId

routes = router(tag="evaluations")


@routes.post("/achievements/{achievement_id}/evaluations", status_code=201)
async def open_evaluation(
    achievement_id: UUID, body: NewEvaluation, actor: ActorDep, session: SessionDep
) -> EvaluationOpened:
    """Ask for an evaluation of a result: its owner, or the exchange, which appoints the panel.

    Content, completers and scheme are frozen as they are now.
    """
    now = await market_now(session, actor.market_id)
    return EvaluationOpened.of(
        await evaluating.have_evaluated(
            session,
            actor,
            AchievementId(achievement_id),
            scheme=body.scheme,
            purpose=body.purpose,
            due_at=body.due_at,
            now=now,
        )
    )


@routes.post("/achievements/{achievement_id}/market-views", status_code=201)
async def state_market_view(
    achievement_id: UUID, body: MarketViewBody, actor: ActorDep, session: SessionDep
) -> MarketViewStated:
    """Say whether the caller's party would buy, license or invest, at what price and when.

    One living view a party; a new one takes its place. The owner reads only the sum of all.
    """
    now = await market_now(session, actor.market_id)
    return MarketViewStated.of(
        await evaluating.say_market_view(
            session, actor, AchievementId(achievement_id), body.opinion(), now=now
        )
    )
