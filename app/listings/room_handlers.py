"""What the worker runs for deal rooms: the end of the time to answer, a new content."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.service.rooms import ANSWER_DUE, NDA_DUE, lapse, renew_grants
from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.shared.ids import AchievementId

ROOM_TIMERS: Final[dict[str, TimerHandler]] = {ANSWER_DUE: lapse, NDA_DUE: lapse}


async def follow(session: AsyncSession, event: JournalEvent) -> None:
    """Let open rooms follow the content that was accepted anew."""
    await renew_grants(session, AchievementId(UUID(str(event.subject_id))))


ROOMS: Final = Reaction("listings.rooms", frozenset({"achievement.accepted"}), follow)
