"""A settlement that is killed again and again: it resumes, pays nothing twice, forgets nothing."""

import asyncio
import itertools
import multiprocessing
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text

from app.ledger.public import funds_of, totals, trial_balance
from app.platform.access import Role
from app.platform.db import Database
from app.platform.journal import JournalEvent, verify_chain
from app.shared.money import Money
from scripts.settlement_filling import fill_deals
from scripts.settlement_hall import make_hall
from tests.eventually import eventually
from tests.settlement import settling_process
from tests.world import World

pytestmark = pytest.mark.concurrency

DEALS = 1_000
KILLS = 5
SETTLED = "SELECT count(*) FROM deals WHERE status = 'settled'"


async def value(database: Database, query: str) -> Any:
    async with database.transaction() as session:
        return await session.scalar(text(query))


async def test_a_settlement_that_is_killed_pays_every_deal_once(
    database: Database, database_dsn: str, own_world: World
) -> None:
    """ST4, ST5, ST65: 1,000 deals, a fourth in two instalments, and kill -9 every so often."""
    hall = await make_hall(database, own_world.market_id, sellers=20, buyers=100)
    lines = await fill_deals(database, hall, range(DEALS), total=DEALS)
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(["tests.settlement.settling_process"])
    random, kills = Random(7), 0

    actor = own_world.actor(Role.OPERATOR)
    while await value(database, "SELECT count(*) FROM deal_payments") < len(lines):
        target = await value(database, SETTLED) + random.randrange(80, 150)
        process = forking.Process(
            target=settling_process.settle, args=(database_dsn, actor, lines), daemon=True
        )
        process.start()

        async def far_enough(target: int = target, process: Any = process) -> bool:
            return not process.is_alive() or await value(database, SETTLED) >= target

        try:
            await eventually(far_enough, every_s=0.05)
            await asyncio.sleep(random.random() * 0.05)  # anywhere within a slice
        finally:
            kills += process.is_alive()
            process.kill()
            await asyncio.to_thread(process.join)
    assert kills >= KILLS

    await check_deals(database, len(lines))
    await check_money(database, own_world, hall.sellers)
    await check_journal(database)


async def check_deals(database: Database, lines: int) -> None:
    """Every deal is settled in full, and each line of the statement is booked once."""
    whole = (
        "SELECT count(*) FROM deals WHERE status = 'settled'"
        " AND paid_minor = price_minor AND released_minor = price_minor AND beyond_minor = 0"
    )
    assert await value(database, whole) == DEALS
    booked = "SELECT count(DISTINCT bank_reference) FROM deal_payments"
    assert await value(database, booked) == lines
    assert await value(database, "SELECT count(*) FROM deal_payments") == lines
    receipts = "SELECT count(*) FROM entries WHERE kind = 'receipt'"
    assert await value(database, receipts) == lines


async def check_money(database: Database, world: World, sellers: Any) -> None:
    """Each seller has its prices, nobody else has anything, and the books balance."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT seller_id, sum(price_minor)::bigint FROM deals GROUP BY seller_id")
        )
        due = {row[0]: Money(row[1], "CNY") for row in rows}
        for seller_id in sellers:
            funds = await funds_of(
                session, market_id=world.market_id, party_id=seller_id, currency="CNY"
            )
            assert funds == due.get(seller_id, Money(0, "CNY"))
        left = await session.scalar(
            text(
                "SELECT count(*) FROM (SELECT 1 FROM postings p JOIN accounts a"
                " ON a.id = p.account_id WHERE a.purpose = 'escrow'"
                " GROUP BY a.id HAVING sum(p.amount_minor) <> 0) AS unsettled"
            )
        )
        assert left == 0
        lines = await trial_balance(session, world.market_id)
    assert totals(lines) == (Money(0, "CNY"),)


async def check_journal(database: Database) -> None:
    """Every deal's chain verifies and tells once that the deal was paid and settled."""
    async with database.transaction() as session:
        events = await session.scalars(
            select(JournalEvent)
            .where(JournalEvent.subject == "deal")
            .order_by(JournalEvent.subject_id, JournalEvent.subject_version)
        )
        by_deal = itertools.groupby(events.all(), key=lambda event: event.subject_id)
        chains = [list(chain) for _, chain in by_deal]
    assert len(chains) == DEALS
    for chain in chains:
        verify_chain(chain)
        types = [event.type for event in chain]
        assert types.count("deal.paid") == 1
        assert types.count("deal.settled") == 1
