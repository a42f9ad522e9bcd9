"""Posted listings with real commits, brought to the auction that their plan announced."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from app.demo.market import content, records
from app.demo.steps import (
    BUYER_CONDITIONS,
    CONTRACT_TERMS,
    FORFEITURE_TERMS,
    PAYMENT_TERMS,
    accept_achievement,
    become_bidder,
    draft_listing,
)
from app.platform import reactions
from app.platform.runtime import Runtime
from tests.auctions.acts import move_to
from tests.auctions.lot import BUYERS, OPERATOR, SELLER, Lot, api_of, buyer, yuan
from tests.eventually import eventually
from tests.world import START, World

TERMS: Final[dict[str, Any]] = {
    "format": "multiple_bids",
    "start": yuan(600_000),
    "step": yuan(20_000),
    "free_phase_s": 3600,
    "window_s": 120,
    "priority_mode": "after",
    "priority_window_s": 3600,
}
MakePosted = Callable[..., Awaitable[Lot]]


async def make_posted(
    world: World,
    runtime: Runtime,
    client: httpx.AsyncClient,
    *,
    bidders: Sequence[str] = (),
    mode: str = "transfer",
    holders: Sequence[str] = (),
    terms: dict[str, Any] | None = None,
    **listing: Any,
) -> Lot:
    """Publish a posted listing with its depositors; it has no auction yet."""
    api = api_of(world, client)
    await reactions.register(runtime.database, runtime.reactions)
    body = content(records("achievements")[0], "owner") | {
        "conversion_modes": ["transfer", "licence_exclusive"]
    }
    achievement_id = await accept_achievement(api, SELLER, OPERATOR, body)
    draft = await api.post(
        SELLER,
        "/v1/listings",
        {
            "achievement_id": achievement_id,
            "pricing_mode": "posted",
            "conversion_mode": mode,
            "floor": yuan(600_000),
            "base_price": yuan(600_000),
            "deposit": yuan(120_000),
            "contract_terms": CONTRACT_TERMS,
            "payment_terms": PAYMENT_TERMS,
            "buyer_conditions": BUYER_CONDITIONS,
            "forfeiture_terms": FORFEITURE_TERMS,
        }
        | listing,
    )
    path = f"/v1/listings/{draft['id']}"
    plan = {"terms": TERMS | (terms or {}), "opens_after": 3, "opening_hour": 10}
    await api.post(OPERATOR, f"{path}/bidding-plan", plan)
    for rank, name in enumerate(holders, start=1):
        right = {"party_id": str(getattr(world, name)), "basis": "completer", "rank": rank}
        await api.post(OPERATOR, f"{path}/priority-holders", right)
    if mode == "transfer" and not holders:
        statement = {"reference": "放弃优先受让权声明", "signed_on": "2026-02-27"}
        await api.post(OPERATOR, f"{path}/priority-statement", statement)
    published = await api.post(OPERATOR, f"{path}/notice")
    lot = Lot(world, runtime.database, runtime, api, "", published, START)
    await join(lot, *bidders)
    return lot


async def make_bidding(
    world: World,
    runtime: Runtime,
    client: httpx.AsyncClient,
    *,
    bidders: Sequence[str] = (),
    published: bool = True,
) -> Lot:
    """Publish a listing by bidding with its depositors; it is disclosed now."""
    api = api_of(world, client)
    await reactions.register(runtime.database, runtime.reactions)
    body = content(records("achievements")[0], "owner")
    achievement_id = await accept_achievement(api, SELLER, OPERATOR, body)
    draft = await draft_listing(
        api,
        SELLER,
        achievement_id=achievement_id,
        conversion_mode=body["conversion_modes"][0],
        start=yuan(600_000),
        deposit=yuan(120_000),
        session_id=None,
    )
    opens_at = datetime.fromisoformat(draft["earliest_opening"]) + timedelta(hours=9)
    terms = TERMS | {"priority_mode": "none", "priority_window_s": None}
    auction = {"listing_id": draft["id"], "opens_at": opens_at.isoformat(), "terms": terms}
    created = await api.post(OPERATOR, "/v1/auctions", auction)
    lot = Lot(world, runtime.database, runtime, api, created["id"], draft, opens_at)
    if not published:
        return lot
    lot.listing = await api.post(OPERATOR, f"/v1/listings/{draft['id']}/notice")
    await join(lot, *bidders)
    return lot


async def join(lot: Lot, *names: str) -> None:
    """Let buyers register, qualify and pay now."""
    for name in names:
        lot.registrations[name] = await become_bidder(
            lot.api,
            buyer(name),
            OPERATOR,
            lot.listing,
            name=BUYERS[name],
            received_at=(await lot.now()).isoformat(),
        )


@pytest.fixture
def bidding(own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient) -> MakePosted:
    """Publish listings by bidding, with real commits."""

    async def make(**given: Any) -> Lot:
        return await make_bidding(own_world, own_runtime, own_client, **given)

    return make


@pytest.fixture
def posted(own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient) -> MakePosted:
    """Publish posted listings, with real commits."""

    async def make(**given: Any) -> Lot:
        return await make_posted(own_world, own_runtime, own_client, **given)

    return make


async def read(lot: Lot) -> dict[str, Any]:
    """Return the listing as everybody reads it."""
    listing: dict[str, Any] = await lot.api.get(OPERATOR, f"/v1/listings/{lot.listing['id']}")
    return listing


async def end_disclosure(lot: Lot) -> datetime:
    """Move the sandbox's clock to the disclosure's end; all that follows happens."""
    ends_at = datetime.fromisoformat((await read(lot))["disclosure_ends_at"])
    await move_to(lot, ends_at)
    await lot.run_worker()
    return ends_at


async def handed_over(lot: Lot) -> Lot:
    """Work until the listing has its auction; return the lot with it."""

    async def attached() -> Any:
        await lot.run_worker()
        listing = await read(lot)
        return listing if listing["auction_id"] is not None else None

    listing = await eventually(attached)
    opens_at = datetime.fromisoformat(listing["opens_at"])
    return replace(lot, auction_id=listing["auction_id"], listing=listing, opens_at=opens_at)
