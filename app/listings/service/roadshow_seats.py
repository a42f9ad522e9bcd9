"""Seats at a roadshow: signing up and off, attendance, interests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import require_verified
from app.listings.domain.roadshow import (
    ROADSHOW_TRANSITIONS,
    AlreadySignedUp,
    Roadshow,
    RoadshowTrigger,
    Signup,
    SignupStatus,
    SignupUnknown,
    check_before_start,
    check_begun,
    status_for,
)
from app.listings.models.roadshows import InterestRow
from app.listings.repository import roadshows as repository
from app.listings.service.roadshows import locked, move_up, read_roadshow
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import PartyId, RoadshowId, new_id
from app.shared.transitions import advance


async def sign_up(
    session: AsyncSession, actor: Actor, roadshow_id: RoadshowId, *, seats: int, now: datetime
) -> Signup:
    """Take seats for the actor's verified party, or a place in the waiting list.

    Raises:
        ObjectUnknown: There is no such roadshow.
        PartyNotVerified, TransitionRefused, RoadshowBegun, AlreadySignedUp, SeatsAboveCapacity:
            See the rules.

    Invariant: LS97.
    """
    party = await require_verified(session, actor.party_id)
    roadshow = await _open(session, roadshow_id, now)
    present = await repository.signups(session, roadshow_id)
    if _living(present, party.id) is not None:
        raise AlreadySignedUp("Sign off first to change the seats.")
    signup = Signup(
        id=new_id(),
        roadshow_id=roadshow_id,
        market_id=roadshow.market_id,
        party_id=party.id,
        place=await repository.next_place(session, roadshow_id),
        seats=seats,
        status=status_for(present, seats=seats, capacity=roadshow.content.capacity),
        signed_up_at=now,
    )
    await repository.insert_signup(session, signup)
    await _tell(session, signup, "made", actor, now, {"seats": seats, "status": signup.status})
    return signup


async def _open(session: AsyncSession, roadshow_id: RoadshowId, now: datetime) -> Roadshow:
    roadshow = await locked(session, roadshow_id)
    advance(ROADSHOW_TRANSITIONS, state=roadshow.status, trigger=RoadshowTrigger.SIGN_UP)
    check_before_start(roadshow, now)
    return roadshow


def _living(signups: Sequence[Signup], party_id: PartyId) -> Signup | None:
    for item in signups:
        if item.party_id == party_id and item.status is not SignupStatus.CANCELLED:
            return item
    return None


async def _own(session: AsyncSession, roadshow_id: RoadshowId, party_id: PartyId) -> Signup:
    own = await repository.signups(session, roadshow_id, party_id=party_id)
    found = _living(own, party_id)
    if found is None:
        raise SignupUnknown("The party has no seats and does not wait.")
    return found


async def sign_off(
    session: AsyncSession, actor: Actor, roadshow_id: RoadshowId, *, now: datetime
) -> Signup:
    """Give the party's seats back before the beginning; who waits moves up.

    Raises:
        ObjectUnknown, TransitionRefused, RoadshowBegun: See `sign_up`.
        SignupUnknown: The party has not signed up.

    Invariant: LS97.
    """
    roadshow = await _open(session, roadshow_id, now)
    signup = await _own(session, roadshow_id, actor.party_id)
    ended = replace(signup, status=SignupStatus.CANCELLED)
    await repository.save_signup(session, ended)
    await _tell(session, ended, "cancelled", actor, now, {})
    await move_up(session, roadshow, actor.ref, now)
    return ended


async def record_attendance(
    session: AsyncSession,
    actor: Actor,
    roadshow_id: RoadshowId,
    *,
    party_id: PartyId,
    people: int,
    now: datetime,
) -> Signup:
    """Record how many people of a party came, once the roadshow has begun.

    Raises:
        ObjectUnknown: There is no such roadshow.
        RoadshowNotBegun, SignupUnknown: See the rules.
    """
    roadshow = await locked(session, roadshow_id)
    check_begun(roadshow, now)
    signup = replace(await _own(session, roadshow_id, party_id), attended=people)
    await repository.save_signup(session, signup)
    await _tell(session, signup, "attended", actor, now, {"people": people})
    return signup


async def note_interest(
    session: AsyncSession, actor: Actor, roadshow_id: RoadshowId, *, item: int, now: datetime
) -> None:
    """Note that the actor's party, which has signed up, is interested in an item of the agenda.

    A deal room may rest on it. Noting it again changes nothing.

    Args:
        item: Its number in the agenda, from 1.

    Raises:
        ObjectUnknown: There is no such roadshow or item for the actor.
        SignupUnknown: The party has not signed up.

    Invariant: LS98.
    """
    roadshow = await read_roadshow(session, actor, roadshow_id)
    signup = await _own(session, roadshow_id, actor.party_id)
    agenda = roadshow.content.agenda
    if item > len(agenda):
        raise ObjectUnknown("There is no such item.", field="item", maximum=len(agenda))
    shown = agenda[item - 1].achievement_id
    new = await repository.note_interest(
        session, roadshow_id, actor.party_id, item=item, achievement_id=shown, at=now
    )
    if new:
        told = {"item": item, "achievement_id": shown}
        await _tell(session, signup, "interest_noted", actor, now, told)


async def list_signups(
    session: AsyncSession, actor: Actor, roadshow_id: RoadshowId, *, after: int, limit: int
) -> Sequence[Signup]:
    """Return sign-ups in order of arrival: all to staff, its own to a party.

    Raises:
        ObjectUnknown: There is no such roadshow for the actor.

    Invariant: LS98.
    """
    roadshow = await read_roadshow(session, actor, roadshow_id)
    staff = actor.viewer.staff_of == roadshow.market_id
    return await repository.signup_page(
        session,
        roadshow_id,
        party_id=None if staff else actor.party_id,
        after=after,
        limit=limit,
    )


async def has_seat(session: AsyncSession, actor: Actor, roadshow: Roadshow) -> bool:
    """Tell whether the actor may know how to join online."""
    if actor.viewer.staff_of == roadshow.market_id:
        return True
    if actor.viewer.party_id is None:
        return False
    own = await repository.signups(session, roadshow.id, party_id=actor.party_id)
    return any(item.status is SignupStatus.SEATED for item in own)


async def list_interests(
    session: AsyncSession,
    roadshow_id: RoadshowId,
    *,
    after: tuple[int, UUID] | None,
    limit: int,
) -> Sequence[InterestRow]:
    """Return the interests noted at a roadshow, for staff, by item and party."""
    return await repository.interests(session, roadshow_id, after=after, limit=limit)


async def _tell(
    session: AsyncSession,
    signup: Signup,
    what: str,
    actor: Actor,
    now: datetime,
    restricted: dict[str, Any],
) -> None:
    # Who takes part, and how many do, is for the staff and the party itself.
    event = NewEvent(
        market_id=signup.market_id,
        subject="roadshow_signup",
        subject_id=signup.id,
        type=f"roadshow_signup.{what}",
        market_at=now,
        actor=actor.ref,
        restricted={"roadshow_id": signup.roadshow_id, **restricted},
        audience=frozenset({signup.party_id}),
    )
    await journal.append(session, event)
