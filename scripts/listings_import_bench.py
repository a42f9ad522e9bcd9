#!/usr/bin/env python3
"""How fast are 10,000 achievements imported in one call, and again when all are known?

The call is the served one, without a socket: read the table, check, store with version and
journal event, commit in slices. Needs nothing started.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.demo.market import STARTS_AT, content, records
from app.listings.domain.importing import COLUMNS
from app.listings.domain.importing_writing import write_row
from app.listings.schemas.achievements import AchievementBody
from app.listings.service.import_files import SHEET
from app.main import create_app
from app.platform.runtime import Runtime
from app.platform.tables.sheets import CSV, XLSX, write_csv, write_xlsx
from app.settings import Settings
from app.wiring import assemble
from scripts.market import SELLER, Market, make_market
from scripts.server import fresh_database

ROWS, QUICK_ROWS = 10_000, 500


def table(rows: int) -> list[tuple[str, ...]]:
    """Return a header and rows like those of the demo, no two alike."""
    bodies = [
        AchievementBody.model_validate(content(record, "key", "owner"))
        for record in records("achievements")
    ]
    known = [write_row(body.content()) for body in bodies]
    numbered = (
        (f"{row[0]}（{number}）", *row[1:])
        for number, row in ((number, known[number % len(known)]) for number in range(rows))
    )
    return [tuple(column.label for column in COLUMNS), *numbered]


async def send(market: Market, client: httpx.AsyncClient, name: str, data: bytes, kind: str) -> str:
    """Upload a file; return its id."""
    answer = await client.post(
        "/v1/files",
        files={"file": (name, data, kind)},
        data={"audience": "owner"},
        headers=market.headers(SELLER),
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


async def timed(
    market: Market, client: httpx.AsyncClient, file_id: str, expected: tuple[str, int]
) -> float:
    """Import a file; return seconds."""
    started = time.perf_counter()
    answer = await client.post(
        "/v1/achievements/imports",
        json={"file_id": file_id},
        headers=market.headers(SELLER),
        timeout=300,
    )
    spent = time.perf_counter() - started
    answer.raise_for_status()
    name, count = expected
    if answer.json()[name] != count:
        raise RuntimeError(json.dumps(answer.json(), ensure_ascii=False)[:1000])
    return spent


async def measure(runtime: Runtime, rows: int) -> dict[str, Any]:
    """Import one table as XLSX and as CSV, by a party of its own each, and again."""
    market = await make_market(runtime, bidders=0, starts_at=STARTS_AT)
    transport = httpx.ASGITransport(create_app(runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://bench.test") as client:
        lines = await asyncio.to_thread(table, rows)
        book = await asyncio.to_thread(write_xlsx, [(SHEET, lines)])
        sheet = await send(market, client, "a.xlsx", book, XLSX)
        first = await timed(market, client, sheet, ("stored", rows))
        again = await timed(market, client, sheet, ("unchanged", rows))
        fresh = [lines[0], *((f"{row[0]}二", *row[1:]) for row in lines[1:])]
        text = await send(market, client, "b.csv", write_csv(fresh), CSV)
        csv = await timed(market, client, text, ("stored", rows))
    return {
        "import_rows": rows,
        "import_rows_per_s": round(rows / first),
        "import_again_rows_per_s": round(rows / again),
        "import_csv_rows_per_s": round(rows / csv),
    }


async def measure_import(quick: bool) -> dict[str, Any]:
    """Measure on a database of its own, which is gone afterwards."""
    loop = asyncio.get_running_loop()
    database = fresh_database("import-bench")
    settings, _ = await loop.run_in_executor(None, database.__enter__)
    try:
        return await measure_on(settings, quick=quick)
    finally:
        await loop.run_in_executor(None, database.__exit__, None, None, None)


async def measure_on(settings: Settings, *, quick: bool) -> dict[str, Any]:
    """Measure on a migrated database without a market of the code ``bench``."""
    runtime = assemble(settings)
    try:
        return await measure(runtime, QUICK_ROWS if quick else ROWS)
    finally:
        await runtime.database.close()


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="500 rows")
    print(json.dumps(asyncio.run(measure_import(parser.parse_args().quick))))


if __name__ == "__main__":
    main()
