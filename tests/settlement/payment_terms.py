"""Bodies of price terms, and the counter at which they are fixed."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from app.platform.access import Role
from app.shared.ids import DealId, new_id
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, yuan
from tests.settlement.factories import Counter, lot, sell

PRICE = Money.parse("700000.00")  # 120,000 of it is the deposit
HASH = "ab" * 32

AUDIT: Json = {
    "auditor": "双方共同委托的会计师事务所",
    "notice_days": 15,
    "cost_bearer": "seller",
    "tolerance_bp": 500,
}
ROYALTY: Json = {
    "base": "sales",
    "tiers": [{"rate_bp": 300}],
    "starts_on": "2026-04-01",
    "years": 1,
    "period": "half_year",
    "audit": AUDIT,
}
STAKE: Json = {
    "company": "甬江新材料股份有限公司",
    "percentage_bp": 1_500,
    "register_by_on": "2026-06-30",
    "holders": [
        {"name": "之澜理工大学", "kind": "unit", "share_bp": 3_000},
        {"name": "陆景深", "kind": "completer", "share_bp": 7_000},
    ],
}


def instalments(**changes: Any) -> Json:
    return {
        "kind": "instalments",
        "price": yuan("700000.00"),
        "instalments": [
            {"share_bp": 3_000, "due_on": "2026-03-30"},
            {"share_bp": 7_000, "due_on": "2026-09-30"},
        ],
        "interest_bp": 345,
    } | changes


def entry_fee(**royalty: Any) -> Json:
    return {
        "kind": "entry_fee_royalty",
        "price": yuan("700000.00"),
        "royalty": ROYALTY | royalty,
    }


@dataclass(frozen=True, slots=True)
class Till:
    """The counter of one deal."""

    counter: Counter
    deal_id: DealId

    async def fix(
        self, body: Json, seen: int | None = 0, role: str = "seller_staff", **who: Any
    ) -> httpx.Response:
        etag = {} if seen is None else {"If-Match": f'"{seen}"'}
        return await self.counter.client.put(
            f"/v1/deals/{self.deal_id}/terms",
            json=body,
            headers=self.counter.world.headers(role, **who) | etag,
        )

    async def propose(
        self, body: Json, seen: int = 1, role: str = "seller_staff", text_hash: str = HASH
    ) -> httpx.Response:
        return await self.counter.client.post(
            f"/v1/deals/{self.deal_id}/terms/supplement",
            json={"terms": body, "reason": "受让方资金周转", "text_hash": text_hash},
            headers=self.counter.world.headers(role)
            | {"If-Match": f'"{seen}"', "Idempotency-Key": str(new_id())},
        )

    async def agree(self, role: str = "buyer_staff", text_hash: str = HASH) -> httpx.Response:
        return await self.act("terms/supplement/consent", {"text_hash": text_hash}, role)

    async def act(
        self, what: str, body: Json, role: str = "operator", **who: Any
    ) -> httpx.Response:
        return await self.counter.act(self.deal_id, what, body, role, **who)

    async def sign(self) -> None:
        now = await self.counter.world.later(self.counter.session, minutes=1)
        done(await self.act("signing", {"signed_at": now.isoformat()}))

    async def pay(self, text: str) -> httpx.Response:
        return await self.counter.pay(self.deal_id, text)

    async def deal(self) -> Json:
        return done(await self.counter.get(f"deals/{self.deal_id}"))

    async def dues(self, role: str = "buyer_staff") -> list[Json]:
        answer = done(await self.counter.get(f"deals/{self.deal_id}/dues", role))
        items: list[Json] = answer["items"]
        return items

    async def terms(self, role: str = "buyer_staff") -> Json:
        return done(await self.counter.get(f"deals/{self.deal_id}/terms", role))

    async def file(self, role: str = "buyer_staff") -> str:
        answer = await self.counter.client.post(
            "/v1/files",
            files={"file": ("销售台账.txt", new_id().bytes.hex().encode())},
            data={"audience": "owner"},
            headers=self.counter.world.headers(role),
        )
        return str(done(answer)["id"])


async def till(desk: Desk, counter: Counter) -> Till:
    """Sell a lot at ``PRICE`` to the buyer, unsigned; it is 2026-03-23."""
    return Till(counter, await sell(desk.session, desk.world, await lot(desk, "buyer"), PRICE))


def actor_of(counter: Counter) -> Any:
    return counter.world.actor(Role.OPERATOR)


def shown(items: list[Json]) -> list[tuple[Any, ...]]:
    """Return number, kind, amount and state of items."""
    return [
        (item["number"], item["kind"], (item["amount"] or {}).get("amount"), item["state"])
        for item in items
    ]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def deal_id_of(found: Json) -> UUID:
    return UUID(found["id"])
