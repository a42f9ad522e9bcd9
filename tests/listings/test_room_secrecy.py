"""Nobody but the two sides finds anything of a deal room; staff sees that it is there."""

from typing import Any, Final

import pytest

from tests.listings.factories import Desk, Json, done, refusal
from tests.listings.rooms import BUYER, SELLER, act, offered, opened

SAID: Final = ("messages", "documents", "meetings", "offers")
SECRET: Final = "代号青鸾的标定规程"


async def talked(desk: Desk) -> Json:
    room = await opened(desk)
    done(await act(desk, room, "messages", BUYER, {"text": SECRET}))
    await offered(desk, room, price="612345.67", use_scope=SECRET)
    return room


def strangers(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    world = desk.world
    return [
        ("anonymous", {}),
        ("buyer_staff", {"party_id": world.other_buyer}),
        ("seller_staff", {"party_id": world.other_seller}),
        ("broker", {"party_id": world.other_buyer}),
        ("expert", {}),
        ("partner", {}),
        *((role, {"market": "other"}) for role in ("operator", "buyer_staff", "seller_staff")),
        ("auditor", {"market": "other", "party_id": world.operator_elsewhere}),
    ]


async def test_a_stranger_finds_no_room_by_any_route(desk: Desk) -> None:
    """LS88"""
    room = await talked(desk)
    path = f"deal-rooms/{room['id']}"
    public = f"achievements/{room['achievement_id']}"
    reads = [path, *(f"{path}/{said}" for said in SAID)]
    lists = ["deal-rooms", "achievements", "listings", "notices", "achievements/search"]
    lists += ["listings/search", "notifications", "saved-searches", "events?limit=200"]
    for role, who in strangers(desk):
        for one in reads:
            answer = await desk.get(one, role, **who)
            assert answer.status_code in {401, 403, 404}, (one, role)
        for one in [public, *lists]:
            told = (await desk.get(one, role, **who)).text
            for trace in (room["id"], SECRET, "612345.67", "青鸾"):
                assert trace not in told, (one, role)
        for what, body in (("messages", {"text": "?"}), ("closing", {"reason": "不谈了"})):
            answer = await act(desk, room, what, role, body, **who)
            assert answer.status_code in {401, 403, 404}, (what, role)


async def test_a_partner_s_feed_tells_nothing_of_rooms(desk: Desk) -> None:
    """LS88, LS89"""
    await talked(desk)
    feed = done(await desk.get("events?limit=200", "partner"))
    assert not [event for event in feed["items"] if event["subject"] == "room"]


@pytest.mark.parametrize("role", ["operator", "auditor"])
async def test_staff_knows_that_a_room_is_there_and_reads_it_after_a_call_for_mediation(
    desk: Desk, role: str
) -> None:
    """LS88"""
    room = await talked(desk)
    path = f"deal-rooms/{room['id']}"
    shown = done(await desk.get(path, role))
    assert (shown["status"], len(shown["clocks"])) == ("open", 4)
    closed = ("request", "nda_text", "nda_hash", "owner_accepted_at", "reason")
    assert [shown[name] for name in closed] == [None] * 5
    assert done(await desk.get("deal-rooms", role))["items"][0]["request"] is None
    for said in SAID:
        refusal(await desk.get(f"{path}/{said}", role), 404, "object_unknown")
    feed = await desk.get("events?limit=200", role)
    assert SECRET not in feed.text
    assert "612345.67" not in feed.text
    body = {"reason": "对使用范围有争议，请交易中心调解"}
    asked = done(await act(desk, room, "mediation", SELLER, body))
    again = done(await act(desk, room, "mediation", BUYER, {"reason": "同意调解"}))
    assert again["mediation_at"] == asked["mediation_at"]
    assert done(await desk.get(path, role))["mediation_reason"] == body["reason"]
    messages = done(await desk.get(f"{path}/messages", role))["items"]
    assert [item["text"] for item in messages] == [SECRET]


async def test_both_sides_list_their_rooms(desk: Desk) -> None:
    """LS88"""
    room = await opened(desk)
    for role in (SELLER, BUYER):
        found = done(await desk.get("deal-rooms?status=open&limit=1", role))
        assert [item["id"] for item in found["items"]] == [room["id"]]
    elsewhere = f"deal-rooms?achievement_id={room['id']}"
    assert done(await desk.get(elsewhere, BUYER))["items"] == []
