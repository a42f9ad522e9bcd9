"""An open lot, made through the API as users would, and ways to bid on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import httpx

from app.demo.api import Api, Who
from app.demo.market import content, records
from app.demo.steps import accept_achievement, become_bidder, draft_listing, publish
from app.platform import reactions, timers
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.journal import JournalEvent, history
from app.platform.runtime import Runtime
from app.shared.ids import MarketId
from app.shared.money import Money
from tests.eventually import eventually
from tests.world import START, World

BUYERS = {
    "buyer": "西溪智造有限公司",
    "other_buyer": "南湖机电有限公司",
    "third_buyer": "甬江生物有限公司",
}
OPERATOR = Who(Role.OPERATOR, "operator")
SELLER = Who(Role.SELLER_STAFF, "seller")


def yuan(amount: float | int | str) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "CNY"}


def buyer(name: str) -> Who:
    return Who(Role.BUYER_STAFF, name)


@dataclass
class Lot:
    """A lot with its bidders; the market's clock stands where the test puts it."""

    world: World
    database: Database
    runtime: Runtime
    api: Api
    auction_id: str
    listing: dict[str, Any]
    opens_at: datetime
    operator: Who = OPERATOR
    registrations: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def at(self, moment: datetime) -> None:
        """Set the market's clock."""
        async with self.database.transaction() as session:
            await self.world.at(session, moment, MarketId(UUID(self.listing["market_id"])))

    async def now(self) -> datetime:
        async with self.database.transaction() as session:
            return await market_now(session, self.world.market_id)

    async def bid(self, name: str, amount: int, *, key: str | None = None) -> httpx.Response:
        path = f"/v1/auctions/{self.auction_id}/bids"
        return await self.api.send("POST", buyer(name), path, {"amount": yuan(amount)}, key=key)

    async def auction(self) -> Any:
        return await self.api.get(self.operator, f"/v1/auctions/{self.auction_id}")

    async def journal(self) -> Sequence[JournalEvent]:
        """Return the auction's events in order."""
        async with self.database.transaction() as session:
            return await history(session, UUID(self.auction_id))

    async def run_worker(self) -> None:
        """Do what a worker would do now: all due timers and what reactions can see."""
        busy = True
        while busy:
            busy = await timers.run_one(self.database, self.runtime.timer_handlers)
            for reaction in await reactions.due(self.database, self.runtime.reactions):
                busy = await reactions.run_one(self.database, reaction) or busy

    async def listing_becomes(self, status: str) -> None:
        """Work until the listing has reacted; other tests' open transactions hold the feed."""

        async def reacted() -> bool:
            await self.run_worker()
            listing = await self.api.get(self.operator, f"/v1/listings/{self.listing['id']}")
            return bool(listing["status"] == status)

        await eventually(reacted)

    async def announced(self) -> None:
        """Work until the public sees the auction."""

        async def shown() -> bool:
            await self.run_worker()
            path = f"/v1/auctions/{self.auction_id}"
            return (await self.api.send("GET", None, path)).status_code == 200

        await eventually(shown)


async def nothing_kept(lot: Lot) -> None:
    """Check that the market keeps nobody's money: what came in is on its way back."""
    books = await lot.api.get(lot.operator, "/v1/ledger/balance")
    assert books["balanced"]
    debits = {line["purpose"]: Money.parse(line["debit"]["amount"]) for line in books["lines"]}
    assert debits.pop("bank", Money(0)) + debits.pop("outgoing", Money(0)) == Money(0)
    assert set(debits.values()) <= {Money(0)}


def api_of(world: World, client: httpx.AsyncClient, market: Literal["own", "other"] = "own") -> Api:
    """Return a client that speaks for everybody in a market."""
    return Api(client, lambda who: world.headers(who.role, getattr(world, who.party_key), market))


async def make_lot(
    world: World,
    runtime: Runtime,
    client: httpx.AsyncClient,
    *,
    bidders: Sequence[str] = ("buyer", "other_buyer"),
    terms: dict[str, Any] | None = None,
    market: Literal["own", "other"] = "own",
) -> Lot:
    """Bring a lot from its achievement to the moment of its opening."""
    api = api_of(world, client, market)
    suffix = "" if market == "own" else "_elsewhere"
    seller, operator = (Who(who.role, who.party_key + suffix) for who in (SELLER, OPERATOR))
    await reactions.register(runtime.database, runtime.reactions)
    body = content(records("achievements")[0], "owner")
    achievement_id = await accept_achievement(api, seller, operator, body)
    draft = await draft_listing(
        api,
        seller,
        achievement_id=achievement_id,
        conversion_mode=body["conversion_modes"][0],
        start=yuan(600_000),
        deposit=yuan(120_000),
        session_id=None,
    )
    opens_at = datetime.fromisoformat(draft["earliest_opening"]) + timedelta(hours=9)
    all_terms = {
        "format": "multiple_bids",
        "start": yuan(600_000),
        "step": yuan(20_000),
        "steps_max": 5,
        "free_phase_s": 3600,
        "window_s": 120,
        **(terms or {}),
    }
    auction_id, listing = await publish(
        api, operator, draft, opens_at=opens_at.isoformat(), terms=all_terms
    )
    lot = Lot(world, runtime.database, runtime, api, auction_id, listing, opens_at, operator)
    for name in bidders:
        lot.registrations[name] = await become_bidder(
            api,
            buyer(name + suffix),
            operator,
            listing,
            name=BUYERS[name],
            received_at=START.isoformat(),
        )
    await lot.at(opens_at - timedelta(minutes=5))
    await lot.run_worker()
    return lot
