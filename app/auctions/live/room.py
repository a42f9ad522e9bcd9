"""One watched auction in one process: reads its journal once for all watchers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from app.auctions.domain.judging import has_deadline
from app.auctions.live.frames import (
    PUBLIC,
    Audience,
    Told,
    clock_frame,
    concerns,
    encode,
    room_frame,
    snapshot_frame,
    tell,
)
from app.auctions.live.watcher import End, Watcher, now_ms
from app.auctions.repository.auctions import Auction
from app.auctions.service.rooms import Look, look_since, publish_due
from app.auctions.vault import Vault
from app.platform.db import Database
from app.platform.wakeups import Watch

EVENTS_MAX: Final = 1_000  # remembered for who comes back
FIRST_EVENTS_MAX: Final = 250  # read when a room opens: its process may have been restarted
AT_ONCE: Final = 16  # events encoded before others get their turn
SIZE_MAX: Final = 4_000_000
FRAME_SIZE_MAX: Final = 256_000
TICK_MS: Final = 5_000
FRESH_MS: Final = 100  # a frame tells the time
LINGER_MS: Final = 10_000  # a room without watchers: who was cut off comes back soon
FAULT_PAUSE_MS: Final = 1_000
SLICE: Final = 64  # watchers woken before others, bidders above all, get their turn

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Means:
    """What rooms share in a process.

    Attributes:
        pace_ms: Shortest time between two frames, now.
        poll_ms: How often a room looks without being woken, now.
        slow_ms: How long a write may be blocked.
    """

    database: Database
    vault: Vault
    pace_ms: Callable[[], int]
    poll_ms: Callable[[], int]
    slow_ms: int


class Room:
    """The room of one auction; `run` keeps it up to date while somebody watches.

    Attributes:
        version: Journal version that it stands at.
        tick, clock: Number and frame of the last time signal.
        looks: How often it has read, so a test can see that watchers cost no reads.
    """

    def __init__(self, auction_id: UUID, means: Means) -> None:
        self.id = auction_id
        self.watchers: set[Watcher] = set()
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = False
        self.version = 0
        self.tick = 0
        self.clock = b""
        self.looks = 0
        self._means = means
        self._look: Look | None = None
        self._memory: list[Told] = []
        self._frames: dict[tuple[Audience, int | None], _Made] = {}
        self._read_ms = self._left_ms = self._tick_ms = now_ms()
        self._look_at_ms = self._spread_ms = 0
        self._spread_at = (0, 0)
        self._asked = False  # somebody has seen a version that this room has not
        self._watch: Watch | None = None

    @property
    def auction(self) -> Auction:
        """The auction as of the last look."""
        return self._last.auction

    @property
    def _last(self) -> Look:
        assert self._look is not None
        return self._look

    @property
    def pace_ms(self) -> int:
        """Shortest time between two frames, now."""
        return self._means.pace_ms()

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self.watchers.discard(watcher)
        self._left_ms = now_ms()

    def next_for(self, watcher: Watcher) -> bytes | None:
        """Return the watcher's next frame and move it on; ``None`` if there is none yet."""
        audience, position = watcher.audience, watcher.position
        if position == self.version:
            return None
        # Another process or a snapshot was faster than this room. Only if it still stands lower
        # after a whole look of its own were the data put back.
        if position is not None and position > self.version and self.looks < watcher.looks + 2:
            self._look_soon()
            return None
        events = self._after(position)
        if not concerns(events, audience):
            audience = PUBLIC
        made, now = self._frames.get((audience, position)), now_ms()
        if made is None or now - made.at_ms > FRESH_MS:
            made = self._frames[audience, position] = self._frame(events, position, audience, now)
        watcher.position = made.version
        return made.frame

    def _look_soon(self) -> None:
        self._asked = True
        self._look_at_ms = 0
        if self._watch is not None:
            self._watch.wake()

    def _frame(
        self, events: Sequence[Told], position: int | None, audience: Audience, now: int
    ) -> "_Made":
        moment = self._moment(now)
        if not events or position is None:
            frame = snapshot_frame(self.version, moment, self._last.room())
            return _Made(frame, self.version, now)
        return _Made(room_frame(events, position, moment, audience), events[-1].version, now)

    def _moment(self, at_ms: int) -> str:
        """Return what time alone changes, carried on from the last look."""
        now = self._last.now + timedelta(milliseconds=at_ms - self._read_ms)
        return encode(self._last.moment(now))

    def _after(self, position: int | None) -> Sequence[Told]:
        """Return what follows a version, at most a frame's worth; nothing if it is not known."""
        first = self.version - len(self._memory)
        if position is None or not first <= position < self.version:
            return ()
        size, end = 0, position - first
        while end < len(self._memory) and (size == 0 or size < FRAME_SIZE_MAX):
            size += self._memory[end].size
            end += 1
        return self._memory[position - first : end]

    async def run(self) -> None:
        """Look, and tell the watchers, until nobody has watched for a while."""
        try:
            with self._means.database.wakeups.watching(self.id) as self._watch:
                await self._refresh()
                self.opened.set_result(None)
                while self.watchers or now_ms() - self._left_ms < LINGER_MS:
                    if self._last.is_overdue:
                        await self._try(self._publish)
                    wait_ms = min(self._look_at_ms, self._tick_ms + TICK_MS) - now_ms()
                    touched = await self._watch.wait(max(wait_ms, 1) / 1000)
                    await self._pause()
                    if touched or now_ms() >= self._look_at_ms:
                        await self._try(self._refresh)
                    self._tick_on()
                    await self._spread()
        except Exception as failure:
            if self.opened.done():
                raise
            self.opened.set_exception(failure)
        finally:
            self.closed = True
            self.opened.cancel()

    async def _pause(self) -> None:
        """Keep the pace: what happens meanwhile goes into one frame (AU32)."""
        pause_ms = self._spread_ms + self.pace_ms - now_ms()
        if pause_ms > 0:
            await asyncio.sleep(pause_ms / 1000)

    async def _try(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Exception as failure:  # noqa: BLE001 - the room outlives a database that is away
            log.warning("room_behind", auction=str(self.id), error=repr(failure)[:500])
            await asyncio.sleep(FAULT_PAUSE_MS / 1000)

    async def _refresh(self) -> None:
        """Read once for all watchers what is new (AU36)."""
        first = self._look is None
        started_ms = now_ms()
        async with self._means.database.transaction() as session:
            look, events = await look_since(
                session,
                self.id,
                after=None if first else self.version,
                events_max=FIRST_EVENTS_MAX if first else EVENTS_MAX,
            )
        told = []
        for number, event in enumerate(events, start=1):
            told.append(tell(event))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        self.looks += 1
        self._read_ms = started_ms  # so the time that is told is rather late than early
        self._remember(look, told)
        self._look_at_ms = started_ms + min(self._means.poll_ms(), self._until_deadline_ms(look))

    def _until_deadline_ms(self, look: Look) -> int:
        state = look.auction.state
        if look.auction.announced_at is None or not has_deadline(state):
            return TICK_MS
        left = max(state.deadline_at - look.now, timedelta(0))
        return left // timedelta(milliseconds=1) + 1

    async def _publish(self) -> None:
        """Publish a deadline that nobody has: watchers need no worker (AU35)."""
        async with self._means.database.transaction() as session:
            await publish_due(session, self._means.vault, self.id)
        self._look_at_ms = 0

    def _remember(self, look: Look, events: Sequence[Told]) -> None:
        skipped = bool(events) and events[0].version != self.version + 1
        if skipped or look.version < self.version:  # lower: the database was put back
            self._memory.clear()
        self._look, self.version = look, look.version
        self._frames.clear()
        self._memory.extend(events)
        size, kept = 0, 0
        for event in reversed(self._memory[-EVENTS_MAX:]):
            size += event.size
            if kept and size > SIZE_MAX:
                break
            kept += 1
        del self._memory[: len(self._memory) - kept]

    def _tick_on(self) -> None:
        now = now_ms()
        if now - self._tick_ms >= TICK_MS:
            self._tick_ms = now
            self.tick += 1
            self.clock = clock_frame(self.version, self._moment(now))

    async def _spread(self) -> None:
        """Wake the watchers in slices if there is something new; drop who is blocked (AU33)."""
        now, stands_at = now_ms(), (self.version, self.tick)
        news = self._spread_at != stands_at or self._asked
        self._asked = False
        if news:
            self._spread_at, self._spread_ms = stands_at, now
        for number, watcher in enumerate(list(self.watchers), start=1):
            if watcher.blocked_ms(now) > self._means.slow_ms:
                watcher.end(End.SLOW)
            elif news:
                watcher.wake()
                if number % SLICE == 0:
                    await asyncio.sleep(0)


class _Made(NamedTuple):
    """A frame, the version that it leads to, and when it was made."""

    frame: bytes
    version: int
    at_ms: int
