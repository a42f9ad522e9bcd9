"""Two last experts at once, and two openings of one result."""

import asyncio

import httpx
import pytest

from app.platform.runtime import Runtime
from app.shared.ids import EvaluationId
from app.valuations.repository import evaluations
from tests.listings.factories import Desk, done
from tests.valuations.panels import EXPERTS, Office, make_expert, scores
from tests.world import World

pytestmark = pytest.mark.concurrency


async def test_sheets_and_openings_that_come_at_once(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """EV6, EV18: one transaction sees all sheets and opens them; one evaluation runs."""
    database = own_runtime.database
    async with database.transaction() as session:
        experts = [
            await make_expert(session, own_world, name, unit, number=number)
            for number, (name, unit) in enumerate(EXPERTS[:3])
        ]
        office = Office(Desk(own_client, own_world, session), experts, {})
        achievement = await office.submitted()
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
