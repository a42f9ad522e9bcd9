"""Objections to results in the database; the demand's lock guards them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.objection import (
    DemandObjection,
    DemandObjectionGround,
    DemandObjectionStatus,
)
from app.demands.models import DemandObjectionRow
from app.platform.access import Owner
from app.shared.ids import DemandId, DemandObjectionId, FileId, MarketId, PartyId


def _objection(row: DemandObjectionRow) -> DemandObjection:
    return DemandObjection(
        id=DemandObjectionId(row.id),
        demand_id=DemandId(row.demand_id),
        result_id=row.result_id,
        market_id=MarketId(row.market_id),
        party_id=None if row.party_id is None else PartyId(row.party_id),
        name=row.name,
        contact=row.contact,
        ground=DemandObjectionGround(row.ground),
        text=row.text,
        evidence=row.evidence,
        files=tuple(FileId(file_id) for file_id in row.files),
        status=DemandObjectionStatus(row.status),
        filed_at=row.filed_at,
        filed_by=row.filed_by,
        decide_by_at=row.decide_by_at,
        decision=row.decision,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )


def _course(objection: DemandObjection) -> dict[str, Any]:
    return {
        "status": str(objection.status),
        "decision": objection.decision,
        "decided_at": objection.decided_at,
        "decided_by": objection.decided_by,
    }


async def insert(session: AsyncSession, objection: DemandObjection) -> None:
    """Insert an objection."""
    session.add(
        DemandObjectionRow(
            id=objection.id,
            demand_id=objection.demand_id,
            result_id=objection.result_id,
            market_id=objection.market_id,
            party_id=objection.party_id,
            name=objection.name,
            contact=objection.contact,
            ground=str(objection.ground),
            text=objection.text,
            evidence=objection.evidence,
            files=list(objection.files),
            filed_at=objection.filed_at,
            filed_by=objection.filed_by,
            decide_by_at=objection.decide_by_at,
            **_course(objection),
        )
    )
    await session.flush()


async def save(session: AsyncSession, objection: DemandObjection) -> None:
    """Save what became of an objection; what was objected stays."""
    row = DemandObjectionRow
    await session.execute(
        update(row)
        .where(row.id == objection.id)
        .values(_course(objection))
        .execution_options(synchronize_session=False)
    )


async def find(session: AsyncSession, objection_id: DemandObjectionId) -> DemandObjection | None:
    """Return an objection."""
    row = await session.get(DemandObjectionRow, objection_id, populate_existing=True)
    return None if row is None else _objection(row)


async def count_open(session: AsyncSession, result_id: UUID) -> int:
    """Return how many objections to a result wait for a decision."""
    row = DemandObjectionRow
    counted = select(func.count()).where(
        row.result_id == result_id, row.status == str(DemandObjectionStatus.OPEN)
    )
    return (await session.execute(counted)).scalar_one()


async def of_demand(
    session: AsyncSession, demand_id: DemandId, *, before: UUID | None, limit: int
) -> Sequence[DemandObjection]:
    """Return the objections to a demand's results, newest first."""
    row = DemandObjectionRow
    rows = await session.scalars(
        select(row)
        .where(row.demand_id == demand_id, true() if before is None else row.id < before)
        .order_by(row.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_objection(found) for found in rows]


async def owner_of(session: AsyncSession, objection_id: UUID) -> Owner | None:
    """Return an objection's market and who filed it; the poster does not decide it."""
    row = await session.get(DemandObjectionRow, objection_id)
    if row is None:
        return None
    parties = frozenset() if row.party_id is None else frozenset({PartyId(row.party_id)})
    return Owner(MarketId(row.market_id), parties)
