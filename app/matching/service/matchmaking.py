"""Prepare matchmaking days: created, changed, planned, published, cancelled by the exchange."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.matchmaking import (
    DAY_TRANSITIONS,
    INVITED_MAX,
    Day,
    DayChanged,
    DayStatus,
    DayTrigger,
    Plan,
    PlanOutdated,
    Setting,
    check_ahead,
    check_revision,
    check_setting,
)
from app.matching.domain.planning import as_published, parties_of, publish_plan, revisions_of
from app.matching.repository import days as repository
from app.matching.service.day_notices import tell_cancelled, tell_published
from app.matching.service.day_pairs import load_invitation, make_plan
from app.matching.service.engine import MatchingEngine
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.inbox import notify
from app.platform.journal import NewEvent
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, new_id
from app.shared.transitions import advance


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A day as it is asked for.

    Attributes:
        fields: All on offer of these technology fields is invited beside the setting's entries.
    """

    title: str
    held_on: date
    place: str
    setting: Setting
    fields: Sequence[str] = ()


async def create_day(session: AsyncSession, actor: Actor, wanted: Wanted, *, now: datetime) -> Day:
    """Prepare a day of the actor's market; nobody but its staff knows of it yet.

    Raises:
        DayInvalid: Names every fault.

    Invariant: MT84.
    """
    day = Day(
        id=new_id(),
        market_id=actor.market_id,
        status=DayStatus.DRAFT,
        title=wanted.title,
        held_on=wanted.held_on,
        place=wanted.place,
        setting=await _settled(session, actor.market_id, wanted, now),
        created_at=now,
    )
    await repository.insert(session, day)
    await _journal(session, day, "created", actor, now, restricted={"setting": day.setting})
    return day


async def _settled(
    session: AsyncSession, market_id: MarketId, wanted: Wanted, now: datetime
) -> Setting:
    setting, fields = wanted.setting, wanted.fields
    if fields:
        more = {
            kind: await repository.offered_in(
                session, market_id, kind, fields, limit=INVITED_MAX + 1
            )
            for kind in EntryKind
        }
        setting = replace(
            setting,
            demands=tuple(dict.fromkeys([*setting.demands, *more[EntryKind.DEMAND]])),
            achievements=tuple(
                dict.fromkeys([*setting.achievements, *more[EntryKind.ACHIEVEMENT]])
            ),
        )
    offered = await repository.offered(
        session, market_id, {*setting.demands, *setting.achievements}
    )
    known = {id_: (it.kind, it.party_id) for id_, it in offered.items()}
    check_setting(setting, wanted.held_on, now=now, offered=known)
    return setting


async def change_day(
    session: AsyncSession,
    actor: Actor,
    day_id: UUID,
    wanted: Wanted,
    *,
    seen: str | None,
    now: datetime,
) -> Day:
    """Put another setting in the place of the one seen; a published plan holds until the next.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: It is cancelled.
        DayChanged, DayBegun, DayInvalid: See them.

    Invariants: MT84, MT85.
    """
    day = await _locked(session, day_id)
    status = advance(DAY_TRANSITIONS, state=day.status, trigger=DayTrigger.CHANGE)
    check_revision(day, seen)
    check_ahead(day, now)
    changed = replace(
        day,
        status=status,
        title=wanted.title,
        held_on=wanted.held_on,
        place=wanted.place,
        setting=await _settled(session, day.market_id, wanted, now),
        revision=day.revision + 1,
        plan=None,
    )
    await repository.save(session, changed)
    await _journal(session, changed, "changed", actor, now, restricted={"setting": changed.setting})
    return changed


