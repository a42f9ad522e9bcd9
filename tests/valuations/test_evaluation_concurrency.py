"""Two last experts at once, and two openings of one result."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from app.platform import timers
from app.platform.runtime import Runtime
from app.shared.ids import EvaluationId
from app.valuations.repository import evaluations
from tests.listings.factories import Desk, done
from tests.valuations.panels import EXPERTS, Json, Office, Person, make_expert, scores
from tests.world import World

pytestmark = pytest.mark.concurrency


async def begun(
    world: World, runtime: Runtime, client: httpx.AsyncClient
) -> tuple[list[Person], Json]:
    """Return three experts and a result to evaluate."""
    async with runtime.database.transaction() as session:
        experts = [
            await make_expert(session, world, name, unit, number=number)
            for number, (name, unit) in enumerate(EXPERTS[:3])
        ]
        return experts, await Office(Desk(client, world, session), experts, {}).submitted()


async def test_sheets_and_openings_that_come_at_once(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """EV6, EV18: one transaction sees all sheets and opens them; one evaluation runs."""
    database = own_runtime.database
    experts, achievement = await begun(own_world, own_runtime, own_client)
    async with database.transaction() as session:
        office = Office(Desk(own_client, own_world, session), experts, {})
        answers = await asyncio.gather(*(office.opening(achievement) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        evaluation = next(answer.json()["id"] for answer in answers if answer.is_success)
        done(await office.act(evaluation, "panel", "operator", office.panel(experts)))
        for person in experts:
            done(await office.act(evaluation, "declaration", person, {"interest": None}))
        due = {"due_at": await office.in_days(5)}
        done(await office.act(evaluation, "scoring", "operator", due))
        acts = [office.act(evaluation, "scores", person, scores()) for person in experts * 2]
        seen = [answer.status_code for answer in await asyncio.gather(*acts)]
    assert seen.count(201) == 3
    assert set(seen) == {201, 409}
    async with database.transaction() as session:
        found = await evaluations.find(session, EvaluationId(evaluation))
        assert found is not None
        assert (str(found.status), found.scores_open) == ("explaining", True)
        assert len(await evaluations.sheets_of(session, found.id)) == 3


async def test_a_last_sheet_waits_for_no_worker_that_waits_for_it(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """EV6, EV7: the deadline's timer is in hand while the last sheet opens all."""
    database = own_runtime.database
    experts, achievement = await begun(own_world, own_runtime, own_client)
    async with database.transaction() as session:
        office = Office(Desk(own_client, own_world, session), experts, {})
        evaluation = done(await office.opening(achievement))["id"]
        done(await office.act(evaluation, "panel", "operator", office.panel(experts)))
        for person in experts:
            done(await office.act(evaluation, "declaration", person, {"interest": None}))
        soon = {"due_at": (await office.now() + timedelta(seconds=2)).isoformat()}
        done(await office.act(evaluation, "scoring", "operator", soon))
        due = None
        while due is None:
            await asyncio.sleep(0.05)
            due = await timers.claim_due(session)
        assert str(due.subject_id) == evaluation
        later = {"due_at": await office.in_days(5)}
        done(await asyncio.wait_for(office.act(evaluation, "scoring", "operator", later), 5))
        for person in experts:
            answer = office.act(evaluation, "scores", person, scores())
            done(await asyncio.wait_for(answer, 5))
        assert await timers.handle(session, due, own_runtime.timer_handlers)
    async with database.transaction() as session:
        found = await evaluations.find(session, EvaluationId(evaluation))
        assert found is not None
        query = text("SELECT due_at FROM timers WHERE kind = 'valuations.evaluation_due'")
        assert await session.scalar(query) == found.explain_due_at
