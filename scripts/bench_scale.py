#!/usr/bin/env python3
"""Does a bid stay cheap? A lot with many earlier bids, and a thousand lots open at once.

- ``depth``: the time and the database buffers of a bid on a lot with 200,000 earlier bids
  against those on an empty one: interleaved, median of rounds, one bid after the other.
- ``lots``: bids a second over 1,000 open lots through the lanes as served, against the same
  lanes with one transaction a bid, in turns in the same run.

Lots and bids are cloned in the database; the bids that are measured go the whole bid path below
HTTP, signature included. Needs nothing started.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.auctions.answers import to_send
from app.auctions.endpoints.bidding import lanes_of
from app.auctions.lane import Lanes
from app.auctions.service.trail import BidCommand
from app.auctions.vault import Vault
from app.platform.access import Actor
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.settings import Settings
from app.shared.money import Money
from app.wiring import assemble
from scripts.bench_bids import STEP_YUAN, build_market
from scripts.server import fresh_database

START_YUAN = 1_000_000

_CLONE_ACHIEVEMENTS = """
    INSERT INTO achievements SELECT (jsonb_populate_record(a, jsonb_build_object(
        'id', c.achievement, 'number', 'CA-' || c.n))).*
    FROM clones c, achievements a, listings l
    WHERE l.id = :listing AND a.id = l.achievement_id
"""
_CLONE_LISTINGS = """
    INSERT INTO listings SELECT (jsonb_populate_record(l, jsonb_build_object(
        'id', c.listing, 'number', 'CL-' || c.n, 'auction_id', c.auction,
        'achievement_id', c.achievement))).*
    FROM clones c, listings l WHERE l.id = :listing
"""
_CLONE_REGISTRATIONS = """
    INSERT INTO registrations SELECT (jsonb_populate_record(r, jsonb_build_object(
        'id', gen_random_uuid(), 'listing_id', c.listing,
        'bank_reference', r.bank_reference || '-' || c.n,
        'deposit_entry_id', gen_random_uuid()))).*
    FROM clones c, registrations r WHERE r.listing_id = :listing
"""
_CLONE_AUCTIONS = """
    INSERT INTO auctions SELECT (jsonb_populate_record(a, jsonb_build_object(
        'id', c.auction, 'listing_id', c.listing))).*
    FROM clones c, auctions a WHERE a.id = :auction
"""
_EARLIER_BIDS = """
    INSERT INTO bids (id, auction_id, sequence, kind, origin, party_id, bidder_code,
                      amount_minor, currency, phase, round_no, judged_at)
    SELECT gen_random_uuid(), :auction, n, 'bid', 'bidder', r.party_id, r.bidder_code,
           :start + n * :step, 'CNY', 'free', 0, clock_timestamp()
    FROM generate_series(1, CAST(:count AS int)) AS n
    JOIN (SELECT party_id, bidder_code, row_number() OVER (ORDER BY id) AS k
          FROM registrations WHERE listing_id = :listing) r ON r.k = n % 64 + 1
"""
_STANDS_AT = """
    UPDATE auctions a SET judged_count = :count, bid_count = :count, contested = true,
        leading_minor = b.amount_minor, leader_code = b.bidder_code
    FROM bids b WHERE a.id = :auction AND b.auction_id = a.id AND b.sequence = :count
