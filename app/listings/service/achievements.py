"""Submit, review and read achievements."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.listings.domain.achievement import (
    ACHIEVEMENT_TRANSITIONS,
    Achievement,
    AchievementStatus,
    AchievementTrigger,
    may_see,
    require_reason,
)
from app.listings.domain.collection import check_content, normal_number
from app.listings.domain.content import AchievementContent
from app.listings.repository import achievements as repository
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import AchievementId, MarketId, new_id
from app.shared.transitions import advance


async def collect_achievement(
    session: AsyncSession, actor: Actor, content: AchievementContent, *, draft: bool, now: datetime
) -> Achievement:
    """Store a result of the actor's party and, unless it is a draft, submit it.

    Raises:
        PartyNotVerified: The exchange has not verified the owner.
        AchievementInvalid: Names every fault.
    """
    owner = await require_verified(session, actor.party_id)
    check_content(content)
    achievement = Achievement(
        id=AchievementId(new_id()),
        market_id=owner.market_id,
        party_id=owner.id,
        status=AchievementStatus.DRAFT if draft else AchievementStatus.SUBMITTED,
        content=_normal(content),
        version=1,
        collected_at=now,
        submitted_at=None if draft else now,
    )
    await repository.insert(session, achievement)
    # Until it is accepted, nobody else knows that it exists.
    what = "drafted" if draft else "submitted"
    await _journal(session, achievement, what, actor, now, restricted={"content": content})
    return achievement


def _normal(content: AchievementContent) -> AchievementContent:
    assets = tuple(
        replace(asset, number=normal_number(asset.kind, asset.number))
        for asset in content.ip_assets
    )
    return replace(content, ip_assets=assets)


async def review_achievement(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    *,
    accepted: bool,
    reason: str | None,
    now: datetime,
) -> Achievement:
    """Accept or refuse a submitted achievement.

    Raises:
        ReasonMissing: Refused without a reason.
        TransitionRefused: It was decided before.
    """
    achievement = await repository.find(session, achievement_id, lock=True)
    if achievement is None:
        raise ObjectUnknown("There is no such achievement.")
    trigger = AchievementTrigger.ACCEPT if accepted else AchievementTrigger.REFUSE
    status = advance(ACHIEVEMENT_TRANSITIONS, state=achievement.status, trigger=trigger)
    require_reason(favourable=accepted, reason=reason)
    reviewed = replace(
        achievement,
        status=status,
        reviewed_at=now,
        reason=None if accepted else reason,
    )
    await repository.save(session, reviewed)
    await _journal(
        session,
        reviewed,
        str(status),
        actor,
        now,
        public=_told(reviewed),
        restricted={"reason": reason},
    )
    return reviewed


def _told(achievement: Achievement) -> dict[str, Any]:
    content = achievement.content
    if achievement.status is not AchievementStatus.ACCEPTED:
        return {}
    return {
        "title": content.title,
        "abstract": content.told_abstract,
        "technology_field": content.technology_field,
        "kind": content.kind,
        "conversion_modes": content.conversion_modes,
    }


async def _journal(
    session: AsyncSession,
    achievement: Achievement,
    what: str,
    actor: Actor,
    now: datetime,
    *,
    public: dict[str, Any] | None = None,
    restricted: dict[str, Any],
) -> None:
    event = NewEvent(
        market_id=achievement.market_id,
        subject="achievement",
        subject_id=achievement.id,
        type=f"achievement.{what}",
        market_at=now,
        actor=actor.ref,
        public=public or {},
        restricted=restricted,
        audience=frozenset({achievement.party_id}),
    )
    await journal.append(session, event)


async def read_achievement(
    session: AsyncSession, actor: Actor, achievement_id: AchievementId
) -> Achievement:
    """Return an achievement that the actor may see.

    Raises:
        ObjectUnknown: There is none, or it is not for the actor.
    """
    achievement = await repository.find(session, achievement_id)
    if achievement is None or not may_see(actor.viewer, achievement):
        raise ObjectUnknown("There is no such achievement for you.")
    return achievement


async def list_achievements(
    session: AsyncSession,
    actor: Actor,
    *,
    market_id: MarketId | None,
    technology_field: str | None,
    status: AchievementStatus | None,
    before: AchievementId | None,
    limit: int,
) -> Sequence[Achievement]:
    """Return what the actor may see, newest first."""
    return await repository.find_page(
        session,
        actor.viewer,
        market_id=market_id,
        technology_field=technology_field,
        status=status,
        before=before,
        limit=limit,
    )
