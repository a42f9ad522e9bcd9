#!/usr/bin/env python3
"""How fast is a Chinese text search with facets on 200,000 results, and how fast an import?

In one run, over HTTP, on 20,000 and then 200,000 results on the shelf: queries of rare and
common words, of two words, of words that no dictionary has, some with filters. Beside it the
same words by ILIKE on the base table. Needs nothing started.
"""

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.demo.market import STARTS_AT, content, records
from app.identity import public as identity
from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.content import AchievementContent, Readiness
from app.listings.models import AchievementSearchRow
from app.listings.repository import achievements
from app.listings.repository.search import row_of
from app.listings.schemas.achievements import AchievementBody
from app.listings.service.searching import describe_achievement
from app.main import create_app
from app.platform.access import SYSTEM
from app.platform.db import Database, insert_rows
from app.platform.runtime import Runtime
from app.settings import Settings
from app.shared.ids import AchievementId, MarketId, new_id
from app.shared.money import Money
from app.wiring import assemble
from scripts.market import make_market
from scripts.server import fresh_database, serving
from scripts.shelf_texts import FIELDS, texts, vocabulary

PORT = 18491
SLICE = 1_000
NAIVE = 12  # of a scan of the whole table each
INDEXES = ("ix_achievement_search_words", "ix_achievement_search_newest")


def served_app() -> FastAPI:
    """Return the served API."""
    return create_app(assemble(Settings()))


@dataclass(frozen=True)
class Query:
    """A search as its kind, its words and its further parameters."""

    kind: str
    words: tuple[str, ...]
    more: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        """Return the query string's parts."""
        return {"q": " ".join(self.words), **dict(self.more)}


def queries(count: int, models: Sequence[str]) -> Iterator[Query]:
    """Yield a mix of queries; the same for every size of the shelf but for the rare ones."""
    chance = np.random.default_rng(5)
    words = vocabulary()
    common, middle, rare = words[:50], words[50:800], words[2000:]
    han = sorted({char for word in words for char in word if char >= "\u4e00"})

    def any_of(group: Sequence[str]) -> str:
        return str(group[int(chance.integers(len(group)))])

    for number in range(count):
        match number % 8:
            case 0:
                yield Query("common", (any_of(common),))
            case 1:
                yield Query("middle", (any_of(middle),))
            case 2:
                yield Query("rare", (any_of(rare),))
            case 3:
                yield Query("two words", (any_of(common), any_of(middle)))
            case 4:
                yield Query("two common", (any_of(common), any_of(common)))
            case 5:
                yield Query("unknown", ("".join(any_of(han) for _ in range(3)),))
            case 6:
                field = ("technology_field", any_of(FIELDS))
                yield Query("filtered", (any_of(common),), (field, ("kind", "applied")))
            case _:
                yield Query("model", (any_of(models),))


def contents(count: int, seed: int) -> Iterator[tuple[str, AchievementContent]]:
    """Yield results with their type designations: texts, fields, kinds, prices, levels."""
    chance = np.random.default_rng(seed + 100)
    plain = AchievementBody.model_validate(content(records("achievements")[0], "owner")).content()
    kinds = ("applied", "development", "basic")
    rights = ("invention_patent", "utility_model", "software_copyright", "technical_secret")
    modes = ("transfer", "licence_exclusive", "licence_ordinary", "share_investment")
    for said in texts(count, seed=seed):
        yield (
            said.model,
            replace(
                plain,
                title=said.title,
                abstract=said.abstract,
                keywords=said.keywords,
                technology_field=FIELDS[int(len(FIELDS) * chance.random() ** 2)],
                kind=kinds[int(3 * chance.random() ** 2)],
                ip_kind=rights[int(4 * chance.random() ** 2)],
                conversion_modes=tuple(sorted({modes[int(i)] for i in chance.integers(0, 4, 2)})),
                readiness=Readiness("trl_9", int(chance.integers(2, 10))),
                price_idea=Money(int(chance.integers(1, 900)) * 1_000_000, "CNY"),
            ),
        )


