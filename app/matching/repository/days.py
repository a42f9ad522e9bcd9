"""Matchmaking days and their published plans in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, true, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.matchmaking import Day, DayStatus, Plan, Setting
from app.matching.models import MatchEntryRow, MatchmakingDayRow, MatchmakingPlanRow
from app.matching.repository.entries import MATCHABLE
from app.shared.ids import MarketId, PartyId


@dataclass(frozen=True, slots=True)
class Offered:
    """An entry that is on offer now."""

    kind: EntryKind
    party_id: PartyId
    revision: int


def _values(day: Day) -> dict[str, Any]:
    return {
        "status": str(day.status),
        "revision": day.revision,
        "version": day.version,
        "title": day.title,
        "held_on": day.held_on,
        "place": day.place,
        "setting": day.setting.as_json(),
        "plan": day.plan,
        "reason": day.reason,
    }


async def insert(session: AsyncSession, day: Day) -> None:
    """Insert a day."""
    session.add(
        MatchmakingDayRow(
            id=day.id, market_id=day.market_id, created_at=day.created_at, **_values(day)
        )
    )
    await session.flush()


async def save(session: AsyncSession, day: Day) -> None:
    """Save a day; the caller holds its lock."""
    await session.execute(
        update(MatchmakingDayRow).where(MatchmakingDayRow.id == day.id).values(**_values(day))
    )


async def find(session: AsyncSession, day_id: UUID, *, lock: bool = False) -> Day | None:
    """Return a day, under its row lock if asked."""
    row = await session.get(
        MatchmakingDayRow, day_id, populate_existing=True, with_for_update=lock or None
    )
    return None if row is None else _day(row)


async def find_page(
    session: AsyncSession,
    *,
    market_id: MarketId | None,
    staff_of: MarketId | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Day]:
    """Return days, the newest first; those never published to their market's staff only."""
    row = MatchmakingDayRow
    rows = await session.scalars(
        select(row)
        .where(
            true() if market_id is None else row.market_id == market_id,
            or_(row.version > 0, row.market_id == staff_of),
            true() if before is None else row.id < before,
        )
        .order_by(row.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_day(found) for found in rows]


def _day(row: MatchmakingDayRow) -> Day:
    return Day(
        id=row.id,
        market_id=MarketId(row.market_id),
        status=DayStatus(row.status),
        title=row.title,
        held_on=row.held_on,
        place=row.place,
        setting=Setting.from_json(row.setting),
        created_at=row.created_at,
        revision=row.revision,
        version=row.version,
        plan=row.plan,
        reason=row.reason,
    )


async def add_plan(session: AsyncSession, plan: Plan) -> None:
    """Keep a published plan; the caller holds the day's lock."""
    session.add(
        MatchmakingPlanRow(
            day_id=plan.day_id,
            version=plan.version,
            content=plan.content,
            content_hash=plan.content_hash,
            published_at=plan.published_at,
        )
    )
    await session.flush()


async def latest_plan(session: AsyncSession, day_id: UUID) -> Plan | None:
    """Return the plan that was published last."""
    return (await latest_plans(session, [day_id])).get(day_id)


async def latest_plans(session: AsyncSession, day_ids: Collection[UUID]) -> Mapping[UUID, Plan]:
    """Return of each of the days that has any the plan that was published last."""
    row = MatchmakingPlanRow
    rows = await session.scalars(
        select(row)
        .where(row.day_id.in_(day_ids))
        .order_by(row.day_id, row.version.desc())
        .ext(distinct_on(row.day_id))
    )
    return {
        found.day_id: Plan(
            found.day_id, found.version, found.content, found.content_hash, found.published_at
        )
        for found in rows
    }


async def offered(
    session: AsyncSession, market_id: MarketId, ids: Collection[UUID]
) -> Mapping[UUID, Offered]:
    """Return those of the entries that are on offer in a market now."""
    rows = await session.execute(
        select(MATCHABLE).where(MATCHABLE.c.id.in_(ids), MATCHABLE.c.market_id == market_id)
    )
    return {
        row.id: Offered(EntryKind(row.kind), PartyId(row.party_id), row.revision) for row in rows
    }


async def offered_in(
    session: AsyncSession, market_id: MarketId, kind: EntryKind, fields: Sequence[str], limit: int
) -> Sequence[UUID]:
    """Return entries of technology fields that are on offer in a market now, the oldest first."""
    entry = MatchEntryRow
    rows = await session.scalars(
        select(entry.id)
        .join(MATCHABLE, MATCHABLE.c.id == entry.id)
        .where(
            entry.kind == str(kind),
            entry.market_id == market_id,
            entry.technology_field.in_(fields),
            MATCHABLE.c.kind == str(kind),
        )
        .order_by(entry.id)
        .limit(limit)
    )
    return rows.all()


async def titles_of(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return what entries are called, as far as they are still known."""
    rows = await session.execute(
        select(MatchEntryRow.id, MatchEntryRow.title).where(MatchEntryRow.id.in_(ids))
    )
    return {row.id: row.title for row in rows}
