"""What the worker runs for demands: due timers and reactions to other modules."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.diagnosis_handlers import CLOSING, TELLING
from app.demands.engagement_handlers import ENGAGEMENT_TIMERS, ENGAGEMENTS
from app.demands.review_handlers import REVIEW_TIMERS
from app.demands.service import bidding, board, challenges, statistics
from app.demands.service.deadline import close_demand
from app.demands.service.posting import CLOSE
from app.platform.reactions import Reaction
from app.platform.secrets import Box
from app.platform.timers import TimerHandler


def timers(box: Box) -> Mapping[str, TimerHandler]:
    """Return the handlers of due timers; ``box`` opens what proposers keep secret."""

    async def close(session: AsyncSession, demand_id: UUID, due_at: datetime) -> None:
        await close_demand(session, box, demand_id, due_at)

    return {
        **TELLING,
        **ENGAGEMENT_TIMERS,
        **REVIEW_TIMERS,
        CLOSE: close,
        bidding.CALL: bidding.on_call_due,
        challenges.BEGIN: challenges.begin_challenge,
    }


REACTIONS: Final[tuple[Reaction, ...]] = (
    CLOSING,
    Reaction("demands.board", board.POSTED, board.index_posting),
    Reaction("demands.statistics", statistics.TOLD, statistics.count_event),
    ENGAGEMENTS,
    # One demand's lock at a time, here and in auctions: nobody waits in a ring.
    Reaction("demands.follow_auction", bidding.FOLLOWED, bidding.follow_auction, batch=1),
)
