#!/usr/bin/env python3
"""How fast is the board of demands with 20,000 on it, its statistics, and one with 5,000 answers?

In one run, over HTTP, on a tenth and then all of them: lists by filters, words and three orders,
deep pages; statistics of all kinds; a poster's list of proposals; and, in the database, the
ranking of a whole review and its storing. Beside each the naive way: ILIKE and OFFSET on the base
table, a whole list for each page, a statement for each place. Needs nothing started.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.main import create_app
from app.platform.db import Database
from app.settings import Settings
from app.wiring import assemble
from scripts.demands_filling import (
    FIELDS,
    STARTS_AT,
    Board,
    fill_board,
    fill_facts,
    fill_proposals,
    make_board,
    rank_and_store,
    store_naively,
)
from scripts.market import buyer
from scripts.server import fresh_database, serving
from scripts.shelf_texts import vocabulary

PORT = 18492
NAIVE = 12
Asked = tuple[str, str, dict[str, str]]


def served_app() -> FastAPI:
    """Return the served API."""
    return create_app(assemble(Settings()))


def lists(count: int) -> Iterator[Asked]:
    """Yield lists as their kind, path and parameters; the same for every size of the board."""
    words = vocabulary()
    regions = ("330100", "330200", "110000")
    for number in range(count // 10):
        in_field = {"technology_field": FIELDS[number * 7 % len(FIELDS)]}
        common, middle = words[number % 40], words[60 + number % 300]
        budget = {"order": "budget", "budget_max": "3000000", "status": "posted"}
        closing = {"order": "closing", "cooperation_mode": "joint_development"}
        for kind, asked in {
            "newest": {},
            "field": in_field,
            "field, region": in_field | {"region_code": regions[number % 3]},
            "closing soon": closing,
            "budget": budget,
            "common word": {"q": common},
            "rare word": {"q": words[2000 + number * 3]},
            "two words": {"q": f"{common} {middle}"},
            "word, field": in_field | {"q": common},
            "deep page": {"limit": "100"},
        }.items():
            yield kind, "/v1/demands", asked


def counts(count: int) -> Iterator[Asked]:
    """Yield statistics by each group, of all times and of a month."""
    for number in range(count):
        asked = {"by": ("field", "region", "edition", "month")[number % 4]}
        if number % 3 == 0:
            asked |= {"from": "2026-03-01", "to": "2026-03-31"}
        yield "statistics", "/v1/demands/statistics", asked


def deep_cursor(client: httpx.Client) -> str:
    """Return a place in the middle of what a client would page through."""
    cursor = ""
    for _ in range(5):
        more = {"cursor": cursor} if cursor else {}
        page = client.get("/v1/demands", params={"limit": "200"} | more).json()
        cursor = page["next"] or cursor
    return str(cursor)


def ask(asked: Sequence[Asked], headers: dict[str, str]) -> dict[str, list[float]]:
    """Ask over HTTP; return milliseconds by kind."""
    spent: dict[str, list[float]] = {}
    base = f"http://127.0.0.1:{PORT}"
    with httpx.Client(base_url=base, timeout=60, headers=headers) as client:
        deep = deep_cursor(client)
        for warming in (True, False):
            for kind, path, parameters in asked[: 16 if warming else None]:
                more = {"cursor": deep} if kind == "deep page" else {}
                started = time.perf_counter()
                answer = client.get(path, params=parameters | more)
                if not warming:
                    spent.setdefault(kind, []).append((time.perf_counter() - started) * 1e3)
                answer.raise_for_status()
    return spent


def page_through(path: str, headers: dict[str, str], pages: int) -> list[float]:
    """Read pages of a list, one behind the other; return milliseconds of each."""
    spent: list[float] = []
    base = f"http://127.0.0.1:{PORT}"
    with httpx.Client(base_url=base, timeout=60, headers=headers) as client:
        cursor: str | None = None
        client.get(path).raise_for_status()
        for _ in range(pages):
            started = time.perf_counter()
            answer = client.get(path, params={"cursor": cursor} if cursor else {})
            spent.append((time.perf_counter() - started) * 1e3)
            page = answer.raise_for_status().json()
            if not page["items"]:
                raise RuntimeError("there is nothing on the page")
            cursor = page["next"]
    return spent


async def list_naively(database: Database, asked: Sequence[Asked]) -> list[float]:
    """Ask the base table by ILIKE and OFFSET, all that a list may be asked for."""
    spent = []
    for kind, _, parameters in asked:
        had = ["status IN ('posted', 'contracted', 'unanswered', 'closed')"]
        values: dict[str, Any] = {}
        if "technology_field" in parameters:
            had.append("technology_field = :field")
            values["field"] = parameters["technology_field"]
        for place, word in enumerate(parameters.get("q", "").split()):
            had.append(f"(title ILIKE :w{place} OR background ILIKE :w{place})")
            values[f"w{place}"] = f"%{word}%"
        offset = 1_000 if kind == "deep page" else 0
        # Every part of the text is of this script.
        query = (
            f"SELECT * FROM demands WHERE {' AND '.join(had)}"
            f" ORDER BY posted_at DESC, id DESC OFFSET {offset} LIMIT 51"
        )
        started = time.perf_counter()
        async with database.transaction() as session:
            await session.execute(text(query), values)
        spent.append((time.perf_counter() - started) * 1e3)
    return spent


async def proposals_naively(database: Database, demand_id: UUID) -> list[float]:
    """Read the whole list for each page of it, and sort it there."""
    spent = []
    for _ in range(NAIVE):
        started = time.perf_counter()
        async with database.transaction() as session:
            query = text("SELECT * FROM proposals WHERE demand_id = :demand")
            rows = (await session.execute(query, {"demand": demand_id})).all()
            sorted(rows, key=lambda row: row.id)[:51]
        spent.append((time.perf_counter() - started) * 1e3)
    return spent


def cuts(spent: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile."""
    quantiles = statistics.quantiles(spent, n=100, method="inclusive")
    return quantiles[49], quantiles[98]


