"""The clock process: due timers and journal reactions, for all markets.

Any number may run. None decides anything: deadlines are stored and the database orders.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.platform import reactions, timers
from app.platform.db import Database
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.settings import Settings
from app.wiring import assemble

log = structlog.get_logger()

POLL_S = 0.1


class Worker:
    """Runs until told to stop; finishes the step it is in."""

    def __init__(
        self,
        database: Database,
        timer_handlers: Mapping[str, TimerHandler],
        reaction_list: Sequence[Reaction],
    ) -> None:
        self._database = database
        self._handlers = timer_handlers
        self._reactions = reaction_list
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve timers and every reaction side by side."""
        await self._until_database()
        jobs: list[Callable[[], Awaitable[bool]]] = [
            lambda: timers.run_one(self._database, self._handlers)
        ]
        jobs += [self._react(reaction) for reaction in self._reactions]
        await asyncio.gather(*(self._loop(job) for job in jobs))

    def _react(self, reaction: Reaction) -> Callable[[], Awaitable[bool]]:
        return lambda: reactions.run_one(self._database, reaction)

    async def _until_database(self) -> None:
        while not self.stopping.is_set():
            try:
                await reactions.register(self._database, self._reactions)
            except (SQLAlchemyError, OSError) as failure:
                await self._pause(failure)
            else:
                return

    async def _loop(self, job: Callable[[], Awaitable[bool]]) -> None:
        while not self.stopping.is_set():
            try:
                if not await job():
                    await self._wait(POLL_S)
            except (SQLAlchemyError, OSError) as failure:
                await self._pause(failure)

    async def _pause(self, failure: Exception) -> None:
        log.warning("database_away", error=repr(failure)[:500])
        await self._wait(1)

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)


async def run_worker(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    runtime = assemble(settings)
    worker = Worker(runtime.database, runtime.timer_handlers, runtime.reactions)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stopping.set)
    log.info("worker_started")
    try:
        await worker.run()
    finally:
        await runtime.database.close()
        log.info("worker_stopped")
