"""Reviews under simultaneous acts, really committed."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.demands.domain.demand import DemandStatus
from app.demands.repository import demands
from app.platform import timers
from app.platform.clock import lock_sandbox, set_sandbox
from app.platform.runtime import Runtime
from app.shared.ids import DemandId
from tests.demands.board import Board, done, terms
from tests.demands.reviews import Hall
from tests.demands.test_demand_objections import OBJECTION
from tests.world import World

pytestmark = pytest.mark.concurrency


async def test_of_two_last_sheets_at_once_one_opens_all_once(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """DM60"""
    hall = await scoring(own_world, own_runtime, own_client)
    first, *last = hall.experts
    assert (await hall.act("review/scores", first, hall.sheet())).status_code == 201
    answers = await asyncio.gather(
        *(hall.act("review/scores", person, hall.sheet()) for person in last)
    )
    assert [answer.status_code for answer in answers] == [201, 201]
    async with own_runtime.database.transaction() as session:
        told = await session.scalar(
            text("SELECT count(*) FROM journal_events WHERE type = 'demand.scores_opened'")
        )
        opened = await session.scalar(
            text("SELECT count(*) FROM demand_review_sheets WHERE scores IS NOT NULL")
        )
    assert (told, opened) == (1, 3)


async def test_an_objection_at_the_very_end_counts_or_is_refused(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """DM70, DM72: the worker's timer and the objector meet at the stored end of the notice."""
    hall = await scoring(own_world, own_runtime, own_client)
    for person in hall.experts:
        await hall.act("review/scores", person, hall.sheet())
    assert (await hall.act("review/conclusion", "operator")).is_success
    database = own_runtime.database
    async with database.transaction() as session:
        ends_at = await session.scalar(text("SELECT ends_at FROM demand_results"))
        assert isinstance(ends_at, datetime)
        await lock_sandbox(session, own_world.market_id)
        await set_sandbox(session, own_world.market_id, ends_at - timedelta(milliseconds=30))

    async def work() -> None:
        for _ in range(20):
            await timers.run_one(database, own_runtime.timer_handlers)
            await asyncio.sleep(0.01)

    filing = [hall.act("objections", "anonymous", OBJECTION) for _ in range(6)]
    working = asyncio.create_task(work())
    answers = await asyncio.gather(*filing)
    await working
    taken = [answer.status_code for answer in answers]
    assert set(taken) <= {201, 409}
    async with database.transaction() as session:
        demand = await demands.find(session, DemandId(UUID(hall.demand_id)))
    assert demand is not None
    expected = DemandStatus.NOTICED if 201 in taken else DemandStatus.CONTRACTED
    assert demand.status is expected


async def scoring(world: World, runtime: Runtime, client: httpx.AsyncClient) -> Hall:
    """Return a hall in which three experts may score, everything committed."""
    board, database = Board(client, world), runtime.database
    demand = await board.submitted()
    async with database.transaction() as session:
        await board.put_in(session, demand["id"], DemandStatus.REVIEWED)
    sent = {"terms": terms()}
    done(await board.post(f"demands/{demand['id']}/posting", "operator", sent))
    async with database.transaction() as session:
        hall = Hall(board, session, runtime.timer_handlers, demand_id=demand["id"])
        await board.put_in(session, demand["id"], DemandStatus.CLOSED)
        await hall.propose("seller", price_minor=60_000_000)
        await hall.summon()
        due = {"due_at": await hall.in_days(3)}
    done(await hall.act("review", "operator"))
    done(await hall.act("review/panel", "operator", hall.panel()))
    await hall.declared()
    done(await hall.act("review/scoring", "operator", due))
    return hall
