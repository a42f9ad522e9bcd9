"""What the worker runs for engagements: their deals' events, and the end of their periods."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.service import following
from app.demands.service.delivering import DECIDE, REMEDY
from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.shared.ids import EngagementId, MilestoneId


async def follow_deal(session: AsyncSession, event: JournalEvent) -> None:
    """Let an engagement follow its deal; deals of listings are none of its business."""
    engagement_id = event.public.get("engagement_id")
    if engagement_id is not None:
        await following.follow_deal(session, EngagementId(UUID(engagement_id)), event)


async def on_decide(session: AsyncSession, milestone_id: UUID, due_at: datetime) -> None:
    """Tell both sides that the operator may decide now."""
    await following.tell_silence(session, MilestoneId(milestone_id), due_at)


async def on_remedy(session: AsyncSession, milestone_id: UUID, due_at: datetime) -> None:
    """Let a milestone that was not mended fail, and tell both sides."""
    await following.end_remedy(session, MilestoneId(milestone_id), due_at)


ENGAGEMENT_TIMERS: Final[dict[str, TimerHandler]] = {DECIDE: on_decide, REMEDY: on_remedy}

ENGAGEMENTS: Final = Reaction(
    "demands.follow_deal",
    frozenset({"deal.opened", "deal.signed", "deal.defaulted", "deal.payment_received"}),
    follow_deal,
    batch=1,  # a demand's lock comes before any account, also those of the demand before it (DM82)
)
