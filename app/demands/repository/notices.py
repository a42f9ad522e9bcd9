"""Notices of demands in the database: never rewritten."""

from collections.abc import Sequence

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.notice import DemandNotice, DemandNoticeKind
from app.demands.models import DemandNoticeRow
from app.shared.ids import DemandId, DemandNoticeId


def _notice(row: DemandNoticeRow) -> DemandNotice:
    return DemandNotice(
        id=DemandNoticeId(row.id),
        demand_id=DemandId(row.demand_id),
        seq=row.seq,
        number=row.number,
        round=row.round,
        kind=DemandNoticeKind(row.kind),
        content=row.content,
        content_hash=row.content_hash,
        published_at=row.published_at,
        closes_at=row.closes_at,
    )


async def insert(session: AsyncSession, notice: DemandNotice) -> None:
    """Insert a notice, once and for ever."""
    session.add(
        DemandNoticeRow(
            id=notice.id,
            demand_id=notice.demand_id,
            seq=notice.seq,
            number=notice.number,
            round=notice.round,
            kind=str(notice.kind),
            content=dict(notice.content),
            content_hash=notice.content_hash,
            published_at=notice.published_at,
            closes_at=notice.closes_at,
        )
    )
    await session.flush()


async def of_demand(
    session: AsyncSession,
    demand_id: DemandId,
    *,
    kind: DemandNoticeKind | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Sequence[DemandNotice]:
    """Return notices of a demand in the order of publication, those above ``after``."""
    rows = await session.scalars(
        select(DemandNoticeRow)
        .where(
            DemandNoticeRow.demand_id == demand_id,
            DemandNoticeRow.seq > after,
            true() if kind is None else DemandNoticeRow.kind == str(kind),
        )
        .order_by(DemandNoticeRow.seq)
        .limit(limit)
    )
    return [_notice(row) for row in rows]
