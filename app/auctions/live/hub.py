"""All rooms of a process that somebody watches."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Final
from uuid import UUID

from app.auctions.live.frames import Audience
from app.auctions.live.room import Means, Room
from app.auctions.live.watcher import End, Watcher
from app.auctions.vault import Vault
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.shared.errors import Unavailable

PACE_MIN_MS: Final = 55  # at most 20 frames within any second
PACE_MAX_MS: Final = 500
PACE_US_A_WATCHER: Final = 100  # what a frame costs a watcher, and as much for everybody else
POLL_MS: Final = 1_000
POLL_MS_A_ROOM: Final = 10
SLOW_MS: Final = 5_000


class WatchersFull(Unavailable):
    """This process serves as many streams as it may, or it is stopping."""

    code = "watchers_full"
    title_zh = "观看人数已满，请稍后重试"
    title_en = "No more watchers can be served now"


class Rooms:
    """The rooms of one process; a room exists while somebody watches, and a little longer.

    Args:
        watchers_max: Most streams at once.
        slow_ms: How long a watcher may not take what it is sent.
    """

    def __init__(
        self, *, database: Database, vault: Vault, watchers_max: int, slow_ms: int = SLOW_MS
    ) -> None:
        self._rooms: dict[UUID, Room] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchers_max = watchers_max
        self._stopping = False
        self.watchers = 0
        self._means = Means(
            database=database,
            vault=vault,
            pace_ms=self.pace_ms,
            poll_ms=lambda: POLL_MS + POLL_MS_A_ROOM * len(self._rooms),
            slow_ms=slow_ms,
        )

    def pace_ms(self) -> int:
        """Return the shortest time between two frames: it grows with the watchers (AU32)."""
        return min(PACE_MAX_MS, max(PACE_MIN_MS, self.watchers * PACE_US_A_WATCHER // 1000))

    async def enter(self, auction_id: UUID) -> Room:
        """Return the auction's room; only the first to come costs a look at the database.

        Raises:
            WatchersFull: There are as many streams as there may be.
            AuctionUnknown: There is no such auction.
        """
        if self._stopping or self.watchers >= self._watchers_max:
            raise WatchersFull("Come back, another process may serve you.", retry_after_s=2)
        room = self._rooms.get(auction_id)
        if room is None or room.closed:
            room = self._rooms[auction_id] = Room(auction_id, self._means)
            # In no request's context: what the room publishes is nobody's request.
            task = asyncio.create_task(room.run(), context=Context())
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._left(auction_id, room, done))
        await asyncio.wait([room.opened])
        if room.opened.cancelled():
            raise WatchersFull("Come back, another process may serve you.", retry_after_s=2)
        room.opened.result()
        return room

    def _left(self, auction_id: UUID, room: Room, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._rooms.get(auction_id) is room:
            del self._rooms[auction_id]
        for watcher in room.watchers:  # only where the room's own task has failed
            watcher.end(End.STOPPING)

    @contextmanager
    def watching(
        self, room: Room, audience: Audience, position: int | None, allowed: Callable[[], bool]
    ) -> Iterator[Watcher]:
        """Watch a room for the length of the block."""
        watcher = Watcher(room, audience, position, allowed)
        room.watchers.add(watcher)
        self.watchers += 1
        if room.closed:
            watcher.end(End.STOPPING)
        try:
            yield watcher
        finally:
            self.watchers -= 1
            room.leave(watcher)

    def stop(self) -> None:
        """End all streams and take no more: a server that stops waits for its answers."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()  # and ends its room's watchers
        for room in self._rooms.values():
            for watcher in list(room.watchers):
                watcher.end(End.STOPPING)


def rooms_of(runtime: Runtime) -> Rooms:
    """Return the rooms of this process."""
    rooms = runtime.live.get("rooms")
    if not isinstance(rooms, Rooms):
        rooms = runtime.live["rooms"] = Rooms(
            database=runtime.database,
            vault=Vault(runtime.box),
            watchers_max=runtime.settings.watchers_max,
        )
    return rooms


def end_streams(runtime: Runtime) -> None:
    """End the streams of a process that was told to stop."""
    rooms_of(runtime).stop()
