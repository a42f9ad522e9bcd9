"""Demands over HTTP: submission, review, who sees what, the demo's own records."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.public import get_demand, owner_of_demand
from app.identity.public import PartyStatus, create_party
from app.platform.access import SYSTEM, ObjectUnknown
from app.platform.journal import history
from app.shared.ids import DemandId, new_id
from tests.demands.board import RESTRICTED, Board, body, done, refusal
from tests.world import START, organisation

DATA = Path(__file__).parents[2] / "app" / "demo" / "data"


async def test_what_was_submitted_is_what_is_kept_to_the_last_digit(board: Board) -> None:
    sent = body()
    demand = done(await board.post("demands", "buyer_staff", sent))
    assert demand["status"] == "submitted"
    kept = done(await board.get(f"demands/{demand['id']}", "buyer_staff"))
    assert {name: kept[name] for name in sent} == sent


async def test_all_faults_of_a_body_are_told_at_once(board: Board) -> None:
    """DM1"""
    sent = body(ip_ownership="nobody", due_on="2026-03-02")
    told = refusal(await board.post("demands", "buyer_staff", sent), 400, "demand_invalid")
    assert [error["field"] for error in told["errors"]] == [
        "ip_ownership",
        "due_on",
        "milestones.0.due_on",
        "milestones.1.due_on",
    ]
    assert "joint_ownership" in told["errors"][0]["accepted"]["accepted"]


@pytest.mark.parametrize("field", ["ip_ownership", "failure_risk_rule"])
async def test_what_the_law_would_fill_is_mandatory(board: Board, field: str) -> None:
    """DM1"""
    for missing in (
        {name: value for name, value in body().items() if name != field},
        body(**{field: None}),
    ):
        told = refusal(await board.post("demands", "buyer_staff", missing), 422, "request_invalid")
        assert [error["field"] for error in told["errors"]] == [f"body.{field}"]


@pytest.mark.parametrize("value", ["1e3", "0x1", "NaN", "1.", "", "١", "1" * 21, 12])
async def test_a_figure_is_a_plain_decimal_string(board: Board, value: Any) -> None:
    target = body()["targets"][0] | {"value": value}
    response = await board.post("demands", "buyer_staff", body(targets=[target]))
    refusal(response, 422, "request_invalid")


async def test_an_unverified_poster_cannot_submit(board: Board, session: AsyncSession) -> None:
    pending = await create_party(
        session,
        market_id=board.world.market_id,
        new=organisation(79, "未审核企业有限公司"),
        status=PartyStatus.PENDING,
        actor=SYSTEM,
        now=START,
    )
    response = await board.post("demands", "buyer_staff", body(), party_id=pending)
    refusal(response, 400, "party_not_verified")


async def test_a_draft_is_edited_by_who_saw_its_version_and_then_submitted(
    board: Board, session: AsyncSession
) -> None:
    """DM2, DM4"""
    demand = done(await board.post("demands", "buyer_staff", body(draft=True)))
    path = f"demands/{demand['id']}"
    assert demand["status"] == "draft"
    refusal(await board.put(path, "buyer_staff", body()), 400, "demand_version_missing")
    mended = body(title="深孔镗削减振刀杆")
    edited = await board.put(path, "buyer_staff", mended, seen='"1"')
    assert (done(edited)["version"], edited.headers["ETag"]) == (2, '"2"')
    stale = refusal(await board.put(path, "buyer_staff", body(), seen='"1"'), 409, "demand_changed")
    assert stale["accepted"] == '"2"'
    again = done(await board.put(path, "buyer_staff", mended, seen='"2"'))
    assert again["version"] == 2
    assert done(await board.post(f"{path}/submission", "buyer_staff"))["status"] == "submitted"
    late = await board.put(path, "buyer_staff", body(), seen='"2"')
    refusal(late, 409, "transition_refused")
    refusal(await board.post(f"{path}/submission", "buyer_staff"), 409, "transition_refused")
    kept = done(await board.get(f"{path}/versions?limit=1", "operator"))
    assert [item["number"] for item in kept["items"]] == [2]
    older = done(await board.get(f"{path}/versions?cursor={kept['next']}", "buyer_staff"))
    assert [item["content"]["title"] for item in older["items"]] == [body()["title"]]
    told = await history(session, UUID(demand["id"]))
    assert [event.type for event in told] == [
        "demand.drafted",
        "demand.edited",
        "demand.submitted",
    ]
    assert all(event.public == {} for event in told)


SEEN: dict[str, tuple[str, dict[str, Any], bool]] = {
    "anonymous": ("anonymous", {}, False),
    "a seller": ("seller_staff", {}, False),
    "another buyer": ("buyer_staff", {"party": "other_buyer"}, False),
    "a partner": ("partner", {"party": "other_buyer"}, False),
    "another market's operator": ("operator", {"market": "other"}, False),
    "the poster": ("buyer_staff", {}, True),
    "the operator": ("operator", {}, True),
    "the auditor": ("auditor", {}, True),
}


@pytest.mark.parametrize("who", SEEN)
async def test_confidentiality_holds_in_list_and_get_alike(
    board: Board, session: AsyncSession, who: str
) -> None:
    """DM2"""
    kinds = {
        "submitted": await board.submitted(),
        "reviewed": await board.reviewed(session),
        "posted": await board.posted(session),
        "posted restricted": await board.posted(session, more=RESTRICTED),
    }
    role, place, near = SEEN[who]
    caller = {"party_id": getattr(board.world, place["party"])} if "party" in place else place
    listed = done(await board.get("demands", role, **caller))
    ids = {item["id"] for item in listed["items"]}
    assert "阻尼层" not in str(listed)
    for kind, demand in kinds.items():
        visible = near or kind.startswith("posted")
        assert (demand["id"] in ids) == visible, kind
        response = await board.get(f"demands/{demand['id']}", role, **caller)
        if not visible:
            refusal(response, 404, "object_unknown")
            continue
        told = done(response)
        assert told["title"] == demand["title"]
        secret = RESTRICTED["restricted_text"] if kind == "posted restricted" else None
        assert told["restricted_text"] == (secret if near else None)
        assert (told["submitted_at"] is None) == (not near)
        versions = await board.get(f"demands/{demand['id']}/versions", role, **caller)
        assert versions.is_success == near


async def test_a_list_filters_and_pages_newest_first(board: Board, session: AsyncSession) -> None:
    made = [await board.posted(session) for _ in range(3)]
    farm = await board.posted(session, more={"technology_field": "agriculture"})
    world = board.world
    place = f"demands?technology_field=advanced_manufacturing&market_id={world.market_id}"
    first = done(await board.get(f"{place}&limit=2"))
    assert [item["id"] for item in first["items"]] == [made[2]["id"], made[1]["id"]]
    second = done(await board.get(f"{place}&limit=2&cursor={first['next']}"))
    assert [item["id"] for item in second["items"]] == [made[0]["id"]]
    assert second["next"] is None
    found = done(await board.get("demands?technology_field=agriculture"))["items"]
    assert [item["id"] for item in found] == [farm["id"]]
    assert done(await board.get(f"demands?market_id={world.other_market_id}"))["items"] == []
    refusal(await board.get("demands?cursor=nonsense"), 400, "cursor_invalid")


async def test_unknown_demands_are_unknown_to_every_route(
    board: Board, session: AsyncSession
) -> None:
    refusal(await board.get(f"demands/{new_id()}"), 404, "object_unknown")
    with pytest.raises(ObjectUnknown):
        await get_demand(session, DemandId(new_id()))
    assert await owner_of_demand(session, new_id()) is None


@pytest.mark.parametrize("kind", ["fixed", "open"])
async def test_budgets_of_every_kind_survive_the_round_trip(
    board: Board, session: AsyncSession, kind: str
) -> None:
    end = None if kind == "open" else {"amount": "320000.00", "currency": "CNY"}
    sent = {"kind": kind, "low": end, "high": end}
    demand = await board.submitted(budget=sent)
    assert done(await board.get(f"demands/{demand['id']}", "operator"))["budget"] == sent
    kept = await get_demand(session, DemandId(UUID(demand["id"])))
    assert str(kept.content.budget.kind) == kind
    with pytest.raises(IntegrityError, match="ck_demands_budget"):
        async with session.begin_nested():
            await session.execute(
                text("UPDATE demands SET budget_low_minor = 5, budget_currency = NULL")
            )


async def test_the_demos_demands_are_accepted_as_they_stand(
    board: Board, session: AsyncSession
) -> None:
    await board.world.at(session, START.replace(year=2025, month=1))
    records = json.loads((DATA / "demands.json").read_text(encoding="utf-8"))
    assert len(records) >= 20
    for record in records:
        sent = {name: value for name, value in record.items() if name not in {"key", "poster"}}
        demand = done(await board.post("demands", "buyer_staff", sent))
        assert {name: demand[name] for name in sent} == sent
