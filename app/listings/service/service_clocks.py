"""Service clocks of a market, for its staff."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.service_clock import Summary, by_owner, summarise
from app.listings.repository import rooms as repository
from app.shared.ids import MarketId, PartyId


async def read_service_clocks(
    session: AsyncSession,
    market_id: MarketId,
    *,
    owner_id: PartyId | None,
    since: datetime,
    until: datetime,
    now: datetime,
) -> tuple[Sequence[Summary], Mapping[PartyId, Sequence[Summary]]]:
    """Return a market's clocks over the rooms asked for in a period, and each owner's.

    Invariant: LS95.
    """
    rooms = await repository.of_market(
        session, market_id, owner_id=owner_id, since=since, until=until
    )
    owners = {owner: summarise(owned, now) for owner, owned in by_owner(rooms).items()}
    return summarise(rooms, now), owners
