"""Real commits: acceptances, refusals, cuts and payments at once; the ledger is the oracle."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.delivery import Measured
from app.demands.domain.demand import DemandStatus
from app.demands.domain.engagement import Engagement, EngagementStatus
from app.demands.engagement_handlers import ENGAGEMENTS
from app.demands.repository import engagements as repository
from app.demands.service import delivering, stopping
from app.demands.service.delivering import NewDelivery
from app.ledger import public as ledger
from app.platform import reactions
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.journal import JournalEvent
from app.platform.reactions import ReactionCursor
from app.settlement import public as settlement
from app.settlement.domain.payment import Payment
from app.settlement.handlers import REACTIONS
from app.settlement.service.paying import record_payment
from app.shared.errors import DomainError
from app.shared.ids import DealId, EngagementId, EntryId, new_id
from app.shared.money import Money
from tests.demands.board import Board, done, terms, yuan
from tests.demands.work import POSTER, Work
from tests.eventually import eventually
from tests.world import World

pytestmark = pytest.mark.concurrency

Act = Callable[[AsyncSession], Awaitable[object]]
FOLLOWING = (ENGAGEMENTS, *REACTIONS)


class Table:
    """One route of a race, signed, its first milestone delivered; each act commits alone."""

    def __init__(self, database: Database, world: World, engagement_id: str) -> None:
        self.database, self.world = database, world
        self.id = EngagementId(UUID(engagement_id))

    async def run(self, act: Act) -> type[DomainError] | None:
        try:
            async with self.database.transaction() as session:
                await act(session)
        except DomainError as refusal:
            return type(refusal)
        return None

    async def all(self, *acts: Act) -> list[type[DomainError] | None]:
        return list(await asyncio.gather(*map(self.run, acts)))

    async def work(self) -> None:
        """Be two workers beside each other until nothing is left to do."""

        async def one() -> None:
            while any([await reactions.run_one(self.database, it) for it in FOLLOWING]):
                pass

        async def idle() -> bool:
            await asyncio.gather(one(), one())
            return not await self.behind()

        await eventually(idle)  # the feed waits for transactions of other databases, too

    async def behind(self) -> bool:
        """Tell whether an event still waits for its reaction."""
        async with self.database.transaction() as session:
            for reaction in FOLLOWING:
                cursor = await session.get_one(ReactionCursor, reaction.name)
                assert cursor.last_error is None, cursor.last_error
                waiting = select(func.count()).where(
                    JournalEvent.type.in_(reaction.types),
                    tuple_(JournalEvent.epoch, JournalEvent.txid, JournalEvent.seq)
                    > tuple_(cursor.epoch, cursor.txid, cursor.seq),
                )
                if await session.scalar(waiting):
                    return True
        return False

    async def accept(self, session: AsyncSession) -> None:
        await delivering.accept(
            session,
            self.world.actor(Role.BUYER_STAFF),
            self.id,
            1,
            reason=None,
            now=await market_now(session, self.world.market_id),
        )

    async def refuse(self, session: AsyncSession) -> None:
        await delivering.refuse(
            session,
            self.world.actor(Role.BUYER_STAFF),
            self.id,
            1,
            reason="未达到指标",
            now=await market_now(session, self.world.market_id),
        )

    async def cut(self, session: AsyncSession) -> None:
        await stopping.cut(
            session,
            self.world.actor(Role.BUYER_STAFF),
            self.id,
            reason="该路线未通过考核",
            now=await market_now(session, self.world.market_id),
        )

    async def deliver(self, session: AsyncSession) -> None:
        await delivering.deliver(
            session,
            self.world.actor(Role.SELLER_STAFF),
            self.id,
            1,
            NewDelivery(text="样杆", files=(), values=VALUES, costs=None),
            now=await market_now(session, self.world.market_id),
        )

    def pay(self, amount: str) -> Act:
        async def act(session: AsyncSession) -> None:
            now = await market_now(session, self.world.market_id)
            found = await repository.find(session, self.id)
            assert found is not None
            assert found.deal_id is not None
            payment = Payment(
                id=EntryId(new_id()),
                amount=Money.parse(amount),
                payer_name=POSTER,
                bank_reference=str(new_id()),
                received_at=now - timedelta(minutes=1),
            )
            operator = self.world.actor(Role.OPERATOR)
            await record_payment(session, operator, found.deal_id, payment, now=now)

        return act

    async def check(self) -> tuple[Engagement, settlement.Deal]:
        """The engagement, its deal and the ledger say the same; everything sums to zero."""
        async with self.database.transaction() as session:
            found = await repository.find(session, self.id)
            assert found is not None
            assert found.deal_id is not None
            deal = await settlement.get_deal(session, DealId(found.deal_id))
            market_id = self.world.market_id
            escrow = await ledger.escrow_of(session, market_id=market_id, deal_id=deal.id)
            solver = await ledger.funds_of(session, market_id=market_id, party_id=found.solver_id)
            poster = await ledger.funds_of(session, market_id=market_id, party_id=found.poster_id)
            totals = ledger.totals(await ledger.trial_balance(session, market_id))
            assert totals == (Money(0),)
        assert (solver, poster) == (found.released, found.returned)
        assert (deal.released, deal.returned) == (found.released, found.returned)
        assert escrow == deal.paid - found.released - found.returned
        return found, deal


VALUES: tuple[Measured, ...] = ()


@pytest.fixture
async def table(database: Database, own_client: httpx.AsyncClient, own_world: World) -> Table:
    """Both steps commit: the award, then the deal's signing."""
    board = Board(own_client, own_world)
    await reactions.register(database, FOLLOWING)
    demand_id = (await board.submitted(lump_sum=True))["id"]
    async with database.transaction() as session:
        await board.put_in(session, demand_id, DemandStatus.REVIEWED)
    routes = [yuan("500000.00"), yuan("400000.00")]
    on = terms(decision="racing", winners_max=2, route_budgets=routes)
    done(await board.post(f"demands/{demand_id}/posting", "operator", {"terms": on}))
    async with database.transaction() as session:
        engagement_id = await Work(board, session).award(demand_id, "500000.00")
    table = Table(database, own_world, engagement_id)
    await table.work()
    async with database.transaction() as session:
        found = await repository.find(session, table.id)
        assert found is not None
        assert found.deal_id is not None
        now = await market_now(session, own_world.market_id)
        await settlement.record_signing(
            session,
            deal_id=found.deal_id,
            signed_at=now,
            at=now,
            actor=own_world.actor(Role.OPERATOR),
        )
    await table.work()
    assert await table.run(table.deliver) is None
    return table


