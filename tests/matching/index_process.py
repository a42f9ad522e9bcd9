"""Index processes that can be killed, told on standard input.

``start DSN PATH`` forks an indexer and says its process id, ``kill ID`` kills one and says so.
Forked from a process that has everything imported, a start costs milliseconds.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import app.tables  # noqa: F401 - every module's
from app.matching import indexer
from app.matching.domain.calibration import shipped
from app.matching.service.engine import MatchingEngine
from app.platform.db import Database
from app.platform.telemetry import configure_logging

# So dense that most kills hit a step.
indexer.COMMIT_S = 0.01  # type: ignore[misc]
indexer.POLL_S = 0.2  # type: ignore[attr-defined]


async def index(dsn: str, path: Path) -> None:
    database = Database(dsn, pool_size=5)
    engine = MatchingEngine(indexes={}, embedder=None, calibration=shipped())
    await indexer.Indexer(database, path, engine).run()


def main() -> None:
    configure_logging("WARNING")
    running: set[int] = set()
    for line in sys.stdin:
        match line.split():
            case ["start", dsn, path]:
                child = os.fork()
                if child == 0:
                    asyncio.run(index(dsn, Path(path)))
                    os._exit(0)
                running.add(child)
                print(child, flush=True)  # noqa: T201 - what the test waits for
            case ["kill", child_id]:
                os.kill(int(child_id), signal.SIGKILL)
                os.waitpid(int(child_id), 0)
                running.remove(int(child_id))
                print("killed", flush=True)  # noqa: T201
    for child in running:  # of a test that failed
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
