"""Edit an achievement, and read the versions of its content."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import (
    ACHIEVEMENT_TRANSITIONS,
    Achievement,
    AchievementStatus,
    AchievementTrigger,
)
from app.listings.domain.collection import normal_content
from app.listings.domain.content import AchievementContent
from app.listings.domain.gate import assess, require_score
from app.listings.domain.versions import AchievementVersion, check_seen, may_see_version
from app.listings.repository import achievements as repository
from app.listings.repository import versions
from app.listings.service.achievements import check_own_content, read_achievement
from app.listings.service.deadlines import begin_first_check, terms_of
from app.listings.service.drafting import require_unoffered
from app.listings.service.telling import achievement_event, leaving_part
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.shared.calendar import SHANGHAI
from app.shared.ids import AchievementId
from app.shared.transitions import advance


async def edit_achievement(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    content: AchievementContent,
    *,
    seen: str | None,
    now: datetime,
) -> Achievement:
    """Put a whole content in the place of the version that the owner has seen.

    What was accepted is the content, so an accepted result goes back to the first check. The
    same content again changes nothing. Invariants: LS30, LS31.

    Raises:
        ObjectUnknown: There is no such achievement.
        AchievementVersionMissing, AchievementChanged: See `check_seen`.
        TransitionRefused: It is with the experts, refused or withdrawn.
        AchievementOnOffer: A listing offers what its notice describes, or has sold it.
        AchievementInvalid: Names every fault.
        GateScoreTooLow: It waits for the first check, and the market asks for a better description.
    """
    achievement = await repository.find(session, achievement_id, lock=True)
    if achievement is None:
        raise ObjectUnknown("There is no such achievement.")
    check_seen(seen, present=achievement.version)
    status = advance(
        ACHIEVEMENT_TRANSITIONS, state=achievement.status, trigger=AchievementTrigger.EDIT
    )
    await require_unoffered(session, achievement_id)
    await check_own_content(session, achievement.party_id, content, now=now)
    normal = normal_content(content)
    if normal == achievement.content:
        return achievement
    edited = replace(achievement, status=status, content=normal, version=achievement.version + 1)
    told: dict[str, Any] = {"content": normal, "version": edited.version}
    again = status is AchievementStatus.SUBMITTED and status is not achievement.status
    if again:
        edited, gate = await begin_first_check(session, replace(edited, submitted_at=now), now=now)
        told |= gate
    elif status is AchievementStatus.SUBMITTED:
        terms = await terms_of(session, edited.market_id, now)
        report = assess(normal, now.astimezone(SHANGHAI).date())
        require_score(report, minimum=terms.gate_score_min)
    await repository.save_content(session, edited)
    await versions.insert(session, edited, edited_at=now, edited_by=actor.ref)
    event = achievement_event(
        edited,
        "resubmitted" if again else "edited",
        actor=actor.ref,
        at=now,
        public=leaving_part(achievement, edited),
        restricted=told,
    )
    await journal.append(session, event)
    return edited


async def read_version(
    session: AsyncSession, actor: Actor, achievement_id: AchievementId, number: int
) -> tuple[Achievement, AchievementVersion]:
    """Return an achievement with one version of its content.

    Raises:
        ObjectUnknown: There is no such version for the actor.

    Invariant: LS32.
    """
    achievement = await read_achievement(session, actor, achievement_id)
    version = await versions.find(session, achievement_id, number)
    if version is None or not may_see_version(actor.viewer, achievement, number):
        raise ObjectUnknown("There is no such version for you.")
    return achievement, version


async def list_versions(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    *,
    on: datetime | None,
    before: int | None,
    limit: int,
) -> tuple[Achievement, Sequence[AchievementVersion]]:
    """Return an achievement with those versions that the actor may see, newest first.

    Args:
        on: Only the version that stood at this moment of the market.

    Raises:
        ObjectUnknown: There is no such achievement for the actor.

    Invariant: LS32.
    """
    achievement = await read_achievement(session, actor, achievement_id)
    earlier = may_see_version(actor.viewer, achievement, achievement.version - 1)
    found = await versions.find_page(
        session,
        achievement_id,
        only=None if earlier else achievement.version,
        on=on,
        before=before,
        limit=limit,
    )
    return achievement, found