async def plan_day(database: Database, engine: MatchingEngine, actor: Actor, day_id: UUID) -> Day:
    """Make the best plan for a day, between two transactions; planning again replaces it.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: It is cancelled.
        DayBegun, IndexNotReady: See them.
        DayChanged: Its setting was changed while the plan was being made.

    Invariants: MT81, MT82, MT83, MT85.
    """
    async with database.transaction() as session:
        day = await _require(session, day_id)
        now = await market_now(session, day.market_id)
        advance(DAY_TRANSITIONS, state=day.status, trigger=DayTrigger.PLAN)
        check_ahead(day, now)
        today = now.astimezone(SHANGHAI).date()
        asked = await load_invitation(session, day.market_id, day.setting, today=today)
    plan = await asyncio.to_thread(make_plan, engine, asked)
    async with database.transaction() as session:
        present = await _locked(session, day_id)
        if present.revision != day.revision:
            raise DayChanged("Its setting has changed; plan again.")
        now = await market_now(session, day.market_id)
        status = advance(DAY_TRANSITIONS, state=present.status, trigger=DayTrigger.PLAN)
        planned = replace(present, status=status, plan=plan)
        await repository.save(session, planned)
        names = ("method", "optimal", "demands_served", "score_bp")
        figures = {name: plan[name] for name in names}
        await _journal(session, planned, "planned", actor, now, restricted=figures)
    return planned


async def publish_day(session: AsyncSession, actor: Actor, day_id: UUID, *, now: datetime) -> Day:
    """Freeze a day's plan as its next version, and tell the parties for whom it says anything new.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: No plan waits to be published.
        DayBegun: See it.
        PlanOutdated: Entries that would meet are gone or have changed; names them.

    Invariants: MT85, MT86, MT87.
    """
    day = await _locked(session, day_id)
    status = advance(DAY_TRANSITIONS, state=day.status, trigger=DayTrigger.PUBLISH)
    check_ahead(day, now)
    assert day.plan is not None
    await _check_current(session, day)
    before = await repository.latest_plan(session, day_id)
    version = day.version + 1
    content, content_hash = publish_plan(day, version=version, at=now)
    plan = Plan(day_id, version, content, content_hash, now)
    published = replace(day, status=status, version=version, plan=None)
    await repository.add_plan(session, plan)
    await repository.save(session, published)
    told = {
        "title": day.title,
        "held_on": day.held_on,
        "place": day.place,
        "version": version,
        "content_hash": content_hash,
        "meetings": len(content["meetings"]),
    }
    await _journal(session, published, "published", actor, now, public=told)
    await notify(session, *tell_published(published, plan, before))
    return published


async def _check_current(session: AsyncSession, day: Day) -> None:
    assert day.plan is not None
    judged = revisions_of(day.plan)
    now_there = await repository.offered(session, day.market_id, judged)
    stale = [
        id_
        for id_, revision in judged.items()
        if id_ not in now_there or now_there[id_].revision != revision
    ]
    if stale:
        raise PlanOutdated("Plan again.", entries=stale)


async def cancel_day(
    session: AsyncSession, actor: Actor, day_id: UUID, *, reason: str, now: datetime
) -> Day:
    """Cancel a day; whom its published plan named is told.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: It is cancelled already.
    """
    day = await _locked(session, day_id)
    status = advance(DAY_TRANSITIONS, state=day.status, trigger=DayTrigger.CANCEL)
    cancelled = replace(day, status=status, reason=reason)
    await repository.save(session, cancelled)
    plan = await repository.latest_plan(session, day_id)
    known = {} if plan is None else {"title": plan.content["title"], "reason": reason}
    await _journal(session, cancelled, "cancelled", actor, now, public=known)
    if plan is not None:
        told = as_published(cancelled, plan.content)
        await notify(session, *tell_cancelled(told, parties_of(plan.content), at=now))
    return cancelled


async def _require(session: AsyncSession, day_id: UUID) -> Day:
    day = await repository.find(session, day_id)
    if day is None:
        raise ObjectUnknown("There is no such matchmaking day.")
    return day


async def _locked(session: AsyncSession, day_id: UUID) -> Day:
    day = await repository.find(session, day_id, lock=True)
    if day is None:
        raise ObjectUnknown("There is no such matchmaking day.")
    return day


async def _journal(
    session: AsyncSession,
    day: Day,
    what: str,
    actor: Actor,
    now: datetime,
    *,
    public: dict[str, Any] | None = None,
    restricted: dict[str, Any] | None = None,
) -> None:
    event = NewEvent(
        market_id=day.market_id,
        subject="matchmaking_day",
        subject_id=day.id,
        type=f"matchmaking_day.{what}",
        market_at=now,
        actor=actor.ref,
        public=public or {},
        restricted={"revision": day.revision, **(restricted or {})},
    )
    await journal.append(session, event)
