"""Matching at the size of a nation: what it takes to build, to follow, to answer.

``matching_scale.py DATA_DIR [--entries N]`` prints JSON. PostgreSQL, the index, its process and
the readers are real; the shelf's texts are mixed of the folder's sentences.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from app.demo.market import STARTS_AT
from app.matching.domain.entry import EntryKind
from app.matching.index import open_index
from app.matching.index.generations import Generations
from app.matching.service.indexing import build
from app.platform import journal
from app.platform.access import SYSTEM
from app.platform.db import Database
from app.platform.journal import NewEvent
from app.settings import Settings
from app.shared.ids import MarketId, new_id
from app.wiring import assemble
from scripts.market import Market, make_market
from scripts.matching_asking import percentiles
from scripts.matching_filling import (
    AT,
    Corpus,
    fill_shelf,
    give_vectors,
    read_corpus,
)
from scripts.server import fresh_database

MODEL: Final = "multilingual-e5-small"  # whose name the vectors bear
CHANGES_A_S: Final = 50
QUERIES: Final = 400
QUICK_QUERIES: Final = 100
REBUILT_MAX: Final = 200_000  # beyond, building anew takes as long as the first time


class Watcher:
    """A reader as an API process has one, that notes when it finds what."""

    def __init__(self, path: Path) -> None:
        self._index = open_index(path, EntryKind.ACHIEVEMENT)
        self._lock = threading.Lock()
        self._waiting: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.lags_s: list[float] = []
        self._thread.start()

    def expect(self, gram: str) -> None:
        """Measure from now until this is found."""
        with self._lock:
            self._waiting[gram] = time.monotonic()

    def left(self) -> int:
        """Return how much was not found yet."""
        with self._lock:
            return len(self._waiting)

    def _run(self) -> None:
        while True:
            with self._lock:
                waiting = dict(self._waiting)
            for gram, since in waiting.items():
                if self._index.search({gram: 1.0}, limit=1):
                    self.lags_s.append(time.monotonic() - since)
                    with self._lock:
                        del self._waiting[gram]
            time.sleep(0.02)


@contextmanager
def _index_process(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as out:
        command = [sys.executable, "-m", "app.cli", "index"]
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


async def measure_lag(
    database: Database, market: Market, environment: dict[str, str], path: Path, seconds: int
) -> dict[str, float]:
    """Return seconds from commit to findable, under so many changes a second."""
    async with database.transaction() as session:
        ids = list(await session.scalars(text("SELECT id FROM achievements LIMIT 2000")))
    watcher = Watcher(path)
    with _index_process(environment, path / "index.log") as process:
        await _change(database, market, ids[0], watcher, 0)
        await _found(watcher, process)
        watcher.lags_s.clear()
        begin = time.monotonic()
        dues = [begin + number / CHANGES_A_S for number in range(CHANGES_A_S * seconds)]
        await asyncio.gather(
            *(
                _change(database, market, ids[number % len(ids)], watcher, due_at)
                for number, due_at in enumerate(dues)
            )
        )
        await _found(watcher, process)
    return percentiles(watcher.lags_s)


async def _found(watcher: Watcher, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while watcher.left():
        assert process.poll() is None, "the index process died"
        assert time.monotonic() < deadline, "the index process does not follow"
        await asyncio.sleep(0.1)


async def _change(
    database: Database, market: Market, id_: UUID, watcher: Watcher, due_at: float
) -> None:
    await asyncio.sleep(max(0.0, due_at - time.monotonic()))
    gram = f"x{new_id().hex}"
    async with database.transaction() as session:
        await session.execute(
            text(
                "UPDATE achievements SET version = version + 1,"
                " abstract = left(abstract, 300) || :gram WHERE id = :id"
            ),
            {"id": id_, "gram": f"，{gram}。"},
        )
        await journal.append(
            session,
            NewEvent(
                market_id=market.id,
                subject="achievement",
                subject_id=id_,
                type="achievement.accepted",
                market_at=AT,
                actor=SYSTEM,
            ),
        )
    watcher.expect(gram)


def note(what: str) -> None:
    """Tell a person how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr)


def _size_mb(path: Path) -> int:
    current = Generations(path).current()
    assert current is not None
    return round(sum(one.stat().st_size for one in current.rglob("*") if one.is_file()) / 1e6)


async def _built(database: Database, path: Path) -> float:
    began = time.perf_counter()
    await build(database, Generations(path))
    return round(time.perf_counter() - began, 1)


def ask(
    problems: Sequence[str],
    home: MarketId,
    environment: dict[str, str],
    *,
    meaning: bool,
    twice: bool,
) -> dict[str, Any]:
    """Return what whole explained matches take in a process of their own, and its memory.

    A second process asks beside one that has asked, so that shared pages count as such.
    """
    told: dict[str, Any] = {}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        asked = {"problems": list(problems), "home": str(home), "model": MODEL if meaning else None}
        json.dump(asked, file)
        file.flush()
        command = [sys.executable, "-m", "scripts.matching_asking", file.name]
        first, second = None, None
        try:
            first = _start(command, environment)
            told = json.loads(first.stdout.readline())
            if not twice:
                return told
            second = _start(command, environment)
            told["second_process"] = json.loads(second.stdout.readline())["memory_mb"]
        finally:
            for process in (first, second):
                if process is not None:
                    process.stdin.close()
                    process.wait()
    return told


def _start(command: Sequence[str], environment: dict[str, str]) -> Any:
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


async def measure(
    settings: Settings,
    environment: dict[str, str],
    corpus: Corpus,
    entries: int,
    *,
    quick: bool = False,
) -> dict[str, Any]:
    """Return all figures of a shelf of this size; of ``quick`` ones the answers alone."""
    runtime = assemble(settings)
    database = Database(runtime.database.url, pool_size=20, silence_s=None)
    path = settings.index_path
    market = await make_market(runtime, bidders=1, starts_at=STARTS_AT)
    await fill_shelf(market, database, corpus, entries)
    note("filled")
    told: dict[str, Any] = {"entries": entries, "first_build_s": await _built(database, path)}
    note(f"built in {told['first_build_s']} s")
    await give_vectors(database, MODEL)
    note("given vectors")
    if entries <= REBUILT_MAX and not quick:
        told["rebuild_s"] = await _built(database, path)
        note(f"built anew in {told['rebuild_s']} s")
    told["index_mb"] = _size_mb(path)
    problems = corpus.problems[: QUICK_QUERIES if quick else QUERIES]
    for name, meaning in (("words", False), ("words_and_meaning", True)):
        told[name] = ask(problems, market.id, environment, meaning=meaning, twice=not quick)
        note(f"asked by {name}: {told[name]}")
    if not quick:
        told["lag_s"] = await measure_lag(database, market, environment, path, seconds=20)
        note(f"followed: {told['lag_s']}")
    await database.close()
    await runtime.database.close()
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--entries", type=int, default=100_000)
    arguments = parser.parse_args()
    corpus = read_corpus(arguments.data_dir)
    with fresh_database("matching") as (settings, variables):
        environment = {**os.environ, **variables}
        told = asyncio.run(measure(settings, environment, corpus, arguments.entries))
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
