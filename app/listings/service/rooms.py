"""Deal rooms: asked for, answered, opened by both sides' acceptance of one text, ended."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import has_exchange_staff, require_verified
from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.listing import check_listable
from app.listings.domain.relation import StaffMayNotRegister
from app.listings.domain.room import (
    ANSWER_WITHIN,
    NDA_TEXT,
    NDA_WITHIN,
    ROOM_TRANSITIONS,
    Acceptance,
    NoInterestNoted,
    NotTheOwner,
    OwnAchievement,
    Room,
    RoomBuyerMissing,
    RoomExists,
    RoomStatus,
    RoomTrigger,
    check_in_time,
    check_nda,
    may_know,
    may_read,
    nda_hash,
)
from app.listings.repository import achievements
from app.listings.repository import rooms as repository
from app.listings.repository.roadshows import has_interest
from app.listings.service.achievements import read_achievement
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, ObjectUnknown, Role
from app.platform.files.grants import grant_files, revoke_files
from app.platform.journal import NewEvent
from app.shared.ids import AchievementId, PartyId, RoadshowId, RoomId, new_id
from app.shared.transitions import advance

ANSWER_DUE: Final = "room.answer_due"
NDA_DUE: Final = "room.nda_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRoom:
    """What is asked for; a buyer's own staff names no buyer."""

    achievement_id: AchievementId
    buyer_id: PartyId | None
    roadshow_id: RoadshowId | None
    request: str


async def request_room(session: AsyncSession, actor: Actor, new: NewRoom, *, now: datetime) -> Room:
    """Ask the owner of an accepted achievement to talk with a buyer.

    Raises:
        ObjectUnknown: No such achievement for the actor, or no such buyer in its market.
        AchievementNotListable: It is not accepted or not cleared.
        RoomBuyerMissing, OwnAchievement, NoInterestNoted, RoomExists: See the rules.
        PartyNotVerified: The exchange has not verified the buyer.
        StaffMayNotRegister: The buyer is the exchange's own party or has its staff.

    Invariant: LS85.
    """
    achievement = await read_achievement(session, actor, new.achievement_id)
    if achievement.market_id != actor.market_id:
        raise ObjectUnknown("There is no such achievement in your market.")
    check_listable(achievement)
    buyer_id = await _buyer(session, actor, achievement, new)
    room = Room(
        id=RoomId(new_id()),
        market_id=achievement.market_id,
        achievement_id=achievement.id,
        owner_id=achievement.party_id,
        buyer_id=buyer_id,
        status=RoomStatus.REQUESTED,
        requested_by=actor.ref,
        requested_at=now,
        request=new.request,
        answer_due_at=now + ANSWER_WITHIN,
        roadshow_id=new.roadshow_id,
    )
    if not await repository.insert_once(session, room):
        present = await repository.find_living(session, achievement.id, buyer_id)
        mine = may_know(actor.viewer, room)  # of the same sides and market as the present one
        raise RoomExists("Go on in the room that there is.", room_id=present if mine else None)
    await _watch(session, room, ANSWER_DUE)
    told: dict[str, Any] = {"achievement_id": achievement.id, "owner_id": room.owner_id}
    told |= {"buyer_id": buyer_id, "roadshow_id": room.roadshow_id}
    told |= {"answer_due_at": room.answer_due_at}
    await tell(session, room, "requested", actor.ref, now, told)
    return room


async def _buyer(
    session: AsyncSession, actor: Actor, achievement: Achievement, new: NewRoom
) -> PartyId:
    buyer_id = new.buyer_id
    if actor.role is Role.BUYER_STAFF:
        if buyer_id not in {None, actor.party_id}:
            raise RoomBuyerMissing("Ask for your own party.", field="buyer_id")
        buyer_id = actor.party_id
    if buyer_id is None:
        raise RoomBuyerMissing("Name the buyer.", field="buyer_id")
    if buyer_id == achievement.party_id:
        raise OwnAchievement("Name another buyer.", field="buyer_id")
    buyer = await require_verified(session, buyer_id)
    if buyer.market_id != achievement.market_id:
        raise ObjectUnknown("There is no such party in your market.", field="buyer_id")
    if await has_exchange_staff(session, buyer_id):
        raise StaffMayNotRegister("The exchange does not trade.", field="buyer_id")
    if new.roadshow_id is not None and not await has_interest(
        session, new.roadshow_id, buyer_id, achievement.id
    ):
        raise NoInterestNoted("Note the interest first.", field="roadshow_id")
    return buyer_id


