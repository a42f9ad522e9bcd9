"""Real commits side by side: one certificate a deal, one deal a registration number."""

import asyncio

import httpx
import pytest

from app.platform.db import Database
from app.shared.ids import DealId
from app.shared.money import Money
from tests.listings.factories import done
from tests.settlement.factories import Counter, sell
from tests.settlement.test_certificates import issued, sign
from tests.settlement.test_concurrency import committed_lot
from tests.settlement.test_filings import REGISTERED, enter
from tests.world import World

pytestmark = pytest.mark.concurrency

PRICE = Money.parse("730000.00")


async def committed_deal(database: Database, client: httpx.AsyncClient, world: World) -> DealId:
    """A deal with its contract's data, signed and paid, each step committed."""
    sold = await committed_lot(database, client, world, "buyer")
    async with database.transaction() as session:
        deal_id = await sell(session, world, sold, PRICE)
    async with database.transaction() as session:
        counter = Counter(client, world, session)
        done(await counter.fix(deal_id, 0))
        await sign(counter, deal_id)
        done(await counter.pay(deal_id, "610000.00"))
    return deal_id


async def test_one_certificate_and_one_number_whoever_comes_at_once(
    database: Database, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """ST193, ST221: and who has not seen the present version enters nothing (ST220)."""
    one = await committed_deal(database, own_client, own_world)
    other = await committed_deal(database, own_client, own_world)
    async with database.transaction() as session:
        counter = Counter(own_client, own_world, session)
        certificates = await asyncio.gather(*(issued(counter, one) for _ in range(6)))
        assert len({told["number"] for told in certificates}) == 1
        assert len({told["full"]["jws"] for told in certificates}) == 1
        body = REGISTERED | {"decided_on": "2026-04-13"}
        answers = await asyncio.gather(
            *(enter(counter, deal_id, 0, body) for deal_id in (one, other) * 3)
        )
    told = sorted(answer.json().get("code", "entered") for answer in answers)
    assert told.count("entered") == 1
    assert set(told) <= {"entered", "registration_number_taken", "version_mismatch"}
    assert told.count("registration_number_taken") >= 1
