"""Both sides of a deal at once: reports in a row, one statement of a year."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from app.platform.access import Actor, Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.settlement.domain.outcomes import OutcomeFigures, OutcomeOfOther
from app.settlement.domain.tracking import ConversionTrigger
from app.settlement.repository import tracking as rows
from app.settlement.service import tracking
from app.shared.ids import DealId
from tests.settlement.factories import sell
from tests.settlement.test_concurrency import PRICE, committed_lot
from tests.world import World

pytestmark = pytest.mark.concurrency


async def test_two_sides_at_once_report_in_a_row_and_state_a_year_once(
    database: Database, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """ST242, ST245"""
    sold = await committed_lot(database, own_client, own_world, "buyer")
    async with database.transaction() as session:
        deal_id = await sell(session, own_world, sold, PRICE)
        at = await market_now(session, own_world.market_id)

    # The reaction of a settled and that of an effective deal may come together.
    async def begin() -> None:
        async with database.transaction() as session:
            await tracking.begin(session, deal_id, at=at)

    await asyncio.gather(begin(), begin())
    sides = [own_world.actor(Role.SELLER_STAFF), own_world.actor(Role.BUYER_STAFF)]
    later = at + timedelta(days=330)

    async def report(actor: Actor) -> int:
        async with database.transaction() as session:
            _, made = await tracking.report(
                session,
                actor,
                deal_id,
                says=ConversionTrigger.PROGRESS,
                reported_on=at.date(),
                text="样机已交付。",
                milestone=None,
                failure_reason=None,
                evidence=(),
                now=later,
            )
            return made.number

    async def state(actor: Actor) -> UUID | None:
        try:
            async with database.transaction() as session:
                stated = await tracking.state(
                    session, actor, deal_id, 2026, OutcomeFigures(jobs=3), note=None, now=later
                )
                return stated.party_id
        except OutcomeOfOther:
            return None

    numbers = await asyncio.gather(*map(report, sides * 4))
    assert sorted(numbers) == list(range(1, 9))
    stated = await asyncio.gather(*map(state, sides * 3))
    assert len({party for party in stated if party is not None}) == 1
    assert stated.count(None) == 3
    async with database.transaction() as session:
        conversion = await rows.get_conversion(session, DealId(deal_id))
        (outcome,) = await rows.outcomes_of(session, DealId(deal_id))
    assert (conversion.reports, outcome.version) == (8, 3)
