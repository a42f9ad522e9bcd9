"""A lot with a winner and bidders on standby, what happens to it, and where the money is."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from app.auctions.proof.verify import verify
from app.demo.api import Who
from app.demo.steps import become_bidder, draft_listing
from app.ledger import public as ledger
from app.platform.runtime import Runtime
from app.shared.ids import DealId, HoldId
from app.shared.money import Money
from tests.auctions.acts import act, code_of, done, offer
from tests.auctions.lot import BUYERS, OPERATOR, SELLER, Lot, buyer, make_lot, yuan
from tests.eventually import eventually
from tests.world import START, World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THREE = ("buyer", "other_buyer", "third_buyer")
DEPOSIT: Final = 120_000
BIDS: Final = (("third_buyer", 600_000), ("other_buyer", 620_000), ("buyer", 640_000))
REFUSED: Final = {"ground": "受让方书面拒绝签约", "refused": True}

MakeLot = Callable[..., Awaitable[Lot]]


@pytest.fixture
def lots(own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient) -> MakeLot:
    """Make a lot of some terms at its opening, with real commits."""

    async def make(
        *, secret: int | None = None, holders: tuple[str, ...] = (), **terms: Any
    ) -> Lot:
        given = {"standby_count": 2, **terms}
        lot = await make_lot(own_world, own_runtime, own_client, bidders=THREE, terms=given)
        await lot.announced()
        if secret is not None:
            await done(lot, "reserve", {"amount": yuan(secret)}, who=SELLER)
        if holders:
            await lot.at(lot.opens_at - 4 * DAY)
        for rank, name in enumerate(holders, start=1):
            party_id = str(getattr(own_world, name))
            right = {"party_id": party_id, "rank": rank, "basis": "民法典 847"}
            await done(lot, "priority-holders", right)
        await lot.at(lot.opens_at + timedelta(minutes=1))
        await lot.run_worker()
        return lot

    return make


async def awarded(lot: Lot, *bids: tuple[str, int]) -> None:
    """Place bids and let the bidding end."""
    for name, amount in bids or BIDS:
        answer = await offer(lot, name, amount)
        assert answer.status_code == 201, answer.text
    await lot.at(lot.opens_at + 3 * HOUR)
    await lot.run_worker()


async def confirmed(lot: Lot, *bids: tuple[str, int]) -> str:
    """Bid, end and confirm; return the deal's id."""
    await awarded(lot, *bids)
    deal_id: str = (await done(lot, "confirmation"))["auction"]["deal_id"]
    await lot.run_worker()
    return deal_id


async def default(lot: Lot, body: dict[str, Any] | None = None) -> None:
    """Let the present buyer default, by its written refusal at least, and the exchange react."""
    deal_id = (await lot.auction())["deal_id"]
    await lot.api.post(OPERATOR, f"/v1/deals/{deal_id}/default", body or REFUSED)
    await becomes(lot, deal_id, "defaulted")


async def sign(lot: Lot) -> None:
    """Let the present deal be signed, and the exchange react."""
    deal_id = (await lot.auction())["deal_id"]
    body = {"signed_at": (await lot.now()).isoformat()}
    await lot.api.post(OPERATOR, f"/v1/deals/{deal_id}/signing", body)
    await becomes(lot, deal_id, "signed")


async def becomes(lot: Lot, deal_id: str, outcome: str) -> None:
    """Work until the queue knows; other tests' open transactions hold the feed."""

    async def known() -> bool:
        await lot.run_worker()
        rows = await awards(lot)
        return [it["outcome"] for it in rows if it["deal_id"] == deal_id] == [outcome]

    await eventually(known)


async def answer(lot: Lot, name: str, *, accept: bool, key: str | None = None) -> httpx.Response:
    """Let a standby bidder answer."""
    return await act(lot, "standby-answer", {"accept": accept}, who=buyer(name), key=key)


async def awards(lot: Lot, who: Who | None = OPERATOR) -> list[dict[str, Any]]:
    """Return the queue as somebody sees it."""
    items: list[dict[str, Any]] = (await lot.api.get(who, f"/v1/auctions/{lot.auction_id}/awards"))[
        "items"
    ]
    return items


async def outcomes(lot: Lot) -> dict[str, str]:
    """Return what became of each bidder in the queue, in its order."""
    names = {code_of(lot, name): name for name in lot.registrations}
    return {names[it["bidder_code"]]: it["outcome"] for it in await awards(lot)}