async def _watch(session: AsyncSession, room: Room, kind: str) -> None:
    # Each kind is set once in a room's life, so that setting never waits for a worker.
    await timers.schedule(
        session,
        market_id=room.market_id,
        kind=kind,
        subject_id=room.id,
        due_at=room.answer_due_at,
    )


async def answer(
    session: AsyncSession,
    actor: Actor,
    room_id: RoomId,
    *,
    nda_text: str | None,
    declined: str | None,
    now: datetime,
) -> Room:
    """Answer for the owner: talk under a non-disclosure text, or decline with a reason.

    Args:
        nda_text: The room's own text; ``None`` takes the exchange's.
        declined: The reason, or ``None`` to talk.

    Raises:
        NotTheOwner, AnswerLate, TransitionRefused: See the rules.

    Invariants: LS85, LS86.
    """
    room = await locked(session, actor, room_id)
    if actor.party_id != room.owner_id:
        raise NotTheOwner("Wait for the owner's answer.")
    trigger = RoomTrigger.ACCEPT if declined is None else RoomTrigger.DECLINE
    status = advance(ROOM_TRANSITIONS, state=room.status, trigger=trigger)
    check_in_time(room, now)
    await timers.cancel(session, kind=ANSWER_DUE, subject_id=room.id)
    answered = replace(room, status=status, answered_at=now)
    if declined is not None:
        answered = replace(answered, reason=declined, ended_at=now)
        await repository.save(session, answered)
        await tell(session, answered, "declined", actor.ref, now, {})
        return answered
    text = nda_text or NDA_TEXT
    answered = replace(
        answered, nda_text=text, nda_hash=nda_hash(room, text), answer_due_at=now + NDA_WITHIN
    )
    await repository.save(session, answered)
    await _watch(session, answered, NDA_DUE)
    told = {"nda_hash": answered.nda_hash, "answer_due_at": answered.answer_due_at}
    await tell(session, answered, "answered", actor.ref, now, told)
    return answered


async def accept_nda(
    session: AsyncSession, actor: Actor, room_id: RoomId, *, told_hash: str, now: datetime
) -> Room:
    """Accept the room's text for the actor's side; the second acceptance opens the room.

    From then on the buyer reads the achievement's restricted content and its attachments.

    Raises:
        AnswerLate, NdaDiffers, NdaAccepted, TransitionRefused: See the rules.

    Invariants: LS86, LS87. Source: rules.md L11.
    """
    room = await locked(session, actor, room_id)
    opened = advance(ROOM_TRANSITIONS, state=room.status, trigger=RoomTrigger.OPEN)
    check_in_time(room, now)
    check_nda(room, actor.party_id, told_hash)
    signed = Acceptance(by=actor.ref, at=now)
    side = "owner" if actor.party_id == room.owner_id else "buyer"
    if side == "owner":
        room = replace(room, owner_acceptance=signed)
    else:
        room = replace(room, buyer_acceptance=signed)
    told = {"nda_hash": room.nda_hash, "side": side, "party_id": actor.party_id}
    both = room.owner_acceptance is not None and room.buyer_acceptance is not None
    if both:
        room = replace(room, status=opened, opened_at=now)
        await timers.cancel(session, kind=NDA_DUE, subject_id=room.id)
    await repository.save(session, room)
    await tell(session, room, "nda_accepted", actor.ref, now, told)
    if both:
        await _open(session, room, actor, now)
    return room


async def _open(session: AsyncSession, room: Room, actor: Actor, now: datetime) -> None:
    achievement = await achievements.find(session, room.achievement_id)
    assert achievement is not None  # nothing deletes one
    files = achievement.content.attachments
    await grant_files(session, files, party_id=room.buyer_id, ground_id=room.id)
    await tell(session, room, "opened", actor.ref, now, {"version": achievement.version})


async def renew_grants(session: AsyncSession, achievement_id: AchievementId) -> None:
    """Let rooms open the attachments that an accepted achievement has by now, no others.

    For a reaction: whoever edits or accepts holds the achievement's lock, and a room's lock
    comes first.

    Invariant: LS87.
    """
    for room_id in await repository.opened_ids(session, achievement_id):
        room = await repository.find(session, room_id, lock=True)
        achievement = await achievements.find(session, achievement_id)
        if (
            room is None
            or room.status not in {RoomStatus.OPEN, RoomStatus.AGREED}
            or achievement is None
            or achievement.status is not AchievementStatus.ACCEPTED
        ):
            continue
        await revoke_files(session, room.id)
        files = achievement.content.attachments
        await grant_files(session, files, party_id=room.buyer_id, ground_id=room.id)
        for document in await repository.documents(session, room.id):
            (other,) = room.sides - {PartyId(document.party_id)}
            await grant_files(session, [document.file_id], party_id=other, ground_id=room.id)


