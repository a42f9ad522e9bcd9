"""Signed deals are credited, once, to the results that had shown their pair."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.feedback import Judgement, Side
from app.matching.models import MatchFeedbackRow
from app.matching.service.crediting import SIGNED, credit_deal
from app.matching.service.judging import give_feedback
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.settlement import public as settlement
from app.shared.ids import PartyId, new_id
from app.shared.money import Money
from tests.demands.board import Board
from tests.demands.work import Work
from tests.listings.factories import Desk
from tests.matching.shown import Shown, put_result
from tests.settlement.factories import lot, sell
from tests.world import START, World


async def credit(session: AsyncSession) -> list[MatchFeedbackRow]:
    """Let the worker read every signing, twice; return what was noted."""
    events = await session.scalars(
        select(JournalEvent).where(JournalEvent.type.in_(SIGNED)).order_by(JournalEvent.seq)
    )
    for event in [*events] * 2:
        await credit_deal(session, event)
    noted = select(MatchFeedbackRow).where(MatchFeedbackRow.side == str(Side.SYSTEM))
    return list(await session.scalars(noted))


class Market:
    """What was shown before a listing of a seller is sold to a buyer."""

    def __init__(self, world: World, session: AsyncSession, achievement_id: UUID) -> None:
        self.world, self.session, self.achievement_id = world, session, achievement_id

    async def shown_to_demand(
        self, demand_id: UUID, coverage: float, *, party_id: PartyId | None = None
    ) -> UUID:
        """Return the result of a demand, by default the buyer's, that showed the achievement."""
        result = await put_result(
            self.session,
            [
                Shown(new_id(), self.world.other_seller, 0.99),
                Shown(self.achievement_id, self.world.seller, coverage),
            ],
            market_id=self.world.market_id,
            party_id=party_id or self.world.buyer,
            entry_id=demand_id,
            computed_at=START,
        )
        return result.id

    async def shown_to_achievement(self, *demands: Shown) -> UUID:
        result = await put_result(
            self.session,
            demands,
            market_id=self.world.market_id,
            party_id=self.world.seller,
            kind=EntryKind.ACHIEVEMENT,
            entry_id=self.achievement_id,
            computed_at=START,
        )
        return result.id


async def test_the_deal_of_a_listing_is_credited_to_both_sides_results(
    client: httpx.AsyncClient, world: World, session: AsyncSession
) -> None:
    # MT45
    desk = Desk(client, world, session)
    achievement = await desk.accepted()
    market = Market(world, session, UUID(achievement["id"]))
    near, far, anothers = new_id(), new_id(), new_id()
    await market.shown_to_demand(far, 0.2)
    stale = await market.shown_to_demand(near, 0.5)
    latest = await market.shown_to_demand(near, 0.6)
    await market.shown_to_demand(anothers, 0.9, party_id=world.other_buyer)
    back = await market.shown_to_achievement(
        Shown(anothers, world.other_buyer, 0.9), Shown(near, world.buyer, 0.5)
    )
    sold = await lot(desk, "buyer", achievement=achievement)
    # Whatever is shown once the price is found did not bring the parties together.
    deal_id = await sell(session, world, sold, Money.parse("700000.00"))
    await world.later(session, days=1)
    now = await market_now(session, world.market_id)
    late = await put_result(
        session,
        [Shown(market.achievement_id, world.seller, 0.99)],
        market_id=world.market_id,
        party_id=world.buyer,
        entry_id=near,
        computed_at=now,
    )
    await settlement.record_signing(
        session, deal_id=deal_id, signed_at=now, at=now, actor=world.actor(Role.OPERATOR)
    )
    noted = {row.result_id: row for row in await credit(session)}
    assert set(noted) == {latest, back}
    assert {stale, late.id}.isdisjoint(noted)
    mine, theirs = noted[latest], noted[back]
    assert (mine.shown_id, mine.rank, mine.judgement) == (market.achievement_id, 2, "deal")
    assert (theirs.shown_id, theirs.party_id) == (near, world.seller)
    assert {row.deal_id for row in noted.values()} == {deal_id}
    assert {row.judge_id for row in noted.values()} == {None}


async def test_the_demand_whose_match_was_pursued_gets_the_deal(
    client: httpx.AsyncClient, world: World, session: AsyncSession
) -> None:
    # MT45
    desk = Desk(client, world, session)
    achievement = await desk.accepted()
    market = Market(world, session, UUID(achievement["id"]))
    pursued = await market.shown_to_demand(new_id(), 0.2)
    await market.shown_to_demand(new_id(), 0.9)
    await give_feedback(
        session,
        world.actor(Role.BROKER),
        pursued,
        market.achievement_id,
        Judgement.MEETING,
        reason=None,
        text=None,
        now=START,
    )
    deal_id = await sell(
        session, world, await lot(desk, "buyer", achievement=achievement), Money.parse("700000.00")
    )
    now = await market_now(session, world.market_id)
    await settlement.record_signing(
        session, deal_id=deal_id, signed_at=now, at=now, actor=world.actor(Role.OPERATOR)
    )
    assert [row.result_id for row in await credit(session)] == [pursued]


@pytest.fixture
def work(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Work:
    return Work(Board(client, world), session)


async def test_the_work_for_a_demand_is_credited_to_what_its_solver_has(
    work: Work, world: World, session: AsyncSession
) -> None:
    # MT45
    demand_id, engagements = await work.engaged("880000.00")
    offered = Shown(new_id(), world.seller, 0.4)
    result = await put_result(
        session,
        [Shown(new_id(), world.other_seller, 0.6), offered],
        market_id=world.market_id,
        party_id=world.buyer,
        entry_id=UUID(demand_id),
        computed_at=START,
    )
    nobodys = await put_result(
        session,
        [Shown(new_id(), world.third_buyer, 0.6)],
        market_id=world.market_id,
        party_id=world.seller,
        kind=EntryKind.ACHIEVEMENT,
        computed_at=START,
    )
    await work.sign(engagements[0])
    noted = await credit(session)
    assert [(row.result_id, row.shown_id) for row in noted] == [(result.id, offered.entry_id)]
    assert nobodys.id not in {row.result_id for row in noted}