async def told_prices(lot: Lot, number: int) -> list[dict[str, Any]]:
    """Return the market's lots of the price statistics, once so many are told of, in order."""
    path = f"/v1/insight/prices/lots?market_id={lot.listing['market_id']}"
    found: list[dict[str, Any]] = []

    async def known() -> bool:
        await lot.run_worker()
        found[:] = (await lot.api.get(None, path))["items"]
        return len(found) == number

    await eventually(known)
    return found[::-1]


async def deposits(lot: Lot) -> dict[str, str]:
    """Return the state of each bidder's deposit."""
    async with lot.database.transaction() as session:
        return {
            name: str((await ledger.get_hold(session, HoldId(UUID(it["id"])))).state)
            for name, it in lot.registrations.items()
        }


async def check_books(lot: Lot, *, forfeited: int = 0, held: int = 0, escrow: int = 0) -> None:
    """Compare the market's books, in yuan: all else has been ordered back at the bank.

    The books balance, and the bank has exactly what is owed to somebody.
    """
    books = await lot.api.get(OPERATOR, "/v1/ledger/balance")
    assert books["balanced"]
    debit = {line["purpose"]: Money.parse(**_plain(line["debit"])) for line in books["lines"]}
    expected = {"forfeited": -forfeited, "held": -held, "escrow": -escrow, "funds": 0}
    expected["bank"] = forfeited + held + escrow
    none = Money(0)
    for purpose, amount in expected.items():
        on_its_way = -debit.get("outgoing", none) if purpose == "bank" else none
        assert debit.get(purpose, none) == Money.parse(f"{amount}.00") + on_its_way, purpose
    async with lot.database.transaction() as session:
        market_id = lot.world.market_id
        for name in lot.registrations:
            party_id = getattr(lot.world, name)
            funds = await ledger.funds_of(session, market_id=market_id, party_id=party_id)
            assert funds == none, name
        deal_id = (await lot.auction())["deal_id"]
        if deal_id is not None:
            kept = await ledger.escrow_of(
                session, market_id=market_id, deal_id=DealId(UUID(deal_id))
            )
            assert kept == Money.parse(f"{escrow}.00")


def _plain(told: dict[str, str]) -> dict[str, str]:
    return {"text": told["amount"], "currency": told["currency"]}


async def check_proof(lot: Lot) -> None:
    """Verify the auction's public proof; it ends as the auction stands."""
    bundle = await lot.api.get(None, f"/v1/auctions/{lot.auction_id}/proof?audience=public")
    keys = await lot.api.get(None, "/.well-known/jwks.json")
    report = verify(bundle, keys=keys, receipts=[])
    auction = await lot.auction()
    told = report.result["status"], report.result["bidder_code"], report.result["price"]
    assert told == (auction["status"], auction["leader_code"], auction["leading"])


async def draft_again(lot: Lot, start: int) -> dict[str, Any]:
    """Draft another listing of the same achievement."""
    return await draft_listing(
        lot.api,
        SELLER,
        achievement_id=lot.listing["achievement_id"],
        conversion_mode=lot.listing["conversion_mode"],
        start=yuan(start),
        deposit=yuan(DEPOSIT),
        session_id=None,
    )


def bidding_of(draft: dict[str, Any], start: int, rerun_of: str | None) -> dict[str, Any]:
    """Return what creates the auction of a draft."""
    opens_at = datetime.fromisoformat(draft["earliest_opening"]) + 9 * HOUR
    return {
        "listing_id": draft["id"],
        "opens_at": opens_at.isoformat(),
        "rerun_of": rerun_of,
        "terms": {
            "format": "multiple_bids",
            "start": yuan(start),
            "step": yuan(20_000),
            "free_phase_s": 3600,
            "window_s": 120,
            "standby_count": 1,
        },
    }


async def rerun(lot: Lot, start: int, *bidders: str) -> Lot:
    """Publish the re-run of a lot whose winner defaulted; it is disclosed now."""
    draft = await draft_again(lot, start)
    auction = await lot.api.post(OPERATOR, "/v1/auctions", bidding_of(draft, start, lot.auction_id))
    assert auction["rerun_of"] == lot.auction_id
    listing = await lot.api.post(OPERATOR, f"/v1/listings/{draft['id']}/notice")
    again = replace(
        lot,
        auction_id=auction["id"],
        listing=listing,
        opens_at=datetime.fromisoformat(auction["opens_at"]),
        registrations={},
    )
    for name in bidders:
        again.registrations[name] = await become_bidder(
            lot.api,
            buyer(name),
            OPERATOR,
            listing,
            name=BUYERS[name],
            received_at=START.isoformat(),
        )
    return again
