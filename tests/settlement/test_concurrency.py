"""Real commits side by side: one deal a listing, never more than the price."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.platform.db import Database
from app.settlement import repository
from app.settlement.domain.deal import DealExists, DealStatus
from app.shared.errors import DomainError
from app.shared.ids import DealId, ListingId
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done
from tests.settlement.factories import Counter, Lot, deposit, sell
from tests.world import World

pytestmark = pytest.mark.concurrency

PRICE = Money.parse("730000.00")


async def committed_lot(
    database: Database, client: httpx.AsyncClient, world: World, *names: str
) -> Lot:
    """`factories.lot`, each step committed before the next."""

    async def step(act: Callable[[Desk], Awaitable[Json]]) -> Json:
        async with database.transaction() as session:
            return await act(Desk(client, world, session))

    listing = await step(lambda desk: desk.draft())

    async def attach(desk: Desk) -> Json:
        await desk.attach(listing)
        return listing

    await step(attach)

    async def publish(desk: Desk) -> Json:
        return done(await desk.publish(listing))

    published = await step(publish)
    async with database.transaction() as session:
        registrations = await deposit(Desk(client, world, session), published, *names)
    async with database.transaction() as session:
        await world.later(session, days=21)
    return Lot(ListingId(UUID(listing["id"])), registrations)


async def check_books(session: AsyncSession, world: World, deal_id: DealId) -> None:
    """The ledger agrees with the deal and sums to zero."""
    deal = await repository.get_deal(session, deal_id)
    payments = await repository.payments_of(session, deal_id)
    paid = sum((payment.amount for payment in payments), deal.deposit)
    assert deal.paid == paid
    assert paid <= deal.price
    escrow = await ledger.escrow_of(session, market_id=world.market_id, deal_id=deal_id)
    sold = await ledger.funds_of(session, market_id=world.market_id, party_id=deal.seller_id)
    settled = deal.status is DealStatus.SETTLED
    assert (escrow, sold) == ((Money(0), paid) if settled else (paid, Money(0)))
    assert ledger.totals(await ledger.trial_balance(session, world.market_id)) == (Money(0),)


async def test_concurrent_confirmations_make_one_deal(
    database: Database, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """ST1"""
    sold = await committed_lot(database, own_client, own_world, "buyer", "other_buyer")

    async def confirm(buyer: str) -> DealId | type[DomainError]:
        try:
            async with database.transaction() as session:
                party_id = getattr(own_world, buyer)
                return await sell(session, own_world, sold, PRICE, party_id)
        except DealExists as refusal:
            return type(refusal)

    outcomes = await asyncio.gather(*map(confirm, ["buyer", "other_buyer"] * 4))
    deals = [outcome for outcome in outcomes if isinstance(outcome, UUID)]
    assert len(deals) == 1
    assert outcomes.count(DealExists) == 7
    async with database.transaction() as session:
        await check_books(session, own_world, DealId(deals[0]))
        deal = await repository.get_deal(session, deals[0])
        loser = own_world.other_buyer if deal.buyer_id == own_world.buyer else own_world.buyer
        funds = await ledger.funds_of(session, market_id=own_world.market_id, party_id=loser)
        assert funds == Money(0)


async def test_concurrent_payments_never_overpay(
    database: Database, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """ST2, ST5: 610,000 are owed; twelve payments of 70,000 come at once, then the rest."""
    sold = await committed_lot(database, own_client, own_world, "buyer")
    async with database.transaction() as session:
        deal_id = await sell(session, own_world, sold, PRICE)
    async with database.transaction() as session:
        counter = Counter(own_client, own_world, session)
        answers = await asyncio.gather(*(counter.pay(deal_id, "70000.00") for _ in range(12)))
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 201]
    assert refused == ["payment_above_outstanding"] * 4
    async with database.transaction() as session:
        await check_books(session, own_world, deal_id)
        counter = Counter(own_client, own_world, session)
        last = await asyncio.gather(*(counter.pay(deal_id, "50000.00") for _ in range(5)))
    assert sorted(answer.status_code for answer in last) == [201, 409, 409, 409, 409]
    async with database.transaction() as session:
        assert (await repository.get_deal(session, deal_id)).status is DealStatus.SETTLED
        await check_books(session, own_world, deal_id)
