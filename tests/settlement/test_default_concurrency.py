"""Real commits: default beside signing, payment, the next sale, itself, a killed backend."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.ledger.public import HoldState
from app.listings import public as listings
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.journal import history
from app.settlement import public as settlement
from app.settlement.domain.deal import DealStatus
from app.settlement.domain.keeping import DefaultTooEarly
from app.shared.errors import DomainError
from app.shared.ids import DealId, HoldId, PartyId
from app.shared.money import Money
from app.shared.transitions import TransitionRefused
from tests.settlement.factories import DEPOSIT, Lot, sell
from tests.settlement.test_concurrency import committed_lot
from tests.settlement.test_deals import pay
from tests.world import World

pytestmark = pytest.mark.concurrency

PRICE = Money.parse("730000.00")
Act = Callable[[AsyncSession], Awaitable[object]]


class Table:
    """A deal with two standby bidders; each act runs in a transaction of its own."""

    def __init__(self, database: Database, world: World, sold: Lot, deal_id: DealId) -> None:
        self.database, self.world, self.sold, self.deal_id = database, world, sold, deal_id

    async def run(self, act: Act) -> type[DomainError] | None:
        try:
            async with self.database.transaction() as session:
                await act(session)
        except DomainError as refusal:
            return type(refusal)
        return None

    async def all(self, *acts: Act) -> list[type[DomainError] | None]:
        return list(await asyncio.gather(*map(self.run, acts)))

    async def default(self, session: AsyncSession) -> None:
        await settlement.default_deal(
            session,
            deal_id=self.deal_id,
            ground="did not sign",
            at=await market_now(session, self.world.market_id),
            actor=self.world.actor(Role.OPERATOR),
        )

    async def sign(self, session: AsyncSession) -> None:
        now = await market_now(session, self.world.market_id)
        await settlement.record_signing(
            session,
            deal_id=self.deal_id,
            signed_at=now,
            at=now,
            actor=self.world.actor(Role.OPERATOR),
        )

    async def pay_all(self, session: AsyncSession) -> None:
        await pay(session, self.world, self.deal_id, PRICE - DEPOSIT)

    async def deal(self) -> settlement.Deal:
        async with self.database.transaction() as session:
            return await settlement.get_deal(session, self.deal_id)

    async def hold(self, party_id: PartyId) -> HoldState:
        async with self.database.transaction() as session:
            hold_id = HoldId(self.sold.registrations[party_id])
            return (await ledger.get_hold(session, hold_id)).state

    async def told(self) -> list[str]:
        async with self.database.transaction() as session:
            return [event.type for event in await history(session, self.deal_id)]

    async def check(self, *, forfeited: Money) -> None:
        async with self.database.transaction() as session:
            market_id = self.world.market_id
            assert await ledger.forfeited_of(session, market_id=market_id) == forfeited
            totals = ledger.totals(await ledger.trial_balance(session, market_id))
            assert totals == (Money(0),)


@pytest.fixture
async def table(database: Database, own_client: httpx.AsyncClient, own_world: World) -> Table:
    names = ("buyer", "other_buyer", "third_buyer")
    sold = await committed_lot(database, own_client, own_world, *names)
    async with database.transaction() as session:
        standby = {own_world.other_buyer, own_world.third_buyer}
        deal_id = await sell(session, own_world, sold, PRICE, standby=standby)
    async with database.transaction() as session:
        # After the time to sign, before the time to pay is over.
        await own_world.later(session, days=4)
    return Table(database, own_world, sold, deal_id)


async def test_of_defaults_and_signings_at_once_one_takes_effect(table: Table) -> None:
    """ST12, ST13: the deal's lock decides; standby deposits follow what was decided."""
    acts = [table.default, table.sign]
    outcomes = await table.all(*acts * 4)
    assert outcomes.count(None) == 1
    deal, told = await table.deal(), await table.told()
    standby = await table.hold(table.world.other_buyer)
    if deal.status is DealStatus.DEFAULTED:
        assert set(outcomes) == {None, TransitionRefused}
        assert (standby, told) == (HoldState.HELD, ["deal.opened", "deal.defaulted"])
        await table.check(forfeited=DEPOSIT)
    else:
        assert DefaultTooEarly in outcomes
        assert (standby, told) == (
            HoldState.VOIDED,
            ["deal.opened", "deal.signed", "deal.effective"],
        )
        await table.check(forfeited=Money(0))


