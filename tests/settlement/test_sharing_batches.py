"""Many deals' incomes and sharings at once, with real commits."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.platform.access import NotYours, Role
from app.platform.db import Database
from app.platform.inbox import NotificationRow
from app.platform.reactions import register, run_one
from app.settlement.repository.sharing import incomes_of_deals
from app.settlement.service.paying import record_payments
from app.settlement.service.sharing.planning import SharingExists, open_sharings
from app.settlement.sharing_handlers import REACTIONS
from app.shared.ids import DealId
from scripts.settlement_filling import fill_deals
from scripts.settlement_hall import make_hall
from tests.platform.feed_harness import settled
from tests.world import World

pytestmark = pytest.mark.concurrency

DEALS = 10


async def test_incomes_and_sharings_of_many_deals(database: Database, own_world: World) -> None:
    """ST145: each income is noted once, each unit told, each sharing opened with what came in."""
    hall = await make_hall(database, own_world.market_id, sellers=5, buyers=10)
    lines = await fill_deals(database, hall, range(DEALS), total=DEALS)
    clerk = own_world.actor(Role.OPERATOR)
    now = max(line.payment.received_at for line in lines) + timedelta(hours=1)
    for line in lines:  # both instalments of a deal in one batch would be one income
        async with database.transaction() as session:
            await record_payments(session, clerk, [line], now=now)
    await register(database, REACTIONS)
    await settled(database)
    assert await run_one(database, REACTIONS[0])

    ids = sorted({DealId(line.deal_id) for line in lines})
    async with database.transaction() as session:
        incomes = await incomes_of_deals(session, ids)
        told = await session.scalar(
            text(f"SELECT count(*) FROM {NotificationRow.__tablename__} WHERE data ? 'due_on'")
        )
        bound = await session.scalar(
            text(
                "SELECT count(*) FROM deal_incomes JOIN deals ON deals.id = deal_id"
                " JOIN parties ON parties.id = seller_id"
                " WHERE seller_class IN ('university', 'government_institute')"
            )
        )
    assert sum(len(of_deal) for of_deal in incomes.values()) == len(lines)
    for of_deal in incomes.values():
        assert [income.number for income in of_deal] == list(range(1, len(of_deal) + 1))
    assert told == bound

    async with database.transaction() as session:
        first = await open_sharings(session, clerk, ids[:4], now=now)
        assert [sharing.deal_id for sharing in first] == ids[:4]
        assert all(sharing.due_on is not None and sharing.plan.persons for sharing in first)
    with pytest.raises(SharingExists) as refused:
        async with database.transaction() as session:
            await open_sharings(session, clerk, ids, now=now)
    assert refused.value.fields["deal_id"] == ids[0]
    stranger = own_world.actor(Role.SELLER_STAFF)
    with pytest.raises(NotYours):
        async with database.transaction() as session:
            await open_sharings(session, stranger, ids[4:], now=now)
    async with database.transaction() as session:
        assert len(await open_sharings(session, clerk, ids[4:], now=now)) == DEALS - 4
        assert await open_sharings(session, clerk, [], now=now) == []
