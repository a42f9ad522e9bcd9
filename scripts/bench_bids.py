#!/usr/bin/env python3
"""How fast is a bid? One hot lot, 64 clients in a process of their own, against two baselines.

In one run, one app, with the same middleware, authentication and parsed body:

- ``empty``: a POST that does nothing,
- ``lock``: the bid route with batch size 1, that is one lock and one commit a bid,
- ``lane``: the bid route as served,

and ``bare``, a FastAPI POST without any of ours, for reference. Needs nothing started.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.auctions.endpoints.bidding import submit
from app.auctions.lane import Lanes
from app.auctions.schemas.bidding import BidReceipt, PlaceBid
from app.auctions.vault import Vault
from app.demo.api import Api
from app.demo.market import STARTS_AT
from app.main import add_routes, create_app
from app.permissions import PERMISSIONS
from app.platform.access import ActorDep
from app.platform.routing import self_transacted_router
from app.platform.runtime import RuntimeDep
from app.settings import Settings
from app.wiring import assemble
from scripts.market import Market, advance, buyer, make_lot, make_market
from scripts.server import fresh_database, serving

CLIENTS = 64
PORT = 18471
STEP_YUAN = 100

bench = self_transacted_router(tag="bench")


@bench.post("/bench/{auction_id}/empty", status_code=201)
async def empty_bid(auction_id: uuid.UUID, body: PlaceBid, actor: ActorDep) -> dict[str, str]:
    """Parse, authenticate, authorise, and do nothing."""
    return {}


@bench.post("/bench/{auction_id}/lock", status_code=201, response_model=BidReceipt)
async def lock_bid(
    auction_id: uuid.UUID, body: PlaceBid, actor: ActorDep, runtime: RuntimeDep, request: Request
) -> Response:
    """Place a bid in a transaction of its own."""
    lanes = runtime.live["single"]
    assert isinstance(lanes, Lanes)
    return await submit(request, auction_id, body.amount, lanes=lanes)


def served_app() -> FastAPI:
    """Return the served API with the two baselines beside its own bid route."""
    like_a_bid = PERMISSIONS["place_bid"]
    runtime = assemble(Settings())
    runtime = replace(
        runtime, permissions={**PERMISSIONS, "empty_bid": like_a_bid, "lock_bid": like_a_bid}
    )
    runtime.live["single"] = Lanes(
        database=runtime.database,
        signer=runtime.signer,
        vault=Vault(runtime.box),
        batch_max=1,
        queue_max=2000,
    )
    app = create_app(runtime)
    add_routes(app, bench)
    routes = app.router.routes
    routes.sort(key=lambda route: route not in bench.routes)  # matched as early as the bid path
    return app


bare = FastAPI(telemetry={"tracing": False, "metrics": False})


@bare.post("/bare", status_code=201)
async def bare_post(body: dict[str, Any]) -> dict[str, str]:
    """Parse a body and do nothing."""
    return {}


@dataclass
class Client:
    """A keep-alive HTTP/1.1 connection: httpx would cost more than the server it measures."""

    port: int
    reader: asyncio.StreamReader = field(init=False)
    writer: asyncio.StreamWriter = field(init=False)

    async def open(self) -> "Client":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def post(self, path: str, token: str, body: bytes) -> tuple[int, bytes]:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:])
            for line in answer.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        return int(answer[9:12]), await self.reader.readexactly(length)


@dataclass
class Load:
    """What one kind of request has shown so far."""

    path: str
    port: int
    seconds: float
    rates: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    accepted: int = 0
    refused: int = 0
    price_yuan: int = 0

    def next_body(self) -> bytes:
        self.price_yuan += STEP_YUAN
        amount = {"amount": f"{self.price_yuan}.00", "currency": "CNY"}
        return json.dumps({"amount": amount}).encode()

    async def round(self, tokens: list[str]) -> None:
        """Let all clients post for ``seconds`` and note the rate."""
        clients = await asyncio.gather(*(Client(self.port).open() for _ in tokens))
        started = time.perf_counter()
        counts = await asyncio.gather(
            *(
                self._post_on(client, token, started + self.seconds)
                for client, token in zip(clients, tokens, strict=True)
            )
        )
        self.rates.append(sum(counts) / (time.perf_counter() - started))
        for client in clients:
            client.writer.close()

    async def _post_on(self, client: Client, token: str, until: float) -> int:
        count = 0
        while (sent := time.perf_counter()) < until:
            status, body = await client.post(self.path, token, self.next_body())
            self.latencies_s.append(time.perf_counter() - sent)
            if status not in {201, 400}:
                raise RuntimeError(f"{self.path}: {status} {body[:500]!r}")
            self.accepted += status == 201
            self.refused += status == 400
            count += 1
        return count


async def build_market(
    settings: Settings,
) -> tuple[list[str], dict[str, str], Callable[[str], Awaitable[int]]]:
    """Make two open lots with 64 bidders each; return tokens, auction ids, a bid counter."""
    runtime = assemble(settings)
    market = await make_market(runtime, bidders=CLIENTS, starts_at=STARTS_AT)
    transport = httpx.ASGITransport(create_app(runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=60) as http:
        lots = await open_lots(Api(http, market.headers), market)

    async def stored(auction_id: str) -> int:
        async with runtime.database.transaction() as session:
            count = await session.scalar(
                text("SELECT count(*) FROM bids WHERE auction_id = :id AND refusal IS NULL"),
                {"id": auction_id},
            )
            return int(count or 0)

    tokens = [market.token(buyer(number)) for number in range(CLIENTS)]
    return tokens, lots, stored


async def open_lots(api: Api, market: Market) -> dict[str, str]:
    """Bring one lot a kind of bid route from achievement to open auction."""
    terms = {
        "format": "multiple_bids",
        "start": {"amount": "1000000.00", "currency": "CNY"},
        "step": {"amount": f"{STEP_YUAN}.00", "currency": "CNY"},
        "free_phase_s": 80 * 86400,
        "window_s": 120,
    }
    lock = await make_lot(api, market, 0, terms=terms)
    lane = await make_lot(api, market, 1, terms=terms, opens_at=lock.opens_at.isoformat())
    await advance(api, market, lock.opens_at)
    return {"lock": str(lock.auction_id), "lane": str(lane.auction_id)}


async def measure(settings: Settings, *, rounds: int, seconds: float) -> dict[str, Load]:
    """Run all loads in turn, several rounds, so that a noisy moment meets all of them."""
    tokens, lots, stored = await build_market(settings)
    loads = {
        "bare": Load("/bare", PORT + 1, seconds / 2),
        "empty": Load(f"/v1/bench/{lots['lane']}/empty", PORT, seconds / 2),
        "lock": Load(f"/v1/bench/{lots['lock']}/lock", PORT, seconds),
        "lane": Load(f"/v1/auctions/{lots['lane']}/bids", PORT, seconds),
    }
    for load in loads.values():
        load.price_yuan = 1_000_000 - STEP_YUAN
    for number in range(rounds + 1):
        for load in loads.values():
            await load.round(tokens)
        if number == 0:  # a warm-up that counts for nothing but the books
            for load in loads.values():
                load.rates.clear()
                load.latencies_s.clear()
    for kind in ("lock", "lane"):
        if (count := await stored(lots[kind])) != loads[kind].accepted:
            raise RuntimeError(f"{kind}: {loads[kind].accepted} acknowledged, {count} stored")
    return loads


def report(loads: dict[str, Load]) -> None:
    """Print the table and the line of figures."""
    table = Table(title=f"One hot lot, {CLIENTS} clients, requests a second (median of rounds)")
    for column in ("route", "per s", "p50 ms", "p99 ms", "accepted", "refused"):
        table.add_column(column, justify="left" if column == "route" else "right")
    figures: dict[str, Any] = {}
    for name, load in loads.items():
        cuts = statistics.quantiles(load.latencies_s, n=100)
        rate = statistics.median(load.rates)
        figures[f"{name}_per_s"] = round(rate, 1)
        row = (f"{rate:,.0f}", f"{cuts[49] * 1e3:.1f}", f"{cuts[98] * 1e3:.1f}")
        table.add_row(name, *row, f"{load.accepted:,}", f"{load.refused:,}")
        if name == "lane":
            figures |= {"p50_ms": round(cuts[49] * 1e3, 2), "p99_ms": round(cuts[98] * 1e3, 2)}
    for name, base in (("lane_vs_lock", "lock"), ("lane_vs_empty", "empty")):
        pairs = zip(loads["lane"].rates, loads[base].rates, strict=True)
        figures[name] = round(statistics.median(lane / other for lane, other in pairs), 2)
    figures["acknowledged_equals_stored"] = True
    console = Console(width=100)
    console.print(table)
    console.print(
        f"lane : lock = {figures['lane_vs_lock']}, lane : empty = {figures['lane_vs_empty']}; "
        "every acknowledged bid is stored"
    )
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 45 seconds")
    quick = parser.parse_args().quick
    with (
        fresh_database("bench") as (settings, environment),
        serving("bench_bids:served_app", PORT, environment, "--factory"),
        serving("bench_bids:bare", PORT + 1, environment),
    ):
        rounds, seconds = (2, 2.0) if quick else (7, 5.0)
        loads = asyncio.run(measure(settings, rounds=rounds, seconds=seconds))
    report(loads)


if __name__ == "__main__":
    main()
