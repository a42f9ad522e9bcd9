#!/usr/bin/env python3
"""Does a bid survive? Storms on two API processes and a worker, each killed at random moments.

A round: a fresh lot is made over HTTP, bidders storm it through both API processes, and one of
the processes (an API, the worker, or PostgreSQL with all its backends) is killed with SIGKILL
and started again, twice. A bidder whose request broke repeats it with the same key until it is
answered. Then the auction ends, its proof bundle is fetched, and:

- every acknowledged bid is in the bundle, under its number, and none is there twice,
- the bundle verifies, and every receipt that was handed out verifies against it,
- each key, asked once more, gives the same answer.

Needs nothing started. The last line is JSON: ``acknowledged``, ``lost``, ``doubled``.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.auctions.proof.receipts import ReceiptDenied, check_receipt
from app.auctions.proof.verify import verify
from app.demo.api import Api
from app.demo.market import STARTS_AT
from app.platform import postgres
from app.settings import Settings
from app.wiring import assemble
from scripts.market import OPERATOR, Market, advance, buyer, make_lot, make_market
from scripts.server import fresh_database

BIDDERS = 8
PORTS = (18481, 18482)
STEP_YUAN = 100
START_YUAN = 1_000_000


@dataclass
class Service:
    """Two API processes and a worker on an embedded database, each of which may be killed."""

    settings: Settings
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        command, port = ("worker", 0) if name == "worker" else ("serve", PORTS[int(name[-1])])
        with (self.settings.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "app.cli", command],
                cwd=Path(__file__).parents[1],
                env={**os.environ, **self.environment, "ZHEPAI_PORT": str(port)},
                stdout=log,
                stderr=log,
            )

    async def ready(self) -> None:
        async with httpx.AsyncClient() as client:
            for port in PORTS:
                for _ in range(600):
                    try:
                        answer = await client.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
                    except httpx.TransportError:
                        answer = None
                    if answer is not None and answer.status_code == 200:
                        break
                    await asyncio.sleep(0.1)
                else:
                    raise RuntimeError(f"the API on port {port} is not ready")

    async def kill(self, victim: str) -> None:
        """Kill a process with SIGKILL and start it again."""
        if victim != "postgres":
            process = self.processes[victim]
            process.kill()
            process.wait()
            self.start(victim)
            return
        await asyncio.to_thread(self._kill_postgres)
        await asyncio.to_thread(postgres.ensure_running, self.settings)

    def _kill_postgres(self) -> None:
        pid_file = next(self.settings.home.rglob("postmaster.pid"))
        postmaster = int(pid_file.read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(20)


@dataclass
class Bidder:
    """A bidder that repeats what broke, with the same key."""

    market: Market
    number: int
    chance: random.Random
    answers: dict[str, tuple[Any, int, dict[str, Any]]] = field(default_factory=dict)
    broken: int = 0

    async def storm(self, auction_id: str, over: asyncio.Event) -> None:
        token = self.market.token(buyer(self.number))
        minimum = START_YUAN
        async with httpx.AsyncClient(timeout=20) as client:
            while not over.is_set():
                body = {"amount": {"amount": f"{minimum}.00", "currency": "CNY"}}
                key = str(uuid.uuid4())
                status, told = await self.insist(client, auction_id, token, key, body)
                self.answers[key] = body, status, told
                last = told.get("minimum_next") or told.get("minimum") or told.get("leading")
                if last is not None:
                    minimum = int(last["amount"].partition(".")[0])
                minimum += self.chance.randrange(3) * STEP_YUAN

    async def insist(
        self,
        client: httpx.AsyncClient,
        auction_id: str,
        token: str,
        key: str,
        body: dict[str, Any],
    ) -> tuple[int, dict[str, Any]]:
        """Ask until there is an answer, at either process."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        for _ in range(600):
            port = self.chance.choice(PORTS)
            address = f"http://127.0.0.1:{port}/v1/auctions/{auction_id}/bids"
            try:
                answer = await client.post(address, json=body, headers=headers)
            except httpx.TransportError:
                self.broken += 1
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == 503:
                self.broken += 1
                await asyncio.sleep(0.2)
                continue
            return answer.status_code, answer.json()
        raise RuntimeError("no answer within a minute")


TERMS = {
    "format": "multiple_bids",
    "start": {"amount": f"{START_YUAN}.00", "currency": "CNY"},
    "step": {"amount": f"{STEP_YUAN}.00", "currency": "CNY"},
    "free_phase_s": 3600,
    "window_s": 3600,
    # The exchange is killed all the time here: what is tested is the bids.
    "fault_tolerance_s": 3599,
}


