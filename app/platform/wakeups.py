"""Wake-ups: tell every process's watchers that a subject has changed, soon after the commit.

Never inside the business transaction: the lock that a NOTIFY takes lets commits pass one by
one. A process sends at most one statement in `PACE_S`, with all that was touched meanwhile, on
a connection of its own. A wake-up says nothing and may be lost, then a watcher polls: it only
costs time. So whoever watches reads the journal by version and trusts nothing else.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import make_url

CHANNEL: Final = "zhepai_touched"
PACE_S: Final = 0.02
POLL_S: Final = 1.0
PROBE_S: Final = 5.0  # a connection that fell silent looks like one with nothing to say
BACK_OFF_MAX_S: Final = 2.0
IDS_MAX: Final = 240  # in one notification: 33 characters each, 8,000 bytes are the limit
EVERY_SUBJECT: Final = UUID(int=0)  # to watch; nothing has this id
TOUCHED_MAX: Final = 10_000  # while the database is away; beyond that watchers poll

log = structlog.get_logger()


class Watch:
    """A place to wait for a subject's changes; a change between two waits is not missed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def wait(self, poll_s: float = POLL_S) -> bool:
        """Return when the subject was touched, or after ``poll_s``; tell whether it was touched.

        Read what changed afterwards: what comes meanwhile ends the next wait at once.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(poll_s):
                await self._event.wait()
        touched = self._event.is_set()
        self._event.clear()
        return touched

    def wake(self) -> None:
        """End the wait."""
        self._event.set()


class Wakeups:
    """The wake-ups of one process: one connection, made when something is touched or watched."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql")
        self._watches: dict[UUID, set[Watch]] = {}
        self._touched: set[UUID] = set()
        self._work = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None

    def touch(self, *subject_ids: UUID) -> None:
        """Wake the subjects' watchers, here at once and in other processes within `PACE_S`.

        Call it after the commit; `Database.transaction` does so for all it has journaled.
        """
        for subject_id in subject_ids:
            self._wake(subject_id)
        if len(self._touched) < TOUCHED_MAX:
            self._touched.update(subject_ids)
        self._start()

    @contextlib.contextmanager
    def watching(self, subject_id: UUID) -> Iterator[Watch]:
        """Watch a subject, or `EVERY_SUBJECT`, as the block lasts; begin before the first look."""
        watch = Watch()
        self._watches.setdefault(subject_id, set()).add(watch)
        self._start()
        try:
            yield watch
        finally:
            here = self._watches[subject_id]
            here.discard(watch)
            if not here:
                del self._watches[subject_id]

    async def close(self) -> None:
        """End the connection; a later touch or watch makes a new one."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await runner

    def _wake(self, subject_id: UUID) -> None:
        for watched in (subject_id, EVERY_SUBJECT):
            for watch in self._watches.get(watched, ()):
                watch.wake()

    def _start(self) -> None:
        self._work.set()
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())

    async def _run(self) -> None:
        pause_s = 0.0
        while True:
            try:
                connection = await self._connect()
                pause_s = 0.0
                try:
                    await self._serve(connection)
                finally:
                    connection.terminate()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as failure:
                log.warning("wakeups_away", error=repr(failure)[:500])
                pause_s = min(BACK_OFF_MAX_S, max(0.1, 2 * pause_s))
                await asyncio.sleep(pause_s)

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self._url.render_as_string(hide_password=False),
            timeout=5,
            command_timeout=PROBE_S,
            server_settings={"application_name": "zhepai-wakeups"},
        )
        connection.add_termination_listener(lambda _connection: self._work.set())
        return connection

    async def _serve(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Send what is touched and listen while somebody watches, until the connection ends."""
        listening = False
        self._work.set()  # also on a second connection somebody may be watching
        while not connection.is_closed():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_S):
                    await self._work.wait()
            self._work.clear()
            if self._watches and not listening:
                await connection.add_listener(CHANNEL, self._on_notification)
                listening = True
                for subject_id in self._watches:  # what was said before we listened
                    self._wake(subject_id)
            if self._touched:
                await self._send(connection)
                await asyncio.sleep(PACE_S)
            elif not connection.is_closed():
                await connection.execute("SELECT 1")
        raise ConnectionResetError("the connection for wake-ups has ended")

    async def _send(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        names = [subject_id.hex for subject_id in self._touched]
        self._touched.clear()
        payloads = [",".join(names[at : at + IDS_MAX]) for at in range(0, len(names), IDS_MAX)]
        await connection.execute(
            "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", CHANNEL, payloads
        )

    def _on_notification(
        self, connection: object, pid: int, _channel: str, payload: object
    ) -> None:
        assert isinstance(connection, asyncpg.Connection | asyncpg.pool.PoolConnectionProxy)
        if pid == connection.get_server_pid():  # woken when it was touched
            return
        for name in str(payload).split(","):
            with contextlib.suppress(ValueError):
                self._wake(UUID(hex=name))
