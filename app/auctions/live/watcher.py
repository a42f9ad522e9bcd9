"""One watcher of a room: where it stands, and what it gets next."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from app.auctions.live.frames import Audience, end_frame, retry_line

if TYPE_CHECKING:
    from app.auctions.live.room import Room

CHECK_MS: Final = 5_000
RETRY_MS: Final = 500  # and up to as much again three times, so that not all come back at once

Write = Callable[[bytes], Awaitable[None]]


def now_ms() -> int:
    """Return monotonic milliseconds."""
    return time.monotonic_ns() // 1_000_000


class End(StrEnum):
    """Why a stream ends."""

    DONE = "done"  # its duration is over
    TOKEN = "token_expired"  # noqa: S105
    STOPPING = "stopping"  # this process ends; another one serves the room
    SLOW = "slow"
    GONE = "gone"


class Watcher:
    """Pulls frames from its room, one at a time.

    What happens while a frame is on its way is merged into the next one, so nothing queues up
    for a watcher: at most one frame waits for it here (AU33).

    Attributes:
        looks: How often the room had looked when it came.

    Args:
        position: Last version that it has seen, ``None`` for none.
        allowed: Tells whether its token is still good.
    """

    def __init__(
        self,
        room: "Room",
        audience: Audience,
        position: int | None,
        allowed: Callable[[], bool],
    ) -> None:
        self.position = position
        self.audience = audience
        self.looks = room.looks
        self._room = room
        self._allowed = allowed
        self._checked_ms = now_ms()
        self._moved = asyncio.Event()
        self._end: End | None = None
        self._writing_since_ms: int | None = None
        self._written_ms = 0
        self._tick = room.tick
        self._task: asyncio.Task[object] | None = None

    def wake(self) -> None:
        """Tell it that there may be something new."""
        self._moved.set()

    def end(self, reason: End) -> None:
        """End its stream; a write that is blocked is given up."""
        self._end = self._end or reason
        self._moved.set()
        if reason is not End.DONE and self._writing_since_ms is not None and self._task is not None:
            self._task.cancel()

    def blocked_ms(self, now: int) -> int:
        """Return for how long it has not taken what it was sent."""
        return 0 if self._writing_since_ms is None else now - self._writing_since_ms

    async def serve(self, write: Write) -> bool:
        """Write frames until the stream ends; ``False`` where it was cut off."""
        self._task = asyncio.current_task()
        try:
            await self._write(write, retry_line(RETRY_MS + secrets.randbelow(3 * RETRY_MS)))
            while (reason := self._reason()) is None:
                self._moved.clear()
                chunk = self._room.next_for(self)
                if chunk is None:
                    chunk = self._clock()
                if chunk is not None:
                    await self._write(write, chunk)
                if self.position is not None and self.position < self._room.version:
                    await asyncio.sleep(self._room.pace_ms / 1000)
                elif self._end is None:
                    await self._moved.wait()
            if reason in {End.GONE, End.SLOW}:
                return False
            await self._write(write, end_frame(reason))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._end is None or task is None:
                raise
            task.uncancel()
            return False
        finally:
            self._task = None
        return True

    async def _write(self, write: Write, chunk: bytes) -> None:
        self._written_ms = self._writing_since_ms = now_ms()
        await write(chunk)
        self._writing_since_ms = None

    def _clock(self) -> bytes | None:
        if self._tick == self._room.tick:
            return None
        self._tick = self._room.tick
        quiet = now_ms() - self._written_ms > CHECK_MS // 2  # a frame tells the time, too
        return self._room.clock if quiet else None

    def _reason(self) -> End | None:
        if self._end is End.DONE and self.position != self._room.version:
            return None
        if self._end is None and now_ms() - self._checked_ms >= CHECK_MS:
            self._checked_ms = now_ms()
            if not self._allowed():
                return End.TOKEN
        return self._end
