#!/usr/bin/env python3
"""How long do the price statistics take over 50,000 deals? Every grouping, with all its medians.

Fills the lots' table with made-up ends of three years, asks each grouping several times and takes
the slowest answer after the first. The last line is JSON. ``--quick`` fills 5,000.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import text

from app.insight.domain.cuts import Cut
from app.insight.domain.figures import GroupBy
from app.insight.domain.lots import Method
from app.insight.repository import figures
from app.platform.db import Database
from app.shared.ids import MarketId, new_id
from app.wiring import assemble
from scripts.server import fresh_database

DEALS: Final = 50_000
QUICK: Final = 5_000
ASKED: Final = 6

FILL = text("""
INSERT INTO price_lots
SELECT gen_random_uuid(), :market, gen_random_uuid(), at, at::date,
    CASE WHEN n % 3 > 0 THEN start * 11 / 10 END, start, price,
    (price - start) * 10000 / start, CASE WHEN n % 3 > 0 THEN 9091 + n % 7 END,
    CASE WHEN n % 3 > 0 THEN price * 10000 / (start * 11 / 10) END,
    bidders, bidders + 3, bidders + 2, bidders, (n % 40 = 0)::int, false, true, 'sold',
    CASE WHEN n % 5 = 0 THEN 'off_floor' WHEN bidders > 1 THEN 'contested'
        ELSE 'uncontested' END,
    'CNY', CASE WHEN n % 5 = 0 THEN 'agreement' ELSE 'bidding' END,
    (ARRAY['new_materials', 'agriculture', 'electronic_information', 'biomedicine'])[1 + n % 4],
    (330100 + n % 11 * 100 + 6)::text, 'university', (330100 + n % 7 * 100 + 6)::text,
    'ZP-L-' || n, '面向低照度产线的事件相机金属表面缺陷检测方法'
FROM (
    SELECT n, start, start * (10000 + hashint4(n) & 8191) / 10000 AS price, (n * 7) % 9 AS bidders,
        timestamptz '2024-01-01' + n % 1000 * interval '1 day' AS at
    FROM (
        SELECT n, 1000000 + (hashint4(n) & 67108863)::bigint AS start
        FROM generate_series(1, :deals) AS n
    ) AS starts
) AS lots
""")


async def measure(database: Database, deals: int) -> dict[str, float]:
    """Return the slowest answer of each grouping in milliseconds."""
    market = MarketId(new_id())
    async with database.transaction() as session:
        await session.execute(FILL, {"market": market, "deals": deals})
        await session.execute(text("ANALYZE price_lots"))
    told = {}
    for by in GroupBy:
        spans = []
        for _ in range(ASKED):
            async with database.transaction() as session:
                began = time.perf_counter()
                total, _ = await figures.count(session, by, Cut(market_id=market))
                spans.append(time.perf_counter() - began)
                assert total.floor.priced + total.of(Method.OFF_FLOOR).priced == deals
        told[str(by)] = round(max(spans[1:]) * 1000, 1)
        print(f"{by:14} {told[str(by)]:7.1f} ms")
    return told


def main() -> None:
    """Fill, ask, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5,000 deals")
    deals = QUICK if parser.parse_args().quick else DEALS
    with fresh_database("insight") as (settings, _):
        told = asyncio.run(measure(assemble(settings).database, deals))
    print(json.dumps({"deals": deals, "slowest_ms": max(told.values()), "by": told}))


if __name__ == "__main__":
    main()
