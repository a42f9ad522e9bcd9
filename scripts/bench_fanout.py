#!/usr/bin/env python3
"""How long from a bid to those who watch? 100 and 3,000 watchers of one room in one process.

In one run: one watcher (what the path itself takes), 100 and 3,000 watchers of the served stream,
and, for comparison, 100 watchers (also 300 without ``--quick``) of a stream as one would first
write it: each watcher asks the database every 250 ms and is told what it finds.

Bids come over HTTP. A latency is the time from an event's ``recorded_at``, the database's clock at
its insertion, so the commit is in it, to the moment the bytes are with the watcher, on one machine
and its one clock; one sample an event and watcher. Every watcher must get every event exactly
once. Watchers are raw sockets in a process of their own. Needs nothing started.
"""

import argparse
import asyncio
import bisect
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.auctions.live.frames import PUBLIC, encode, room_frame, tell
from app.auctions.service.rooms import look, look_since
from app.demo.api import Api
from app.demo.market import STARTS_AT
from app.main import add_routes, create_app
from app.permissions import PERMISSIONS
from app.platform.routing import self_transacted_router
from app.platform.runtime import Runtime, RuntimeDep
from app.platform.telemetry import configure_logging
from app.settings import Settings
from app.wiring import assemble
from scripts.fanout_watchers import raise_file_limit
from scripts.market import Market, advance, buyer, make_lot, make_market
from scripts.server import fresh_database, serving

PORT = 18511
WATCHERS = Path(__file__).with_name("fanout_watchers.py")
STEP_YUAN = 100
BIDDERS = 4
NAIVE_POLL_S = 0.25

bench = self_transacted_router(tag="bench")


@bench.get("/bench/{auction_id}/naive")
async def naive_stream(auction_id: uuid.UUID, runtime: RuntimeDep) -> StreamingResponse:
    """Tell one watcher what its own query finds, every 250 ms."""

    async def frames() -> AsyncIterator[bytes]:
        async with runtime.database.transaction() as session:
            version = (await look(session, auction_id)).version
        yield b"retry: 1000\n\n"
        while True:
            async with runtime.database.transaction() as session:
                seen, events = await look_since(
                    session, auction_id, after=version, events_max=1_000
                )
            if events:
                told = [tell(event) for event in events]
                yield room_frame(told, version, encode(seen.moment(seen.now)), PUBLIC)
                version = seen.version
            await asyncio.sleep(NAIVE_POLL_S)

    return StreamingResponse(frames(), media_type="text/event-stream")


def served_app() -> FastAPI:
    """Return the served API with the naive stream beside its own."""
    configure_logging("WARNING")
    runtime = assemble(Settings())
    public = PERMISSIONS["stream_room"]
    runtime = replace(runtime, permissions={**PERMISSIONS, "naive_stream": public})
    app = create_app(runtime)
    add_routes(app, bench)
    return app


@dataclass
class Figures:
    """What one load has shown."""

    name: str
    watchers: int
    events: int = 0
    bids: int = 0
    frames: int = 0
    bytes: int = 0
    seconds: float = 0
    latencies_s: list[float] = field(default_factory=list)

    def percentile_ms(self, percent: float) -> float:
        ordered = self.latencies_s
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1e3

    @property
    def frames_per_s(self) -> float:
        return self.frames / self.watchers / self.seconds


