"""Bodies and steps for the tests of listings: from a result to a held deposit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.public import attach_bidding
from app.platform.access import Role
from app.platform.clock import market_now
from app.shared.ids import AuctionId, ListingId, PartyId, new_id
from tests.world import World

Json = dict[str, Any]

BIDDING: Json = {"format": "ascending", "start": "600000.00", "step": "20000.00"}
# A university's 15 days from 2026-03-02 end with 2026-03-17, 24:00 in Shanghai.
UNIVERSITY_DISCLOSURE_ENDS = "2026-03-17T16:00:00+00:00"


def yuan(amount: str) -> Json:
    return {"amount": amount, "currency": "CNY"}


def achievement_body(**changes: Any) -> Json:
    return {
        "title": "面向低照度产线的事件相机金属表面缺陷检测方法",
        "abstract": "事件相机采集亮度变化,以时空聚类分离缺陷,再由轻量图网络判级。",
        "technology_field": "electronic_information",
        "kind": "applied",
        "ip_kind": "invention_patent",
        "ip_assets": [
            {
                "kind": "invention_patent",
                "number": "ZL 201710601862.3",
                "title": "基于事件流的检测方法",
                "status": "granted",
            },
            {
                "kind": "technical_secret",
                "number": None,
                "title": "标定规程",
                "status": "kept_secret",
            },
        ],
        "readiness": {"scale": "trl_9", "level": 7},
        "evidence": "在一条铜带精整线连续运行4个月。",
        "state_of_the_art": "同工位线阵CCD方案最小可检缺陷约0.25毫米。",
        "completers": [
            {"name": "许澜清", "share_bp": 6000},
            {"name": "郭一舟", "share_bp": 4000},
        ],
        "service_result": True,
        "empowerment": "ownership_share",
        "plan_source": "provincial_plan",
        "conversion_modes": ["transfer", "licence_exclusive"],
        "price_idea": yuan("650000.00"),
        "confidentiality": "public",
        "secrecy": "cleared",
        "keywords": ["事件相机", "机器视觉"],
    } | changes


def listing_body(achievement_id: str, **changes: Any) -> Json:
    return {
        "achievement_id": achievement_id,
        "pricing_mode": "bidding",
        "conversion_mode": "transfer",
        "floor": yuan("600000.00"),
        "deposit": yuan("120000.00"),
        "base_price": yuan("600000.00"),
        "contract_terms": "专利权转让合同,含技术资料交付与两次现场指导。",
        "payment_terms": "合同生效后五个工作日内一次付清。",
        "buyer_conditions": "在中国境内依法设立的企业法人。",
        "forfeiture_terms": "缴纳保证金后撤回、串通、竞得后三个工作日内不签约的,保证金不予退还。",
        "session_id": None,
    } | changes


def refusal(response: httpx.Response, status: int, code: str) -> Json:
    """Return a problem's members after checking its status and code."""
    told: Json = response.json()
    assert (response.status_code, told.get("code")) == (status, code), response.text
    return told


def done(response: httpx.Response) -> Json:
    assert response.is_success, response.text
    told: Json = response.json()
    return told


@dataclass(frozen=True, slots=True)
class Desk:
    """Everybody at one exchange, each step as its HTTP call."""

    client: httpx.AsyncClient
    world: World
    session: AsyncSession

    async def now(self) -> datetime:
        return await market_now(self.session, self.world.market_id)

    async def get(self, path: str, role: str = "anonymous", **who: Any) -> httpx.Response:
        return await self.client.get(f"/v1/{path}", headers=self.world.headers(role, **who))

    async def post(self, path: str, role: str, body: Json | None, **who: Any) -> httpx.Response:
        headers = self.world.headers(role, **who) | {"Idempotency-Key": str(new_id())}
        return await self.client.post(f"/v1/{path}", json=body, headers=headers)

    async def submit(self, **changes: Any) -> Json:
        return done(await self.post("achievements", "seller_staff", achievement_body(**changes)))

    async def review(self, achievement: Json, *, accepted: bool = True) -> Json:
        body = {"accepted": accepted, "reason": None if accepted else "证据不足"}
        return done(await self.post(f"achievements/{achievement['id']}/review", "operator", body))

    async def accepted(self, **changes: Any) -> Json:
        return await self.review(await self.submit(**changes))

    async def draft(self, achievement: Json | None = None, **changes: Any) -> Json:
        achievement = achievement or await self.accepted()
        body = listing_body(achievement["id"], **changes)
        return done(await self.post("listings", "seller_staff", body))

    async def attach(self, listing: Json, opens_at: datetime | None = None, **who: Any) -> UUID:
        auction_id = new_id()
        await attach_bidding(
            self.session,
            listing_id=ListingId(UUID(listing["id"])),
            auction_id=AuctionId(auction_id),
            opens_at=opens_at or await self.now() + timedelta(days=20),
            terms=BIDDING,
            now=await self.now(),
            actor=self.world.actor(Role.OPERATOR, **who),
        )
        return auction_id

    async def publish(self, listing: Json) -> httpx.Response:
        return await self.post(f"listings/{listing['id']}/notice", "operator", None)

    async def published(self, achievement: Json | None = None, **changes: Any) -> Json:
        listing = await self.draft(achievement, **changes)
        await self.attach(listing)
        return done(await self.publish(listing))

    async def register(
        self, listing: Json, party_id: PartyId | None = None, **changes: Any
    ) -> httpx.Response:
        body = {"accepted_terms_hash": listing["notice"]["content_hash"]} | changes
        return await self.post(
            f"listings/{listing['id']}/registrations", "buyer_staff", body, party_id=party_id
        )

    async def qualify(
        self, registration: Json, *, qualified: bool = True, reason: str | None = None
    ) -> httpx.Response:
        body = {"qualified": qualified, "reason": reason}
        return await self.post(
            f"registrations/{registration['id']}/qualification", "operator", body
        )

    async def qualified(self, listing: Json, party_id: PartyId | None = None) -> Json:
        registration = done(await self.register(listing, party_id))
        return done(await self.qualify(registration))

    async def pay(self, registration: Json, payer: str, **changes: Any) -> httpx.Response:
        body = {
            "amount": yuan("120000.00"),
            "payer_name": payer,
            "bank_reference": str(new_id()),
            "received_at": (await self.now()).isoformat(),
        } | changes
        return await self.post(f"registrations/{registration['id']}/deposit", "operator", body)
