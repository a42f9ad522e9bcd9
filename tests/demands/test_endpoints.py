"""Demands over HTTP: submission, review, who sees what, the demo's own records."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.public import get_demand, owner_of_demand
from app.identity.public import PartyStatus, create_party
from app.platform.access import SYSTEM, ObjectUnknown
from app.platform.journal import history
from app.shared.ids import DemandId, new_id
from tests.world import START, World, organisation

Json = dict[str, Any]
DATA = Path(__file__).parents[2] / "app" / "demo" / "data"


def body(**changes: Any) -> Json:
    milestone = {
        "title": "方案与仿真",
        "due_on": "2026-06-30",
        "deliverable": "动力学仿真报告",
        "metric": "评审组一致通过",
        "share_bp": 3000,
    }
    return {
        "title": "大长径比深孔镗削颤振主动抑制刀杆",
        "technology_field": "advanced_manufacturing",
        "background": "单件工时3小时以上,内孔振纹返修率8%。",
        "targets": [
            {
                "name": "内孔表面粗糙度Ra",
                "operator": "between",
                "value": "0.0000001",
                "value_max": "0.80",
                "unit": "μm",
                "test_method": "轮廓仪",
            }
        ],
        "due_on": "2026-12-18",
        "budget": {
            "kind": "range",
            "low": {"amount": "600000.00", "currency": "CNY"},
            "high": {"amount": "900000.00", "currency": "CNY"},
        },
        "cooperation_mode": "commissioned_development",
        "ip_ownership": "poster_owns_solver_research_use",
        "failure_risk_rule": "shared_by_ratio",
        "who_may_answer": ["organisation", "consortium"],
        "confidentiality": "public",
        "milestones": [milestone, milestone | {"due_on": "2026-12-18", "share_bp": 7000}],
    } | changes


class Board:
    """The board's routes."""

    def __init__(self, client: httpx.AsyncClient, world: World) -> None:
        self.client, self.world = client, world

    async def get(self, path: str, role: str = "anonymous", **who: Any) -> httpx.Response:
        return await self.client.get(f"/v1/{path}", headers=self.world.headers(role, **who))

    async def post(self, path: str, role: str, sent: Json, **who: Any) -> httpx.Response:
        headers = self.world.headers(role, **who) | {"Idempotency-Key": str(new_id())}
        return await self.client.post(f"/v1/{path}", json=sent, headers=headers)

    async def submitted(self, **changes: Any) -> Json:
        return done(await self.post("demands", "buyer_staff", body(**changes)))

    async def reviewed(self, *, accepted: bool = True, **changes: Any) -> Json:
        demand = await self.submitted(**changes)
        sent = {"accepted": accepted, "reason": None if accepted else "指标不清"}
        return done(await self.post(f"demands/{demand['id']}/review", "operator", sent))


@pytest.fixture
def board(client: httpx.AsyncClient, world: World) -> Board:
    return Board(client, world)


def done(response: httpx.Response) -> Json:
    assert response.is_success, response.text
    told: Json = response.json()
    return told


def refusal(response: httpx.Response, status: int, code: str) -> Json:
    told: Json = response.json()
    assert (response.status_code, told.get("code")) == (status, code), response.text
    return told


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


async def test_a_refusal_states_its_reason_and_is_final(board: Board) -> None:
    """DM3"""
    path = f"demands/{(await board.submitted())['id']}/review"
    refusal(await board.post(path, "operator", {"accepted": False}), 400, "refusal_reason_missing")
    told = done(await board.post(path, "operator", {"accepted": False, "reason": "指标不清"}))
    assert (told["status"], told["refusal_reason"]) == ("refused", "指标不清")
    for accepted in (True, False):
        sent = {"accepted": accepted, "reason": "再议"}
        refusal(await board.post(path, "operator", sent), 409, "transition_refused")


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("confidentiality", ["public", "restricted"])
async def test_the_journal_shows_the_public_what_was_posted_for_it_only(
    board: Board, session: AsyncSession, accepted: bool, confidentiality: str
) -> None:
    """DM2"""
    demand = await board.reviewed(accepted=accepted, confidentiality=confidentiality)
    first, second = await history(session, UUID(demand["id"]))
    assert (first.type, first.public) == ("demand.submitted", {})
    assert second.type == f"demand.{'posted' if accepted else 'refused'}"
    assert bool(second.public) == (accepted and confidentiality == "public")
    assert second.audience == [board.world.buyer]


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
async def test_confidentiality_holds_in_list_and_get_alike(board: Board, who: str) -> None:
    """DM2"""
    kinds = {
        "submitted": await board.submitted(),
        "refused": await board.reviewed(accepted=False),
        "posted public": await board.reviewed(),
        "posted restricted": await board.reviewed(confidentiality="restricted"),
    }
    role, place, sees_all = SEEN[who]
    caller = {"party_id": getattr(board.world, place["party"])} if "party" in place else place
    listed = done(await board.get("demands", role, **caller))
    ids = {item["id"] for item in listed["items"]}
    for kind, demand in kinds.items():
        visible = sees_all or kind == "posted public"
        assert (demand["id"] in ids) == visible, kind
        response = await board.get(f"demands/{demand['id']}", role, **caller)
        if visible:
            assert done(response)["title"] == demand["title"]
        else:
            refusal(response, 404, "object_unknown")


async def test_a_list_filters_and_pages_newest_first(board: Board) -> None:
    made = [await board.reviewed() for _ in range(3)]
    farm = await board.reviewed(technology_field="agriculture")
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
    path = f"demands/{new_id()}/review"
    refusal(await board.post(path, "operator", {"accepted": True}), 404, "object_unknown")
    with pytest.raises(ObjectUnknown):
        await get_demand(session, DemandId(new_id()))
    assert await owner_of_demand(session, new_id()) is None


async def test_only_the_own_markets_operator_reviews(board: Board) -> None:
    path = f"demands/{(await board.submitted())['id']}/review"
    elsewhere = await board.post(path, "operator", {"accepted": True}, market="other")
    refusal(elsewhere, 404, "object_unknown")
    refusal(await board.post(path, "buyer_staff", {"accepted": True}), 403, "role_not_allowed")


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