"""


@dataclass
class Bidding:
    """Bids through lanes as fast as they are answered."""

    runtime: Runtime
    actors: list[Actor]
    prices: dict[uuid.UUID, int] = field(default_factory=dict)
    turn: int = 0

    async def bid(self, lanes: Lanes, auction_id: uuid.UUID) -> None:
        self.turn += 1
        actor = self.actors[self.turn % len(self.actors)]
        price = self.prices[auction_id] = self.prices[auction_id] + STEP_YUAN
        command = BidCommand(actor.party_id, Money(price * 100), actor.ref, "bench")
        answer = await lanes.submit(
            auction_id, command, key=str(uuid.uuid4()), request_print=bytes(32)
        )
        status, body, _ = to_send(answer, self.runtime.signer, Vault(self.runtime.box))
        if status not in {201, 400}:
            raise RuntimeError(f"{status} {body[:300]!r}")


@asynccontextmanager
async def bulk(runtime: Runtime) -> AsyncIterator[AsyncSession]:
    """Yield a transaction whose statements may take long; analyse what it has left."""
    patient = Database(runtime.database.url, pool_size=1, silence_s=None)
    async with patient.transaction() as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        yield session
    async with patient.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("SET statement_timeout = 0"))
        await autocommit.execute(text("VACUUM ANALYZE bids, auctions, listings, registrations"))
    await patient.close()


async def clone_lots(runtime: Runtime, auction_id: uuid.UUID, count: int) -> list[uuid.UUID]:
    """Clone an open lot with its bidders; return the clones."""
    clones = [(uuid.uuid4(), uuid.uuid4(), uuid.uuid4()) for _ in range(count)]
    async with bulk(runtime) as session:
        listing = await session.scalar(
            text("SELECT listing_id FROM auctions WHERE id = :id"), {"id": auction_id}
        )
        await session.execute(
            text(
                "CREATE TEMP TABLE clones (n int, achievement uuid, listing uuid, auction uuid) "
                "ON COMMIT DROP"
            )
        )
        await session.execute(
            text("INSERT INTO clones VALUES (:n, :achievement, :listing, :auction)"),
            [
                {"n": number, "achievement": new, "listing": new_listing, "auction": new_auction}
                for number, (new, new_listing, new_auction) in enumerate(clones)
            ],
        )
        ids = {"listing": listing, "auction": auction_id}
        for statement in (
            _CLONE_ACHIEVEMENTS,
            _CLONE_LISTINGS,
            _CLONE_REGISTRATIONS,
            _CLONE_AUCTIONS,
        ):
            used = {key: value for key, value in ids.items() if f":{key}" in statement}
            await session.execute(text(statement), used)
    return [auction for _, _, auction in clones]


async def fill(runtime: Runtime, auction_id: uuid.UUID, count: int) -> None:
    """Give a lot so many earlier bids."""
    async with bulk(runtime) as session:
        listing = await session.scalar(
            text("SELECT listing_id FROM auctions WHERE id = :id"), {"id": auction_id}
        )
        values = {"auction": auction_id, "count": count}
        money = {"start": START_YUAN * 100, "step": STEP_YUAN * 100, "listing": listing}
        await session.execute(text(_EARLIER_BIDS), values | money)
        await session.execute(text(_STANDS_AT), values)


async def buffers(runtime: Runtime) -> int:
    """Return how many pages this database has looked at, by the runtime's one connection too."""
    async with runtime.database.transaction() as session:
        await session.execute(text("SELECT pg_stat_force_next_flush()"))
    async with runtime.database.transaction() as session:
        count = await session.scalar(
            text(
                "SELECT blks_hit + blks_read FROM pg_stat_database "
                "WHERE datname = current_database()"
            )
        )
        return int(count or 0)


async def measure_depth(
    bidding: Bidding, lots: dict[str, uuid.UUID], *, rounds: int, bids: int
) -> dict[str, float]:
    """Bid on both lots in turns; return time and buffers a bid."""
    lanes = lanes_of(bidding.runtime)
    seconds: dict[str, list[float]] = {name: [] for name in lots}
    pages: dict[str, list[float]] = {name: [] for name in lots}
    for number in range(rounds + 1):
        for name, auction_id in lots.items():
            before = await buffers(bidding.runtime)
            started = time.perf_counter()
            for _ in range(bids):
                await bidding.bid(lanes, auction_id)
            spent = time.perf_counter() - started
            looked = await buffers(bidding.runtime) - before
            if number:  # the first round warms up
                seconds[name].append(spent / bids)
                pages[name].append(looked / bids)
    ratio = statistics.median(
        deep / empty for deep, empty in zip(seconds["deep"], seconds["empty"], strict=True)
    )
    return {
        "empty_ms": statistics.median(seconds["empty"]) * 1e3,
        "deep_ms": statistics.median(seconds["deep"]) * 1e3,
        "depth_ratio": ratio,
        "empty_buffers": statistics.median(pages["empty"]),
        "deep_buffers": statistics.median(pages["deep"]),
    }


