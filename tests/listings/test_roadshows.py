"""Roadshows over HTTP: planned, announced, attended; seats and the waiting list."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.platform.journal import history
from app.shared.ids import new_id
from tests.listings.factories import Desk, Json, done, refusal
from tests.listings.rooms import REQUEST
from tests.listings.shows import STARTS, item, roadshow_body
from tests.world import World


async def planned(desk: Desk, **changes: Any) -> Json:
    return done(await desk.post("roadshows", "operator", roadshow_body(**changes)))


async def announced(desk: Desk, **changes: Any) -> Json:
    made = await planned(desk, **changes)
    return done(await desk.post(f"roadshows/{made['id']}/announcement", "operator", None))


async def signed(
    desk: Desk, show: Json, who: str = "buyer", seats: int = 1, role: str = "buyer_staff"
) -> Json:
    party = getattr(desk.world, who)
    path = f"roadshows/{show['id']}/signups"
    return done(await desk.post(path, role, {"seats": seats}, party_id=party))


async def test_a_roadshow_is_secret_until_it_is_announced(desk: Desk) -> None:
    """LS96"""
    show = await planned(desk)
    path = f"roadshows/{show['id']}"
    for role in ("anonymous", "buyer_staff", "partner"):
        refusal(await desk.get(path, role), 404, "object_unknown")
        assert done(await desk.get("roadshows", role))["items"] == []
    refusal(await desk.post(f"{path}/signups", "buyer_staff", {}), 409, "transition_refused")
    assert done(await desk.get("roadshows", "operator"))["items"][0]["id"] == show["id"]
    done(await desk.post(f"{path}/announcement", "operator", None))
    shown = done(await desk.get(path))
    assert (shown["link"], len(shown["agenda"])) == (None, 2)
    assert done(await desk.get(f"roadshows?market_id={show['market_id']}"))["items"] == [shown]
    drafted, told = await history(desk.session, UUID(show["id"]))
    assert drafted.public == {}
    assert "link" not in told.public
    assert told.public["capacity"] == 2


async def test_all_faults_of_a_plan_are_told_at_once(desk: Desk) -> None:
    """LS96"""
    agenda = [item(0, 40), item(30, achievement_id=str(new_id())), item(100, 40)]
    agenda.append(item(60, demand_id=str(new_id())))
    wrong = roadshow_body(place=None, agenda=agenda)
    told = refusal(await desk.post("roadshows", "operator", wrong), 400, "roadshow_invalid")
    assert [error["rule"] for error in told["errors"]] == [
        "place_missing",
        "overlaps",
        "achievement_not_accepted",
        "outside_the_event",
        "overlaps",
        "demand_unknown",
    ]


async def test_who_waits_moves_up_in_order(desk: Desk) -> None:
    """LS97"""
    show = await announced(desk)
    path = f"roadshows/{show['id']}"
    too_many = await desk.post(f"{path}/signups", "buyer_staff", {"seats": 3})
    assert refusal(too_many, 400, "seats_above_capacity")["maximum"] == 2
    first = await signed(desk, show, seats=2)
    second = await signed(desk, show, "other_buyer", role="broker")
    third = await signed(desk, show, "seller", role="seller_staff")
    states = [made["status"] for made in (first, second, third)]
    assert states == ["seated", "waiting", "waiting"]
    refusal(await desk.post(f"{path}/signups", "buyer_staff", {}), 409, "already_signed_up")
    assert done(await desk.get(path, "buyer_staff"))["link"] is not None
    waits = {"party_id": desk.world.other_buyer}
    assert done(await desk.get(path, "buyer_staff", **waits))["link"] is None
    done(await desk.post(f"{path}/signoff", "buyer_staff", None))
    refusal(await desk.post(f"{path}/signoff", "buyer_staff", None), 409, "signup_unknown")
    seen = done(await desk.get(f"{path}/signups", "operator"))["items"]
    assert [made["status"] for made in seen] == ["cancelled", "seated", "seated"]
    assert (await signed(desk, show))["status"] == "waiting"
    own = done(await desk.get(f"{path}/signups", "buyer_staff", **waits))["items"]
    assert [made["id"] for made in own] == [second["id"]]
    types = [event.type for event in await history(desk.session, UUID(second["id"]))]
    assert types == ["roadshow_signup.made", "roadshow_signup.seated"]
    feed = await desk.get("events?limit=200", "partner")
    assert "roadshow_signup" not in feed.text


async def test_a_change_names_its_version_keeps_seats_and_gives_new_ones(desk: Desk) -> None:
    """LS97"""
    show = await announced(desk, capacity=1)
    path = f"/v1/roadshows/{show['id']}"
    await signed(desk, show)
    waiting = await signed(desk, show, "other_buyer")

    async def change(seen: str | None, **changes: Any) -> httpx.Response:
        headers = desk.world.headers("operator") | ({} if seen is None else {"If-Match": seen})
        return await desk.client.put(path, json=roadshow_body(**changes), headers=headers)

    for seen in (None, '"7"'):
        assert refusal(await change(seen), 409, "roadshow_changed")["accepted"] == '"1"'
    changed = await change('"1"', capacity=2)
    assert (done(changed)["version"], changed.headers["etag"]) == (2, '"2"')
    seen = done(await desk.get(f"roadshows/{show['id']}/signups", "auditor"))["items"]
    assert [(made["id"], made["status"]) for made in seen][1] == (waiting["id"], "seated")
    assert refusal(await change('"2"', capacity=1), 409, "seats_taken")["minimum"] == 2


async def test_it_is_held_once_it_has_begun_and_attendance_is_recorded(desk: Desk) -> None:
    """LS96"""
    show = await announced(desk)
    path = f"roadshows/{show['id']}"
    await signed(desk, show)
    present = {"party_id": str(desk.world.buyer), "people": 1}
    refusal(await desk.post(f"{path}/holding", "operator", None), 409, "roadshow_not_begun")
    refusal(await desk.post(f"{path}/attendance", "operator", present), 409, "roadshow_not_begun")
    await desk.world.at(desk.session, STARTS)
    begun = await desk.post(f"{path}/signups", "broker", {}, party_id=desk.world.third_buyer)
    refusal(begun, 409, "roadshow_begun")
    assert done(await desk.post(f"{path}/attendance", "operator", present))["attended"] == 1
    held = done(await desk.post(f"{path}/holding", "operator", None))
    assert held["status"] == "held"
    strange = present | {"party_id": str(desk.world.seller)}
    refusal(await desk.post(f"{path}/attendance", "operator", strange), 409, "signup_unknown")
    reason = {"reason": "场地停电"}
    refusal(await desk.post(f"{path}/cancellation", "operator", reason), 409, "transition_refused")


async def test_a_cancelled_plan_stays_unknown_in_the_journal(desk: Desk) -> None:
    """LS96"""
    reason = {"reason": "场地停电"}
    plan, show = await planned(desk), await announced(desk)
    for made in (plan, show):
        done(await desk.post(f"roadshows/{made['id']}/cancellation", "operator", reason))
    silent, told = [
        (await history(desk.session, UUID(made["id"])))[-1].public for made in (plan, show)
    ]
    assert silent == {}
    assert told["reason"] == "场地停电"


async def test_an_interest_opens_a_room(desk: Desk) -> None:
    """LS98"""
    achievement = await desk.accepted()
    show = await announced(desk, agenda=[item(0, achievement_id=achievement["id"]), item(30)])
    path = f"roadshows/{show['id']}"
    refusal(await desk.post(f"{path}/interests", "buyer_staff", {"item": 1}), 409, "signup_unknown")
    await signed(desk, show)
    gone = await desk.post(f"{path}/interests", "buyer_staff", {"item": 3})
    assert refusal(gone, 404, "object_unknown")["maximum"] == 2
    for _ in range(2):
        noted = await desk.post(f"{path}/interests", "buyer_staff", {"item": 1})
        assert noted.status_code == 204
    seen = done(await desk.get(f"{path}/interests?limit=1", "operator"))
    assert [(one["item"], one["party_id"]) for one in seen["items"]] == [(1, str(desk.world.buyer))]
    asking = {"achievement_id": achievement["id"], "roadshow_id": show["id"], "request": REQUEST}
    named = asking | {"buyer_id": str(desk.world.other_buyer)}
    refusal(await desk.post("deal-rooms", "operator", named), 400, "no_interest_noted")
    named["buyer_id"] = str(desk.world.buyer)
    room = done(await desk.post("deal-rooms", "operator", named))
    assert room["roadshow_id"] == show["id"]


async def test_an_interest_is_in_what_the_agenda_shows_now(desk: Desk) -> None:
    """LS98"""
    earlier, later = await desk.accepted(), await desk.accepted()
    show = await announced(desk, agenda=[item(0, achievement_id=earlier["id"])])
    path = f"roadshows/{show['id']}"
    await signed(desk, show)
    assert (await desk.post(f"{path}/interests", "buyer_staff", {"item": 1})).status_code == 204
    headers = desk.world.headers("operator") | {"If-Match": '"1"'}
    changed = roadshow_body(agenda=[item(0, achievement_id=later["id"])])
    done(await desk.client.put(f"/v1/{path}", json=changed, headers=headers))
    for _ in range(2):
        assert (await desk.post(f"{path}/interests", "buyer_staff", {"item": 1})).status_code == 204
    seen = done(await desk.get(f"{path}/interests", "operator"))["items"]
    assert [one["achievement_id"] for one in seen] == [later["id"]]
    asking = {"achievement_id": later["id"], "roadshow_id": show["id"], "request": REQUEST}
    assert done(await desk.post("deal-rooms", "buyer_staff", asking))["roadshow_id"] == show["id"]


@pytest.mark.concurrency
async def test_the_last_seat_is_given_once(own_world: World, own_client: httpx.AsyncClient) -> None:
    """LS97: four parties at once for two seats, with real commits."""

    async def post(path: str, role: str, sent: Json, **who: Any) -> httpx.Response:
        headers = own_world.headers(role, **who) | {"Idempotency-Key": str(new_id())}
        return await own_client.post(f"/v1/{path}", json=sent, headers=headers)

    show = done(await post("roadshows", "operator", roadshow_body()))
    path = f"roadshows/{show['id']}"
    done(await post(f"{path}/announcement", "operator", {}))
    parties = [own_world.buyer, own_world.other_buyer, own_world.third_buyer]
    answers = await asyncio.gather(
        *(post(f"{path}/signups", "buyer_staff", {}, party_id=party) for party in parties),
        post(f"{path}/signups", "seller_staff", {}),
        post(f"{path}/signups", "buyer_staff", {}),
    )
    told = sorted(done(one)["status"] if one.is_success else one.json()["code"] for one in answers)
    assert told == ["already_signed_up", "seated", "seated", "waiting", "waiting"]
    headers = own_world.headers("operator")
    seen = done(await own_client.get(f"/v1/{path}/signups", headers=headers))["items"]
    assert [made["status"] for made in seen] == ["seated", "seated", "waiting", "waiting"]
    assert [made["place"] for made in seen] == [1, 2, 3, 4]
