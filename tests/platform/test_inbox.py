"""The inbox: once, to the party alone, newest first."""

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.inbox import NewNotification, notify
from app.shared.ids import PartyId
from tests.world import START, World


def told(world: World, party: PartyId, key: str) -> NewNotification:
    return NewNotification(
        market_id=world.market_id,
        party_id=party,
        topic="tests.told",
        title_zh=f"通知{key}",
        title_en=f"Notification {key}",
        text_zh="内容",
        text_en="Text",
        dedupe_key=key,
        market_at=START,
        data={"key": key},
    )


async def test_a_party_is_told_once_of_each_key(world: World, session: AsyncSession) -> None:
    """P50"""
    item = told(world, world.buyer, "a")
    assert await notify(session, item, item, told(world, world.seller, "a")) == 2
    assert await notify(session, item, told(world, world.buyer, "b")) == 1
    assert await notify(session) == 0


async def test_pages_and_the_unread_filter(
    world: World, session: AsyncSession, client: httpx.AsyncClient
) -> None:
    """P51"""
    await notify(session, *(told(world, world.buyer, str(number)) for number in range(3)))
    headers = world.headers("buyer_staff")
    first = (await client.get("/v1/notifications?limit=2", headers=headers)).json()
    assert [item["title_zh"] for item in first["items"]] == ["通知2", "通知1"]
    path = f"/v1/notifications?limit=2&cursor={first['next']}"
    rest = (await client.get(path, headers=headers)).json()
    assert [item["data"] for item in rest["items"]] == [{"key": "0"}]
    assert rest["next"] is None
    route = f"/v1/notifications/{first['items'][0]['id']}/read"
    read = (await client.post(route, headers=headers)).json()
    assert read["read_at"].startswith("2026-03-02T01:00:00")
    await world.later(session, hours=1)
    assert (await client.post(route, headers=headers)).json()["read_at"] == read["read_at"]
    for query, left in (("unread=true", 2), ("unread=false", 1)):
        page = (await client.get(f"/v1/notifications?{query}", headers=headers)).json()
        assert len(page["items"]) == left
    other = world.headers("buyer_staff", world.other_buyer)
    assert (await client.get("/v1/notifications", headers=other)).json()["items"] == []
    assert (await client.post(route, headers=other)).status_code == 403
    assert (await client.get("/v1/notifications")).status_code == 401
    assert (await client.get("/v1/notifications?cursor=W10", headers=headers)).status_code == 400
