"""Steps of a deal room for the tests: asked for, answered, opened, offered."""

from datetime import timedelta
from typing import Any

import httpx

from tests.listings.factories import Desk, Json, done, yuan

SELLER, BUYER = "seller_staff", "buyer_staff"
REQUEST = "拟用于铜带精整线在线检测，希望了解标定规程。"


async def asked(desk: Desk, achievement: Json | None = None, **changes: Any) -> Json:
    achievement = achievement or await desk.accepted()
    body = {"achievement_id": achievement["id"], "request": REQUEST} | changes
    return done(await desk.post("deal-rooms", BUYER, body))


async def act(
    desk: Desk, room: Json, what: str, role: str, body: Json, **who: Any
) -> httpx.Response:
    return await desk.post(f"deal-rooms/{room['id']}/{what}", role, body, **who)


async def answered(desk: Desk, achievement: Json | None = None) -> Json:
    room = await asked(desk, achievement)
    return done(await act(desk, room, "answer", SELLER, {}))


async def opened(desk: Desk, achievement: Json | None = None) -> Json:
    room = await answered(desk, achievement)
    body = {"nda_hash": room["nda_hash"]}
    done(await act(desk, room, "nda-acceptance", SELLER, body))
    return done(await act(desk, room, "nda-acceptance", BUYER, body))


async def offer_body(desk: Desk, seen: int = 0, price: str = "600000.00", **changes: Any) -> Json:
    return {
        "seen_number": seen,
        "price": yuan(price),
        "conversion_mode": "transfer",
        "payment_terms": "合同生效后五个工作日内付六成，验收后付四成。",
        "contract_terms": "专利权转让，含技术资料交付与两次现场指导。",
        "use_scope": "中国境内有色金属带材检测。",
        "valid_until": (await desk.now() + timedelta(days=10)).isoformat(),
    } | changes


async def offered(desk: Desk, room: Json, role: str = BUYER, seen: int = 0, **how: Any) -> Json:
    return done(await act(desk, room, "offers", role, await offer_body(desk, seen, **how)))


def acceptance(offer: Json) -> Json:
    return {"number": offer["number"], "offer_hash": offer["offer_hash"]}
