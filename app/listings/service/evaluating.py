"""Have a result evaluated: gather its facts and hand them to `valuations`."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import Achievement
from app.listings.domain.content import Secrecy
from app.listings.domain.evaluating import require_evaluable
from app.listings.repository.co_completers import find_co_completers
from app.listings.service.achievements import read_achievement
from app.platform.access import Actor
from app.shared.canonical import digest
from app.shared.ids import AchievementId
from app.shared.jsonable import jsonable
from app.valuations.public import (
    Evaluation,
    EvaluationSubject,
    MarketView,
    Opinion,
    open_evaluation,
    state_market_view,
)


async def have_evaluated(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    *,
    scheme: str | None,
    purpose: str,
    due_at: datetime,
    now: datetime,
) -> Evaluation:
    """Open an evaluation of a result with its content as it is now.

    Raises:
        ObjectUnknown: The caller may not see the result.
        NotEvaluable: It is a draft, off the shelf or a state secret.
        SchemeUnknown, SchemeDoesNotFit, DeadlineTooEarly, EvaluationRunning: Of `valuations`.
    """
    achievement = await read_achievement(session, actor, achievement_id)
    require_evaluable(achievement)
    subject = await _subject(session, achievement)
    return await open_evaluation(
        session, actor, subject=subject, scheme=scheme, purpose=purpose, due_at=due_at, now=now
    )


async def _subject(session: AsyncSession, achievement: Achievement) -> EvaluationSubject:
    content = jsonable(achievement.content)
    completers = tuple(person.name for person in achievement.content.completers)
    beside = await find_co_completers(
        session, achievement.market_id, completers, other_than=achievement.id
    )
    return EvaluationSubject(
        achievement_id=achievement.id,
        market_id=achievement.market_id,
        owner_id=achievement.party_id,
        title=achievement.title,
        kind=achievement.content.kind,
        content_version=achievement.version,
        content_hash=digest(content),
        content=content,
        completers=completers,
        co_inventors=tuple(sorted(beside)),
        secrecy_cleared=achievement.content.secrecy is Secrecy.CLEARED,
    )


async def say_market_view(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    opinion: Opinion,
    *,
    now: datetime,
) -> MarketView:
    """Take what the caller's party would do with a result that it may see.

    Raises:
        ObjectUnknown: The caller may not see the result.
        PartyNotVerified, MarketViewTooNear, MarketViewInvalid, MarketViewRaced: Of `valuations`.
    """
    achievement = await read_achievement(session, actor, achievement_id)
    return await state_market_view(
        session,
        actor,
        achievement_id=achievement.id,
        owner_id=achievement.party_id,
        completers=[person.name for person in achievement.content.completers],
        content_version=achievement.version,
        opinion=opinion,
        now=now,
    )
