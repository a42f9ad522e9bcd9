"""Worker processes for tests: started, watched, killed."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text

from app.platform.db import Database


class WorkerProcess:
    """A running `worker_process`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self, word: str) -> None:
        """Wait until it has printed the word."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while line := await self._process.stdout.readline():
                if line.decode().strip() == word:
                    return
        raise AssertionError(f"the worker ended without saying {word}")

    async def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def worker_process(dsn: str, what: str, hang_at: int = 0) -> AsyncIterator[WorkerProcess]:
    """Run a worker for the length of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.platform.worker_process",
        dsn,
        what,
        str(hang_at),
        stdout=asyncio.subprocess.PIPE,
    )
    worker = WorkerProcess(process)
    try:
        yield worker
    finally:
        await worker.kill()


async def effects(database: Database) -> Counter[UUID]:
    """Return how often each subject had its effect."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT public ->> 'of' FROM journal_events WHERE type = 'effect.made'")
        )
        return Counter(UUID(row[0]) for row in rows)
