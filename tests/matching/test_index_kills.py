"""Indexers that are killed, and several of them: the index ends as the truth, MT22, MT28, MT29."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from app.matching.index.generations import Generations, Place, read_place
from app.platform.db import Database
from tests.eventually import eventually
from tests.matching.shelf import Shelf, difference_from_truth
from tests.world import World

pytestmark = pytest.mark.concurrency

KILLS = 30


@dataclass
class Processes:
    """Indexers as processes, of one database and directory."""

    server: asyncio.subprocess.Process
    of: str

    async def start(self) -> str:
        return await self._say(f"start {self.of}")

    async def kill(self, child: str) -> None:
        assert await self._say(f"kill {child}") == "killed"

    async def _say(self, what: str) -> str:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(f"{what}\n".encode())
        answer = await asyncio.wait_for(self.server.stdout.readline(), 60)
        return answer.decode().strip()


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.matching.index_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield process
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


@pytest.fixture
def processes(server: asyncio.subprocess.Process, database_dsn: str, tmp_path: Path) -> Processes:
    return Processes(server, f"{database_dsn} {tmp_path}")


@pytest.fixture
def shelf(own_world: World, database: Database) -> Shelf:
    return Shelf(database, own_world)


async def test_index_equals_truth_after_kills_at_random_moments(
    shelf: Shelf, processes: Processes, tmp_path: Path
) -> None:
    async def is_truth() -> bool:
        return not await difference_from_truth(shelf.database, tmp_path, shelf)

    async def lies_alone() -> bool:
        return _lies_alone(tmp_path)

    random, acting = Random(30), True

    async def act() -> None:
        while acting:
            await shelf.act()

    await shelf.shelve()
    child = await processes.start()
    await eventually(is_truth, within_s=20)
    first = Generations(tmp_path).current()
    assert first is not None
    begun = read_place(first)
    await processes.kill(child)
    actor = asyncio.create_task(act())
    for number in range(KILLS):
        child, before = await processes.start(), read_place(first)
        if number % 3 == 0:  # at work, however slow the machine is; else wherever it has come

            async def moved(before: Place | None = before) -> bool:
                return read_place(first) != before

            await eventually(moved)
        await asyncio.sleep(random.uniform(0.02, 0.25))
        await processes.kill(child)
    killed = read_place(first)
    acting = False
    await actor
    assert len(shelf.known) > KILLS
    assert begun is not None
    assert killed is not None
    assert killed.cursor > begun.cursor  # they were killed at work
    child = await processes.start()
    await eventually(is_truth, within_s=20)
    assert Generations(tmp_path).current() == first
    await eventually(lies_alone)
    await processes.kill(child)


def _lies_alone(path: Path) -> bool:
    current = Generations(path).current()
    assert current is not None
    names = {"lock", "current", current.name, f"{current.name}.lock"}
    return {one.name for one in path.iterdir()} == names


async def test_of_two_indexers_one_works_and_the_other_takes_over(
    shelf: Shelf, processes: Processes, tmp_path: Path
) -> None:
    async def is_truth() -> bool:
        return not await difference_from_truth(shelf.database, tmp_path, shelf)

    first = await processes.start()
    await shelf.shelve()
    await eventually(is_truth, within_s=20)
    generation = Generations(tmp_path).current()
    second = await processes.start()
    await shelf.shelve()
    await eventually(is_truth, within_s=20)
    await processes.kill(first)
    await shelf.do(0, "withdrawn")
    await shelf.shelve()
    await eventually(is_truth, within_s=20)
    assert Generations(tmp_path).current() == generation  # taken over, not built anew
    await processes.kill(second)
