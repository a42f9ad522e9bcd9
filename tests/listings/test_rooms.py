"""Deal rooms over HTTP: asked for, opened by both acceptances, offers to the agreement."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.listings.handlers import TIMERS
from app.listings.service.rooms import ANSWER_DUE, NDA_DUE
from app.platform.journal import history
from app.platform.runtime import Runtime
from app.shared.canonical import digest
from tests.listings.factories import Desk, Json, achievement_body, done, refusal
from tests.listings.rooms import (
    BUYER,
    SELLER,
    acceptance,
    act,
    answered,
    asked,
    offer_body,
    offered,
    opened,
)
from tests.world import World

RESTRICTED: Json = {"confidentiality": "restricted", "public_summary": "一种表面缺陷检测方法。"}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


async def test_a_room_goes_from_the_request_to_the_agreement(desk: Desk) -> None:
    """LS85, LS86, LS90, LS92"""
    room = await asked(desk)
    assert (room["status"], room["answered_at"]) == ("requested", None)
    room = done(await act(desk, room, "answer", SELLER, {}))
    assert (room["status"], room["nda_text"][:2]) == ("answering", "双方")
    signing = {"nda_hash": room["nda_hash"]}
    refusal(await act(desk, room, "messages", BUYER, {"text": "您好"}), 409, "transition_refused")
    refusal(
        await act(desk, room, "nda-acceptance", BUYER, {"nda_hash": "0" * 64}), 400, "nda_differs"
    )
    room = done(await act(desk, room, "nda-acceptance", BUYER, signing))
    assert (room["status"], room["owner_accepted_at"]) == ("answering", None)
    again = await act(desk, room, "nda-acceptance", BUYER, signing)
    refusal(again, 409, "nda_already_accepted")
    room = done(await act(desk, room, "nda-acceptance", SELLER, signing))
    assert room["status"] == "open"
    first = await offered(desk, room, price="500000.00")
    second = await offered(desk, room, SELLER, seen=1, price="620000.00")
    assert (second["answers"], second["waits"]) == (1, True)
    room = done(await act(desk, room, "offer-acceptance", BUYER, acceptance(second)))
    assert (room["status"], room["agreed_offer"]) == ("agreed", 2)
    listing = done(await desk.get(f"listings/{room['listing_id']}", SELLER))
    assert (listing["status"], listing["pricing_mode"]) == ("draft", "agreement")
    assert (listing["room_id"], listing["buyer_id"]) == (room["id"], str(desk.world.buyer))
    assert listing["floor"] == second["price"]
    assert listing["contract_terms"].endswith("使用范围：中国境内有色金属带材检测。")
    offers = done(await desk.get(f"deal-rooms/{room['id']}/offers", BUYER))["items"]
    assert [item["status"] for item in offers] == ["accepted", "countered"]
    assert first["offer_hash"] == offers[1]["offer_hash"]
    events = await history(desk.session, UUID(room["id"]))
    assert [event.type.removeprefix("room.") for event in events] == [
        *("requested", "answered", "nda_accepted", "nda_accepted", "opened"),
        *("offered", "countered", "agreed"),
    ]
    assert events[-1].restricted["offer_hash"] == second["offer_hash"]


async def test_the_journal_of_a_room_holds_no_words_and_nothing_public(desk: Desk) -> None:
    """LS89"""
    room = await opened(desk)
    said = done(await act(desk, room, "messages", BUYER, {"text": "能否先看标定规程？"}))
    offer = await offered(desk, room)
    events = await history(desk.session, UUID(room["id"]))
    sides = {desk.world.seller, desk.world.buyer}
    assert all(event.public == {} and set(event.audience) == sides for event in events)
    told = str([event.restricted for event in events])
    for word in (said["text"], offer["price"]["amount"], offer["use_scope"], room["request"]):
        assert word not in told
    assert said["content_hash"] in told
    whole = {"room_id": room["id"], "number": 1, "party_id": str(desk.world.buyer)}
    whole |= {"text": said["text"], "salt": said["salt"]}
    assert digest(whole) == said["content_hash"]
    about = await history(desk.session, UUID(room["achievement_id"]))
    assert not [event for event in about if "room" in event.type or room["id"] in str(event.public)]


async def test_the_buyer_reads_restricted_content_while_the_room_is_open(desk: Desk) -> None:
    """LS87"""
    file = await uploaded(desk, SELLER)
    achievement = await desk.accepted(**RESTRICTED, attachments=[file["id"]])
    path, attached = f"achievements/{achievement['id']}", f"files/{file['id']}/content"

    async def reads() -> tuple[bool, bool]:
        shown = done(await desk.get(path, BUYER))
        return shown["evidence"] is not None, (await desk.get(attached, BUYER)).is_success

    room = await answered(desk, achievement)
    body = {"nda_hash": room["nda_hash"]}
    done(await act(desk, room, "nda-acceptance", SELLER, body))
    assert await reads() == (False, False)
    done(await act(desk, room, "nda-acceptance", BUYER, body))
    assert await reads() == (True, True)
    other = done(await desk.get(path, BUYER, party_id=desk.world.other_buyer))
    assert (other["evidence"], other["abstract"]) == (None, "一种表面缺陷检测方法。")
    assert done(await desk.get(path))["evidence"] is None
    done(await act(desk, room, "closing", BUYER, {"reason": "预算未获批准"}))
    assert await reads() == (False, False)


async def uploaded(desk: Desk, role: str) -> Json:
    headers = desk.world.headers(role)
    kept = await desk.client.post(
        "/v1/files",
        files={"file": ("规程.pdf", PDF)},
        data={"audience": "owner"},
        headers=headers,
    )
    return done(kept)


async def test_a_document_is_for_the_other_side_alone(desk: Desk) -> None:
    """LS87"""
    room, file = await opened(desk), await uploaded(desk, SELLER)
    path = f"files/{file['id']}"
    refusal(await desk.get(path, BUYER), 404, "object_unknown")
    body = {"file_id": file["id"], "title": "标定规程"}
    refusal(await act(desk, room, "documents", BUYER, body), 404, "object_unknown")
    laid = done(await act(desk, room, "documents", SELLER, body))
    assert (laid["number"], laid["sha256"]) == (1, file["sha256"])
    refusal(await act(desk, room, "documents", SELLER, body), 404, "object_unknown")
    done(await desk.get(path, BUYER))
    refusal(await desk.get(path, BUYER, party_id=desk.world.other_buyer), 404, "object_unknown")
    refusal(await desk.get(path), 404, "object_unknown")
    listed = done(await desk.get(f"deal-rooms/{room['id']}/documents", BUYER))["items"]
    assert listed == [laid]


async def test_who_may_ask_and_for_whom(desk: Desk) -> None:
    """LS85"""
    world, achievement = desk.world, await desk.accepted()
    body = {"achievement_id": achievement["id"], "request": "希望洽谈"}

    async def ask(role: str, **changes: Any) -> httpx.Response:
        return await desk.post("deal-rooms", role, body | changes)

    refusal(await ask(BUYER, buyer_id=str(world.other_buyer)), 400, "room_buyer_missing")
    refusal(await ask("operator"), 400, "room_buyer_missing")
    refusal(await ask("operator", buyer_id=str(world.seller)), 400, "own_achievement")
    refusal(await ask("operator", buyer_id=str(world.buyer_elsewhere)), 404, "object_unknown")
    refusal(await ask("operator", buyer_id=str(world.auditor)), 400, "staff_may_not_register")
    made = done(await ask("broker", buyer_id=str(world.other_buyer)))
    assert (made["buyer_id"], made["request"]) == (str(world.other_buyer), None)
    twice = refusal(await ask("operator", buyer_id=str(world.other_buyer)), 409, "room_exists")
    assert twice["room_id"] == made["id"]
    blind = refusal(await ask("broker", buyer_id=str(world.other_buyer)), 409, "room_exists")
    assert blind["room_id"] is None  # LS88: a broker that is no side knows no room
    submitted = await desk.submit(title="未受理的成果")
    hidden = await ask(BUYER, achievement_id=submitted["id"])
    refusal(hidden, 404, "object_unknown")
    shown = await ask("operator", achievement_id=submitted["id"], buyer_id=str(world.buyer))
    refusal(shown, 409, "achievement_not_listable")
    no_interest = await ask(BUYER, roadshow_id=str(UUID(int=1)))
    refusal(no_interest, 400, "no_interest_noted")


async def test_the_owner_declines_with_a_reason_and_a_new_room_can_be_asked_for(
    desk: Desk,
) -> None:
    """LS85"""
    achievement = await desk.accepted()
    room = await asked(desk, achievement)
    refusal(await act(desk, room, "answer", SELLER, {"declined": ""}), 422, "request_invalid")
    declined = done(await act(desk, room, "answer", SELLER, {"declined": "已独占许可在谈"}))
    assert (declined["status"], declined["reason"]) == ("declined", "已独占许可在谈")
    late = await act(desk, room, "closing", BUYER, {"reason": "不谈了"})
    refusal(late, 409, "transition_refused")
    assert (await asked(desk, achievement))["id"] != room["id"]


async def test_a_seller_that_asks_for_anothers_result_is_a_buyer_and_does_not_answer(
    desk: Desk,
) -> None:
    """LS85"""
    world = desk.world
    body = {"achievement_id": (await desk.accepted())["id"], "request": "希望洽谈"}
    body |= {"buyer_id": str(world.other_seller)}
    room = done(await desk.post("deal-rooms", "operator", body))
    answer = await act(desk, room, "answer", SELLER, {}, party_id=world.other_seller)
    refusal(answer, 403, "not_the_owner")


@pytest.mark.parametrize("how_far", ["requested", "answering"])
async def test_a_room_lapses_when_nobody_answers_in_time(desk: Desk, how_far: str) -> None:
    """LS85"""
    room = await asked(desk)
    subject = UUID(room["id"])
    start = await desk.now()
    if how_far == "answering":
        await desk.world.later(desk.session, days=3)
        room = done(await act(desk, room, "answer", SELLER, {}))
        await TIMERS[ANSWER_DUE](desk.session, subject, start + timedelta(days=14))
        shown = done(await desk.get(f"deal-rooms/{room['id']}", BUYER))
        assert shown["status"] == "answering"
    await desk.world.later(desk.session, days=15)
    if how_far == "answering":
        late = await act(desk, room, "nda-acceptance", BUYER, {"nda_hash": room["nda_hash"]})
    else:
        late = await act(desk, room, "answer", SELLER, {})
    refusal(late, 409, "room_answer_late")
    kind = NDA_DUE if how_far == "answering" else ANSWER_DUE
    for _ in range(2):
        await TIMERS[kind](desk.session, subject, await desk.now())
    shown = done(await desk.get(f"deal-rooms/{room['id']}", BUYER))
    assert shown["status"] == "lapsed"
    types = [event.type for event in await history(desk.session, subject)]
    assert types.count("room.lapsed") == 1


async def test_offers_are_answered_by_the_other_side_in_time(desk: Desk) -> None:
    """LS90, LS91"""
    room = await opened(desk)
    bad = await offer_body(desk, conversion_mode="licence_ordinary")
    told = refusal(await act(desk, room, "offers", BUYER, bad), 400, "room_offer_invalid")
    assert told["errors"][0]["accepted"]["accepted"] == ["licence_exclusive", "transfer"]
    offer = await offered(desk, room)
    body = acceptance(offer)
    refusal(await act(desk, room, "offer-acceptance", BUYER, body), 403, "own_offer")
    own = await act(desk, room, "offers", BUYER, await offer_body(desk, 1))
    refusal(own, 409, "offer_waits")
    blind = await act(desk, room, "offers", SELLER, await offer_body(desk, 0))
    assert refusal(blind, 409, "offer_outdated")["accepted"] == 1
    number = {"number": 1}
    theirs = await act(desk, room, "offer-withdrawal", SELLER, number)
    refusal(theirs, 403, "offer_of_other_side")
    wrong = await act(desk, room, "offer-acceptance", SELLER, body | {"offer_hash": "0" * 64})
    assert refusal(wrong, 400, "offer_differs")["accepted"] == offer["offer_hash"]
    declined = done(await act(desk, room, "offer-refusal", SELLER, number | {"reason": "偏低"}))
    assert (declined["status"], declined["reason"]) == ("declined", "偏低")
    refusal(await act(desk, room, "offer-acceptance", SELLER, body), 409, "offer_not_waiting")
    second = await offered(desk, room, seen=1)
    assert second["answers"] is None
    done(await act(desk, room, "offer-withdrawal", BUYER, {"number": 2}))
    gone = await act(desk, room, "offer-acceptance", SELLER, acceptance(second))
    refusal(gone, 409, "offer_not_waiting")
    third = await offered(desk, room, seen=2)
    await desk.world.later(desk.session, days=11)
    late = await act(desk, room, "offer-acceptance", SELLER, acceptance(third))
    refusal(late, 409, "offer_not_waiting")
    shown = done(await desk.get(f"deal-rooms/{room['id']}/offers?limit=1", SELLER))
    assert (shown["items"][0]["status"], shown["items"][0]["waits"]) == ("waiting", False)
    older = done(await desk.get(f"deal-rooms/{room['id']}/offers?cursor={shown['next']}", SELLER))
    assert [item["number"] for item in older["items"]] == [2, 1]


async def test_an_acceptance_that_cannot_be_drafted_accepts_nothing(desk: Desk) -> None:
    """LS92"""
    achievement = await desk.accepted()
    room = await opened(desk, achievement)
    offer = await offered(desk, room)
    await desk.published(achievement)  # meanwhile the owner offers it in a listing
    failed = await act(desk, room, "offer-acceptance", SELLER, acceptance(offer))
    refusal(failed, 409, "achievement_on_offer")
    shown = done(await desk.get(f"deal-rooms/{room['id']}", BUYER))
    assert (shown["status"], shown["listing_id"]) == ("open", None)
    offers = done(await desk.get(f"deal-rooms/{room['id']}/offers", BUYER))["items"]
    assert offers[0]["status"] == "waiting"


async def test_meetings_and_messages_are_paged_and_only_added(desk: Desk) -> None:
    """LS94"""
    room = await opened(desk)
    for number in range(3):
        done(await act(desk, room, "messages", SELLER, {"text": f"第{number}条"}))
    page = done(await desk.get(f"deal-rooms/{room['id']}/messages?limit=2", BUYER))
    assert [item["text"] for item in page["items"]] == ["第2条", "第1条"]
    rest = done(await desk.get(f"deal-rooms/{room['id']}/messages?cursor={page['next']}", BUYER))
    assert [item["number"] for item in rest["items"]] == [1]
    body = {"held_at": "2026-03-01T09:00:00+08:00", "minutes": 60, "participants": ["许澜清"]}
    refusal(await act(desk, room, "meetings", BUYER, body), 400, "meeting_moment_wrong")
    held_at = (await desk.world.later(desk.session, days=2)).isoformat()
    met = done(await act(desk, room, "meetings", BUYER, body | {"held_at": held_at}))
    assert done(await desk.get(f"deal-rooms/{room['id']}/meetings", SELLER))["items"] == [met]
    with pytest.raises(Exception, match="append-only"):
        async with desk.session.begin_nested():
            await desk.session.execute(text("UPDATE room_messages SET text = ''"))


class Room:
    """An open room with real commits."""

    def __init__(self, client: httpx.AsyncClient, world: World) -> None:
        self.client, self.world = client, world
        self.path = ""

    async def post(self, path: str, role: str, body: Json) -> httpx.Response:
        headers = self.world.headers(role) | {"Idempotency-Key": str(UUID(int=id(body)))}
        return await self.client.post(f"/v1/{path}", json=body, headers=headers)

    async def open(self) -> None:
        made = done(await self.post("achievements", SELLER, achievement_body()))
        review = {"accepted": True, "reason": None}
        done(await self.post(f"achievements/{made['id']}/review", "operator", review))
        asking = {"achievement_id": made["id"], "request": "希望洽谈"}
        self.path = f"deal-rooms/{done(await self.post('deal-rooms', BUYER, asking))['id']}"
        room = done(await self.post(f"{self.path}/answer", SELLER, {"declined": None}))
        for role in (SELLER, BUYER):
            signed = {"nda_hash": room["nda_hash"]}
            done(await self.post(f"{self.path}/nda-acceptance", role, signed))


@pytest.mark.concurrency
async def test_an_offer_is_accepted_or_withdrawn_and_countered_once(
    own_world: World, own_client: httpx.AsyncClient, own_runtime: Runtime
) -> None:
    """LS90, LS91: acceptance against withdrawal, two counters at once, with real commits."""
    room = Room(own_client, own_world)
    await room.open()
    terms = {
        "price": {"amount": "600000.00", "currency": "CNY"},
        "conversion_mode": "transfer",
        "payment_terms": "一次付清",
        "contract_terms": "专利权转让",
        "use_scope": "境内",
        "valid_until": "2026-06-01T00:00:00+08:00",
    }

    async def both(*sent: Awaitable[httpx.Response]) -> list[str]:
        answers = await asyncio.gather(*sent)
        return sorted(answer.json().get("code", "done") for answer in answers)

    first = done(await room.post(f"{room.path}/offers", BUYER, {"seen_number": 0, **terms}))
    counters = [{"seen_number": 1, **terms} for _ in range(2)]
    told = await both(*(room.post(f"{room.path}/offers", SELLER, body) for body in counters))
    assert told == ["done", "offer_outdated"]
    shown = await own_client.get(f"/v1/{room.path}/offers", headers=own_world.headers(BUYER))
    latest = done(shown)["items"][0]
    assert (latest["number"], latest["answers"]) == (2, first["number"])
    accepting, withdrawing = acceptance(latest), {"number": 2}
    told = await both(
        room.post(f"{room.path}/offer-acceptance", BUYER, accepting),
        room.post(f"{room.path}/offer-withdrawal", SELLER, withdrawing),
    )
    async with own_runtime.database.transaction() as session:
        listings = await session.scalar(text("SELECT count(*) FROM listings"))
        state = await session.scalar(text("SELECT status FROM deal_rooms"))
    accepted = told == ["done", "transition_refused"]
    assert accepted or told == ["done", "offer_not_waiting"]
    assert (state, listings) == (("agreed", 1) if accepted else ("open", 0))


@pytest.mark.concurrency
async def test_two_requests_at_once_make_one_room(
    own_world: World, own_client: httpx.AsyncClient
) -> None:
    """LS85: with real commits."""
    room = Room(own_client, own_world)
    made = done(await room.post("achievements", SELLER, achievement_body()))
    review = {"accepted": True, "reason": None}
    done(await room.post(f"achievements/{made['id']}/review", "operator", review))
    bodies = [{"achievement_id": made["id"], "request": "希望洽谈"} for _ in range(3)]
    answers = await asyncio.gather(*(room.post("deal-rooms", BUYER, body) for body in bodies))
    codes = sorted(answer.json().get("code", "made") for answer in answers)
    assert codes == ["made", "room_exists", "room_exists"]
