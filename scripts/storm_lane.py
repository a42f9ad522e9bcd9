#!/usr/bin/env python3
"""Does the lane decide as a naive judge would? 100,000 commands over all formats, both ways.

Each auction's commands go through the lanes of two processes' worth, those of a chunk in flight
together; then what the database holds is judged anew one by one: every verdict, every number,
every bid that the system made, and the hash of the final state must agree. The suite does the
same with 2,000 commands a format. Needs nothing started; ``--commands`` sets the size.
"""

import argparse
import asyncio
import json
import sys
import time
from datetime import datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.auctions.domain.terms import Direction, Format
from app.auctions.lane import Lanes
from app.auctions.vault import Vault
from app.demo.api import Api
from app.demo.market import STARTS_AT
from app.main import create_app
from app.platform.clock import lock_sandbox, set_sandbox
from app.settings import Settings
from app.shared.jsonable import jsonable
from app.wiring import assemble
from scripts.market import make_lot, make_market
from scripts.server import fresh_database
from tests.auctions.commands import generate, terms_of
from tests.auctions.lane_oracle import compare, set_terms, storm

BIDDERS = 8


async def run(settings: Settings, commands: int) -> dict[str, int]:
    runtime = assemble(settings)
    market = await make_market(runtime, bidders=BIDDERS, starts_at=STARTS_AT)
    vault = Vault(runtime.box)
    lanes = [
        Lanes(
            database=runtime.database,
            signer=runtime.signer,
            vault=vault,
            batch_max=batch_max,
            queue_max=9999,
        )
        for batch_max in (64, 13)
    ]

    async def move_clock(moment: datetime) -> None:
        async with runtime.database.transaction() as session:
            await lock_sandbox(session, market.id)
            await set_sandbox(session, market.id, moment)

    transport = httpx.ASGITransport(create_app(runtime))
    agreed: dict[str, int] = {}
    kinds = [(kind, direction) for kind in Format for direction in Direction]
    async with httpx.AsyncClient(transport=transport, base_url="http://storm", timeout=60) as http:
        api = Api(http, market.headers)
        for number, (kind, direction) in enumerate(kinds):
            await move_clock(datetime.fromisoformat(STARTS_AT))
            plain = jsonable(terms_of(Format.MULTIPLE_BIDS))
            lot = await make_lot(api, market, number, terms=plain)
            terms = terms_of(kind, direction)
            await set_terms(runtime.database, lot.auction_id, terms)
            await storm(
                lanes,
                lot.auction_id,
                lot.codes,
                generate(number, commands // len(kinds) + 1, terms, sorted(lot.codes)),
                opens_at=lot.opens_at,
                move_clock=move_clock,
            )
            count = await compare(runtime.database, vault, lot.auction_id, lot.opens_at)
            agreed[f"{kind} {direction}"] = count
            print(f"{kind} {direction}: {count} agree", file=sys.stderr)
    await runtime.database.close()
    return agreed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="7,000 commands")
    arguments = parser.parse_args()
    commands = 7_000 if arguments.quick else arguments.commands
    started = time.perf_counter()
    with fresh_database("storm") as (settings, _):
        agreed = asyncio.run(run(settings, commands))
    table = Table(title="Commands on which the lane and the naive judge agree")
    table.add_column("format and direction")
    table.add_column("commands", justify="right")
    for name, count in agreed.items():
        table.add_row(name, f"{count:,}")
    Console(width=100).print(table)
    seconds = round(time.perf_counter() - started, 1)
    print(json.dumps({"commands": sum(agreed.values()), "disagreed": 0, "seconds": seconds}))


if __name__ == "__main__":
    main()