async def test_acceptances_payments_and_workers_at_once_pay_a_milestone_once(table: Table) -> None:
    """DM81, DM82, ST22: whichever comes first, nothing is paid twice and nothing forgotten."""
    acts = [table.accept, table.pay("100000.00"), table.accept, table.pay("60000.00")]
    outcomes, _ = await asyncio.gather(table.all(*acts, table.accept), table.work())
    assert outcomes.count(None) == 3  # one acceptance and both payments
    await table.work()
    found, deal = await table.check()
    assert (found.released, found.owed) == (Money.parse("150000.00"), Money(0))
    assert deal.paid - found.released == Money.parse("10000.00")


async def test_an_acceptance_against_a_second_refusal_and_a_cut(table: Table) -> None:
    """DM79, DM82, DM86, ST23: accepted and paid, or failed, cut and given back."""
    assert await table.run(table.refuse) is None
    assert await table.run(table.deliver) is None
    racing = [table.accept, table.refuse, table.cut, table.pay("200000.00"), table.cut]
    await asyncio.gather(table.all(*racing), table.work())
    await table.work()
    found, _ = await table.check()
    if found.milestones[0].earned:
        assert found.released == Money.parse("150000.00")
        assert found.status is EngagementStatus.CONTRACTED
        return
    outcomes = await table.all(table.cut, table.cut, table.pay("100000.00"))
    await table.work()
    found, deal = await table.check()
    assert found.status is EngagementStatus.CUT
    assert found.released == Money(0)
    assert found.returned == deal.paid
    assert deal.status is settlement.DealStatus.SETTLED
    assert outcomes.count(None) <= 2
