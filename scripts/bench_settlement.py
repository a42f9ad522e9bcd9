#!/usr/bin/env python3
"""Does a nation's year of technology contracts settle here, and does a contract stay as cheap?

549,400 signed contracts of 2,000 units and 20,000 buyers wait for their money. Round by round
of 10,000 they are paid from bank statements (escrow, release, settled, with all postings and
journal events) while of the round before the incomes are noted, shared by the unit's scheme,
and the registration sheets linted and exported to files part by part: XLSX, CSV and JSON.

- ``contracts_per_s``: of the whole way, two processes side by side; filling is not counted.
- ``growth``: what a contract of the last rounds costs against one of the first, in processor
  time, the database's included; ``growth_wall`` the same on the clock, waiting and all.
- ``baseline_per_s``: one contract at a time through the same use cases, in the same run.

In the end the books must balance, and all sums agree to the fen. Needs nothing started.
``--quick`` settles 5,000 in rounds of 500.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.ledger import public as ledger
from app.platform import journal
from app.platform.db import Database
from app.settings import Settings
from app.shared.ids import MarketId
from app.wiring import assemble
from scripts.market import make_market
from scripts.server import fresh_database
from scripts.settlement_filling import fill_deals
from scripts.settlement_hall import Hall, make_hall
from scripts.settlement_stages import Desk, Done, Spent, follow, pay, warm_up

NATION: Final = 549_400  # about China's technology contracts of 2020: 549,353 (科技部)
SUMS: Final = text("""
    SELECT count(*) AS deals, count(*) FILTER (WHERE status = 'settled') AS settled,
        sum(price_minor)::bigint AS price, sum(released_minor)::bigint AS released
    FROM deals WHERE market_id = :market
""")


@dataclass
class Round:
    """A round's contracts and what each of its two halves took."""

    contracts: int
    paying: Done
    following: Done = field(default_factory=Done)
    wall_s: float = 0.0

    @property
    def cpu_ms(self) -> float:
        """Processor time of a contract, all stages, the database's included."""
        stages = [*self.paying.stages.values(), *self.following.stages.values()]
        return sum(stage.cpu_s for stage in stages) * 1e3 / self.contracts


@dataclass
class Year:
    """The whole run."""

    database: Database
    hall: Hall
    desk: Desk
    total: int
    workers: tuple[ProcessPoolExecutor, ProcessPoolExecutor]
    rounds: list[Round] = field(default_factory=list)
    filled_s: float = 0.0

    async def settle(self, size: int) -> None:
        """Pay round after round, and follow each one round later."""
        loop = asyncio.get_running_loop()
        waiting: tuple[Round, list[Any]] | None = None
        incomes, after = 0, None
        for start in [*range(0, self.total, size), None]:
            lines = [] if start is None else await self._fill(start, size)
            began = time.perf_counter()
            following = None
            if waiting is not None:
                following = loop.run_in_executor(
                    self.workers[1], _follow, self.desk, waiting[1], incomes, after
                )
            if start is not None:
                paid = await loop.run_in_executor(self.workers[0], pay, self.desk, lines)
            if waiting is not None and following is not None:
                waiting[0].following = await following
                incomes -= waiting[0].following.noted
                after = waiting[0].following.after
            wall_s = time.perf_counter() - began
            if start is None:
                break
            deal_ids = list(dict.fromkeys(line.deal_id for line in lines))
            one = Round(len(deal_ids), paid, wall_s=wall_s)
            self.rounds.append(one)
            waiting, incomes = (one, deal_ids), incomes + paid.released
            self._tell(one)
        self.rounds[-1].wall_s += wall_s

    async def _fill(self, start: int, size: int) -> list[Any]:
        began = time.perf_counter()
        numbers = range(start, min(start + size, self.total))
        lines = await fill_deals(self.database, self.hall, numbers, total=self.total)
        self.filled_s += time.perf_counter() - began
        return lines

    def _tell(self, last: Round) -> None:
        settled = sum(one.contracts for one in self.rounds)
        rate = last.contracts / last.wall_s
        Console(stderr=True).print(f"{settled:,} paid, {rate:,.0f} contracts/s in this round")

    async def settle_naively(self, count: int) -> tuple[Done, Done]:
        """Take further contracts one at a time; return what paying and following took."""
        loop = asyncio.get_running_loop()
        numbers = range(self.total, self.total + count)
        lines = await fill_deals(self.database, self.hall, numbers, total=self.total)
        deal_ids = list(dict.fromkeys(line.deal_id for line in lines))
        paid = await loop.run_in_executor(self.workers[0], _pay_naively, self.desk, lines)
        followed = await loop.run_in_executor(
            self.workers[1], _follow, self.desk, deal_ids, paid.released, None, True
        )
        return paid, followed


def _follow(desk: Desk, deal_ids: list[Any], incomes: int, after: Any, naive: bool = False) -> Done:
    return follow(desk, deal_ids, incomes=incomes, after=after, naive=naive)


def _pay_naively(desk: Desk, lines: list[Any]) -> Done:
    return pay(desk, lines, naive=True)


