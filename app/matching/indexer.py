"""The index process: the index of this host, and in the background meaning and results.

Any number may run. Of those on one host one keeps its directory and the others wait; of all
hosts' that keep one, one does the background work. None of them decides anything: PostgreSQL is
the truth.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from app.matching.domain.entry import EntryKind
from app.matching.index import IndexNotReady, TantivyIndex
from app.matching.index.generations import GenerationBusy, Generations
from app.matching.service.engine import MatchingEngine, engine_of
from app.matching.service.indexing import PAGE, Indexing, IndexOutdated, Tell, build, carry_on
from app.matching.service.meaning import MeaningReader
from app.matching.service.precomputing import Precomputing
from app.platform.alone import Alone
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.platform.wakeups import EVERY_SUBJECT, POLL_S, Watch

COMMIT_S: Final = 0.3  # with a reader's second well below two, from commit to findable
LOOK_S: Final = 0.1
PAUSE_MAX_S: Final = 10.0
BACKGROUND: Final = "matching in the background"

log = structlog.get_logger()


class Indexer:
    """Runs until told to stop; finishes the step it is in."""

    def __init__(self, database: Database, path: Path, engine: MatchingEngine) -> None:
        self._database = database
        self._generations = Generations(path)
        self._readers = {kind: TantivyIndex(self._generations, kind) for kind in EntryKind}
        self._engine = replace(engine, indexes=self._readers)
        self._alone = Alone(database.url, BACKGROUND)
        self._asked: list[asyncio.Future[None]] = []
        self._watch = Watch()
        self._is_following = False
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Keep the index, and in the background vectors and results."""
        precomputing = Precomputing(self._database, self._engine, self._indexed)
        jobs = [self._background(precomputing.step), self._background(_only_hold)]
        if self._engine.embedder is not None:
            jobs.append(self._background(MeaningReader(self._database, self._engine.embedder).step))
        background = [asyncio.create_task(job) for job in jobs]
        try:
            await self._until_stopped(self._keep_index)
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._alone.close()

    async def _background(self, step: Callable[[], Awaitable[bool]]) -> None:
        async def mine() -> bool:
            # One that waits for the directory could match nothing: it leaves the work to others.
            return self._is_following and await self._alone.is_mine() and await step()

        await self._until_stopped(mine)

    async def _until_stopped(self, job: Callable[[], Awaitable[bool]]) -> None:
        pause_s = 0.0
        while not self.stopping.is_set():
            try:
                busy = await job()
                pause_s = 0.0
            except Exception:
                log.exception("index_step_failed")
                busy, pause_s = False, min(PAUSE_MAX_S, max(1.0, 2 * pause_s))
            if not busy:
                await self._wait(pause_s or POLL_S)

    async def _keep_index(self) -> bool:
        """Keep this host's directory as long as it is this process's and can be carried on."""
        try:
            with self._generations.claimed():
                indexing = await carry_on(self._database, self._generations)
                if indexing is None:
                    log.info("index_building")
                    await build(self._database, self._generations)
                    indexing = await carry_on(self._database, self._generations)
                assert indexing is not None
                self._generations.sweep()
                with indexing.writer:
                    await self._follow(indexing)
        except GenerationBusy:
            return False
        except IndexOutdated as reason:
            log.warning("index_outdated", reason=str(reason))
        return True

    async def _follow(self, indexing: Indexing) -> None:
        log.info("index_followed", generation=indexing.writer.generation.name)
        with self._database.wakeups.watching(EVERY_SUBJECT) as self._watch:
            self._is_following = True
            try:
                await self._follow_on(indexing)
            finally:
                self._is_following = False
                self._refuse()

    async def _follow_on(self, indexing: Indexing) -> None:
        while not self.stopping.is_set():
            if self._generations.current() != indexing.writer.generation:
                return  # another was published
            asking = len(self._asked)  # who asks meanwhile waits for the next step
            count = await indexing.step()
            if count < PAGE:  # nothing is left behind
                self._answer(self._asked[:asking])
                del self._asked[:asking]
                await self._wait(COMMIT_S if count else LOOK_S)
            if not count and not self._asked:
                await self._watch.wait()

    async def _indexed(self) -> None:
        """Return when all that is kept now is in the index that this process reads.

        Raises:
            IndexNotReady: The process has ceased to keep it; another one may do so now.
        """
        if not self._is_following:
            raise _not_kept()
        asked = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._watch.wake()
        await asked

    def _answer(self, asked: Sequence[asyncio.Future[None]]) -> None:
        for reader in self._readers.values():
            reader.reload()
        for one in asked:
            if not one.done():
                one.set_result(None)

    def _refuse(self) -> None:
        refused, self._asked = self._asked, []
        for one in refused:
            if not one.done():
                one.set_exception(_not_kept())

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)


def _not_kept() -> IndexNotReady:
    return IndexNotReady("This process does not keep the index now.", retry_after_s=1)


async def _only_hold() -> bool:
    """Nothing: whose the work is, is asked more often than steps end, which may take minutes."""
    return False


async def run_indexer(runtime: Runtime) -> None:
    """Run an indexer until SIGTERM or SIGINT."""
    indexer = Indexer(runtime.database, runtime.settings.index_path, engine_of(runtime))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, indexer.stopping.set)
    log.info("indexer_started")
    try:
        await indexer.run()
    finally:
        await runtime.database.close()
        log.info("indexer_stopped")


async def rebuild(runtime: Runtime, tell: Tell) -> None:
    """Build this host's index anew; the one there serves, and is kept up, until it is replaced."""
    try:
        await build(runtime.database, Generations(runtime.settings.index_path), tell)
    finally:
        await runtime.database.close()
