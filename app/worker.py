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
        self._at_work: set[str] = set()  # names
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve timers and every reaction side by side."""
        await self._until_database()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._loop(lambda: timers.run_one(self._database, self._handlers)))
            tasks.create_task(self._loop(lambda: self._react(tasks)))

    async def _react(self, tasks: asyncio.TaskGroup) -> bool:
        """Set to work every reaction that has something to do and is not at it."""
        for reaction in await reactions.due(self._database, self._reactions):
            if reaction.name not in self._at_work:
                self._at_work.add(reaction.name)
                tasks.create_task(self._follow(reaction))
        return False

    async def _follow(self, reaction: Reaction) -> None:
        try:
            while not self.stopping.is_set():
                if not await reactions.run_one(self._database, reaction):
                    return
        except (SQLAlchemyError, OSError) as failure:
            await self._pause(failure)
        finally:
            self._at_work.discard(reaction.name)

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