async def check(year: Year, naive: int) -> dict[str, int]:
    """Compare all sums at the end; return what was counted.

    Raises:
        RuntimeError: Says what differs.
    """
    async with year.database.transaction() as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        trial = await ledger.trial_balance(session, year.hall.market_id)
        row = (await session.execute(SUMS, {"market": year.hall.market_id})).one()
        counted = {
            table: (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in ("postings", "entries", "journal_events", "deal_incomes", "sharings")
        }
        earned = await session.scalar(text("SELECT sum(amount_minor)::bigint FROM deal_incomes"))
        size = await session.scalar(text("SELECT pg_database_size(current_database())"))
        some = await session.scalars(text("SELECT id FROM deals TABLESAMPLE SYSTEM (1) LIMIT 100"))
        for deal_id in some.all():
            journal.verify_chain(await journal.history(session, deal_id))
    persons = sum(one.following.awards[0] for one in year.rounds)
    pools = sum(one.following.awards[1] for one in year.rounds)
    exported = sum(one.following.exported for one in year.rounds)
    must_be_equal = {
        "debits and credits": (sum(line.amount_minor for line in ledger.totals(trial)), 0),
        "settled deals": (row.settled, row.deals),
        "released and price": (row.released, row.price),
        "incomes and price": (earned, row.price),
        "sharings": (counted["sharings"], row.deals),
        "awards and pools": (persons, pools),
        "exported": (exported, row.deals - naive),
    }
    for what, (found, wanted) in must_be_equal.items():
        if found != wanted:
            raise RuntimeError(f"{what}: {found} is not {wanted}")
    return counted | {"database_mb": int(size or 0) // 2**20, "awards_minor": persons}


def report(year: Year, naive: tuple[Done, Done, int], counted: dict[str, int]) -> dict[str, Any]:
    """Print the table; return the figures."""
    table = Table(title=f"{year.total:,} contracts, {year.filled_s:,.0f} s of filling not counted")
    for column in ("stage", "contracts/s", "ms processor", "one at a time: contracts/s"):
        table.add_column(column, justify="right" if column != "stage" else "left")
    stages: dict[str, Spent] = {}
    for one in year.rounds:
        for name, spent in (one.paying.stages | one.following.stages).items():
            stages[name] = stages.get(name, Spent()) + spent
    singly = naive[0].stages | naive[1].stages
    for name, spent in stages.items():
        table.add_row(
            name,
            f"{year.total / spent.wall_s:,.0f}",
            f"{spent.cpu_s * 1e3 / year.total:.2f}",
            f"{naive[2] / singly[name].wall_s:,.0f}",
        )
    wall_s = sum(one.wall_s for one in year.rounds)
    # As if its two halves ran side by side, too.
    halves = [sum(stage.wall_s for stage in half.stages.values()) for half in naive[:2]]
    baseline = naive[2] / max(halves)
    cpu_ms = sum(spent.cpu_s for spent in stages.values()) * 1e3 / year.total
    rate = year.total / wall_s
    table.add_row("whole, two side by side", f"{rate:,.0f}", f"{cpu_ms:.2f}", f"{baseline:,.0f}")
    Console(width=100).print(table)
    first, *rest = year.rounds[1:]
    last = rest[-6:-1]  # nothing runs beside the end of the last one
    walls = [one.wall_s * 1e3 / one.contracts for one in last]
    peaks = [max(one.paying.peak_mb, one.following.peak_mb) for one in year.rounds]
    followed = [one.following for one in year.rounds]
    return {
        "contracts": year.total,
        "contracts_per_s": round(rate, 1),
        "growth": round(statistics.median(one.cpu_ms for one in last) / first.cpu_ms, 2),
        "growth_wall": round(statistics.median(walls) / (first.wall_s * 1e3 / first.contracts), 2),
        "baseline_per_s": round(baseline, 1),
        "seconds": round(wall_s, 1),
        "cpu_ms": round(cpu_ms, 2),
        "ready": sum(done.ready for done in followed),
        "persons": sum(done.persons for done in followed),
        "exported_mb": sum(done.exported_bytes for done in followed) // 2**20,
        "peak_mb": max(*peaks, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024),
        "peak_mb_first": peaks[1],
        **counted,
    }


async def measure(
    settings: Settings, workers: tuple[ProcessPoolExecutor, ProcessPoolExecutor], *, quick: bool
) -> dict[str, Any]:
    """Settle the year and some contracts one at a time; return the figures."""
    runtime = assemble(settings)
    database = Database(runtime.database.url, pool_size=1, silence_s=None)
    market = await make_market(runtime, bidders=0, starts_at="2025-01-01T08:00:00+08:00")
    total, size, naive = (5_000, 500, 25) if quick else (NATION, 10_000, 500)
    sellers, buyers = (200, 2_000) if quick else (2_000, 20_000)
    hall = await make_hall(database, market.id, sellers=sellers, buyers=buyers)
    folder = settings.home / "exports"
    folder.mkdir()
    desk = Desk(database.url, MarketId(market.id), market.parties["seller"], folder)
    for worker in workers:
        worker.submit(warm_up, desk).result()
    year = Year(database, hall, desk, total, workers)
    await year.settle(size)
    singly = await year.settle_naively(naive)
    counted = await check(year, naive)
    figures = report(year, (*singly, naive), counted)
    await database.close()
    await runtime.database.close()
    return figures


def main() -> None:
    """Print the table and, last, one line of figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5,000 contracts, under 45 seconds")
    quick = parser.parse_args().quick
    spawning = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, spawning) as paying,
        ProcessPoolExecutor(1, spawning) as following,
    ):
        workers = (paying, following)
        started = [worker.submit(time.time) for worker in workers]  # while the database starts
        with fresh_database("settlement-bench") as (settings, _):
            assert all(start.result() for start in started)
            figures = asyncio.run(measure(settings, workers, quick=quick))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