Prepared = list[tuple[Achievement, dict[str, Any]]]


def prepare(
    slice_: list[tuple[str, AchievementContent]], owners: list[identity.Party], start: int
) -> Prepared:
    """Return results with their search rows; runs in processes of its own."""
    made = []
    first = datetime.fromisoformat(STARTS_AT)
    for number, (_, said) in enumerate(slice_, start=start):
        owner = owners[number % len(owners)]
        moment = first + timedelta(seconds=number)
        entry = Achievement(
            id=AchievementId(new_id()),
            market_id=owner.market_id,
            party_id=owner.id,
            status=AchievementStatus.ACCEPTED,
            content=said,
            version=1,
            collected_at=moment,
            submitted_at=moment,
            reviewed_at=moment,
        )
        made.append((entry, row_of(describe_achievement(entry, owner), said.readiness)))
    return made


async def make_owners(runtime: Runtime, market_id: MarketId) -> list[identity.Party]:
    """Register the demo's sellers in the market."""
    owners = []
    async with runtime.database.transaction() as session:
        for record in records("parties"):
            if "seller_staff" not in record["roles"] or record["seller_class"] == "private":
                continue
            fields = content(record, "roles") | {"kind": identity.PartyKind(record["kind"])}
            party_id = await identity.create_party(
                session,
                market_id=market_id,
                new=identity.NewParty(**fields),
                status=identity.PartyStatus.VERIFIED,
                actor=SYSTEM,
                now=datetime.fromisoformat(STARTS_AT),
            )
            owners.append(await identity.get_party(session, party_id))
    return owners


async def fill(
    database: Database, owners: list[identity.Party], count: int, *, start: int, seed: int
) -> list[str]:
    """Put results on the shelf in bulk; return some of their type designations."""
    entries = contents(count, seed)
    slices = iter(lambda: list(itertools.islice(entries, SLICE)), [])
    models: list[str] = []
    loop = asyncio.get_running_loop()
    async with database.transaction() as session:
        kept = await session.execute(
            text("SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(:names)"),
            {"names": list(INDEXES)},
        )
        indexes: dict[str, str] = dict(kept.tuples().all())
        for name in indexes:
            await session.execute(text(f"DROP INDEX {name}"))
    with ProcessPoolExecutor(2) as pool:
        waiting: list[asyncio.Future[Prepared]] = []
        done = start
        for slice_ in slices:
            models += [model for model, _ in slice_[::50]]
            waiting.append(loop.run_in_executor(pool, prepare, slice_, owners, done))
            done += len(slice_)
            if len(waiting) > 3:
                await store(database, await waiting.pop(0))
        for prepared in waiting:
            await store(database, await prepared)
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("SET statement_timeout = 0"))
        await connection.execute(text("SET maintenance_work_mem = '1GB'"))
        for definition in indexes.values():
            await connection.execute(text(definition))
        await connection.execute(text("VACUUM ANALYZE achievement_search, achievements"))
    return models


async def store(database: Database, prepared: Prepared) -> None:
    """Insert one slice."""
    async with database.transaction() as session:
        await achievements.insert(session, *(entry for entry, _ in prepared))
        await insert_rows(session, AchievementSearchRow, [row for _, row in prepared])


def search(asked: Sequence[Query]) -> dict[str, list[float]]:
    """Ask over HTTP; return milliseconds by kind."""
    spent: dict[str, list[float]] = {}
    with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=60) as client:
        for query in asked[:16]:  # connections, caches, the dictionary
            client.get("/v1/search/achievements", params=query.parameters).raise_for_status()
        for query in asked:
            started = time.perf_counter()
            answer = client.get("/v1/search/achievements", params=query.parameters)
            spent.setdefault(query.kind, []).append((time.perf_counter() - started) * 1e3)
            answer.raise_for_status()
            if query.kind == "model" and answer.json()["total"] != {"count": 1, "exact": True}:
                raise RuntimeError(f"{query}: {answer.text[:500]}")
    return spent


