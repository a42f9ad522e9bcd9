"""Keep the words of the board: a reaction to postings."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import ON_THE_BOARD
from app.demands.repository import board, demands
from app.identity.public import get_party
from app.platform.journal import JournalEvent
from app.shared.ids import DemandId

POSTED: Final = frozenset({"demand.posted", "demand.changed"})


async def index_posting(session: AsyncSession, event: JournalEvent) -> None:
    """Let a posted demand be found by what everybody may read of it.

    The restricted text is never among it. A demand that has left the board meanwhile keeps the
    words that it had: nobody but its own side finds it.

    Invariant: DM112.
    """
    demand = await demands.find(session, DemandId(UUID(str(event.subject_id))))
    if demand is None or demand.status not in ON_THE_BOARD:
        return
    poster = await get_party(session, demand.party_id)
    told = demand.content.told
    texts = [
        demand.number,
        told.title,
        told.background,
        poster.name,
        *(target.name for target in told.targets),
        *(milestone.title for milestone in told.milestones),
    ]
    await board.put_words(session, demand.id, region_code=poster.region_code, texts=texts)
