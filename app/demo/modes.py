"""The other two pricing modes in the demo: an agreement with an objection, a posted listing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from app.demo import steps
from app.demo.api import Api, Who
from app.demo.market import content, records
from app.demo.show import Show
from app.platform.access import Role

PROCEDURE: Final = (
    "公示期内任何单位和个人可以书面提出异议并附证据；"
    "本单位自收到之日起十五个工作日内答复并公布结果。"
)
OBJECTION: Final = {
    "ground": "price",
    "text": "同类定位系统近期许可费更高，请说明定价依据。",
    "evidence": "附公开报道两篇的题名与日期。",
    "name": "沈望舒",
    "contact": "0571-88000000",
}
ANSWER: Final = "对方系统含路侧设备，本项目仅许可软件，价格不可比；估值依据已随公示附上。"
HOUR: Final = timedelta(hours=1)


def yuan(amount: str) -> dict[str, str]:
    """Return an amount of yuan on the wire."""
    return {"amount": amount, "currency": "CNY"}


@dataclass
class Offer:
    """One listing in another mode than bidding, and its two sides."""

    key: str
    buyer: str
    price: str
    achievement: dict[str, Any] = field(init=False)
    listing: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = {record["key"]: record for record in records("achievements")}
        self.achievement = found[self.key]

    @property
    def seller(self) -> Who:
        """Who sells."""
        return Who(Role.SELLER_STAFF, self.achievement["owner"])

    @property
    def buyer_staff(self) -> Who:
        """Who buys."""
        return Who(Role.BUYER_STAFF, self.buyer)


class Modes:
    """One agreement and one posted listing, beside the auctions.

    Args:
        operator: The exchange.
        advance: Moves the sandbox's clock.
    """

    def __init__(
        self,
        api: Api,
        show: Show,
        operator: Who,
        advance: Callable[[datetime], Awaitable[None]],
    ) -> None:
        self.api = api
        self.show = show
        self.operator = operator
        self.advance = advance
        self.agreement = Offer("tunnel_positioning", "huwan_instrument", "680000.00")
        self.posted = Offer("she_herbal_nanoemulsion", "guyu_pharma", "850000.00")

    @property
    def people(self) -> set[Who]:
        """Everybody who takes part."""
        offers = (self.agreement, self.posted)
        return {offer.seller for offer in offers} | {offer.buyer_staff for offer in offers}

    async def publish(self) -> None:
        """Publish both; somebody objects to the agreement, and is answered."""
        await self._publish_agreement()
        await self._publish_posted()

    async def _draft(self, offer: Offer, **terms: Any) -> None:
        body = content(offer.achievement, "owner")
        achievement_id = await steps.accept_achievement(self.api, offer.seller, self.operator, body)
        offer.listing = await self.api.post(
            offer.seller,
            "/v1/listings",
            {
                "achievement_id": achievement_id,
                "conversion_mode": "licence_ordinary",
                "floor": yuan(offer.price),
                "contract_terms": steps.CONTRACT_TERMS,
                "payment_terms": steps.PAYMENT_TERMS,
                "buyer_conditions": steps.BUYER_CONDITIONS,
                "forfeiture_terms": steps.FORFEITURE_TERMS,
                **terms,
            },
        )

    async def _publish_agreement(self) -> None:
        offer = self.agreement
        self.show.doing(f"协议公示 {offer.achievement['title']}")
        await self.api.post(offer.seller, "/v1/objection-procedures", {"text": PROCEDURE})
        buyer = await self.api.get(offer.buyer_staff, "/v1/me")
        await self._draft(
            offer, pricing_mode="agreement", buyer_id=buyer["party"]["id"], deposit=None
        )
        path = f"/v1/listings/{offer.listing['id']}"
        unit = {"place": "https://zhilan.example.cn/gongshi", "published_on": self.today()}
        await self.api.post(offer.seller, f"{path}/unit-notice", unit)
        consent = {"terms_hash": offer.listing["agreed_terms_hash"]}
        await self.api.post(offer.buyer_staff, f"{path}/consent", consent)
        offer.listing = await self.api.post(self.operator, f"{path}/notice")
        filed = await self.api.send("POST", None, f"{path}/objections", OBJECTION)
        decision = {"upheld": False, "reason": ANSWER}
        objection = f"/v1/objections/{filed.json()['id']}/decision"
        await self.api.post(offer.seller, objection, decision)
        self.show.done("协议公示：受让方已确认，异议已答复 agreement published, objection answered")

    def today(self) -> str:
        """Return the day on which the agreement was drafted."""
        return str(self.agreement.listing["drafted_at"])[:10]

    async def _publish_posted(self) -> None:
        offer = self.posted
        self.show.doing(f"挂牌 {offer.achievement['title']}")
        await self._draft(
            offer,
            pricing_mode="posted",
            deposit=yuan("160000.00"),
            extensions=1,
            reductions=[yuan("800000.00")],
        )
        path = f"/v1/listings/{offer.listing['id']}"
        plan = {
            "format": "multiple_bids",
            "start": yuan(offer.price),
            "step": yuan("10000.00"),
            "free_phase_s": 3600,
            "window_s": 120,
        }
        await self.api.post(self.operator, f"{path}/bidding-plan", {"terms": plan})
        offer.listing = await self.api.post(self.operator, f"{path}/notice")
        self.show.done("挂牌：公告载明一次延期、降价和两家以上时的竞价办法 posted, with its plan")

    async def extend_and_sell(self, *, received_at: Callable[[], Awaitable[str]]) -> None:
        """Let the posted listing run out, be extended, and find its single buyer."""
        offer, path = self.posted, f"/v1/listings/{self.posted.listing['id']}"
        self.show.doing("挂牌期满无人登记 no buyer registered")
        await self.advance(datetime.fromisoformat(offer.listing["disclosure_ends_at"]) + HOUR)
        offer.listing = await self.api.get(None, path)
        floor = offer.listing["floor"]["amount"]
        self.show.done(
            f"挂牌无人登记，按公告延期并降至 {floor} 元 extended and reduced as announced"
        )
        names = {record["key"]: record["name"] for record in records("parties")}
        await steps.become_bidder(
            self.api,
            offer.buyer_staff,
            self.operator,
            offer.listing,
            name=names[offer.buyer],
            received_at=await received_at(),
        )
        await self.advance(datetime.fromisoformat(offer.listing["disclosure_ends_at"]) + HOUR)
        await self.api.post(offer.buyer_staff, f"{path}/offer", {"amount": yuan("820000.00")})
        self.show.done(
            "仅一家登记：报价 82 万元，不低于底价，确认成交 a single buyer names its price"
        )

    async def sold(self) -> list[str]:
        """Return the pricing modes of those that are sold."""
        offers = (self.agreement, self.posted)
        listings = [
            await self.api.get(None, f"/v1/listings/{offer.listing['id']}") for offer in offers
        ]
        return [listing["pricing_mode"] for listing in listings if listing["status"] == "sold"]
