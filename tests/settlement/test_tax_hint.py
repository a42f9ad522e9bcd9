"""The tax hint over HTTP: from what was received of registered contracts."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent
from app.settlement.sharing_handlers import note_income
from app.shared.ids import DealId
from app.shared.money import Money
from tests.listings.factories import Desk, done, refusal, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.settlement.test_filings import REGISTERED, enter
from tests.world import World

PRICE = Money.parse("730000.00")


@pytest.fixture
async def deal_id(session: AsyncSession, world: World, desk: Desk) -> DealId:
    return await sell(session, world, await lot(desk, "buyer"), PRICE)


async def test_receipts_of_registered_contracts_come_under_the_relief(
    counter: Counter, deal_id: DealId, session: AsyncSession, world: World
) -> None:
    """ST233, ST235"""
    path = f"parties/{world.seller}/technology-income-relief?year=2026"
    empty = done(await counter.get(path, "seller_staff"))
    assert (empty["items"], empty["income"]) == ([], yuan("0.00"))
    done(await counter.fix(deal_id, 0))
    done(await counter.pay(deal_id, "610000.00"))
    released = await session.scalars(
        select(JournalEvent).where(
            JournalEvent.type == "deal.released", JournalEvent.subject_id == deal_id
        )
    )
    for event in released.all():
        await note_income(session, event)
    told = done(await counter.get(path))
    assert [(it["rule"], it["received"]) for it in told["items"]] == [
        ("not_registered", yuan("730000.00"))
    ]
    assert told["income"] == yuan("0.00")
    done(await enter(counter, deal_id, 0, REGISTERED))
    told = done(await counter.get(path, "auditor"))
    assert (told["income"], told["exempt"], told["halved"]) == (
        yuan("700000.00"),
        yuan("700000.00"),
        yuan("0.00"),
    )
    assert told["vat"]["source"]
    other_year = done(await counter.get(path.replace("2026", "2025")))
    assert other_year["items"] == []
    refusal(await counter.get(path, "seller_staff", party_id=world.other_seller), 403, "not_yours")
    assert (await counter.get(path.replace("2026", "1999"))).status_code == 422
