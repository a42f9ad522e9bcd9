"""What is said in an open deal room: messages, documents, meetings. Only ever added."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.room import (
    ROOM_TRANSITIONS,
    Room,
    RoomTrigger,
    check_meeting,
)
from app.listings.models.rooms import DocumentRow, MeetingRow, MessageRow, RoomOfferRow
from app.listings.repository import rooms as repository
from app.listings.service.rooms import fresh_salt, locked, read_room, tell
from app.platform.access import Actor, ObjectUnknown
from app.platform.files.grants import grant_files
from app.platform.files.lookup import find_own_file
from app.shared.canonical import digest
from app.shared.ids import FileId, RoomId
from app.shared.transitions import advance

Entry = TypeVar("Entry", MessageRow, DocumentRow, MeetingRow, RoomOfferRow)


async def talking(session: AsyncSession, actor: Actor, room_id: RoomId) -> Room:
    """Return an open room of the actor's party under its lock.

    Raises:
        ObjectUnknown: There is none for the actor.
        TransitionRefused: It is not open.
    """
    room = await locked(session, actor, room_id)
    advance(ROOM_TRANSITIONS, state=room.status, trigger=RoomTrigger.TALK)
    return room


async def send_message(
    session: AsyncSession, actor: Actor, room_id: RoomId, text: str, *, now: datetime
) -> MessageRow:
    """Add a message to an open room.

    Raises:
        ObjectUnknown, TransitionRefused: See `talking`.

    Invariant: LS89.
    """
    room = await talking(session, actor, room_id)
    number = await repository.next_number(session, MessageRow, room_id)
    salt = fresh_salt()
    said = {"room_id": str(room_id), "number": number, "party_id": str(actor.party_id)}
    row = MessageRow(
        room_id=room_id,
        number=number,
        party_id=actor.party_id,
        sent_by=actor.ref,
        sent_at=now,
        text=text,
        salt=salt,
        content_hash=digest({**said, "text": text, "salt": salt}),
    )
    await repository.insert_entry(session, row)
    told = {"number": number, "content_hash": row.content_hash}
    await tell(session, room, "message_sent", actor.ref, now, told)
    return row


async def add_document(
    session: AsyncSession,
    actor: Actor,
    room_id: RoomId,
    *,
    file_id: FileId,
    title: str,
    now: datetime,
) -> DocumentRow:
    """Lay a file of the actor's party into an open room; the other side may read it then.

    Raises:
        ObjectUnknown: No such room or no such file of the party, or it lies there already.
        TransitionRefused: The room is not open.

    Invariant: LS87.
    """
    room = await talking(session, actor, room_id)
    file = await find_own_file(session, actor.party_id, file_id)
    if file is None or await repository.has_document(session, room_id, file_id):
        raise ObjectUnknown("No such file of your party is left to lay down.", field="file_id")
    row = DocumentRow(
        room_id=room_id,
        number=await repository.next_number(session, DocumentRow, room_id),
        party_id=actor.party_id,
        added_by=actor.ref,
        added_at=now,
        file_id=file_id,
        title=title,
        sha256=file.sha256,
    )
    await repository.insert_entry(session, row)
    (other,) = room.sides - {actor.party_id}
    await grant_files(session, [file_id], party_id=other, ground_id=room.id)
    told = {"number": row.number, "sha256": row.sha256}
    await tell(session, room, "document_added", actor.ref, now, told)
    return row


async def record_meeting(
    session: AsyncSession,
    actor: Actor,
    room_id: RoomId,
    *,
    held_at: datetime,
    minutes: int,
    participants: Sequence[str],
    now: datetime,
) -> MeetingRow:
    """Record a meeting that the two sides held.

    Raises:
        ObjectUnknown, TransitionRefused: See `talking`.
        MeetingMomentWrong: It lies before the opening or in the future.

    Invariants: LS94, LS95.
    """
    room = await talking(session, actor, room_id)
    check_meeting(room, held_at, now)
    row = MeetingRow(
        room_id=room_id,
        number=await repository.next_number(session, MeetingRow, room_id),
        party_id=actor.party_id,
        recorded_by=actor.ref,
        recorded_at=now,
        held_at=held_at,
        minutes=minutes,
        participants=list(participants),
    )
    await repository.insert_entry(session, row)
    first = min(room.first_meeting_at or held_at, held_at)
    await repository.save(session, replace(room, first_meeting_at=first))
    told = {"number": row.number, "held_at": held_at, "minutes": minutes}
    await tell(session, room, "met", actor.ref, now, told)
    return row


async def list_entries(
    session: AsyncSession,
    actor: Actor,
    room_id: RoomId,
    kind: type[Entry],
    *,
    before: int | None,
    limit: int,
) -> Sequence[Entry]:
    """Return a room's messages, documents, meetings or offers, newest first.

    Raises:
        ObjectUnknown: The actor may not read what is said in it.

    Invariant: LS88.
    """
    _, readable = await read_room(session, actor, room_id)
    if not readable:
        raise ObjectUnknown("What is said in the room is the two sides'.")
    return await repository.entries(session, kind, room_id, before=before, limit=limit)