async def measure_lots(
    bidding: Bidding, lots: list[uuid.UUID], *, rounds: int, seconds: float
) -> dict[str, float]:
    """Let 64 bidders bid on lots at random, in turns through both kinds of lanes."""
    runtime = bidding.runtime
    single = Lanes(
        database=runtime.database,
        signer=runtime.signer,
        vault=Vault(runtime.box),
        batch_max=1,
        queue_max=2000,
    )
    rates: dict[str, list[float]] = {"lock": [], "lane": []}
    chance = random.Random(7)
    for number in range(rounds + 1):
        for name, lanes in (("lock", single), ("lane", lanes_of(runtime))):
            until = time.perf_counter() + seconds
            done = await asyncio.gather(
                *(_bid_until(bidding, lanes, lots, chance, until) for _ in bidding.actors)
            )
            if number:
                rates[name].append(sum(done) / seconds)
    ratio = statistics.median(
        lane / lock for lane, lock in zip(rates["lane"], rates["lock"], strict=True)
    )
    return {
        "lots_lock_per_s": statistics.median(rates["lock"]),
        "lots_lane_per_s": statistics.median(rates["lane"]),
        "lots_lane_vs_lock": ratio,
    }


async def _bid_until(
    bidding: Bidding, lanes: Lanes, lots: list[uuid.UUID], chance: random.Random, until: float
) -> int:
    count = 0
    while time.perf_counter() < until:
        await bidding.bid(lanes, chance.choice(lots))
        count += 1
    return count


async def run(settings: Settings, *, quick: bool) -> dict[str, float]:
    tokens, lots, _ = await build_market(settings)
    runtime = assemble(settings)
    actors = [runtime.tokens.read(token) for token in tokens]
    bidding = Bidding(runtime, actors)
    first, second = uuid.UUID(lots["lane"]), uuid.UUID(lots["lock"])
    earlier = 20_000 if quick else 200_000
    try:
        # One bid each, so that the auctions are open before they are filled and cloned.
        for auction_id in (first, second):
            bidding.prices[auction_id] = START_YUAN - STEP_YUAN
            await bidding.bid(lanes_of(runtime), auction_id)
        clones = await clone_lots(runtime, second, 2 + (200 if quick else 1000))
        bidding.prices |= dict.fromkeys(clones, START_YUAN)
        empty, deep, *many = clones  # both clones, so that they lie alike
        await fill(runtime, deep, earlier)
        bidding.prices[deep] = START_YUAN + earlier * STEP_YUAN
        figures: dict[str, float] = {"earlier_bids": earlier, "lots": len(many)}
        # On one connection: pages are counted by connection and told at its transactions' ends.
        alone = assemble(settings.model_copy(update={"database_pool_size": 1}))
        figures |= await measure_depth(
            Bidding(alone, actors, bidding.prices),
            {"empty": empty, "deep": deep},
            rounds=5,
            bids=30 if quick else 200,
        )
        await alone.database.close()
        rounds, seconds = (2, 2.0) if quick else (5, 5.0)
        figures |= await measure_lots(bidding, many, rounds=rounds, seconds=seconds)
    finally:
        await runtime.database.close()
    return figures


def report(figures: dict[str, float]) -> None:
    table = Table(title="The cost of a bid as books and markets grow")
    table.add_column("what")
    table.add_column("figure", justify="right")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
    Console(width=100).print(table)
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 45 seconds, a tenth the size")
    quick = parser.parse_args().quick
    with fresh_database("bench") as (settings, _):
        figures = asyncio.run(run(settings, quick=quick))
    report(figures)


if __name__ == "__main__":
    main()
