"""Service clocks: how long an owner and a market take from one moment of a room to the next."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.listings.domain.room import ANSWER_WITHIN, LIVING, Room, RoomStatus
from app.shared.ids import PartyId


class Clock(StrEnum):
    """What is timed."""

    FIRST_ANSWER = "first_answer"  # request -> the owner's answer
    FIRST_MEETING = "first_meeting"  # opening -> first recorded meeting
    FIRST_OFFER = "first_offer"  # opening -> first offer of either side
    AGREEMENT = "agreement"  # opening -> acceptance


# Source: default.
TARGETS: Final[Mapping[Clock, timedelta]] = {
    Clock.FIRST_ANSWER: ANSWER_WITHIN,
    Clock.FIRST_MEETING: timedelta(days=15),
    Clock.FIRST_OFFER: timedelta(days=30),
    Clock.AGREEMENT: timedelta(days=90),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One clock of one room.

    Attributes:
        took_s: Whole seconds, rounded down; ``None`` while the moment has not come.
        due_at: Until when it should have come; ``None`` if the clock has not started.
        overdue: It came later, or has not come though it is due.
    """

    clock: Clock
    took_s: int | None
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One clock over many rooms.

    Attributes:
        count: Rooms in which the moment has come.
        median_s: Of those, whole seconds, rounded down; ``None`` without any.
        overdue: Rooms in which it came late, or is late.
    """

    clock: Clock
    count: int
    median_s: int | None
    overdue: int


def read_clocks(room: Room, now: datetime) -> tuple[Reading, ...]:
    """Return the four clocks of a room.

    Invariant: LS95.
    """
    opened = room.opened_at
    spans = (
        (Clock.FIRST_ANSWER, room.requested_at, room.answered_at),
        (Clock.FIRST_MEETING, opened, room.first_meeting_at),
        (Clock.FIRST_OFFER, opened, room.first_offer_at),
        (Clock.AGREEMENT, opened, room.agreed_at),
    )
    return tuple(_read(room, clock, start, end, now) for clock, start, end in spans)


def _read(
    room: Room, clock: Clock, start: datetime | None, end: datetime | None, now: datetime
) -> Reading:
    if start is None:
        return Reading(clock=clock, took_s=None, due_at=None, overdue=False)
    due_at = start + TARGETS[clock]
    if end is None:
        # After an end nobody waits, but who let a request lapse has not answered.
        missed = room.status is RoomStatus.LAPSED and clock is Clock.FIRST_ANSWER
        late = missed or (room.status in LIVING and now >= due_at)
        return Reading(clock=clock, took_s=None, due_at=due_at, overdue=late)
    took = (end - start) // timedelta(seconds=1)
    return Reading(clock=clock, took_s=took, due_at=due_at, overdue=end >= due_at)


def median(values: Iterable[int]) -> int | None:
    """Return the median of whole seconds, the mean of the middle two rounded down."""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) // 2


def summarise(rooms: Iterable[Room], now: datetime) -> tuple[Summary, ...]:
    """Return the four clocks over rooms.

    Invariant: LS95.
    """
    took: dict[Clock, list[int]] = defaultdict(list)
    late: dict[Clock, int] = defaultdict(int)
    for room in rooms:
        for reading in read_clocks(room, now):
            if reading.took_s is not None:
                took[reading.clock].append(reading.took_s)
            late[reading.clock] += reading.overdue
    return tuple(
        Summary(
            clock=clock, count=len(took[clock]), median_s=median(took[clock]), overdue=late[clock]
        )
        for clock in Clock
    )


def by_owner(rooms: Sequence[Room]) -> Mapping[PartyId, Sequence[Room]]:
    """Return the rooms of each owner, in the order of their ids."""
    owned: dict[PartyId, list[Room]] = defaultdict(list)
    for room in rooms:
        owned[room.owner_id].append(room)
    return dict(sorted(owned.items()))
