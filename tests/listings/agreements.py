"""Steps of an agreement for the tests: drafted, consented to, published, closed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.listings.handlers import TIMERS
from app.listings.service.publishing import CLOSE_DISCLOSURE, require_listing
from app.shared.ids import ListingId
from tests.listings.factories import Desk, Json, done, listing_body, yuan

UNIT: Json = {"place": "https://zhilan.example.cn/gongshi/2026-17", "published_on": "2026-03-02"}
PROCEDURE = "公示期内任何人可书面提出异议并附证据，本单位十五个工作日内答复并公布结果。"


def agreement_body(achievement: Json, desk: Desk, **changes: Any) -> Json:
    agreed = {
        "pricing_mode": "agreement",
        "deposit": None,
        "base_price": None,
        "buyer_id": str(desk.world.buyer),
        "unit_notice": UNIT,
    }
    return listing_body(achievement["id"], **agreed | changes)


async def procedure(desk: Desk) -> Json:
    """Let the seller publish its way of objecting, a minute before anything else."""
    made = done(await desk.post("objection-procedures", "seller_staff", {"text": PROCEDURE}))
    await desk.world.later(desk.session, minutes=1)
    return made


async def drafted(desk: Desk, achievement: Json | None = None, **changes: Any) -> Json:
    body = agreement_body(achievement or await desk.accepted(), desk, **changes)
    return done(await desk.post("listings", "seller_staff", body))


async def consented(desk: Desk, listing: Json, **changes: Any) -> Json:
    body = {"terms_hash": listing["agreed_terms_hash"]} | changes
    return done(await desk.post(f"listings/{listing['id']}/consent", "buyer_staff", body))


async def agreed(desk: Desk, **changes: Any) -> Json:
    """Return a published agreement."""
    await procedure(desk)
    listing = await drafted(desk, **changes)
    await consented(desk, listing)
    return done(await desk.publish(listing))


async def close(desk: Desk, listing: Json) -> datetime:
    """End the public period as its timer does; return its end."""
    found = await require_listing(desk.session, ListingId(UUID(listing["id"])))
    ends_at = found.disclosure_ends_at
    assert ends_at is not None
    await desk.world.at(desk.session, ends_at)
    await TIMERS[CLOSE_DISCLOSURE](desk.session, UUID(listing["id"]), ends_at)
    return ends_at


async def state(desk: Desk, listing: Json) -> str:
    shown: str = done(await desk.get(f"listings/{listing['id']}", "operator"))["status"]
    return shown


OBJECTION: Json = {
    "ground": "price",
    "text": "同类成果近期成交价明显更高。",
    "evidence": "附两份公开的成交公告编号。",
    "name": "沈望舒",
    "contact": "0571-88000000",
}
PRICE = yuan("600000.00")
