"""The board of demands in the database: what a viewer may know, in order."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import ON_THE_BOARD, Demand, DemandStatus
from app.demands.models import DemandRow
from app.demands.repository.demands import to_demand
from app.shared.access import Viewer
from app.shared.ids import DemandId, MarketId


def seen_by(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition of `domain.demand.may_see`; a test holds them together."""
    seen: list[ColumnElement[bool]] = [
        DemandRow.status.in_(sorted(ON_THE_BOARD)),
        (DemandRow.status == str(DemandStatus.WITHDRAWN)) & DemandRow.posted_at.is_not(None),
    ]
    if viewer.party_id is not None:
        seen.append(DemandRow.party_id == viewer.party_id)
    if viewer.staff_of is not None:
        seen.append(DemandRow.market_id == viewer.staff_of)
    return or_(*seen)


async def find_page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    market_id: MarketId | None,
    technology_field: str | None,
    before: DemandId | None,
    limit: int,
) -> Sequence[Demand]:
    """Return what the viewer may see, newest first, below ``before``."""
    rows = await session.scalars(
        select(DemandRow)
        .where(
            seen_by(viewer),
            true() if market_id is None else DemandRow.market_id == market_id,
            true() if technology_field is None else DemandRow.technology_field == technology_field,
            true() if before is None else DemandRow.id < before,
        )
        .order_by(DemandRow.id.desc())
        .limit(limit)
    )
    return [to_demand(row) for row in rows]
