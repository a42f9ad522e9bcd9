"""Conversion tracking over HTTP: by its two sides, reminded by the worker."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.clock import market_now
from app.platform.inbox import NotificationRow
from app.platform.journal import history
from app.platform.timers import Timer
from app.settlement.service.tracking import REMINDER, remind_or_end
from app.settlement.tracking_handlers import TRACKING
from app.shared.ids import DealId, new_id
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.world import World

(FOLLOW,) = TRACKING
PLAN: Json = {
    "milestones": [
        {"kind": "pilot", "planned_on": "2026-06-30"},
        {"kind": "first_sale", "planned_on": "2027-01-31", "note": "首台套"},
    ]
}


async def tell(counter: Counter, deal_id: UUID, *types: str) -> None:
    """Let the worker see events of a deal."""
    for event in await history(counter.session, deal_id):
        if event.type in types:
            await FOLLOW.react(counter.session, event)


@pytest.fixture
async def tracked(desk: Desk, counter: Counter, session: AsyncSession, world: World) -> DealId:
    """A settled deal whose tracking has begun, on 2026-03-23."""
    sold = await lot(desk, "buyer")
    deal_id = await sell(session, world, sold, Money.parse("730000.00"))
    refusal(await counter.get(f"deals/{deal_id}/conversion"), 409, "conversion_not_open")
    done(await counter.pay(deal_id, "610000.00"))
    await tell(counter, deal_id, "deal.settled")
    await tell(counter, deal_id, "deal.settled")  # told twice, begun once
    return deal_id


async def put(
    counter: Counter, deal_id: UUID, what: str, body: Json, role: str, seen: int | None = None
) -> httpx.Response:
    headers = counter.world.headers(role) | {"Idempotency-Key": str(new_id())}
    if seen is not None:
        headers["If-Match"] = f'"{seen}"'
    path = f"/v1/deals/{deal_id}/conversion/{what}"
    return await counter.client.put(path, json=body, headers=headers)


async def report(counter: Counter, deal_id: UUID, role: str, **body: Any) -> httpx.Response:
    now = await market_now(counter.session, counter.world.market_id)
    told = {"says": "progress", "reported_on": str(now.date()), "text": "中试线已连续运行三周。"}
    return await counter.act(deal_id, "conversion/reports", told | body, role)


async def evidence(counter: Counter, role: str) -> str:
    kept = await counter.client.post(
        "/v1/files",
        files={"file": ("中试记录.txt", "2026-05 运行记录".encode(), "text/plain")},
        data={"audience": "owner"},
        headers=counter.world.headers(role) | {"Idempotency-Key": str(new_id())},
    )
    return str(done(kept)["id"])


async def test_both_sides_plan_and_report_and_nobody_else_reads_it(
    counter: Counter, tracked: DealId, world: World
) -> None:
    """ST240, ST241, ST242, ST243, ST247"""
    deal_id = tracked
    planned = done(await put(counter, deal_id, "plan", PLAN, "buyer_staff", seen=0))
    assert [step["number"] for step in planned["milestones"]] == [1, 2]
    stale = await put(counter, deal_id, "plan", PLAN, "seller_staff", seen=0)
    refusal(stale, 409, "version_mismatch")
    refusal(await put(counter, deal_id, "plan", PLAN, "seller_staff"), 400, "if_match_missing")
    await world.later(counter.session, days=60)
    file_id = await evidence(counter, "buyer_staff")
    foreign = await report(counter, deal_id, "seller_staff", evidence=[file_id])
    refusal(foreign, 404, "object_unknown")
    kept = done(await report(counter, deal_id, "buyer_staff", milestone=1, evidence=[file_id]))
    assert (kept["number"], kept["evidence"]) == (1, [file_id])
    read = await counter.get(f"files/{file_id}", "seller_staff")
    assert read.status_code == 200
    refusal(
        await report(counter, deal_id, "seller_staff", milestone=3),
        404,
        "conversion_milestone_unknown",
    )
    refusal(
        await report(counter, deal_id, "seller_staff", says="fail"), 400, "conversion_report_unfit"
    )
    done(await report(counter, deal_id, "seller_staff", says="pause"))
    refusal(await report(counter, deal_id, "seller_staff", says="pause"), 409, "transition_refused")
    seen = done(await counter.get(f"deals/{deal_id}/conversion", "auditor"))
    assert (seen["status"], seen["reports"]) == ("paused", 2)
    assert seen["milestones"][0]["reached_on"] == kept["reported_on"]
    page = done(await counter.get(f"deals/{deal_id}/conversion/reports?limit=1", "buyer_staff"))
    assert [item["number"] for item in page["items"]] == [2]
    path = f"deals/{deal_id}/conversion/reports?limit=1&cursor={page['next']}"
    page = done(await counter.get(path, "buyer_staff"))
    assert ([item["number"] for item in page["items"]], page["next"]) == ([1], None)
    stranger = world.headers("buyer_staff", world.other_buyer)
    hidden = await counter.client.get(f"/v1/deals/{deal_id}/conversion", headers=stranger)
    assert hidden.status_code == 403
    events = await history(counter.session, deal_id)
    secret = [event for event in events if "conversion" in event.type or "report" in event.type]
    assert [event.type for event in secret] == [
        "deal.conversion_opened",
        "deal.conversion_planned",
        "deal.progress_reported",
        "deal.progress_reported",
    ]
    assert {frozenset(event.public) for event in secret} == {frozenset({"listing_id"})}
    assert {frozenset(event.audience) for event in secret} == {
        frozenset({world.seller, world.buyer})
    }


async def test_a_year_is_stated_by_one_side_and_answered_by_the_other(
    counter: Counter, tracked: DealId, world: World
) -> None:
    """ST244, ST245"""
    deal_id = tracked
    figures: Json = {"sales": yuan("5600000.00"), "exports": yuan("300000.00"), "jobs": 12}
    early = await put(counter, deal_id, "outcomes/2026", figures, "buyer_staff")
    refusal(early, 400, "outcome_unfit")
    await world.later(counter.session, days=330)
    stated = done(await put(counter, deal_id, "outcomes/2026", figures, "buyer_staff"))
    assert (stated["status"], stated["version"], stated["output"]) == ("stated", 1, None)
    refusal(
        await put(counter, deal_id, "outcomes/2026", figures, "seller_staff"),
        409,
        "outcome_of_other",
    )
    answer = "conversion/outcomes/2026/answer"
    stale = await counter.act(deal_id, answer, {"version": 2}, "seller_staff")
    refusal(stale, 404, "outcome_unknown")
    told = {"version": 1, "dispute": "出口额应不含代理业务。"}
    disputed = done(await counter.act(deal_id, answer, told, "seller_staff"))
    assert (disputed["status"], disputed["dispute"]) == ("disputed", told["dispute"])
    done(await put(counter, deal_id, "outcomes/2026", figures | {"jobs": 11}, "buyer_staff"))
    agreed = done(await counter.act(deal_id, answer, {"version": 2}, "seller_staff"))
    assert (agreed["status"], agreed["jobs"], agreed["dispute"]) == ("confirmed", 11, None)
    refusal(
        await counter.act(deal_id, answer, {"version": 2}, "buyer_staff"), 409, "outcome_of_other"
    )
    seen = done(await counter.get(f"deals/{deal_id}/conversion", "seller_staff"))
    assert [item["year"] for item in seen["outcomes"]] == [2026]


async def test_the_worker_reminds_both_sides_and_ends_the_period(
    counter: Counter, tracked: DealId, world: World
) -> None:
    """ST246"""
    deal_id, session = tracked, counter.session
    done(await put(counter, deal_id, "plan", PLAN, "buyer_staff", seen=0))

    async def due() -> datetime:
        found = await session.scalars(
            select(Timer.due_at).where(Timer.kind == REMINDER, Timer.subject_id == deal_id)
        )
        return found.one()

    first = await due()
    assert first.isoformat() == "2026-09-23T01:00:00+00:00"
    for _ in range(2):  # handled twice, told once
        await remind_or_end(session, deal_id, first)
    told = list(
        await session.scalars(
            select(NotificationRow).where(NotificationRow.topic == "settlement.conversion_reminder")
        )
    )
    assert {item.party_id for item in told} == {world.seller, world.buyer}
    assert len(told) == 2
    assert told[0].data["overdue"] == [1]
    assert "中试（计划2026-06-30）" in told[0].text_zh
    second = await due()
    assert second - first == timedelta(days=181)
    period = {"every_months": 12, "until_on": "2027-06-01"}
    unfit = await put(counter, deal_id, "period", {**period, "until_on": "2026-01-01"}, "operator")
    refusal(unfit, 400, "conversion_period_unfit")
    done(await put(counter, deal_id, "period", period, "operator"))
    third = await due()
    assert third.isoformat() == "2027-03-23T01:00:00+00:00"
    await remind_or_end(session, deal_id, third)
    last = await due()
    assert last.isoformat() == "2027-06-01T01:00:00+00:00"
    await remind_or_end(session, deal_id, last)
    seen = done(await counter.get(f"deals/{deal_id}/conversion", "seller_staff"))
    assert seen["status"] == "ended"
    refusal(await report(counter, deal_id, "buyer_staff"), 409, "transition_refused")


async def test_a_default_ends_the_tracking_and_none_begins_after_it(
    desk: Desk, counter: Counter, session: AsyncSession, world: World
) -> None:
    """ST248"""
    for late in (False, True):
        deal_id = await sell(session, world, await lot(desk, "buyer"), Money.parse("730000.00"))
        now = await market_now(session, world.market_id)
        done(await counter.act(deal_id, "signing", {"signed_at": now.isoformat()}))
        if not late:
            await tell(counter, deal_id, "deal.effective")
        await world.later(session, days=30)
        done(await counter.act(deal_id, "default", {"ground": "逾期未付款"}))
        await tell(counter, deal_id, "deal.defaulted")
        await tell(counter, deal_id, "deal.effective")
        seen = await counter.get(f"deals/{deal_id}/conversion")
        if late:
            refusal(seen, 409, "conversion_not_open")
            continue
        assert done(seen)["status"] == "ended"
        left = await session.scalar(
            select(Timer.id).where(Timer.subject_id == deal_id, Timer.kind == REMINDER)
        )
        assert left is None
