"""A market that charges fees, with a deal that owes them, and vouchers to pay them with."""

from dataclasses import dataclass
from typing import Any

import httpx

from app.platform.access import Role
from app.shared.ids import DealId, PartyId
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, yuan
from tests.settlement.factories import Lot, lot, sell

PRICE = Money.parse("730000.00")
TIERS: Json = {
    "tiers": [{"up_to_minor": 50_000_000, "rate_bp": 200}, {"up_to_minor": None, "rate_bp": 100}]
}
# 500,000 at 2 % and 230,000 at 1 %: 12,300; the buyer 0.5 %: 3,650.
TERMS: Json = {
    "currency": "CNY",
    "rules": [
        {"side": "seller", "sources": ["auction", "demand"], **TIERS},
        {
            "side": "buyer",
            "sources": ["auction"],
            "tiers": [{"up_to_minor": None, "rate_bp": 50}],
        },
    ],
    "due_days": 10,
    "invoice_item": "*经纪代理服务*技术交易服务费",
    "tax_rate_bp": 600,
    "broker": {"payer": "seller", "basis": "share", "value_bp": 3000},
}
PROGRAMME: Json = {
    "name": "测试省科技创新券",
    "issuer": "测试省科技厅",
    "region_code": "330000",
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "cap": yuan("2000.00"),
    "year_cap": yuan("3000.00"),
    "share_bp": 5000,
    "uses": ["fee", "price"],
}


@dataclass(frozen=True, slots=True)
class Cashier(Desk):
    """The fee counter of an exchange, each step as its HTTP call."""

    async def enter(self, **changes: Any) -> httpx.Response:
        body = {"effective_on": "2026-03-02", "terms": TERMS | changes}
        return await self.post(f"markets/{self.world.market_id}/fee-policies", "operator", body)

    async def charged(self, *names: str, **terms: Any) -> tuple[Lot, DealId]:
        """Return a deal of 730,000.00 yuan whose sides owe fees."""
        done(await self.enter())
        sold = await lot(self, *(names or ("buyer",)), **terms)
        return sold, await sell(self.session, self.world, sold, PRICE)

    async def charges(self, deal_id: DealId, role: str = "operator", **who: Any) -> list[Json]:
        items: list[Json] = done(await self.get(f"deals/{deal_id}/charges", role, **who))["items"]
        return items

    async def on_charge(
        self, deal_id: DealId, number: int, what: str, body: Json, role: str = "operator"
    ) -> httpx.Response:
        return await self.post(f"deals/{deal_id}/charges/{number}/{what}", role, body)

    async def programme(self, **changes: Any) -> Json:
        return done(await self.post("voucher-programmes", "operator", PROGRAMME | changes))

    async def voucher(
        self, programme: Json, number: str, holder: PartyId | None = None, face: str = "2000.00"
    ) -> httpx.Response:
        body = {
            "programme_id": programme["id"],
            "number": number,
            "holder_id": str(holder or self.world.buyer),
            "face": yuan(face),
        }
        return await self.post("vouchers", "operator", body)

    async def use(
        self, voucher: Json, what: str, body: Json | None = None, role: str = "operator"
    ) -> httpx.Response:
        return await self.post(f"vouchers/{voucher['id']}/{what}", role, body)

    async def reserve(
        self, voucher: Json, deal_id: DealId, number: int | None, amount: str | None = None
    ) -> httpx.Response:
        body = {
            "deal_id": str(deal_id),
            "charge_number": number,
            "amount": None if amount is None else yuan(amount),
        }
        return await self.use(voucher, "reservation", body, str(Role.BUYER_STAFF))