async def test_of_many_defaults_at_once_one_forfeits(table: Table) -> None:
    """ST13, ST14"""
    outcomes = await table.all(*[table.default] * 8)
    assert outcomes.count(None) == 1
    assert outcomes.count(TransitionRefused) == 7
    assert await table.told() == ["deal.opened", "deal.defaulted"]
    await table.check(forfeited=DEPOSIT)


async def test_a_default_and_the_last_payment_at_once(table: Table) -> None:
    """ST5, ST13, ST14: either the seller has the price, or the buyer what it paid too late."""
    outcomes = await table.all(table.default, table.pay_all, table.default, table.pay_all)
    assert outcomes.count(None) == 1
    deal = await table.deal()
    async with table.database.transaction() as session:
        market_id = table.world.market_id
        sold = await ledger.funds_of(session, market_id=market_id, party_id=deal.seller_id)
        escrow = await ledger.escrow_of(session, market_id=market_id, deal_id=deal.id)
    assert escrow == Money(0)
    if deal.status is DealStatus.SETTLED:
        assert sold == PRICE
        await table.check(forfeited=Money(0))
    else:
        assert (deal.status, sold) == (DealStatus.DEFAULTED, Money(0))
        await table.check(forfeited=DEPOSIT)


async def test_a_default_after_a_part_was_paid_at_once_with_more_parts(table: Table) -> None:
    """ST2, ST14"""

    async def part(session: AsyncSession) -> None:
        await pay(session, table.world, table.deal_id, Money.parse("1000.00"))

    outcomes = await table.all(part, part, table.default, part, part)
    assert outcomes[2] is None
    paid = [outcome for index, outcome in enumerate(outcomes) if index != 2].count(None)
    deal = await table.deal()
    assert deal.paid - deal.deposit == Money.parse("1000.00") * paid
    async with table.database.transaction() as session:
        funds = await ledger.funds_of(
            session, market_id=table.world.market_id, party_id=deal.buyer_id
        )
    assert funds == deal.paid - deal.deposit
    await table.check(forfeited=DEPOSIT)


async def test_after_a_default_both_next_bidders_at_once_make_one_deal(table: Table) -> None:
    """ST1: beside a third who declines and takes its deposit back."""
    await table.run(table.default)
    world = table.world

    def buy(party_id: PartyId) -> Act:
        async def act(session: AsyncSession) -> None:
            others = {world.other_buyer, world.third_buyer}
            await sell(session, world, table.sold, PRICE, party_id, standby=others)

        return act

    async def decline(session: AsyncSession) -> None:
        now = await market_now(session, world.market_id)
        registration = table.sold.registrations[world.third_buyer]
        await listings.release_deposit(session, registration, at=now, actor="system")

    acts = [buy(world.other_buyer), buy(world.third_buyer), decline]
    outcomes = await table.all(*acts * 2)
    async with table.database.transaction() as session:
        deals = await settlement.deals_of(session, table.sold.listing_id)
    assert [deal.status for deal in deals] == [DealStatus.DEFAULTED, DealStatus.OPENED]
    assert [outcomes[i] for i in (0, 1, 3, 4)].count(None) == 1
    assert await table.hold(deals[1].buyer_id) is HoldState.POSTED
    await table.check(forfeited=DEPOSIT)


@pytest.mark.parametrize("act", ["default", "sign"])
async def test_a_backend_killed_before_the_commit_leaves_nothing(table: Table, act: str) -> None:
    """ST12, ST14: money, deal, registration and journal come together or not at all."""

    async def killed() -> None:
        async with table.database.transaction() as session:
            await getattr(table, act)(session)
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            async with table.database.transaction() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError):
        await killed()
    assert await table.told() == ["deal.opened"]
    assert (await table.deal()).status is DealStatus.OPENED
    assert await table.hold(table.world.other_buyer) is HoldState.HELD
    await table.check(forfeited=Money(0))
    assert await table.run(getattr(table, act)) is None
    await table.check(forfeited=DEPOSIT if act == "default" else Money(0))