async def close(
    session: AsyncSession, actor: Actor, room_id: RoomId, *, reason: str, now: datetime
) -> Room:
    """End the talks for either side; the buyer no longer reads what the room had opened.

    Raises:
        TransitionRefused: The room has ended.

    Invariant: LS87.
    """
    room = await locked(session, actor, room_id)
    status = advance(ROOM_TRANSITIONS, state=room.status, trigger=RoomTrigger.CLOSE)
    for kind in (ANSWER_DUE, NDA_DUE):
        await timers.cancel(session, kind=kind, subject_id=room.id)
    closed = replace(room, status=status, reason=reason, ended_at=now)
    await repository.save(session, closed)
    await revoke_files(session, room.id)
    await tell(session, closed, "closed", actor.ref, now, {"party_id": actor.party_id})
    return closed


async def lapse(session: AsyncSession, room_id: UUID, due_at: datetime) -> None:
    """End a room that nobody answered in time (a timer).

    Invariant: LS85.
    """
    room = await repository.find(session, RoomId(room_id), lock=True)
    if (
        room is None
        or (room.status, RoomTrigger.LAPSE) not in ROOM_TRANSITIONS
        or due_at < room.answer_due_at  # the owner has answered: the other timer counts
    ):
        return
    status = advance(ROOM_TRANSITIONS, state=room.status, trigger=RoomTrigger.LAPSE)
    lapsed = replace(room, status=status, ended_at=due_at)
    await repository.save(session, lapsed)
    await tell(session, lapsed, "lapsed", SYSTEM, due_at, {})


async def ask_mediation(
    session: AsyncSession, actor: Actor, room_id: RoomId, *, reason: str, now: datetime
) -> Room:
    """Let the market's staff read a room, at one side's wish; asking again changes nothing.

    Invariant: LS88.
    """
    room = await locked(session, actor, room_id)
    if room.mediation_at is not None:
        return room
    asked = replace(room, mediation_at=now, mediation_reason=reason)
    await repository.save(session, asked)
    told = {"party_id": actor.party_id}
    await tell(session, asked, "mediation_asked", actor.ref, now, told)
    return asked


async def locked(session: AsyncSession, actor: Actor, room_id: RoomId) -> Room:
    """Return a room of the actor's party under its lock.

    Raises:
        ObjectUnknown: There is none, or the actor's party is not a side of it.
    """
    room = await repository.find(session, room_id, lock=True)
    if room is None or actor.viewer.party_id not in room.sides:
        raise ObjectUnknown("There is no such deal room for you.")
    return room


async def read_room(session: AsyncSession, actor: Actor, room_id: RoomId) -> tuple[Room, bool]:
    """Return a room, and whether the actor may read what is said in it.

    Raises:
        ObjectUnknown: There is none for the actor.

    Invariant: LS88.
    """
    room = await repository.find(session, room_id)
    if room is None or not may_know(actor.viewer, room):
        raise ObjectUnknown("There is no such deal room for you.")
    return room, may_read(actor.viewer, room)


async def list_rooms(
    session: AsyncSession,
    actor: Actor,
    *,
    achievement_id: UUID | None,
    status: RoomStatus | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Room]:
    """Return the rooms that the actor may know of, newest first. Invariant: LS88."""
    return await repository.find_page(
        session,
        actor.viewer,
        achievement_id=achievement_id,
        status=status,
        before=before,
        limit=limit,
    )


async def may_read_restricted(
    session: AsyncSession, party_id: PartyId | None, achievement: Achievement
) -> bool:
    """Tell whether a deal room has opened an achievement's restricted content to a party.

    Invariant: LS87.
    """
    if party_id is None or party_id == achievement.party_id:
        return False  # the owner needs no room
    return await repository.has_open(session, achievement.id, party_id)


def fresh_salt() -> str:
    """Return 16 random bytes in hex."""
    return secrets.token_hex(16)


async def tell(
    session: AsyncSession,
    room: Room,
    what: str,
    actor: str,
    at: datetime,
    restricted: dict[str, Any],
) -> None:
    """Journal an event of a room: nothing public, and no words.

    Staff reads the restricted part of every event of its market, so it holds ids, moments and
    hashes only; the words are in the room.

    Invariant: LS89.
    """
    event = NewEvent(
        market_id=room.market_id,
        subject="room",
        subject_id=room.id,
        type=f"room.{what}",
        market_at=at,
        actor=actor,
        restricted={"status": room.status, **restricted},
        audience=room.sides,
    )
    await journal.append(session, event)
