"""Which demands parties have solved, as was published."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus
from app.demands.domain.engagement import EngagementStatus
from app.demands.models import DemandRow, EngagementRow
from app.shared.ids import PartyId


async def solved_by(
    session: AsyncSession, party_ids: Collection[PartyId], *, technology_field: str
) -> Mapping[PartyId, Sequence[datetime]]:
    """Return when the demands of a field were accepted that each party worked on to the end.

    The award notice named the party, and everybody was told that the demand is accepted.
    """
    rows = await session.execute(
        select(EngagementRow.solver_id, DemandRow.ended_at)
        .join(DemandRow, DemandRow.id == EngagementRow.demand_id)
        .where(
            EngagementRow.solver_id.in_(party_ids),
            EngagementRow.status == str(EngagementStatus.COMPLETED),
            DemandRow.status == str(DemandStatus.ACCEPTED),
            DemandRow.technology_field == technology_field,
        )
        .order_by(EngagementRow.id)
    )
    found: defaultdict[PartyId, list[datetime]] = defaultdict(list)
    for row in rows:
        found[PartyId(row.solver_id)].append(row.ended_at)
    return found
