"""Collect and read achievements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.listings.domain.achievement import Achievement, AchievementStatus, may_see
from app.listings.domain.collection import check_content, normal_content
from app.listings.domain.content import AchievementContent
from app.listings.repository import achievements as repository
from app.listings.repository import versions
from app.listings.service.deadlines import begin_first_check
from app.listings.service.telling import achievement_event
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.files.lookup import own_files
from app.shared.calendar import SHANGHAI
from app.shared.ids import AchievementId, MarketId, PartyId, new_id


async def collect_achievement(
    session: AsyncSession, actor: Actor, content: AchievementContent, *, draft: bool, now: datetime
) -> Achievement:
    """Store a result of the actor's party and, unless it is a draft, submit it.

    Raises:
        PartyNotVerified: The exchange has not verified the owner.
        AchievementInvalid: Names every fault.
        GateScoreTooLow: It is no draft, and the market asks for a better description.
    """
    owner = await require_verified(session, actor.party_id)
    await check_own_content(session, owner.id, content, now=now)
    achievement = Achievement(
        id=AchievementId(new_id()),
        market_id=owner.market_id,
        party_id=owner.id,
        status=AchievementStatus.DRAFT if draft else AchievementStatus.SUBMITTED,
        content=normal_content(content),
        version=1,
        collected_at=now,
        submitted_at=None if draft else now,
    )
    told: dict[str, Any] = {"content": content}
    if not draft:
        achievement, gate = await begin_first_check(session, achievement, now=now)
        told |= gate
    await repository.insert(session, achievement)
    await versions.insert(session, achievement, edited_at=now, edited_by=actor.ref)
    # Until it is accepted, nobody else knows that it exists.
    what = "drafted" if draft else "submitted"
    event = achievement_event(achievement, what, actor=actor.ref, at=now, restricted=told)
    await journal.append(session, event)
    return achievement


async def check_own_content(
    session: AsyncSession, party_id: PartyId, content: AchievementContent, *, now: datetime
) -> None:
    """Refuse content of a party that breaks a rule or names files of others.

    Raises:
        AchievementInvalid: Names every fault.
    """
    files = await own_files(session, party_id, content.attachments)
    check_content(content, today=now.astimezone(SHANGHAI).date(), files=files)


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
