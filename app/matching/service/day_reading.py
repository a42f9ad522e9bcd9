"""Read matchmaking days: public facts, a party's own schedule, everything for the staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.matchmaking import Day, DayStatus, Plan, PlanUnpublished
from app.matching.domain.planning import as_published, part_of
from app.matching.repository import days as repository
from app.platform.access import Actor, ObjectUnknown, Owner
from app.shared.ids import MarketId


@dataclass(frozen=True, slots=True)
class DaySeen:
    """A day as one viewer may know it.

    Attributes:
        plan: As it was published last.
        part: What of it the viewer may read.
        staff: Whether the viewer may read its setting and what is not published.
    """

    day: Day
    plan: Plan | None
    part: Mapping[str, Any] | None
    staff: bool


def is_staff(actor: Actor, day: Day) -> bool:
    """Tell whether the actor is staff of the day's market."""
    return actor.viewer.staff_of == day.market_id


async def read_day(session: AsyncSession, actor: Actor, day_id: UUID) -> DaySeen:
    """Return a day; one that was never published to its market's staff only.

    Raises:
        ObjectUnknown: There is none that the actor may know of.

    Invariants: MT85, MT86.
    """
    day = await repository.find(session, day_id)
    if day is None or not (day.version or is_staff(actor, day)):
        raise ObjectUnknown("There is no such matchmaking day.")
    plan = await repository.latest_plan(session, day_id)
    staff = is_staff(actor, day)
    shown = day if staff or plan is None else as_published(day, plan.content)
    return DaySeen(shown, plan, _part(actor, day, plan), staff)


def _part(actor: Actor, day: Day, plan: Plan | None) -> Mapping[str, Any] | None:
    if plan is None:
        return None
    if is_staff(actor, day):
        return plan.content
    party = actor.viewer.party_id
    return None if party is None else part_of(plan.content, party)


async def read_printable(
    session: AsyncSession, actor: Actor, day_id: UUID
) -> tuple[Plan, Mapping[str, Any]]:
    """Return a day's published plan with what of it the actor may print.

    Raises:
        ObjectUnknown: See `read_day`.
        PlanUnpublished: There is no plan yet.
    """
    seen = await read_day(session, actor, day_id)
    if seen.plan is None or seen.part is None:
        raise PlanUnpublished("Publish it first.")
    return seen.plan, seen.part


async def list_days(
    session: AsyncSession,
    actor: Actor,
    *,
    market_id: MarketId | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Day]:
    """Return days, the newest first; those never published to their market's staff only.

    Invariants: MT85, MT86.
    """
    found = await repository.find_page(
        session,
        market_id=market_id,
        staff_of=actor.viewer.staff_of,
        before=before,
        limit=limit,
    )
    changed = [
        day.id
        for day in found
        if day.status is not DayStatus.PUBLISHED and not is_staff(actor, day)
    ]
    plans = await repository.latest_plans(session, changed) if changed else {}
    return [as_published(day, plans[day.id].content) if day.id in plans else day for day in found]


async def owner_of_day(session: AsyncSession, day_id: UUID) -> Owner | None:
    """Return a day's market; it belongs to no party."""
    day = await repository.find(session, day_id)
    return None if day is None else Owner(day.market_id, frozenset())
