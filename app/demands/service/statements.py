"""Read an engagement, and write the statement of its money."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.engagement import Engagement
from app.demands.domain.statement import Moved, StatementLine, write_statement
from app.demands.repository import engagements as repository
from app.ledger import public as ledger
from app.platform.access import ObjectUnknown
from app.platform.journal import history
from app.shared.ids import EngagementId
from app.shared.money import Money

_MOVED: Final = frozenset({"engagement.released", "engagement.returned"})


async def read(session: AsyncSession, engagement_id: EngagementId) -> Engagement:
    """Return an engagement, whoever asks: the route's reach says who may.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await repository.find(session, engagement_id)
    if found is None:
        raise ObjectUnknown("There is no such engagement.")
    return found


async def write(
    session: AsyncSession, engagement_id: EngagementId
) -> tuple[Engagement, Money, Sequence[StatementLine]]:
    """Return an engagement, what lies in its escrow, and the lines of its statement.

    Invariant: DM93.
    """
    engagement = await read(session, engagement_id)
    events = await history(session, engagement.id)
    moves = [
        Moved.told(event.type, event.restricted, event.market_at)
        for event in events
        if event.type in _MOVED
    ]
    in_escrow = engagement.nothing
    if engagement.deal_id is not None:
        in_escrow = await ledger.escrow_of(
            session,
            market_id=engagement.market_id,
            deal_id=engagement.deal_id,
            currency=engagement.price.currency,
        )
    return engagement, in_escrow, write_statement(engagement, moves)
