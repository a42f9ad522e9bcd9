"""Markets, policies, sessions, clocks and code tables over HTTP."""

from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.domain.defaults import default_terms
from app.markets.domain.market import MarketCodeMalformed, MarketCodeTaken
from app.markets.public import (
    PolicyMissing,
    create_market,
    get_market,
    owner_of_market,
    owner_of_session,
    policy_for,
)
from app.platform.access import SYSTEM
from app.platform.clock import MarketUnknown
from app.shared import codes
from app.shared.codes import CodeUnknown
from app.shared.ids import MarketId, SessionId, new_id
from tests.world import START, World

TODAY = START.date()


def terms(days: int = 7) -> dict[str, Any]:
    return default_terms("private", "bidding").as_json() | {
        "disclosure": {"count": days, "unit": "calendar_day"}
    }


def body(effective_on: date = TODAY, days: int = 7, **changes: Any) -> dict[str, Any]:
    return {
        "seller_class": "private",
        "pricing_mode": "bidding",
        "effective_on": effective_on.isoformat(),
        "terms": terms(days),
        **changes,
    }


async def post(
    client: httpx.AsyncClient, world: World, path: str, json: Any, role: str = "operator"
) -> httpx.Response:
    return await client.post(path, json=json, headers=world.headers(role))


async def test_markets_are_public(world: World, client: httpx.AsyncClient) -> None:
    page = (await client.get("/v1/markets", params={"limit": 1})).json()
    assert [item["code"] for item in page["items"]] == ["test-other"]
    rest = (await client.get("/v1/markets", params={"cursor": page["next"]})).json()
    assert [item["code"] for item in rest["items"]] == ["test-own"]
    assert rest["next"] is None
    one = (await client.get(f"/v1/markets/{world.market_id}")).json()
    assert one == rest["items"][0]
    unknown = await client.get(f"/v1/markets/{new_id()}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "market_unknown")


async def test_clock_is_public(world: World, client: httpx.AsyncClient) -> None:
    answer = (await client.get(f"/v1/markets/{world.market_id}/clock")).json()
    assert answer["sandbox"] is True
    assert abs(datetime.fromisoformat(answer["now"]) - START) < timedelta(seconds=10)
    assert (await client.get(f"/v1/markets/{new_id()}/clock")).status_code == 404


async def test_an_operator_moves_the_sandbox_clock_forward_only(
    world: World, client: httpx.AsyncClient
) -> None:  # M5
    path = f"/v1/markets/{world.market_id}/sandbox/clock"
    aim = START + timedelta(days=30)
    moved = (await post(client, world, path, {"advance_to": aim.isoformat()})).json()
    assert moved["timers_handled"] == 0
    assert timedelta(0) <= datetime.fromisoformat(moved["now"]) - aim < timedelta(seconds=10)
    again = await post(client, world, path, {"advance_to": aim.isoformat()})
    assert again.status_code == 200
    back = await post(client, world, path, {"advance_to": START.isoformat()})
    assert (back.status_code, back.json()["code"]) == (400, "clock_moves_forward")
    assert datetime.fromisoformat(back.json()["minimum"]) >= aim
    for never in ("9999-12-31T00:00:00Z", "2100-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00"):
        assert (await post(client, world, path, {"advance_to": never})).status_code == 422
    seller = await post(client, world, path, {"advance_to": aim.isoformat()}, "seller_staff")
    assert seller.json()["code"] == "role_not_allowed"
    elsewhere = f"/v1/markets/{world.other_market_id}/sandbox/clock"
    other = await post(client, world, elsewhere, {"advance_to": aim.isoformat()})
    assert other.json()["code"] == "object_unknown"


async def test_a_live_clock_is_never_moved(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # M5
    await session.execute(
        text("UPDATE market_clocks SET sandbox = false, ahead = '0' WHERE market_id = :id"),
        {"id": world.market_id},
    )
    path = f"/v1/markets/{world.market_id}/sandbox/clock"
    answer = await post(client, world, path, {"advance_to": "2099-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (400, "not_a_sandbox")


async def test_a_new_policy_supersedes_from_its_day(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # M2 M3
    path = f"/v1/markets/{world.market_id}/policies"
    later = TODAY + timedelta(days=10)
    answer = await post(client, world, path, body(later))
    assert answer.status_code == 201
    assert answer.json()["version"] == 2
    assert answer.json()["terms"] == terms()

    async def disclosure(on: date) -> int:
        found = await policy_for(
            session,
            market_id=world.market_id,
            seller_class="private",
            pricing_mode="bidding",
            on=on,
        )
        return found.terms.disclosure.count

    assert await disclosure(TODAY) == 5
    assert await disclosure(later - timedelta(days=1)) == 5
    assert await disclosure(later) == 7
    # A correction of the same day wins by its version, one for an earlier day only until then.
    await post(client, world, path, body(later, 8))
    await post(client, world, path, body(TODAY, 9))
    assert (await disclosure(TODAY), await disclosure(later)) == (9, 8)
    with pytest.raises(PolicyMissing):
        await disclosure(TODAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"effective_on": (TODAY - timedelta(days=1)).isoformat()}, 400, "policy_in_the_past"),
        ({"seller_class": "hospital"}, 400, "code_unknown"),
        ({"pricing_mode": "lottery"}, 400, "code_unknown"),
        ({"terms": terms() | {"deposit_cap_bp": 10_001}}, 422, "request_invalid"),
        ({"terms": terms(0)}, 422, "request_invalid"),
        ({"terms": {}}, 422, "request_invalid"),
    ],
)
async def test_bad_policies_are_refused(
    world: World, client: httpx.AsyncClient, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await post(
        client, world, f"/v1/markets/{world.market_id}/policies", {**body(), **changes}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_policies_are_entered_by_the_markets_own_operator(
    world: World, client: httpx.AsyncClient
) -> None:
    elsewhere = f"/v1/markets/{world.other_market_id}/policies"
    assert (await post(client, world, elsewhere, body())).status_code == 404
    own = f"/v1/markets/{world.market_id}/policies"
    assert (await post(client, world, own, body(), "auditor")).status_code == 403
    assert (await client.post(own, json=body())).status_code == 401


async def test_policies_are_listed_newest_day_first(
    world: World, client: httpx.AsyncClient
) -> None:
    path = f"/v1/markets/{world.market_id}/policies"
    later = TODAY + timedelta(days=10)
    await post(client, world, path, body(later))
    found, cursor = [], None
    while True:
        params = {"limit": "5"} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get(path, params=params)).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len({item["id"] for item in found}) == len(found) == 13
    assert found[0]["effective_on"] == later.isoformat()
    keys = {"seller_class": "private", "pricing_mode": "bidding"}
    assert len((await client.get(path, params=keys)).json()["items"]) == 2
    begun = (await client.get(path, params={**keys, "begun_on": TODAY.isoformat()})).json()
    assert [item["version"] for item in begun["items"]] == [1]
    assert (await client.get(path, params={"seller_class": "a\x00b"})).status_code == 400
    assert (await client.get(path, params={"cursor": "WyJ4Il0"})).status_code == 400
    assert (await client.get(f"/v1/markets/{new_id()}/policies")).status_code == 404


async def test_a_policy_is_never_changed(world: World, session: AsyncSession) -> None:  # M4
    for statement in ("UPDATE policies SET version = 9", "DELETE FROM policies"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with session.begin_nested():
                await session.execute(text(statement))


async def test_entering_a_policy_is_public_in_the_journal(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # M4
    await post(client, world, f"/v1/markets/{world.market_id}/policies", body())
    public = await session.scalar(
        text(
            "SELECT public FROM journal_events WHERE type = 'market.policy_entered' "
            "ORDER BY seq DESC LIMIT 1"
        )
    )
    assert (public["version"], public["terms"]) == (2, terms())


async def test_sessions_are_announced_and_public(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:
    new = {"title": "2026 春季浙江拍", "edition": "agriculture", "held_on": "2026-04-10"}
    made = await post(client, world, "/v1/sessions", new)
    assert made.status_code == 201
    one = made.json()
    assert (await client.get(f"/v1/sessions/{one['id']}")).json() == one
    assert one == {**new, "id": one["id"], "market_id": str(world.market_id)}
    await post(client, world, "/v1/sessions", {**new, "title": "第二场"})
    page = (await client.get("/v1/sessions", params={"limit": 1})).json()
    rest = (await client.get("/v1/sessions", params={"cursor": page["next"]})).json()
    assert [page["items"][0]["title"], rest["items"][0]["title"]] == ["第二场", new["title"]]
    other = {"market_id": str(world.other_market_id)}
    assert (await client.get("/v1/sessions", params=other)).json()["items"] == []
    unknown = await client.get(f"/v1/sessions/{new_id()}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "object_unknown")
    bad = await post(client, world, "/v1/sessions", {**new, "edition": "moon"})
    assert (bad.status_code, bad.json()["code"]) == (400, "code_unknown")
    assert "metrology" in bad.json()["accepted"]
    owner = await owner_of_session(session, SessionId(one["id"]))
    assert owner is not None
    assert owner.market_id == world.market_id


async def test_code_tables_answer_304_to_their_etag(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/v1/codes")).json()["items"]
    assert {item["name"] for item in listed} == set(codes.tables())
    first = await client.get("/v1/codes/edition")
    assert [entry["name"] for entry in first.json()["entries"]][:2] == ["general", "agriculture"]
    assert first.json()["entries"][0]["label_zh"] == "综合拍"
    etag = first.headers["etag"]
    again = await client.get("/v1/codes/edition", headers={"If-None-Match": f"W/{etag}"})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    other = await client.get("/v1/codes/region", headers={"If-None-Match": etag})
    assert other.status_code == 200
    assert {"330106", "330200"} <= {entry["name"] for entry in other.json()["entries"]}
    unknown = await client.get("/v1/codes/colours")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "code_table_unknown")


async def test_a_market_is_founded_whole_or_not_at_all(
    world: World, session: AsyncSession
) -> None:  # M1
    async def found(code: str, region: str = "330000", edition: str = "general") -> MarketId:
        async with session.begin_nested():
            return await create_market(
                session,
                code=code,
                name_zh="新",
                name_en="new",
                region_code=region,
                edition=edition,
                starts_at=None,
                actor=SYSTEM,
            )

    live = await found("live-one")
    assert (await get_market(session, live)).sandbox is False
    count = text("SELECT count(*) FROM policies WHERE market_id = :id")
    assert await session.scalar(count, {"id": live}) == 12
    with pytest.raises(MarketCodeTaken):
        await found("live-one")
    for code in ("ab", "Upper", "1st", "end-", "x" * 41):
        with pytest.raises(MarketCodeMalformed):
            await found(code)
    with pytest.raises(CodeUnknown):
        await found("another", region="000000")
    with pytest.raises(CodeUnknown):
        await found("another", edition="moon")
    clocks = await session.scalar(text("SELECT count(*) FROM market_clocks"))
    assert clocks == 3
    with pytest.raises(MarketUnknown):
        await get_market(session, MarketId(new_id()))
    assert await owner_of_market(session, new_id()) is None
    assert await owner_of_session(session, new_id()) is None
