"""What a live room reads of the journal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent


class RoomEvent(NamedTuple):
    """A journaled event as a room tells it."""

    version: int
    type: str
    market_at: datetime
    public: Mapping[str, Any]
    restricted: Mapping[str, Any]


_BETWEEN: Final = (
    select(
        JournalEvent.subject_version,
        JournalEvent.type,
        JournalEvent.market_at,
        JournalEvent.public,
        JournalEvent.restricted,
    )
    .where(
        JournalEvent.subject_id == bindparam("auction", type_=Uuid),
        JournalEvent.subject_version > bindparam("after"),
        JournalEvent.subject_version <= bindparam("up_to"),
    )
    .order_by(JournalEvent.subject_version)
)


async def events_between(
    session: AsyncSession, auction_id: UUID, *, after: int, up_to: int
) -> Sequence[RoomEvent]:
    """Return an auction's events with ``after < version <= up_to``, in order.

    All are there if ``up_to`` is a version that was read before: versions have no gap.
    """
    rows = await session.execute(_BETWEEN, {"auction": auction_id, "after": after, "up_to": up_to})
    return [RoomEvent(*row) for row in rows]
