"""Valuations under real commits: two writers at once, and the worker's reaction."""

import asyncio
from collections import Counter

import httpx
import pytest

from app.platform.runtime import Runtime
from app.shared.ids import new_id
from tests.listings.factories import Json, achievement_body, done, yuan
from tests.valuations.domain.examples import document
from tests.world import World

pytestmark = pytest.mark.concurrency

PRICE: Json = {"base_price": {"price": yuan("1300000.00"), "reason": "取综合区间中位。"}}


async def test_of_two_replacements_and_two_signatures_one_each_holds(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """VA13, VA14, VA17"""

    def headers(version: int | None = None) -> dict[str, str]:
        match = {} if version is None else {"If-Match": f'"{version}"'}
        key = {"Idempotency-Key": str(new_id())}
        return own_world.headers("seller_staff") | key | match

    async def post(path: str, body: Json, version: int | None = None) -> httpx.Response:
        return await own_client.post(f"/v1/{path}", json=body, headers=headers(version))

    achievement = done(await post("achievements", achievement_body()))
    path = f"achievements/{achievement['id']}/valuations"
    first, second = [done(await post(path, {"purpose": "定价"}))["id"] for _ in range(2)]
    answers = await asyncio.gather(
        *(
            own_client.put(
                f"/v1/valuations/{first}", json=document(seed=seed), headers=headers(version=1)
            )
            for seed in range(4)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
    url = f"/v1/valuations/{second}"
    done(await own_client.put(url, json=document(), headers=headers(version=1)))
    signatures = await asyncio.gather(
        *(post(f"valuations/{one}/signature", PRICE, 2) for one in (first, second) * 2)
    )
    assert Counter(answer.status_code for answer in signatures) == {201: 2, 409: 2}
    told = done(await own_client.get("/v1/valuations", headers=headers()))
    assert sorted(item["status"] for item in told["items"]) == ["signed", "superseded"]


async def test_a_repeated_key_gives_the_same_draft(
    own_world: World, own_client: httpx.AsyncClient
) -> None:
    """VA13"""
    headers = own_world.headers("seller_staff")
    achievement = done(
        await own_client.post("/v1/achievements", json=achievement_body(), headers=headers)
    )
    path = f"/v1/achievements/{achievement['id']}/valuations"
    draft = done(await own_client.post(path, json={"purpose": "定价"}, headers=headers))
    again = headers | {"Idempotency-Key": "same", "If-Match": '"1"'}
    url = f"/v1/valuations/{draft['id']}"
    first = await own_client.put(url, json=document(), headers=again)
    assert done(first)["version"] == 2
    second = await own_client.put(url, json=document(), headers=again)
    assert (second.status_code, second.content) == (first.status_code, first.content)
