"""Real commits: a voucher used twice at once, a yearly cap raced, and the file of an invoice."""

import asyncio
import io

import httpx
import pytest
from openpyxl import load_workbook

from app.ledger import public as ledger
from app.platform.db import Database
from app.shared.ids import DealId
from app.shared.money import Money
from tests.listings.factories import Json, done, yuan
from tests.settlement.charged import PRICE, Cashier
from tests.settlement.factories import DEPOSIT, sell
from tests.settlement.test_concurrency import committed_lot
from tests.settlement.test_deals import pay
from tests.world import World

pytestmark = pytest.mark.concurrency


async def two_deals(
    database: Database, client: httpx.AsyncClient, world: World
) -> tuple[DealId, DealId]:
    """Return two deals of one buyer that owe fees."""
    async with database.transaction() as session:
        done(await Cashier(client, world, session).enter())
    deals = []
    for _ in range(2):
        sold = await committed_lot(database, client, world, "buyer")
        async with database.transaction() as session:
            deals.append(await sell(session, world, sold, PRICE))
    return deals[0], deals[1]


async def test_a_voucher_used_twice_at_once_pays_once_and_the_yearly_cap_holds(
    database: Database, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """ST112, ST113: whoever comes second sees the first, for one voucher and for two."""
    deals = await two_deals(database, own_client, own_world)
    async with database.transaction() as session:
        cashier = Cashier(own_client, own_world, session)
        programme = await cashier.programme(share_bp=10_000)
        one, *pair = [done(await cashier.voucher(programme, f"CXQ-{n}")) for n in range(3)]

        async def reserve(voucher: Json, deal_id: DealId, amount: str) -> httpx.Response:
            return await cashier.reserve(voucher, deal_id, 1, amount)

        both = await asyncio.gather(*(reserve(one, deal_id, "1500.00") for deal_id in deals))
        assert sorted(answer.status_code for answer in both) == [200, 409]
        # 1,500 of 3,000 are left for the year: one of two vouchers gets them.
        raced = await asyncio.gather(
            *(reserve(it, deal_id, "1500.00") for it, deal_id in zip(pair, deals, strict=True))
        )
        assert sorted(answer.status_code for answer in raced) == [200, 400]
        again = await asyncio.gather(*(cashier.use(one, "redemption") for _ in range(4)))
        assert sorted(answer.status_code for answer in again) == [200, 409, 409, 409]
    async with database.transaction() as session:
        lines = await ledger.trial_balance(session, own_world.market_id)
        owed = [line.debit for line in lines if str(line.purpose) == "vouchers"]
        assert owed == [Money.parse("1500.00")]
        assert all(not it.amount_minor for it in ledger.totals(lines))


async def test_a_charge_paid_twice_at_once_is_paid_once_and_its_invoice_is_a_table(
    database: Database, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """ST103, ST107"""
    async with database.transaction() as session:
        done(await Cashier(own_client, own_world, session).enter())
    sold = await committed_lot(database, own_client, own_world, "buyer")
    async with database.transaction() as session:
        deal_id = await sell(session, own_world, sold, PRICE)
    async with database.transaction() as session:
        await pay(session, own_world, deal_id, PRICE - DEPOSIT)
        cashier = Cashier(own_client, own_world, session)
    body = {"amount": yuan("12300.00")}
    paid = await asyncio.gather(
        *(cashier.on_charge(deal_id, 2, "payment", body, "seller_staff") for _ in range(3))
    )
    assert {answer.json()["code"] for answer in paid} == {"transition_refused"}  # withheld before
    headers = own_world.headers("seller_staff") | {"If-Match": '"0"'}
    path = f"/v1/parties/{own_world.seller}/invoice-title"
    titles = await asyncio.gather(
        *(
            own_client.put(path, json={"title": f"之澜理工大学{n}"}, headers=headers)
            for n in range(3)
        )
    )
    assert sorted(answer.status_code for answer in titles) == [200, 409, 409]
    file = await own_client.get(
        f"/v1/deals/{deal_id}/charges/2/invoice.xlsx", headers=own_world.headers("seller_staff")
    )
    sheet = load_workbook(io.BytesIO(file.content)).active
    assert sheet is not None
    header, row = ([cell.value for cell in line] for line in sheet.iter_rows())
    told = dict(zip(header, row, strict=True))
    assert told["价税合计 gross"] == "12300.00"
    assert str(told["购买方名称 title"]).startswith("之澜理工大学")
