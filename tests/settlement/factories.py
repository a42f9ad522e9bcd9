"""A listing whose auction is over, ready to be sold, and the steps of its deal."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Role
from app.platform.clock import market_now
from app.settlement import public as settlement
from app.shared.ids import DealId, ListingId, PartyId, RegistrationId, new_id
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, yuan
from tests.world import World

FLOOR = Money.parse("600000.00")
DEPOSIT = Money.parse("120000.00")
BUYER_NAME = "西溪智造有限公司"
NAMES = {"buyer": BUYER_NAME, "other_buyer": "南湖机电有限公司", "third_buyer": "甬江生物有限公司"}

CONTRACT: Json = {
    "project_name": None,
    "contract_type": "transfer_patent",
    "technology_amount": yuan("700000.00"),
    "signed_on": "2026-03-23",
    "starts_on": "2026-03-23",
    "ends_on": "2027-03-22",
    "payment_mode": "lump_sum",
    "plan_source": None,
    "social_economic_objective": "industry_commerce",
    "ip_kind": None,
    "related_party": False,
    "in_writing": True,
    "patent_ends_on": None,
    "buyer_is_transfer_institution": False,
    "buyer_is_rd_institution": None,
    "buyer_is_converted_institute": None,
}


@dataclass(frozen=True, slots=True)
class Lot:
    """A listing after its disclosure, with its depositors' registrations by party."""

    listing_id: ListingId
    registrations: dict[PartyId, RegistrationId]


async def deposit(desk: Desk, listing: Json, *names: str) -> dict[PartyId, RegistrationId]:
    """Register, qualify and deposit the world's parties of these names."""
    registrations = {}
    for name in names:
        party_id: PartyId = getattr(desk.world, name)
        registration = await desk.qualified(listing, party_id)
        done(await desk.pay(registration, NAMES[name]))
        registrations[party_id] = RegistrationId(UUID(registration["id"]))
    return registrations


async def lot(desk: Desk, *names: str, achievement: Json | None = None, **terms: Any) -> Lot:
    """Publish a listing, take deposits of the named parties, let the disclosure end."""
    listing = await desk.published(achievement, **terms)
    registrations = await deposit(desk, listing, *names)
    await desk.world.later(desk.session, days=21)
    return Lot(ListingId(UUID(listing["id"])), registrations)


async def sell(
    session: AsyncSession,
    world: World,
    sold: Lot,
    price: Money,
    buyer_id: PartyId | None = None,
    standby: Collection[PartyId] = (),
) -> DealId:
    """Open the deal of a lot."""
    buyer = buyer_id or world.buyer
    return await settlement.open_deal(
        session,
        listing_id=sold.listing_id,
        buyer_id=buyer,
        registration_id=sold.registrations.get(buyer, RegistrationId(new_id())),
        price=price,
        source="auction",
        source_id=UUID(int=7),
        confirmed_at=await market_now(session, world.market_id),
        actor=world.actor(Role.OPERATOR),
        standby=frozenset(standby),
    )


@dataclass(frozen=True, slots=True)
class Counter:
    """The settlement counter over HTTP."""

    client: httpx.AsyncClient
    world: World
    session: AsyncSession

    async def get(self, path: str, role: str = "operator", **who: Any) -> httpx.Response:
        return await self.client.get(f"/v1/{path}", headers=self.world.headers(role, **who))

    async def pay(
        self, deal_id: UUID, text: str, role: str = "operator", **changes: Any
    ) -> httpx.Response:
        now = await market_now(self.session, self.world.market_id)
        body = {
            "amount": yuan(text),
            "payer_name": BUYER_NAME,
            "bank_reference": str(new_id()),
            "received_at": (now - timedelta(minutes=1)).isoformat(),
        } | changes
        return await self.client.post(
            f"/v1/deals/{deal_id}/payments",
            json=body,
            headers=self.world.headers(role) | {"Idempotency-Key": str(new_id())},
        )

    async def act(
        self, deal_id: UUID, what: str, body: Json, role: str = "operator", **who: Any
    ) -> httpx.Response:
        """POST to one of a deal's acts under a key of its own."""
        return await self.client.post(
            f"/v1/deals/{deal_id}/{what}",
            json=body,
            headers=self.world.headers(role, **who) | {"Idempotency-Key": str(new_id())},
        )

    async def fix(
        self,
        deal_id: UUID,
        version: int | None,
        role: str = "seller_staff",
        who: PartyId | None = None,
        **changes: Any,
    ) -> httpx.Response:
        seen = {} if version is None else {"If-Match": f'"{version}"'}
        return await self.client.put(
            f"/v1/deals/{deal_id}/contract",
            json=CONTRACT | changes,
            headers=self.world.headers(role, who) | seen,
        )
