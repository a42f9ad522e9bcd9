"""The feed under writers: what is lost, what comes twice, how late it comes.

Writers append to the journal, a few hold their transactions open, a few roll back; readers of
two kinds poll while they do. Ours must see every committed event once; the baseline pages by
sequence number, as feeds commonly do, and shows what that loses under the same load.

    .venv/bin/python scripts/bench_feed.py [--quick]
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.platform import postgres
from app.platform.db import Database
from app.platform.feed import horizon
from app.platform.journal import JournalEvent
from app.platform.migrate import upgrade
from app.settings import Settings
from tests.platform.feed_harness import Load, Reader, Written, poll_by_sequence, run

CHECKS = 488  # of the published test
RATE = 72  # its writes a second
SLOW_S = 0.04  # for which a slow writer holds its transaction open, and every reader back
OURS = "zhepai"


@contextmanager
def database_of_its_own() -> Iterator[str]:
    """Yield the URL of a fresh, migrated database on a server of its own."""
    # Not below a private directory: root's server runs as another user.
    home = Path(tempfile.mkdtemp(prefix="zhepai-bench-", dir="/var/tmp")).resolve()
    home.chmod(0o755)
    settings = Settings(home=home, database_url=None)
    try:
        url = postgres.database_url(settings)
        upgrade(url)
        yield url
    finally:
        postgres.stop(settings)
        shutil.rmtree(home)


def share(values: list[float], part: float) -> float:
    """Return a quantile of ascending values."""
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0.0


async def measure(url: str, load: Load) -> tuple[Written, Reader, Reader]:
    """Run one load with one reader of each kind."""
    database = Database(url, pool_size=load.writers + 4)
    try:
        async with database.transaction() as session:
            start = await horizon(session)
            last = await session.scalar(select(func.max(JournalEvent.seq)))
        ours = Reader(place=start, every_s=0.005, checks_min=CHECKS)
        naive = Reader(poll=poll_by_sequence, place=last or 0, every_s=0.005)
        written = await run(database, load, ours, naive)
    finally:
        await database.close()
    return written, ours, naive


def figures(label: str, name: str, written: Written, reader: Reader) -> dict[str, Any]:
    """Return the figures of one reader under one load."""
    lags = reader.lags_ms(written)
    return {
        "reader": label,
        "load": name,
        "events": len(written.committed_at),
        "events_per_s": round(len(written.committed_at) / written.seconds),
        "rolled_back": written.rolled_back,
        "checks": reader.checks,
        "lost": reader.lost(written),
        "duplicated": reader.duplicated(),
        "lag_p50_ms": round(share(lags, 0.5), 1),
        "lag_p99_ms": round(share(lags, 0.99), 1),
    }


def loads(quick: bool) -> dict[str, Load]:
    """Return what is measured; sixty transactions of sixteen events are over ten times RATE."""
    seconds, most = (4, 9) if quick else (30, 60)
    published = Load(
        writers=8, seconds=seconds, seconds_max=most, rate=RATE, slow=0.1, slow_s=SLOW_S
    )
    ten = replace(published, writers=10, rate=60, events_each=16, subjects=400, slow=0.05)
    found = {f"published shape, {RATE}/s": published, "ten times that": ten}
    return found if quick else {**found, "none held open": replace(ten, slow=0)}


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what all loads lost, and rate and lag of the fastest."""
    ours = [row for row in rows if row["reader"] == OURS]
    fastest = max(ours, key=lambda row: row["events_per_s"])
    return {
        **{name: sum(row[name] for row in ours) for name in ("lost", "duplicated", "checks")},
        **{name: fastest[name] for name in ("events_per_s", "lag_p50_ms", "lag_p99_ms")},
        "baseline_lost": sum(row["lost"] for row in rows if row["reader"] != OURS),
    }


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table and, last, one line of JSON."""
    table = Table(title="Journal feed; writers and readers share one process, polls every 5 ms")
    for name, value in rows[0].items():
        table.add_column(name, justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(width=140).print(table)
    print(json.dumps(summary(rows)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 45 s")
    quick = parser.parse_args().quick
    rows: list[dict[str, Any]] = []
    with database_of_its_own() as url:
        for name, load in loads(quick).items():
            written, ours, naive = asyncio.run(measure(url, load))
            rows += [
                figures(OURS, name, written, ours),
                figures("by sequence", name, written, naive),
            ]
    show(rows)


if __name__ == "__main__":
    main()
