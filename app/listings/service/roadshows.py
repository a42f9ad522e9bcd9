"""Roadshows: planned, announced, changed, held or cancelled by the exchange."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.roadshow import (
    ROADSHOW_TRANSITIONS,
    Roadshow,
    RoadshowContent,
    RoadshowStatus,
    RoadshowTrigger,
    SeatsTaken,
    check_before_start,
    check_begun,
    check_content,
    check_version,
    given,
    moved_up,
)
from app.listings.repository import roadshows as repository
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import MarketId, RoadshowId, new_id
from app.shared.transitions import advance


async def create_roadshow(
    session: AsyncSession,
    actor: Actor,
    content: RoadshowContent,
    *,
    demands: frozenset[UUID],
    now: datetime,
) -> Roadshow:
    """Plan a roadshow; nobody but the staff knows of it before its announcement.

    Args:
        demands: Those of the agenda's demands that lie in the actor's market.

    Raises:
        RoadshowInvalid: Names every fault.

    Invariant: LS96.
    """
    await _check(session, actor.market_id, content, demands, now)
    roadshow = Roadshow(
        id=RoadshowId(new_id()),
        market_id=actor.market_id,
        status=RoadshowStatus.DRAFT,
        version=1,
        content=content,
        created_at=now,
    )
    await repository.insert(session, roadshow)
    await _tell(session, roadshow, "drafted", actor, now, {}, {"content": content})
    return roadshow


async def _check(
    session: AsyncSession,
    market_id: MarketId,
    content: RoadshowContent,
    demands: frozenset[UUID],
    now: datetime,
) -> None:
    asked = [item.achievement_id for item in content.agenda if item.achievement_id is not None]
    known = await repository.accepted_among(session, market_id, asked)
    check_content(content, now=now, achievements=known, demands=demands)


async def change_roadshow(
    session: AsyncSession,
    actor: Actor,
    roadshow_id: RoadshowId,
    content: RoadshowContent,
    *,
    demands: frozenset[UUID],
    seen: str | None,
    now: datetime,
) -> Roadshow:
    """Put a whole content in the place of the version seen; new seats go to who waits.

    Raises:
        ObjectUnknown: There is none.
        RoadshowChanged, RoadshowBegun, RoadshowInvalid, SeatsTaken, TransitionRefused: See them.

    Invariants: LS96, LS97.
    """
    roadshow = await locked(session, roadshow_id)
    status = advance(ROADSHOW_TRANSITIONS, state=roadshow.status, trigger=RoadshowTrigger.CHANGE)
    check_version(roadshow, seen)
    check_before_start(roadshow, now)
    await _check(session, roadshow.market_id, content, demands, now)
    taken = given(await repository.signups(session, roadshow_id))
    if content.capacity < taken:
        raise SeatsTaken("Keep the seats that are given.", field="capacity", minimum=taken)
    changed = replace(roadshow, status=status, content=content, version=roadshow.version + 1)
    await repository.save(session, changed)
    known = status is RoadshowStatus.ANNOUNCED
    public = _public(changed) if known else {}
    await _tell(session, changed, "changed", actor, now, public, {"content": content})
    await move_up(session, changed, actor.ref, now)
    return changed


async def move_roadshow(
    session: AsyncSession,
    actor: Actor,
    roadshow_id: RoadshowId,
    trigger: RoadshowTrigger,
    *,
    reason: str | None = None,
    now: datetime,
) -> Roadshow:
    """Announce, hold or cancel a roadshow.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: Not in this state.
        RoadshowBegun: An announcement comes before the beginning.
        RoadshowNotBegun: It is held once it has begun.
    """
    roadshow = await locked(session, roadshow_id)
    status = advance(ROADSHOW_TRANSITIONS, state=roadshow.status, trigger=trigger)
    if trigger is RoadshowTrigger.ANNOUNCE:
        check_before_start(roadshow, now)
    if trigger is RoadshowTrigger.HOLD:
        check_begun(roadshow, now)
    moved = replace(roadshow, status=status, reason=reason)
    await repository.save(session, moved)
    secret = roadshow.status is RoadshowStatus.DRAFT and status is RoadshowStatus.CANCELLED
    public = {} if secret else _public(moved)
    await _tell(session, moved, str(status), actor, now, public, {})
    return moved


def _public(roadshow: Roadshow) -> dict[str, Any]:
    """Return what everybody may read for ever: all but the link."""
    content = roadshow.content
    return {
        "status": roadshow.status,
        "version": roadshow.version,
        "title": content.title,
        "kind": content.kind,
        "place": content.place,
        "starts_at": content.starts_at,
        "ends_at": content.ends_at,
        "capacity": content.capacity,
        "agenda": content.agenda,
        "reason": roadshow.reason,
    }


async def locked(session: AsyncSession, roadshow_id: RoadshowId) -> Roadshow:
    """Return a roadshow under its lock.

    Raises:
        ObjectUnknown: There is none.
    """
    roadshow = await repository.find(session, roadshow_id, lock=True)
    if roadshow is None:
        raise ObjectUnknown("There is no such roadshow.")
    return roadshow


async def move_up(session: AsyncSession, roadshow: Roadshow, actor: str, now: datetime) -> None:
    """Give free seats to those who wait; the caller holds the roadshow's lock.

    Invariant: LS97.
    """
    waiting = await repository.signups(session, roadshow.id)
    for seated in moved_up(waiting, capacity=roadshow.content.capacity):
        await repository.save_signup(session, seated)
        event = NewEvent(
            market_id=seated.market_id,
            subject="roadshow_signup",
            subject_id=seated.id,
            type="roadshow_signup.seated",
            market_at=now,
            actor=actor,
            restricted={"roadshow_id": roadshow.id, "seats": seated.seats},
            audience=frozenset({seated.party_id}),
        )
        await journal.append(session, event)


async def read_roadshow(session: AsyncSession, actor: Actor, roadshow_id: RoadshowId) -> Roadshow:
    """Return a roadshow that the actor may see.

    Raises:
        ObjectUnknown: There is none, or it is another market's draft.
    """
    roadshow = await repository.find(session, roadshow_id)
    if roadshow is None or not (
        roadshow.status is not RoadshowStatus.DRAFT or actor.viewer.staff_of == roadshow.market_id
    ):
        raise ObjectUnknown("There is no such roadshow for you.")
    return roadshow


async def list_roadshows(
    session: AsyncSession,
    actor: Actor,
    *,
    market_id: MarketId | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Roadshow]:
    """Return roadshows that the actor may see, newest first."""
    staff_of = actor.viewer.staff_of
    return await repository.find_page(
        session, market_id=market_id, staff_of=staff_of, before=before, limit=limit
    )


async def _tell(
    session: AsyncSession,
    roadshow: Roadshow,
    what: str,
    actor: Actor,
    now: datetime,
    public: dict[str, Any],
    restricted: dict[str, Any],
) -> None:
    event = NewEvent(
        market_id=roadshow.market_id,
        subject="roadshow",
        subject_id=roadshow.id,
        type=f"roadshow.{what}",
        market_at=now,
        actor=actor.ref,
        public=public,
        restricted=restricted,
    )
    await journal.append(session, event)
