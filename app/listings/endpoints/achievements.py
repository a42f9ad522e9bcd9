"""Achievements over HTTP."""

from uuid import UUID

from app.listings.domain.achievement import AchievementStatus
from app.listings.endpoints.paging import before, following
from app.listings.schemas.achievements import (
    AchievementReview,
    AchievementSummary,
    AchievementView,
    Code,
    NewAchievement,
)
from app.listings.service import achievements
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page
from app.shared.ids import AchievementId, MarketId

routes = router(tag="achievements")


@routes.post("/achievements", status_code=201)
async def collect_achievement(
    body: NewAchievement, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Store a result of the caller's verified party and, unless it is a draft, submit it."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of_seen(
        await achievements.collect_achievement(
            session, actor, body.content(), draft=body.draft, now=now
        ),
        actor.viewer,
    )


@routes.get("/achievements")
async def list_achievements(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    technology_field: Code | None = None,
    status: AchievementStatus | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[AchievementSummary]:
    """List achievements, newest first: accepted public ones, and all of the caller's own.

    The market's operators and auditors see all of their market.
    """
    below = before(cursor)
    found = await achievements.list_achievements(
        session,
        actor,
        market_id=None if market_id is None else MarketId(market_id),
        technology_field=technology_field,
        status=status,
        before=None if below is None else AchievementId(below),
        limit=limit + 1,
    )
    return Page(
        items=[AchievementSummary.of(item) for item in found[:limit]],
        next=following([item.id for item in found], limit),
    )


@routes.get("/achievements/{achievement_id}")
async def get_achievement(
    achievement_id: UUID, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Return an achievement that the caller may see."""
    return AchievementView.of_seen(
        await achievements.read_achievement(session, actor, AchievementId(achievement_id)),
        actor.viewer,
    )


@routes.post("/achievements/{achievement_id}/review")
async def review_achievement(
    achievement_id: UUID, body: AchievementReview, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Accept or refuse a submitted achievement; a refusal states its reason."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of_seen(
        await achievements.review_achievement(
            session,
            actor,
            AchievementId(achievement_id),
            accepted=body.accepted,
            reason=body.reason,
            now=now,
        ),
        actor.viewer,
    )
