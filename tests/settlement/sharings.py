"""Steps of income sharing over HTTP, from a sold lot with its money to awards paid."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent
from app.settlement.sharing_handlers import note_income
from app.shared.ids import DealId, PartyId, new_id
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.world import World

PRICE = Money.parse("730000.00")
TEAM: list[Json] = [
    {"name": "许澜清", "role": "main_contributor", "weight": 6000},
    {"name": "郭一舟", "role": "main_contributor", "weight": 4000},
    {"name": "沈之衡", "role": "transfer_staff", "weight": 1},
]


def plan_body(**changes: Any) -> Json:
    return {"scheme": {"name": "cn_zhejiang"}, "persons": TEAM} | changes


def scheme_body(award: int = 8000, **changes: Any) -> Json:
    return {
        "title_zh": "之澜理工大学科技成果转化收益分配办法",
        "title_en": "Sharing rules of the university",
        "source": "之澜理工大学校科〔2026〕7号",
        "effective_on": "2026-03-01",
        "deductions": [{"kind": "costs"}, {"kind": "tax"}],
        "rules": {"net_income": [{"pools": {"award": award, "unit": 10_000 - award}}]},
        "groups": [
            {"name": "contributors", "roles": ["main_contributor"], "share_bp": 9000},
            {"name": "staff", "roles": ["transfer_staff", "management_staff"], "share_bp": 600},
            {"name": "others", "roles": ["other"], "share_bp": 400},
        ],
    } | changes


async def released(session: AsyncSession, deal_id: UUID) -> list[JournalEvent]:
    """Return the events by which a deal's money went to its seller."""
    rows = await session.scalars(
        select(JournalEvent)
        .where(JournalEvent.subject_id == deal_id, JournalEvent.type == "deal.released")
        .order_by(JournalEvent.subject_version)
    )
    return list(rows)


@dataclass(frozen=True, slots=True)
class Unit:
    """The seller's staff at its sharing."""

    client: httpx.AsyncClient
    world: World
    session: AsyncSession
    deal_id: DealId

    async def get(
        self, what: str = "", role: str = "seller_staff", who: PartyId | None = None
    ) -> httpx.Response:
        return await self.client.get(
            f"/v1/deals/{self.deal_id}/sharing{what}", headers=self.world.headers(role, who)
        )

    async def shown(self) -> Json:
        return done(await self.get())

    async def act(
        self, what: str, body: Json | None = None, who: PartyId | None = None
    ) -> httpx.Response:
        headers = self.world.headers("seller_staff", who) | {"Idempotency-Key": str(new_id())}
        path = f"/v1/deals/{self.deal_id}/sharing{what}"
        return await self.client.post(path, json=body, headers=headers)

    async def plan(self, body: Json, seen: int | None = None) -> httpx.Response:
        version = (await self.shown())["version"] if seen is None else seen
        headers = self.world.headers("seller_staff") | {"If-Match": f'"{version}"'}
        path = f"/v1/deals/{self.deal_id}/sharing"
        return await self.client.put(path, json=body, headers=headers)

    async def pay(self, person: int, amount: str, /, **changes: Any) -> httpx.Response:
        body = {
            "person": person,
            "amount": yuan(amount),
            "paid_on": "2026-03-23",
            "reference": "工资批次 3",
        }
        return await self.act("/payments", body | changes)

    async def final(self, **changes: Any) -> Json:
        """Open, plan, and let a notice run out."""
        done(await self.act(""))
        done(await self.plan(plan_body(**changes)))
        done(await self.act("/notice", {}))
        await self.world.later(self.session, days=16)
        return await self.shown()


async def sold(desk: Desk, counter: Counter, *, empowerment: str = "none") -> Unit:
    """Sell a lot; nothing is paid yet but the deposit."""
    achievement = await desk.accepted(empowerment=empowerment)
    deal_id = await sell(
        desk.session, desk.world, await lot(desk, "buyer", achievement=achievement), PRICE
    )
    return Unit(counter.client, desk.world, desk.session, deal_id)


async def paid(desk: Desk, counter: Counter, **how: Any) -> Unit:
    """Sell a lot, take its money, and let the worker note it."""
    unit = await sold(desk, counter, **how)
    done(await counter.pay(unit.deal_id, "610000.00"))
    for event in await released(desk.session, unit.deal_id):
        await note_income(desk.session, event)
    return unit