@dataclass
class Bench:
    """A served room, its bidders, and loads of watchers."""

    runtime: Runtime
    market: Market
    auction_id: uuid.UUID
    price_yuan: int = 1_000_000
    turn: int = 0

    async def load(
        self, name: str, watchers: int, *, path: str, seconds: float, bids_per_s: int
    ) -> Figures:
        """Let watchers watch while bids come; return what they saw and when."""
        figures = Figures(name, watchers)
        process = await asyncio.create_subprocess_exec(
            sys.executable, WATCHERS, str(PORT), path, str(watchers),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**30,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert (await asyncio.wait_for(process.stdout.readline(), 120)).strip() == b"ready"
        await asyncio.sleep(1)  # the flood of connections is over
        before = await self._version()
        started = time.monotonic()
        figures.bids = await self._bid(started + seconds, bids_per_s)
        last = await self._version()
        figures.seconds = time.monotonic() - started
        process.stdin.write(f"{last}\n".encode())
        seen, figures.bytes = json.loads(await process.stdout.readline())
        await process.wait()
        moments = await self._recorded(before, last)
        figures.events = last - before
        for frames in seen:
            if "naive" not in name:  # its watchers fall behind, or out
                _check(frames, before, last, name)
            for at, first, to in frames:
                if to > before:
                    figures.frames += 1
                    figures.latencies_s += [
                        at - moments[version]
                        for version in range(max(first, before) + 1, min(to, last) + 1)
                    ]
        figures.latencies_s.sort()
        return figures

    async def _bid(self, until: float, bids_per_s: int) -> int:
        """Place bids at a steady rate, each when its time has come."""
        count, placed = 0, []
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", timeout=30) as client:
            started = time.monotonic()
            while time.monotonic() < until:
                placed.append(asyncio.create_task(self._place(client)))
                count += 1
                await asyncio.sleep(max(0, started + count / bids_per_s - time.monotonic()))
            await asyncio.gather(*placed)
        return count

    async def _place(self, client: httpx.AsyncClient) -> None:
        self.turn += 1
        self.price_yuan += STEP_YUAN
        answer = await client.post(
            f"/v1/auctions/{self.auction_id}/bids",
            json={"amount": {"amount": f"{self.price_yuan}.00", "currency": "CNY"}},
            headers={
                **self.market.headers(buyer(self.turn % BIDDERS)),
                "Idempotency-Key": str(uuid.uuid4()),
            },
        )
        if answer.status_code not in {201, 400}:
            raise RuntimeError(f"a bid got {answer.status_code}: {answer.text[:300]}")

    async def _version(self) -> int:
        async with self.runtime.database.transaction() as session:
            return (await look(session, self.auction_id)).version

    async def _recorded(self, after: int, up_to: int) -> dict[int, float]:
        async with self.runtime.database.transaction() as session:
            rows = await session.execute(
                text(
                    "SELECT subject_version, recorded_at FROM journal_events WHERE "
                    "subject_id = :id AND subject_version > :after AND subject_version <= :up_to"
                ),
                {"id": self.auction_id, "after": after, "up_to": up_to},
            )
            return {version: at.timestamp() for version, at in rows}


def _check(frames: list[tuple[float, int, int]], before: int, last: int, name: str) -> None:
    """Fail unless the frames lead from before to the last version without gap or repeat."""
    ends = [to for _, _, to in frames]
    start = bisect.bisect_right(ends, before)
    reached = frames[start][1] if start < len(frames) else before
    for _, first, to in frames[start:]:
        if first != reached:
            raise RuntimeError(f"{name}: a gap after {reached}, the next frame is from {first}")
        reached = to
    if reached < last:
        raise RuntimeError(f"{name}: a watcher saw {reached} of {last} versions")


async def open_room(settings: Settings) -> Bench:
    """Make a market and one open lot."""
    runtime = assemble(settings)
    market = await make_market(runtime, bidders=BIDDERS, starts_at=STARTS_AT)
    transport = httpx.ASGITransport(create_app(runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=60) as http:
        api = Api(http, market.headers)
        terms = {
            "format": "multiple_bids",
            "start": {"amount": "1000000.00", "currency": "CNY"},
            "step": {"amount": f"{STEP_YUAN}.00", "currency": "CNY"},
            "free_phase_s": 80 * 86400,
            "window_s": 120,
        }
        lot = await make_lot(api, market, 0, terms=terms)
        await advance(api, market, lot.opens_at)
    return Bench(runtime, market, lot.auction_id)


async def measure(settings: Settings, *, quick: bool) -> list[Figures]:
    """Run the loads one after the other."""
    bench = await open_room(settings)
    served = f"/v1/auctions/{bench.auction_id}/stream"
    naive = f"/v1/bench/{bench.auction_id}/naive"
    seconds, rate = (2.0, 40) if quick else (15.0, 40)
    loads = [("one", 1, served), ("naive_100", 100, naive), ("room_100", 100, served)]
    loads.append(("room_3000", 3_000, served))
    if not quick:
        loads.append(("naive_300", 300, naive))
    await bench.load("warm-up", 10, path=served, seconds=1, bids_per_s=rate)
    results = [
        await bench.load(name, watchers, path=path, seconds=seconds, bids_per_s=rate)
        for name, watchers, path in loads
    ]
    await bench.runtime.database.close()
    return results


def report(results: list[Figures]) -> None:
    """Print the table and the line of figures."""
    table = Table(title="From the event's insertion to the watcher, one API process")
    columns = ("load", "watchers", "p50 ms", "p99 ms", "max ms", "frames/s each", "writes/s", "MB")
    for column in columns:
        table.add_column(column, justify="left" if column == "load" else "right")
    figures: dict[str, Any] = {}
    for it in results:
        p50, p99, worst = (it.percentile_ms(percent) for percent in (50, 99, 100))
        table.add_row(
            it.name,
            f"{it.watchers:,}",
            *(f"{value:,.0f}" for value in (p50, p99, worst)),
            f"{it.frames_per_s:.1f}",
            f"{it.frames / it.seconds:,.0f}",
            f"{it.bytes / 1e6:,.1f}",
        )
        name = it.name.removeprefix("room_")
        figures[f"p50_ms_{name}"], figures[f"p99_ms_{name}"] = round(p50, 1), round(p99, 1)
        figures[f"frames_per_s_{name}"] = round(it.frames_per_s, 1)
    figures["growth"] = round(figures["p99_ms_3000"] / figures["p99_ms_100"], 2)
    figures["gaps"] = 0
    console = Console(width=110)
    console.print(table)
    console.print("every watcher of the room got every event exactly once and in order")
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 45 seconds")
    quick = parser.parse_args().quick
    raise_file_limit()
    app = "bench_fanout:served_app"
    with (
        fresh_database("bench") as (settings, environment),
        serving(app, PORT, environment, "--factory", "--backlog", "4096"),
    ):
        results = asyncio.run(measure(settings, quick=quick))
    report(results)


if __name__ == "__main__":
    main()
