"""Have a result valued: gather its facts and hand them to `valuations`."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.evaluating import require_evaluable
from app.listings.service.achievements import read_achievement
from app.platform.access import Actor
from app.shared.canonical import digest
from app.shared.ids import AchievementId
from app.shared.jsonable import jsonable
from app.valuations.public import Valuation, ValuationSubject, open_valuation


async def have_valued(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    *,
    purpose: str,
    now: datetime,
) -> Valuation:
    """Open a valuation of a result with its facts as they are now.

    Raises:
        ObjectUnknown: The caller may not see the result.
        NotEvaluable: It is a draft, off the shelf or a state secret.
    """
    achievement = await read_achievement(session, actor, achievement_id)
    require_evaluable(achievement)
    content = achievement.content
    subject = ValuationSubject(
        achievement_id=achievement.id,
        market_id=achievement.market_id,
        owner_id=achievement.party_id,
        title=achievement.title,
        technology_field=content.technology_field,
        content_version=achievement.version,
        content_hash=digest(jsonable(content)),
        conversion_modes=tuple(map(str, content.conversion_modes)),
    )
    return await open_valuation(session, actor, subject=subject, purpose=purpose, now=now)
