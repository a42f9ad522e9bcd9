"""Selection terms over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.public import selection_terms_for
from app.platform.journal import history
from app.shared.ids import new_id
from tests.world import START, World

TODAY = START.date()


async def enter(
    client: httpx.AsyncClient, world: World, in_days: int, market: str | None = None, **terms: Any
) -> httpx.Response:
    body = {"effective_on": (TODAY + timedelta(days=in_days)).isoformat(), "terms": terms}
    path = f"/v1/markets/{market or world.market_id}/selection-terms"
    return await client.post(path, json=body, headers=world.headers("operator"))


async def test_terms_hold_from_their_day_and_the_default_before(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # M3 M6
    path = f"/v1/markets/{world.market_id}/selection-terms"
    (default,) = (await client.get(path)).json()["items"]
    assert (default["version"], default["default"], default["effective_on"]) == (0, True, None)
    assert default["terms"]["first_check"] == {"count": 5, "unit": "working_day"}
    entered = (await enter(client, world, 10, experts_min=5, shelf_life_days=180)).json()
    assert (entered["version"], entered["default"]) == (1, False)
    assert entered["terms"] == default["terms"] | {"experts_min": 5, "shelf_life_days": 180}
    assert (await enter(client, world, 0, experts_min=1)).status_code == 201
    first = (await client.get(path, params={"limit": 1})).json()
    assert [item["version"] for item in first["items"]] == [1]
    rest = (await client.get(path, params={"cursor": first["next"]})).json()
    assert ([item["version"] for item in rest["items"]], rest["next"]) == ([2, 0], None)
    today = (await client.get(path, params={"begun_on": TODAY.isoformat()})).json()["items"]
    assert [item["version"] for item in today] == [2, 0]
    for days, experts_min in ((-1, 3), (0, 1), (9, 1), (10, 5)):
        on = TODAY + timedelta(days=days)
        found = await selection_terms_for(session, market_id=world.market_id, on=on)
        assert found.terms.experts_min == experts_min
    event = (await history(session, world.market_id))[-1]
    assert event.type == "market.selection_terms_entered"
    assert event.public["terms"]["experts_min"] == 1


async def test_refusals(world: World, client: httpx.AsyncClient) -> None:
    past = await enter(client, world, -1)
    assert (past.status_code, past.json()["code"]) == (400, "policy_in_the_past")
    assert (await enter(client, world, 0, shelf_life_days=59)).status_code == 422
    assert (await enter(client, world, 0, gate_score_min=101)).status_code == 422
    other = await enter(client, world, 0, market=str(world.other_market_id))
    assert (other.status_code, other.json()["code"]) == (404, "object_unknown")
    unknown = await client.get(f"/v1/markets/{new_id()}/selection-terms")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "market_unknown")
    path = f"/v1/markets/{world.market_id}/selection-terms"
    for cursor in ("nonsense", "WyJ4Il0"):
        answer = await client.get(path, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize(
    "act", ["UPDATE selection_terms SET version = 9", "DELETE FROM selection_terms"]
)
async def test_terms_are_never_changed(
    world: World, client: httpx.AsyncClient, session: AsyncSession, act: str
) -> None:  # M4
    await enter(client, world, 0)
    with pytest.raises(DBAPIError, match=r"append|never|change"):
        async with session.begin_nested():
            await session.execute(text(act))
