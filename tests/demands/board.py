"""Bodies and steps for the tests of demands: from a draft to an open posting."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus
from app.demands.repository import demands
from app.shared.ids import DemandId, new_id
from tests.world import World

Json = dict[str, Any]


def yuan(amount: str) -> Json:
    return {"amount": amount, "currency": "CNY"}


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
        "budget": {"kind": "range", "low": yuan("600000.00"), "high": yuan("900000.00")},
        "cooperation_mode": "commissioned_development",
        "ip_ownership": "poster_owns_solver_research_use",
        "failure_risk_rule": "shared_by_ratio",
        "poster_risk_bp": 6000,
        "who_may_answer": ["organisation", "consortium"],
        "confidentiality": "public",
        "milestones": [milestone, milestone | {"due_on": "2026-12-18", "share_bp": 7000}],
    } | changes


RESTRICTED: Json = {
    "confidentiality": "restricted",
    "restricted_text": "现用刀杆阻尼层配方与模态数据。",
}


def terms(**changes: Any) -> Json:
    return {
        "closes_at": "2026-03-31T16:00:00Z",
        "questions_until": "2026-03-20T16:00:00Z",
        "sealing": "plain",
        "decision": "best_score",
        "criteria": [
            {"name": "技术方案", "weight_bp": 6000, "description": "路线可行,指标有依据。"},
            {"name": "团队基础", "weight_bp": 4000, "description": "同类项目经验与设备条件。"},
        ],
    } | changes


def done(response: httpx.Response) -> Json:
    assert response.is_success, response.text
    told: Json = response.json()
    return told


def refusal(response: httpx.Response, status: int, code: str) -> Json:
    told: Json = response.json()
    assert (response.status_code, told.get("code")) == (status, code), response.text
    return told


class Board:
    """The board's routes."""

    def __init__(self, client: httpx.AsyncClient, world: World) -> None:
        self.client, self.world = client, world

    async def get(self, path: str, role: str = "anonymous", **who: Any) -> httpx.Response:
        return await self.client.get(f"/v1/{path}", headers=self.world.headers(role, **who))

    async def post(
        self, path: str, role: str, sent: Json | None = None, **who: Any
    ) -> httpx.Response:
        headers = self.world.headers(role, **who) | {"Idempotency-Key": str(new_id())}
        return await self.client.post(f"/v1/{path}", json=sent, headers=headers)

    async def put(
        self, path: str, role: str, sent: Json, *, seen: str | None = None, **who: Any
    ) -> httpx.Response:
        headers = self.world.headers(role, **who) | {"Idempotency-Key": str(new_id())}
        if seen is not None:
            headers["If-Match"] = seen
        return await self.client.put(f"/v1/{path}", json=sent, headers=headers)

    async def submitted(self, **changes: Any) -> Json:
        return done(await self.post("demands", "buyer_staff", body(**changes)))

    async def reviewed(self, session: AsyncSession, **changes: Any) -> Json:
        """Return a submitted demand that stands as if its diagnosis had cleared it."""
        demand = await self.submitted(**changes)
        await self.put_in(session, demand["id"], DemandStatus.REVIEWED)
        return demand

    async def put_in(self, session: AsyncSession, demand_id: str, status: DemandStatus) -> None:
        """Let a demand stand in a state, however it would have come there."""
        found = await demands.find(session, DemandId(UUID(demand_id)), lock=True)
        assert found is not None
        await demands.save(session, replace(found, status=status, reason=found.reason or "测试"))

    async def posted(self, session: AsyncSession, *, more: Json | None = None, **on: Any) -> Json:
        """Return a demand that is open for proposals.

        Args:
            more: Changes of its content.
            on: Changes of its terms.
        """
        demand = await self.reviewed(session, **(more or {}))
        sent = {"terms": terms(**on)}
        return done(await self.post(f"demands/{demand['id']}/posting", "operator", sent))


def city_of(region_code: str) -> str:
    """Return the code of a district's city (GB/T 2260)."""
    return region_code[:4].ljust(6, "0")
