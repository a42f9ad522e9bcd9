"""Versions of demands in the database."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.content import content_from_json, content_to_json
from app.demands.domain.demand import Demand
from app.demands.domain.versions import DemandVersion
from app.demands.models import DemandVersionRow
from app.platform.db import insert_rows
from app.shared.canonical import digest


def _version(row: DemandVersionRow) -> DemandVersion:
    return DemandVersion(
        number=row.version,
        content=content_from_json(row.content),
        content_hash=row.content_hash,
        edited_at=row.edited_at,
        edited_by=row.edited_by,
    )


async def insert(
    session: AsyncSession, *demands: Demand, edited_at: datetime, edited_by: str
) -> None:
    """Keep the present content of demands as their present version; at least one."""
    rows = []
    for demand in demands:
        content = content_to_json(demand.content)
        rows.append(
            {
                "demand_id": demand.id,
                "version": demand.version,
                "content": content,
                "content_hash": digest(content),
                "edited_at": edited_at,
                "edited_by": edited_by,
            }
        )
    await insert_rows(session, DemandVersionRow, rows)


async def find_page(
    session: AsyncSession, demand_id: UUID, *, before: int | None, limit: int
) -> Sequence[DemandVersion]:
    """Return versions, newest first, below ``before``."""
    rows = await session.scalars(
        select(DemandVersionRow)
        .where(
            DemandVersionRow.demand_id == demand_id,
            true() if before is None else DemandVersionRow.version < before,
        )
        .order_by(DemandVersionRow.version.desc())
        .limit(limit)
    )
    return [_version(row) for row in rows]
