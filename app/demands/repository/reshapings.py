"""Mergers and splits of demands in the database."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.reshaping import Part, Reshaping, ReshapingKind, ReshapingStatus
from app.demands.models import DemandRow, ReshapingRow
from app.shared.ids import DemandId, MarketId, PartyId
from app.shared.jsonable import jsonable


def _reshaping(row: ReshapingRow) -> Reshaping:
    return Reshaping(
        id=row.id,
        demand_id=DemandId(row.demand_id),
        market_id=MarketId(row.market_id),
        kind=ReshapingKind(row.kind),
        status=ReshapingStatus(row.status),
        into=None if row.into_id is None else DemandId(row.into_id),
        parts=tuple(Part(item["title"], tuple(item["targets"])) for item in row.parts),
        explanation=row.explanation,
        asked=frozenset(map(PartyId, row.asked)),
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        consented=frozenset(map(PartyId, row.consented)),
        declined_by=None if row.declined_by is None else PartyId(row.declined_by),
        reason=row.reason,
        ended_at=row.ended_at,
    )


async def insert(session: AsyncSession, reshaping: Reshaping) -> None:
    """Insert a request for consent; the caller holds the demand's lock."""
    session.add(
        ReshapingRow(
            id=reshaping.id,
            demand_id=reshaping.demand_id,
            market_id=reshaping.market_id,
            kind=str(reshaping.kind),
            status=str(reshaping.status),
            into_id=reshaping.into,
            parts=jsonable(reshaping.parts),
            explanation=reshaping.explanation,
            asked=sorted(reshaping.asked),
            consented=sorted(reshaping.consented),
            asked_at=reshaping.asked_at,
            asked_by=reshaping.asked_by,
        )
    )
    await session.flush()


async def save(session: AsyncSession, reshaping: Reshaping) -> None:
    """Save what was answered; the caller holds the demand's lock."""
    await session.execute(
        update(ReshapingRow)
        .where(ReshapingRow.id == reshaping.id)
        .values(
            status=str(reshaping.status),
            consented=sorted(reshaping.consented),
            declined_by=reshaping.declined_by,
            reason=reshaping.reason,
            ended_at=reshaping.ended_at,
        )
        .execution_options(synchronize_session=False)
    )


async def find(session: AsyncSession, reshaping_id: UUID) -> Reshaping | None:
    """Return a request for consent."""
    row = await session.scalar(
        select(ReshapingRow)
        .where(ReshapingRow.id == reshaping_id)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _reshaping(row)


async def find_asked(session: AsyncSession, demand_id: DemandId) -> Reshaping | None:
    """Return the request for a demand that waits for consent; there is at most one."""
    row = await session.scalar(
        select(ReshapingRow)
        .where(
            ReshapingRow.demand_id == demand_id,
            ReshapingRow.status == str(ReshapingStatus.ASKED),
        )
        .execution_options(populate_existing=True)
    )
    return None if row is None else _reshaping(row)


async def find_page(
    session: AsyncSession, demand_id: DemandId, *, before: UUID | None, limit: int
) -> Sequence[Reshaping]:
    """Return requests that concern a demand on either side, newest first, below ``before``."""
    rows = await session.scalars(
        select(ReshapingRow)
        .where(
            or_(ReshapingRow.demand_id == demand_id, ReshapingRow.into_id == demand_id),
            true() if before is None else ReshapingRow.id < before,
        )
        .order_by(ReshapingRow.id.desc())
        .limit(limit)
    )
    return [_reshaping(row) for row in rows]


async def was_merged_into(session: AsyncSession, demand_id: DemandId, party_id: PartyId) -> bool:
    """Tell whether a demand of the party was merged into this one."""
    found = await session.scalar(
        select(DemandRow.id)
        .where(DemandRow.merged_into == demand_id, DemandRow.party_id == party_id)
        .limit(1)
    )
    return found is not None
