"""The shelf over HTTP: going stale, confirmations, withdrawal, and all of them at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text

from app.listings.service import shelf
from app.listings.service.concluding import fail
from app.listings.service.deadlines import DEADLINE, REMIND
from app.platform import timers
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.journal import JournalEvent, history
from app.platform.runtime import Runtime
from app.platform.timers import Timer
from app.shared.calendar import SHANGHAI
from app.shared.ids import AchievementId, ListingId, new_id
from tests.eventually import eventually
from tests.listings.factories import Desk, Json, achievement_body, done, listing_body, refusal
from tests.queries import counted
from tests.world import World

# 365 calendar days from 2 March 2026, the first not counted, to the end of the last.
STALE_AT = datetime(2027, 3, 3, tzinfo=SHANGHAI)
ENTRIES = 3


async def run_timers(desk: Desk, database: Database, runtime: Runtime, at: datetime) -> None:
    """Set the clock and do all that is due."""
    await desk.world.at(desk.session, at)
    while await timers.run_one(database, runtime.timer_handlers):
        pass


async def told(desk: Desk, entry: Json) -> Sequence[JournalEvent]:
    return await history(desk.session, UUID(entry["id"]))


async def status(desk: Desk, entry: Json) -> str:
    found: str = done(await desk.get(f"achievements/{entry['id']}", "seller_staff"))["status"]
    return found


async def confirm(desk: Desk, entry: Json, **who: Any) -> httpx.Response:
    return await desk.post(f"achievements/{entry['id']}/confirmation", "seller_staff", None, **who)


async def withdraw(desk: Desk, entry: Json) -> httpx.Response:
    body = {"reason": "技术路线已被替代"}
    return await desk.post(f"achievements/{entry['id']}/withdrawal", "seller_staff", body)


async def test_what_nobody_confirms_goes_stale_and_leaves_the_shelf(
    desk: Desk, rolled_back: Database, shared_runtime: Runtime
) -> None:
    """LS46, LS49"""
    entry = await desk.accepted()
    assert datetime.fromisoformat(entry["due_at"]) == STALE_AT
    await run_timers(desk, rolled_back, shared_runtime, STALE_AT - timedelta(days=31))
    assert len(await told(desk, entry)) == 2
    await run_timers(desk, rolled_back, shared_runtime, STALE_AT - timedelta(days=30))
    reminder = (await told(desk, entry))[-1]
    assert (reminder.type, reminder.public) == ("achievement.confirmation_due", {})
    assert reminder.audience == [desk.world.seller]
    assert datetime.fromisoformat(reminder.restricted["due_at"]) == STALE_AT
    assert await status(desk, entry) == "accepted"
    await run_timers(desk, rolled_back, shared_runtime, STALE_AT)
    last = (await told(desk, entry))[-1]
    assert (last.type, last.public) == ("achievement.went_stale", {"status": "stale"})
    assert last.market_at == STALE_AT
    assert await status(desk, entry) == "stale"
    assert done(await desk.get("achievements"))["items"] == []
    refusal(await desk.get(f"achievements/{entry['id']}", "buyer_staff"), 404, "object_unknown")
    body = listing_body(entry["id"])
    refusal(await desk.post("listings", "seller_staff", body), 409, "achievement_not_listable")


async def test_a_confirmation_begins_a_new_shelf_life_and_brings_a_stale_entry_back(
    desk: Desk, rolled_back: Database, shared_runtime: Runtime
) -> None:
    """LS46, LS49"""
    entry = await desk.accepted()
    await desk.world.at(desk.session, STALE_AT - timedelta(days=1, hours=12))
    later = done(await confirm(desk, entry))
    assert later["due_at"] == "2028-02-29T16:00:00+00:00"
    assert (await told(desk, entry))[-1].public == {}
    # The timers of the first deadline find the later one.
    await run_timers(desk, rolled_back, shared_runtime, STALE_AT + timedelta(days=9))
    assert len(await told(desk, entry)) == 3
    ends = datetime.fromisoformat(later["due_at"])
    await run_timers(desk, rolled_back, shared_runtime, ends)
    assert [event.type for event in await told(desk, entry)][3:] == [
        "achievement.confirmation_due",
        "achievement.went_stale",
    ]
    back = done(await confirm(desk, entry))
    assert back["status"] == "accepted"
    shown = (await told(desk, entry))[-1]
    assert (shown.type, shown.public["title"]) == ("achievement.confirmed", entry["title"])
    assert [item["id"] for item in done(await desk.get("achievements"))["items"]] == [entry["id"]]
    await run_timers(desk, rolled_back, shared_runtime, datetime.fromisoformat(back["due_at"]))
    assert await status(desk, entry) == "stale"


async def test_a_shorter_shelf_life_takes_effect_with_the_next_confirmation(
    desk: Desk, rolled_back: Database, shared_runtime: Runtime
) -> None:
    """LS46"""
    entry = await desk.accepted()
    body = {"effective_on": "2026-03-02", "terms": {"shelf_life_days": 60}}
    path = f"markets/{desk.world.market_id}/selection-terms"
    done(await desk.post(path, "operator", body))
    assert (
        done(await desk.get(f"achievements/{entry['id']}", "operator"))["due_at"]
        == (entry["due_at"])
    )
    ends = datetime.fromisoformat(done(await confirm(desk, entry))["due_at"])
    assert ends == datetime(2026, 5, 2, tzinfo=SHANGHAI)
    await run_timers(desk, rolled_back, shared_runtime, ends)
    assert await status(desk, entry) == "stale"


async def test_many_are_confirmed_at_once_and_each_refusal_says_why(
    desk: Desk, rolled_back: Database
) -> None:
    """LS46"""
    entries = [await desk.accepted() for _ in range(ENTRIES)]
    submitted = await desk.submit()
    foreign = new_id()
    ids = [item["id"] for item in (*entries, submitted)] + [str(foreign), entries[0]["id"]]
    with counted(rolled_back) as sent:
        answer = done(await desk.post("achievements/confirmations", "seller_staff", {"ids": ids}))
    assert {item["id"] for item in answer["confirmed"]} == {item["id"] for item in entries}
    assert {item["id"]: item["code"] for item in answer["refused"]} == {
        submitted["id"]: "transition_refused",
        str(foreign): "object_unknown",
    }
    # Two statements an entry: 200 of them stay well below a second.
    assert len(sent) <= 20 + 2 * ENTRIES
    other = await desk.post(
        "achievements/confirmations",
        "seller_staff",
        {"ids": [entries[0]["id"]]},
        party_id=desk.world.other_seller,
    )
    assert done(other)["refused"][0]["code"] == "object_unknown"


async def test_only_what_was_accepted_is_confirmed(desk: Desk) -> None:
    """LS46"""
    for entry in (await desk.submit(), await desk.submit(draft=True)):
        refusal(await confirm(desk, entry), 409, "transition_refused")


@pytest.mark.parametrize("kind", ["draft", "submitted", "accepted"])
async def test_a_withdrawal_is_for_good_and_tells_what_was_known(desk: Desk, kind: str) -> None:
    """LS48, LS49"""
    entry = await (desk.accepted() if kind == "accepted" else desk.submit(draft=kind == "draft"))
    path = f"achievements/{entry['id']}/withdrawal"
    assert (await desk.post(path, "seller_staff", {})).status_code == 422
    gone = done(await withdraw(desk, entry))
    assert (gone["status"], gone["due_at"], gone["reason"]) == (
        "withdrawn",
        None,
        "技术路线已被替代",
    )
    last = (await told(desk, entry))[-1]
    assert last.public == ({"status": "withdrawn"} if kind == "accepted" else {})
    assert last.restricted["reason"] == "技术路线已被替代"
    refusal(await withdraw(desk, entry), 409, "transition_refused")
    refusal(await confirm(desk, entry), 409, "transition_refused")
    seen = await desk.get(f"achievements/{entry['id']}", "operator")
    assert seen.status_code == (404 if kind == "draft" else 200)


async def test_what_is_on_offer_stays_until_the_offer_ends(
    desk: Desk, rolled_back: Database, shared_runtime: Runtime
) -> None:
    """LS47"""
    entry = await desk.accepted()
    listing = await desk.published(entry)
    answer = refusal(await withdraw(desk, entry), 409, "achievement_on_offer")
    assert answer["listing_number"] == listing["number"]
    await run_timers(desk, rolled_back, shared_runtime, STALE_AT + timedelta(days=20))
    assert await status(desk, entry) == "accepted"
    assert (await told(desk, entry))[-1].type == "achievement.confirmation_due"
    next_look = await desk.session.scalar(
        select(Timer.due_at).where(Timer.subject_id == UUID(entry["id"]), Timer.kind == DEADLINE)
    )
    assert next_look == STALE_AT + timedelta(days=21)
    listing_id = ListingId(UUID(listing["id"]))
    await fail(desk.session, listing_id, at=await desk.now(), cancelled=True)
    await run_timers(desk, rolled_back, shared_runtime, STALE_AT + timedelta(days=21))
    assert await status(desk, entry) == "stale"


@dataclass(frozen=True, slots=True)
class Counter:
    """The API with real commits."""

    client: httpx.AsyncClient
    world: World
    database: Database
    runtime: Runtime

    async def post(self, path: str, role: str, body: Json | None) -> httpx.Response:
        headers = self.world.headers(role) | {"Idempotency-Key": str(new_id())}
        return await self.client.post(f"/v1/{path}", json=body, headers=headers)

    async def submitted(self) -> str:
        body = achievement_body()
        return str(done(await self.post("achievements", "seller_staff", body))["id"])

    async def review(self, achievement_id: str) -> httpx.Response:
        path = f"achievements/{achievement_id}/review"
        return await self.post(path, "operator", {"accepted": True})

    async def withdraw(self, achievement_id: str) -> httpx.Response:
        path = f"achievements/{achievement_id}/withdrawal"
        return await self.post(path, "seller_staff", {"reason": "技术路线已被替代"})

    async def status(self, achievement_id: str) -> str:
        headers = self.world.headers("seller_staff")
        path = f"/v1/achievements/{achievement_id}"
        found: str = done(await self.client.get(path, headers=headers))["status"]
        return found

    async def types(self, achievement_id: str) -> list[str]:
        async with self.database.transaction() as session:
            events = await history(session, UUID(achievement_id))
        return [event.type.removeprefix("achievement.") for event in events]


@pytest.fixture
async def counter(
    own_client: httpx.AsyncClient, own_world: World, database: Database, own_runtime: Runtime
) -> Counter:
    async def connect() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT pg_sleep(0.02)"))

    await asyncio.gather(*(connect() for _ in range(8)))
    return Counter(own_client, own_world, database, own_runtime)


@pytest.mark.concurrency
async def test_an_acceptance_and_a_withdrawal_at_once_come_one_after_the_other(
    counter: Counter,
) -> None:
    """LS48"""
    for turn in range(6):
        achievement_id = await counter.submitted()
        calls = [counter.review(achievement_id), counter.withdraw(achievement_id)]
        answers = await asyncio.gather(*(calls if turn % 2 else reversed(calls)))
        accepted, withdrawn = answers if turn % 2 else reversed(answers)
        # Whoever comes first, it ends withdrawn: an acceptance is refused behind a withdrawal.
        assert withdrawn.status_code == 200
        types = await counter.types(achievement_id)
        if accepted.status_code == 200:
            assert types == ["submitted", "accepted", "withdrawn"]
        else:
            refusal(accepted, 409, "transition_refused")
            assert types == ["submitted", "withdrawn"]
        assert await counter.status(achievement_id) == "withdrawn"


async def _waits(database: Database) -> bool:
    """Tell whether somebody waits for a lock."""
    async with database.transaction() as session:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(await session.scalar(waiting))


@pytest.mark.concurrency
@pytest.mark.parametrize("shorter", [False, True])
async def test_a_confirmation_that_is_under_way_keeps_the_entry_from_going_stale(
    counter: Counter, shorter: bool
) -> None:
    """LS46"""
    world, database = counter.world, counter.database
    achievement_id = await counter.submitted()
    done(await counter.review(achievement_id))
    if shorter:  # then the confirmation wants to move the timer that the worker has in hand
        body = {"effective_on": "2026-03-02", "terms": {"shelf_life_days": 60}}
        path = f"markets/{world.market_id}/selection-terms"
        done(await counter.post(path, "operator", body))
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM timers WHERE kind = :kind"), {"kind": REMIND})
        if shorter:  # a timer that fires too early is told so by the stored deadline
            await session.execute(text("UPDATE timers SET due_at = due_at - interval '90 days'"))
        await world.at(session, STALE_AT - timedelta(days=90 if shorter else 0))
    async with database.transaction() as session:
        await session.execute(
            text("SELECT id FROM achievements WHERE id = :id FOR UPDATE"), {"id": achievement_id}
        )
        work = asyncio.create_task(timers.run_one(database, counter.runtime.timer_handlers))
        await eventually(lambda: _waits(database))
        confirmed = await shelf.confirm_achievement(
            session,
            world.actor(Role.SELLER_STAFF),
            AchievementId(UUID(achievement_id)),
            now=await market_now(session, world.market_id),
        )
    assert await work
    assert await counter.status(achievement_id) == "accepted"
    async with database.transaction() as session:
        set_to = await session.scalar(
            select(Timer.due_at).where(
                Timer.subject_id == UUID(achievement_id), Timer.kind == DEADLINE
            )
        )
    assert set_to == confirmed.due_at


@pytest.mark.concurrency
async def test_a_publication_and_a_withdrawal_at_once_never_both_hold(counter: Counter) -> None:
    """LS47"""
    world, database = counter.world, counter.database
    for _ in range(3):
        achievement_id = await counter.submitted()
        done(await counter.review(achievement_id))
        desk = Desk(counter.client, world, None)  # type: ignore[arg-type]
        body = listing_body(achievement_id)
        draft = done(await desk.post("listings", "seller_staff", body))
        async with database.transaction() as session:
            now = await market_now(session, world.market_id)
            await Desk(counter.client, world, session).attach(draft, now + timedelta(days=20))
        published, withdrawn = await asyncio.gather(
            desk.publish(draft), counter.withdraw(achievement_id)
        )
        assert {published.is_success, withdrawn.is_success} == {True, False}
        if withdrawn.is_success:
            refusal(published, 409, "achievement_not_listable")
        else:
            refusal(withdrawn, 409, "achievement_on_offer")
