"""Real commits side by side: nobody is paid twice, no income is missed or counted twice."""

import asyncio
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import text

from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.reactions import register, run_one
from app.settlement.schemas.sharing.bodies import SharingSchemeBody
from app.settlement.service.sharing.schemes import publish_scheme
from app.settlement.sharing_handlers import REACTIONS
from app.shared.ids import DealId
from tests.eventually import eventually
from tests.listings.factories import Json, done, refusal
from tests.platform.feed_harness import settled
from tests.settlement.factories import Counter, sell
from tests.settlement.sharings import PRICE, Unit, plan_body, scheme_body
from tests.settlement.test_concurrency import committed_lot
from tests.world import World

pytestmark = pytest.mark.concurrency

NOTE_INCOME = REACTIONS[0]
BLOCKED = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@dataclass(frozen=True)
class Shop:
    """A deal that is paid, with real commits."""

    database: Database
    client: httpx.AsyncClient
    world: World
    deal_id: DealId

    async def ask(self, path: str) -> Json:
        headers = self.world.headers("seller_staff")
        return done(await self.client.get(f"/v1/deals/{self.deal_id}{path}", headers=headers))


@pytest.fixture
async def shop(database: Database, own_client: httpx.AsyncClient, own_world: World) -> Shop:
    sold = await committed_lot(database, own_client, own_world, "buyer")
    async with database.transaction() as session:
        deal_id = await sell(session, own_world, sold, PRICE)
    async with database.transaction() as session:
        done(await Counter(own_client, own_world, session).pay(deal_id, "610000.00"))
    await register(database, REACTIONS)
    await settled(database)
    return Shop(database, own_client, own_world, deal_id)


async def test_an_income_is_noted_once_beside_a_sharing_that_is_opened(shop: Shop) -> None:
    """ST145: four workers and two openings at once; one sharing, one income, in its due day."""
    async with shop.database.transaction() as session:
        unit = Unit(shop.client, shop.world, session, shop.deal_id)
        worked = [run_one(shop.database, NOTE_INCOME) for _ in range(4)]
        opened = [unit.act("") for _ in range(2)]
        ran, answers = await asyncio.gather(asyncio.gather(*worked), asyncio.gather(*opened))
    while await run_one(shop.database, NOTE_INCOME):
        pass
    assert sum(ran) <= 1
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    shown = await shop.ask("/sharing")
    assert [one["number"] for one in shown["incomes"]] == [1]
    assert shown["due_on"] == "2026-09-23"


async def test_payments_at_once_never_exceed_what_is_owed(shop: Shop) -> None:
    """ST142: the hundred thousands that fit are recorded, the others of eight refused."""
    assert await run_one(shop.database, NOTE_INCOME)
    async with shop.database.transaction() as session:
        unit = Unit(shop.client, shop.world, session, shop.deal_id)
        done(await unit.act(""))
        first, second, third = plan_body()["persons"]
        # The lot's achievement says that ownership was granted.
        persons = [first, second | {"ownership_bp": 500}, third]
        done(await unit.plan(plan_body(persons=persons, grant_mode="before_conversion")))
        done(await unit.act("/notice", {}))
    async with shop.database.transaction() as session:
        await shop.world.later(session, days=16)
    async with shop.database.transaction() as session:  # the notice's end is kept with this one
        done(await Unit(shop.client, shop.world, session, shop.deal_id).pay(3, "1.00"))
    owed = (await shop.ask("/sharing"))["persons"][0]["due"]["amount"]
    async with shop.database.transaction() as session:
        unit = Unit(shop.client, shop.world, session, shop.deal_id)
        answers = await asyncio.gather(*(unit.pay(1, "100000.00") for _ in range(8)))
    paid = [answer for answer in answers if answer.status_code == 201]
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 201]
    assert len(paid) == int(owed.split(".")[0]) // 100_000
    assert set(refused) == {"award_above_owed"}
    shown = await shop.ask("/sharing")
    assert shown["persons"][0]["paid"]["amount"] == f"{len(paid) * 100_000}.00"
    assert len(shown["payments"]) == 1 + len(paid)


async def test_two_versions_of_a_units_scheme_are_never_one(
    database: Database, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """ST132: whoever publishes beside an unfinished version is told to read it first."""
    actor = own_world.actor(Role.SELLER_STAFF)
    scheme = SharingSchemeBody.model_validate(scheme_body()).to_domain()
    headers = own_world.headers(Role.SELLER_STAFF)

    async def waiting() -> int:
        async with database.transaction() as looking:
            return int(await looking.scalar(BLOCKED) or 0)

    async with database.transaction() as session:
        now = await market_now(session, own_world.market_id)
        assert (await publish_scheme(session, actor, scheme, now=now)).version == 1
        second = asyncio.create_task(
            own_client.post("/v1/sharing-schemes", json=scheme_body(8500), headers=headers)
        )
        await eventually(waiting)
    told = refusal(await second, 409, "sharing_scheme_race")
    assert told["detail"]
    again = await own_client.post("/v1/sharing-schemes", json=scheme_body(8500), headers=headers)
    assert done(again)["version"] == 2