@dataclass
class Tally:
    """What all rounds have shown."""

    acknowledged: int = 0
    refused: int = 0
    broken: int = 0
    lost: int = 0
    doubled: int = 0
    disagreed: int = 0
    kills: Counter[str] = field(default_factory=Counter)


async def one_round(
    service: Service, market: Market, number: int, tally: Tally, chance: random.Random
) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORTS[0]}", timeout=60) as client:
        api = Api(client, market.headers)
        lot = await make_lot(api, market, number, terms=TERMS)
        await advance(api, market, lot.opens_at + timedelta(seconds=60))
    auction_id = str(lot.auction_id)
    bidders = [
        Bidder(market, buyer, random.Random(f"{number}-{buyer}")) for buyer in range(BIDDERS)
    ]
    over = asyncio.Event()
    storm = asyncio.gather(*(bidder.storm(auction_id, over) for bidder in bidders))
    for _ in range(2):
        await asyncio.sleep(0.5 + chance.random())
        victim = chance.choice(["api0", "api1", "worker", "postgres"])
        await service.kill(victim)
        tally.kills[victim] += 1
        await service.ready()
    await asyncio.sleep(0.5)
    over.set()
    await storm
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORTS[1]}", timeout=60) as client:
        await ask_again(client, auction_id, bidders, tally)
        api = Api(client, market.headers)
        await advance(api, market, lot.opens_at + timedelta(days=2))
        bundle = await api.get(OPERATOR, f"/v1/auctions/{auction_id}/proof")
    compare(bundle, bidders, tally)


async def ask_again(
    client: httpx.AsyncClient, auction_id: str, bidders: list[Bidder], tally: Tally
) -> None:
    for bidder in bidders:
        token = bidder.market.token(buyer(bidder.number))
        for key, (body, status, told) in bidder.answers.items():
            again = await bidder.insist(client, auction_id, token, key, body)
            tally.disagreed += again != (status, told)


def compare(bundle: dict[str, Any], bidders: list[Bidder], tally: Tally) -> None:
    """Look for every acknowledged bid in the verified bundle."""
    answers = [answer for bidder in bidders for answer in bidder.answers.values()]
    accepted = [told for _, status, told in answers if status == 201]
    tally.broken += sum(bidder.broken for bidder in bidders)
    tally.refused += len(answers) - len(accepted)
    tally.acknowledged += len(accepted)
    verify(bundle)  # the chain, and every verdict by the rules
    for told in accepted:
        try:
            check_receipt(told["receipt"], bundle, bundle["keys"])
        except ReceiptDenied:
            tally.lost += 1
    shown = Counter(
        bid["id"]
        for event in bundle["events"]
        for bid in event["public"].get("bids", ())
        if "refusal" not in bid
    )
    told_of = {told["bid_id"] for told in accepted}
    tally.lost += len(told_of - shown.keys())
    # Each key had one effect: no bid stands twice, and none that nobody was told of.
    tally.doubled += sum(count - 1 for count in shown.values()) + len(shown.keys() - told_of)


async def run(settings: Settings, environment: dict[str, str], rounds: int) -> Tally:
    market = await make_market(assemble(settings), bidders=BIDDERS, starts_at=STARTS_AT)
    service, tally, chance = Service(settings, environment), Tally(), random.Random(20261125)
    try:
        for name in ("api0", "api1", "worker"):
            service.start(name)
        await service.ready()
        for number in range(rounds):
            await one_round(service, market, number, tally, chance)
            print(
                f"round {number + 1}/{rounds}: {tally.acknowledged} acknowledged, "
                f"{tally.broken} broken requests, {tally.lost} lost, {tally.doubled} doubled",
                file=sys.stderr,
            )
    finally:
        service.stop()
    return tally


def report(tally: Tally, rounds: int) -> None:
    table = Table(title=f"{rounds} storms with kill -9")
    table.add_column("what")
    table.add_column("count", justify="right")
    figures = {
        "rounds": rounds,
        "acknowledged": tally.acknowledged,
        "refused": tally.refused,
        "broken_requests": tally.broken,
        "lost": tally.lost,
        "doubled": tally.doubled,
        "disagreed": tally.disagreed,
        **{f"killed_{name}": count for name, count in sorted(tally.kills.items())},
    }
    for name, count in figures.items():
        table.add_row(name, f"{count:,}")
    Console(width=100).print(table)
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--quick", action="store_true", help="3 rounds")
    arguments = parser.parse_args()
    rounds = 3 if arguments.quick else arguments.rounds
    with fresh_database("crash") as (settings, environment):
        tally = asyncio.run(run(settings, environment, rounds))
    report(tally, rounds)
    if tally.lost or tally.doubled or tally.disagreed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
