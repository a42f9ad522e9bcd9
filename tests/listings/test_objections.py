"""Objections: anyone's, while the notice is open; the decision decides whether there is a deal."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.listings.handlers import TIMERS
from app.listings.service.objecting import DECIDE_BY
from app.listings.service.publishing import CLOSE_DISCLOSURE
from app.platform.journal import history
from app.platform.runtime import Runtime
from tests.listings.agreements import (
    OBJECTION,
    PROCEDURE,
    agreed,
    close,
    consented,
    drafted,
    state,
)
from tests.listings.factories import Desk, Json, done, refusal
from tests.world import World


async def objected(desk: Desk, listing: Json, role: str = "anonymous", **changes: Any) -> Json:
    path = f"listings/{listing['id']}/objections"
    return done(await desk.post(path, role, OBJECTION | changes))


async def decided(desk: Desk, objection: Json, *, upheld: bool) -> Json:
    body = {"upheld": upheld, "reason": "已核对两份公告，技术路线不同，价格不可比。"}
    path = f"objections/{objection['id']}/decision"
    return done(await desk.post(path, "seller_staff", body))


async def notice_states(desk: Desk, listing: Json) -> list[tuple[str, str]]:
    found = done(await desk.get(f"listings/{listing['id']}/notices"))["items"]
    return [(notice["kind"], notice["status"]) for notice in found]


async def test_a_rejected_objection_lets_the_notice_go_on_to_the_award(desk: Desk) -> None:
    """LS64, LS65, LS67"""
    listing = await agreed(desk)
    objection = await objected(desk, listing)
    assert (objection["status"], objection["name"]) == ("open", None)
    assert await notice_states(desk, listing) == [("offer", "objected")]
    told = await decided(desk, objection, upheld=False)
    assert (told["status"], told["name"]) == ("rejected", "沈望舒")
    states = await notice_states(desk, listing)
    assert states == [("offer", "published"), ("objection_result", "published")]
    await close(desk, listing)
    assert await state(desk, listing) == "awarded"


async def test_an_upheld_objection_fails_the_listing_at_once(desk: Desk) -> None:
    """LS65, LS67"""
    listing = await agreed(desk)
    first, second = await objected(desk, listing), await objected(desk, listing, ground="ownership")
    await decided(desk, first, upheld=True)
    assert await state(desk, listing) == "failed"
    states = await notice_states(desk, listing)
    assert states == [("offer", "upheld"), ("objection_result", "published")]
    # The other still gets its answer.
    assert (await decided(desk, second, upheld=False))["status"] == "rejected"
    assert await state(desk, listing) == "failed"


@pytest.mark.parametrize(("upheld", "outcome"), [(False, "awarded"), (True, "failed")])
async def test_an_open_objection_holds_the_award_beyond_the_end(
    desk: Desk, upheld: bool, outcome: str
) -> None:
    """LS65"""
    listing = await agreed(desk)
    objections = [await objected(desk, listing) for _ in range(2)]
    await decided(desk, objections[0], upheld=False)
    await close(desk, listing)
    assert await state(desk, listing) == "closed"
    assert (await notice_states(desk, listing))[0] == ("offer", "objected")
    await decided(desk, objections[1], upheld=upheld)
    assert await state(desk, listing) == outcome


async def test_after_the_end_nobody_objects_and_before_it_anyone(desk: Desk) -> None:
    """LS64"""
    listing = await agreed(desk)
    path = f"listings/{listing['id']}/objections"
    nameless = OBJECTION | {"name": None}
    told = refusal(await desk.post(path, "anonymous", nameless), 400, "objector_unknown")
    assert told["field"] == "name"
    for role in ("seller_staff", "partner", "auditor"):
        done(await desk.post(path, role, nameless | {"contact": None}))
    missing = OBJECTION | {"files": ["01a21465-8844-7c5d-9e5e-d702ca8a1811"]}
    refusal(await desk.post(path, "expert", missing), 404, "object_unknown")
    ends_at = listing["disclosure_ends_at"]
    await close(desk, listing)
    told = refusal(await desk.post(path, "anonymous", OBJECTION), 409, "objections_closed")
    assert told["disclosure_ends_at"] == ends_at
    bidding = await desk.published()
    refused = await desk.post(f"listings/{bidding['id']}/objections", "anonymous", OBJECTION)
    refusal(refused, 409, "not_an_agreement")


async def test_who_objects_is_for_the_two_sides_of_it_only(desk: Desk) -> None:
    """LS66"""
    listing = await agreed(desk)
    objection = await objected(desk, listing, "buyer_staff", name=None, contact=None)
    path = f"listings/{listing['id']}/objections"
    for role, shown in (
        ("seller_staff", True),
        ("buyer_staff", True),
        ("operator", True),
        ("anonymous", False),
        ("partner", False),
    ):
        (item,) = done(await desk.get(path, role))["items"]
        assert (item["name"] is not None) == shown or role == "partner", role
        assert (item["text"] is not None) == (item["name"] is not None), role
    (event,) = await history(desk.session, UUID(objection["id"]))
    assert set(event.public) == {"listing_id", "ground", "status"}
    decision = await decided(desk, objection, upheld=False)
    (_, result) = done(await desk.get(f"listings/{listing['id']}/notices"))["items"]
    assert result["content"]["decision"] == decision["decision"]
    assert "西溪智造" not in str(result["content"])


async def test_an_objection_is_answered_once_and_never_by_its_author(desk: Desk) -> None:
    """LS67"""
    listing = await agreed(desk)
    own = await objected(desk, listing, "seller_staff", name=None, contact=None)
    path = f"objections/{own['id']}/decision"
    body = {"upheld": False, "reason": "不成立。"}
    refusal(await desk.post(path, "seller_staff", body), 403, "own_objection")
    done(await desk.post(path, "operator", body))
    refusal(await desk.post(path, "operator", body), 409, "transition_refused")
    gone = await desk.post(f"objections/{own['id']}/withdrawal", "seller_staff", None)
    refusal(gone, 409, "transition_refused")


async def test_a_withdrawn_objection_holds_nothing_up(desk: Desk) -> None:
    """LS65"""
    listing = await agreed(desk)
    objection = await objected(desk, listing, "buyer_staff", name=None, contact=None)
    await close(desk, listing)
    path = f"objections/{objection['id']}/withdrawal"
    refusal(await desk.post(path, "seller_staff", None), 403, "not_yours")
    done(await desk.post(path, "buyer_staff", None))
    assert await state(desk, listing) == "awarded"


async def test_an_answer_that_is_late_is_told_to_the_staff_once(desk: Desk) -> None:
    """LS67"""
    listing = await agreed(desk)
    objection = await objected(desk, listing)
    subject = UUID(objection["id"])
    due = await desk.now() + timedelta(days=40)
    await TIMERS[DECIDE_BY](desk.session, subject, due)
    await decided(desk, objection, upheld=False)
    await TIMERS[DECIDE_BY](desk.session, subject, due)
    types = [event.type for event in await history(desk.session, subject)]
    assert types == ["objection.filed", "objection.overdue", "objection.rejected"]


@pytest.mark.concurrency
async def test_an_objection_at_the_end_is_in_time_and_counts_or_is_refused(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """LS64, LS65: the closing timer and an objection at once, with real commits."""
    database = own_runtime.database
    listing_id, ends_at = await _published(own_world, own_runtime, own_client)
    async with database.transaction() as session:
        await own_world.at(session, ends_at - timedelta(milliseconds=300))

    async def close_now() -> None:
        async with database.transaction() as session:
            await TIMERS[CLOSE_DISCLOSURE](session, listing_id, ends_at)

    path = f"/v1/listings/{listing_id}/objections"
    answer, _ = await asyncio.gather(
        own_client.post(path, json=OBJECTION, headers={"Idempotency-Key": "k"}), close_now()
    )
    async with database.transaction() as session:
        status = await session.scalar(text("SELECT status FROM listings"))
        waiting = await session.scalar(text("SELECT count(*) FROM objections"))
    if answer.status_code == 201:
        assert (status, waiting) == ("closed", 1)
    else:
        assert answer.json()["code"] == "objections_closed"
        assert (status, waiting) == ("awarded", 0)


async def _published(
    world: World, runtime: Runtime, client: httpx.AsyncClient
) -> tuple[UUID, datetime]:
    """Publish an agreement with real commits; return its id and end."""
    async with runtime.database.transaction() as session:
        desk = Desk(client, world, session)  # its session is not needed for these steps
    done(await desk.post("objection-procedures", "seller_staff", {"text": PROCEDURE}))
    async with runtime.database.transaction() as session:
        await world.later(session, minutes=1)
    listing = await drafted(desk)
    await consented(desk, listing)
    published = done(await desk.publish(listing))
    return UUID(listing["id"]), datetime.fromisoformat(published["disclosure_ends_at"])
