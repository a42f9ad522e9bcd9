"""Real commits at the same time: one registration a party, one open listing, distinct codes."""

import asyncio
import itertools
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.listings.public import attach_bidding, depositors
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.shared.ids import AuctionId, ListingId, new_id
from tests.listings.factories import (
    BIDDING,
    Json,
    achievement_body,
    done,
    listing_body,
    yuan,
)
from tests.world import World

pytestmark = pytest.mark.concurrency


class Counter:
    """The API with real commits."""

    def __init__(self, client: httpx.AsyncClient, world: World, database: Database) -> None:
        self.client, self.world, self.database = client, world, database

    async def post(self, path: str, role: str, body: Json | None, **who: Any) -> httpx.Response:
        headers = self.world.headers(role, **who) | {"Idempotency-Key": str(new_id())}
        return await self.client.post(f"/v1/{path}", json=body, headers=headers)

    async def accepted(self) -> str:
        made = done(await self.post("achievements", "seller_staff", achievement_body()))
        path = f"achievements/{made['id']}/review"
        done(await self.post(path, "operator", {"accepted": True}))
        return str(made["id"])

    async def ready(self, achievement_id: str) -> str:
        body = listing_body(achievement_id)
        draft = done(await self.post("listings", "seller_staff", body))
        async with self.database.transaction() as session:
            now = await market_now(session, self.world.market_id)
            await attach_bidding(
                session,
                listing_id=ListingId(UUID(draft["id"])),
                auction_id=AuctionId(new_id()),
                opens_at=now + timedelta(days=20),
                terms=BIDDING,
                now=now,
                actor=self.world.actor(Role.OPERATOR),
            )
        return str(draft["id"])

    async def publish(self, listing_id: str) -> httpx.Response:
        return await self.post(f"listings/{listing_id}/notice", "operator", None)

    async def register(self, listing: Json, **who: Any) -> httpx.Response:
        body = {"accepted_terms_hash": listing["notice"]["content_hash"]}
        return await self.post(
            f"listings/{listing['id']}/registrations", "buyer_staff", body, **who
        )


@pytest.fixture
async def counter(own_client: httpx.AsyncClient, own_world: World, database: Database) -> Counter:
    async def connect() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT pg_sleep(0.05)"))

    # A pool that still had to connect would let the first request pass before the others come.
    await asyncio.gather(*(connect() for _ in range(12)))
    return Counter(own_client, own_world, database)


async def statuses(*calls: Awaitable[httpx.Response]) -> list[int]:
    return sorted(response.status_code for response in await asyncio.gather(*calls))


async def test_of_ten_simultaneous_registrations_of_a_party_one_takes_effect(
    counter: Counter,
) -> None:
    """LS8"""
    listing = done(await counter.publish(await counter.ready(await counter.accepted())))
    assert await statuses(*(counter.register(listing) for _ in range(10))) == [201] + [409] * 9
    async with counter.database.transaction() as session:
        kept = await session.scalar(text("SELECT count(*) FROM registrations"))
        told = await session.scalar(
            text("SELECT count(*) FROM journal_events WHERE type = 'registration.applied'")
        )
    assert (kept, told) == (1, 1)


async def test_of_listings_published_at_once_one_offers_the_achievement(
    counter: Counter,
) -> None:
    """LS13"""
    achievement_id = await counter.accepted()
    drafts = [await counter.ready(achievement_id) for _ in range(5)]
    assert await statuses(*(counter.publish(draft) for draft in drafts)) == [201] + [409] * 4


async def test_one_listing_published_by_many_at_once_has_one_notice(counter: Counter) -> None:
    """LS3"""
    draft = await counter.ready(await counter.accepted())
    assert await statuses(*(counter.publish(draft) for _ in range(6))) == [201] + [409] * 5


async def test_deposits_at_once_are_each_held_once_and_one_transfer_pays_one(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LS10, LS12, LS14"""
    # Drawn anew the same numbers come again: without the listing's lock two would share a code.
    drawn = (number // 4 for number in itertools.count())
    monkeypatch.setattr("app.listings.service.depositing.secrets.randbelow", lambda _: next(drawn))
    listing = done(await counter.publish(await counter.ready(await counter.accepted())))
    world = counter.world
    names = {
        world.buyer: "西溪智造有限公司",
        world.other_buyer: "南湖机电有限公司",
        world.third_buyer: "甬江生物有限公司",
    }
    calls = []
    for party_id, name in names.items():
        registration = done(await counter.register(listing, party_id=party_id))
        path = f"registrations/{registration['id']}"
        done(await counter.post(f"{path}/qualification", "operator", {"qualified": True}))
        # The first two come with one bank reference; every deposit is sent twice.
        reference = "CCB-3" if party_id == world.third_buyer else "ICBC-1"
        body = {
            "amount": yuan("120000.00"),
            "payer_name": name,
            "bank_reference": reference,
            "received_at": listing["published_at"],
        }
        calls += [counter.post(f"{path}/deposit", "operator", body) for _ in range(2)]
    assert await statuses(*calls) == [200, 200, 409, 409, 409, 409]
    async with counter.database.transaction() as session:
        found = await depositors(session, ListingId(UUID(listing["id"])), None)
        holds = await session.scalar(text("SELECT count(*) FROM holds WHERE state = 'held'"))
    assert len(found) == holds == 2
    assert world.third_buyer in found
    assert len({registration.bidder_code for registration in found.values()}) == 2


async def test_of_relatives_that_qualify_at_once_each_pair_is_flagged_once(
    counter: Counter,
) -> None:
    """LS19"""
    listing = done(await counter.publish(await counter.ready(await counter.accepted())))
    world = counter.world
    parties = [world.buyer, world.other_buyer, world.third_buyer]
    async with counter.database.transaction() as session:
        await session.execute(text("UPDATE parties SET representative = '同一人'"))
        # The seller must stay a stranger.
        await session.execute(
            text("UPDATE parties SET representative = NULL WHERE id = :id"), {"id": world.seller}
        )
    calls = []
    for party_id in parties:
        registration = done(await counter.register(listing, party_id=party_id))
        path = f"registrations/{registration['id']}/qualification"
        calls.append(counter.post(path, "operator", {"qualified": True}))
    assert await statuses(*calls) == [200, 200, 200]
    async with counter.database.transaction() as session:
        told = await session.scalars(
            text(
                "SELECT jsonb_array_length(restricted->'shared_control') FROM journal_events"
                " WHERE type = 'registration.flagged'"
            )
        )
    # The first sees nobody, the second the first, the third both.
    assert sorted(told) == [1, 2]