@dataclass
class Report:
    """The table that people read, and the figures that programs do."""

    table: Table = field(default_factory=lambda: Table(title="Milliseconds"))
    figures: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name the columns."""
        for column in ("rows", "what", "p50", "p99"):
            self.table.add_column(column, justify="right")

    def add(self, size: int, what: str, spent: Sequence[float], *, bold: bool = False) -> float:
        """Show some times; return their 99th percentile."""
        p50, p99 = cuts(spent)
        style = "bold" if bold else None
        self.table.add_row(f"{size:,}", what, f"{p50:.1f}", f"{p99:.1f}", style=style)
        return p99


async def measure_board(report: Report, board: Board, sizes: tuple[int, int], count: int) -> None:
    """Fill the board twice and ask each time."""
    list_p99, count_p99 = [], []
    asked = list(lists(count))
    for place, size in enumerate(sizes):
        start = 0 if place == 0 else sizes[0]
        await fill_board(board, size - start, start=start)
        await fill_facts(board)
        spent = await asyncio.to_thread(ask, asked, {})
        for kind, times in spent.items():
            report.add(size, kind, times)
        everything = [value for times in spent.values() for value in times]
        list_p99.append(report.add(size, "all lists", everything, bold=True))
        counted = await asyncio.to_thread(ask, list(counts(count // 2)), {})
        count_p99.append(report.add(size, "statistics", counted["statistics"], bold=True))
        report.figures["board_p50_ms"] = round(cuts(everything)[0], 1)
    naive = await list_naively(board.database, asked[:NAIVE])
    naive_p99 = report.add(sizes[-1], "lists by ILIKE", naive)
    report.figures |= {
        "sizes": sizes,
        "board_p99_ms": round(list_p99[1], 1),
        "growth": round(list_p99[1] / list_p99[0], 2),
        "statistics_p99_ms": round(count_p99[1], 1),
        "statistics_growth": round(count_p99[1] / count_p99[0], 2),
        "baseline_p99_ms": round(naive_p99, 1),
    }


async def measure_answers(report: Report, board: Board, sizes: tuple[int, int]) -> None:
    """Fill a demand with proposals twice; list, rank and store them each time."""
    list_p99, rank_p99 = [], []
    path = f"/v1/demands/{board.demand_id}/proposals"
    headers = board.market.headers(buyer(0))
    for place, size in enumerate(sizes):
        start = 0 if place == 0 else sizes[0]
        await fill_proposals(board, size - start, start=start)
        pages = await asyncio.to_thread(page_through, path, headers, min(size // 50, 60) - 1)
        list_p99.append(report.add(size, "page of proposals", pages, bold=True))
        ranked = [await rank_and_store(board) for _ in range(5)]
        rank_p99.append(report.add(size, "rank and store", ranked, bold=True))
    naive = await proposals_naively(board.database, board.demand_id)
    one_by_one = [await store_naively(board) for _ in range(2)]
    report.figures |= {
        "proposals": sizes,
        "proposals_p99_ms": round(list_p99[1], 1),
        "proposals_growth": round(list_p99[1] / list_p99[0], 2),
        "rank_ms": round(rank_p99[1], 1),
        "rank_growth": round(rank_p99[1] / rank_p99[0], 2),
        "proposals_baseline_p99_ms": round(
            report.add(sizes[-1], "whole list for a page", naive), 1
        ),
        "rank_baseline_ms": round(
            report.add(sizes[-1], "a statement for each place", one_by_one), 1
        ),
    }


async def measure(settings: Settings, *, quick: bool) -> dict[str, Any]:
    """Measure everything; return the figures, printed as a table, too."""
    runtime = assemble(settings)
    database = Database(runtime.database.url, pool_size=2, silence_s=None)
    report = Report()
    board = await make_board(runtime, database, starts_at=datetime.fromisoformat(STARTS_AT))
    demands, count = ((300, 3_000), 100) if quick else ((2_000, 20_000), 400)
    await measure_board(report, board, demands, count)
    await measure_answers(report, board, (150, 1_500) if quick else (500, 5_000))
    await database.close()
    await runtime.database.close()
    Console(width=100).print(report.table)
    return report.figures


def main() -> None:
    """Print the table and, last, one line of figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="smaller boards, under 45 seconds on a quiet machine"
    )
    quick = parser.parse_args().quick
    with (
        fresh_database("demands-bench") as (settings, environment),
        serving("bench_demands:served_app", PORT, environment, "--factory"),
    ):
        figures = asyncio.run(measure(settings, quick=quick))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