async def search_naively(database: Database, asked: Sequence[Query]) -> list[float]:
    """Ask the base table by ILIKE: one page and the counts of three facets."""
    spent = []
    for query in asked:
        had = " AND ".join(
            f"(title ILIKE :w{place} OR abstract ILIKE :w{place}"
            f" OR array_to_string(keywords, ' ') ILIKE :w{place})"
            for place in range(len(query.words))
        )
        more = "".join(f" AND {name} = :{name}" for name, _ in query.more)
        found = f"FROM achievements WHERE status = 'accepted' AND {had}{more}"
        values = {f"w{place}": f"%{word}%" for place, word in enumerate(query.words)}
        values |= dict(query.more)
        started = time.perf_counter()
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            await session.execute(
                text(f"SELECT * {found} ORDER BY reviewed_at DESC LIMIT 21"), values
            )
            await session.execute(
                text(
                    f"SELECT technology_field, kind, ip_kind, count(*) {found} GROUP BY"
                    " GROUPING SETS ((technology_field), (kind), (ip_kind), ())"
                ),
                values,
            )
        spent.append((time.perf_counter() - started) * 1e3)
    return spent


def cuts(spent: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile."""
    quantiles = statistics.quantiles(spent, n=100, method="inclusive")
    return quantiles[49], quantiles[98]


async def measure(settings: Settings, *, quick: bool) -> dict[str, Any]:
    """Fill twice and ask each time; return the figures, printed as a table, too."""
    runtime = assemble(settings)
    database = Database(runtime.database.url, pool_size=2, silence_s=None)
    market = await make_market(runtime, bidders=0, starts_at=STARTS_AT)
    owners = await make_owners(runtime, market.id)
    sizes = (1_200, 12_000) if quick else (20_000, 200_000)
    count = 80 if quick else 400
    table = Table(title="Milliseconds a search with facets over HTTP")
    for column in ("results", "kind", "p50", "p99"):
        table.add_column(column, justify="right")
    p99: list[float] = []
    figures: dict[str, Any] = {"sizes": sizes}
    models: list[str] = []
    for seed, size in enumerate(sizes):
        start = 0 if seed == 0 else sizes[0]
        models += await fill(database, owners, size - start, start=start, seed=seed)
        asked = list(queries(count, models))
        spent = await asyncio.to_thread(search, asked)
        for kind, times in spent.items():
            table.add_row(f"{size:,}", kind, *(f"{cut:.1f}" for cut in cuts(times)))
        p50_, p99_ = cuts([value for times in spent.values() for value in times])
        p99.append(p99_)
        figures |= {"search_p50_ms": round(p50_, 1), "search_p99_ms": round(p99_, 1)}
        table.add_row(f"{size:,}", "all", f"{p50_:.1f}", f"{p99_:.1f}", style="bold")
    naive = await search_naively(database, asked[:NAIVE])
    table.add_row(f"{sizes[-1]:,}", "ILIKE", *(f"{cut:.1f}" for cut in cuts(naive)))
    figures |= {
        "growth": round(p99[1] / p99[0], 2),
        "baseline_p50_ms": round(cuts(naive)[0], 1),
        "baseline_p99_ms": round(cuts(naive)[1], 1),
    }
    await database.close()
    await runtime.database.close()
    Console(width=100).print(table)
    return figures


def main() -> None:
    """Print the table and, last, one line of figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="smaller shelves, under 45 seconds on a quiet machine"
    )
    quick = parser.parse_args().quick
    with (
        fresh_database("listings-bench") as (settings, environment),
        serving("bench_listings:served_app", PORT, environment, "--factory"),
    ):
        figures = asyncio.run(measure(settings, quick=quick))
    from scripts.listings_import_bench import measure_import

    figures |= asyncio.run(measure_import(quick))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
