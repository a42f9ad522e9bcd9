"""Auctions over HTTP."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.auctions.repository import auctions as repository
from app.auctions.service.publish import bring_up_to
from app.auctions.vault import Vault
from app.demo.api import Who
from app.platform.access import Role
from app.platform.schema import encode_cursor
from app.platform.signing import key_set, verify
from tests.auctions.lot import OPERATOR, Lot, nothing_kept, yuan

MINUTE = timedelta(minutes=1)


@pytest.mark.concurrency
async def test_a_contested_lot_from_opening_to_confirmed_deal(own_lot: Lot) -> None:
    lot = own_lot  # reactions need committed events
    await lot.at(lot.opens_at + MINUTE)
    first = await lot.bid("buyer", 600_000)
    assert first.status_code == 201
    assert first.json()["phase"] == "free"
    assert (await lot.bid("other_buyer", 640_000)).status_code == 201
    await lot.at(lot.opens_at + timedelta(seconds=3660))
    timed = await lot.bid("buyer", 660_000)
    assert timed.json()["phase"] == "timed"
    await lot.at(lot.opens_at + timedelta(seconds=3660 + 121))
    late = await lot.bid("other_buyer", 680_000)
    assert (late.status_code, late.json()["code"]) == (409, "bid_after_close")
    await lot.run_worker()
    auction = await lot.auction()
    assert (auction["status"], auction["leading"]) == ("awarded", yuan(660_000))
    assert auction["minimum_next"] is None

    confirmed = await lot.api.post(OPERATOR, f"/v1/auctions/{lot.auction_id}/confirmation")
    assert confirmed["auction"]["status"] == "confirmed"
    await lot.listing_becomes("sold")
    deal = await lot.api.get(OPERATOR, f"/v1/deals/{confirmed['auction']['deal_id']}")
    assert deal["price"] == yuan(660_000)


@pytest.mark.parametrize(
    ("name", "amount", "status", "code", "told"),
    [
        ("other_buyer", 610_000, 400, "bid_too_low", {"minimum": yuan(620_000)}),
        (
            "other_buyer",
            630_000,
            400,
            "bid_off_step",
            {"accepted": [yuan(620_000), yuan(640_000)]},
        ),
        ("other_buyer", 720_000, 400, "bid_too_high", {"maximum": yuan(700_000)}),
        ("buyer", 620_000, 400, "self_overbid", {"leading": yuan(600_000)}),
        ("third_buyer", 620_000, 403, "bidder_not_qualified", {}),
    ],
)
async def test_a_refusal_names_the_reason_and_what_would_stand(
    lot: Lot, name: str, amount: int, status: int, code: str, told: dict[str, Any]
) -> None:
    await lot.at(lot.opens_at + MINUTE)
    assert (await lot.bid("buyer", 600_000)).status_code == 201
    refused = await lot.bid(name, amount)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert {field: refused.json()[field] for field in told} == told
    assert (await lot.auction())["leading"] == yuan(600_000)


async def test_a_bid_before_the_opening_is_told_when_to_come(lot: Lot) -> None:
    early = await lot.bid("buyer", 600_000)
    assert (early.status_code, early.json()["code"]) == (409, "auction_not_open")
    assert early.json()["opens_at"].startswith(lot.opens_at.strftime("%Y-%m-%d"))


async def test_a_repeated_key_bids_once_and_gets_the_same_receipt(lot: Lot) -> None:  # AU9
    await lot.at(lot.opens_at + MINUTE)
    first = await lot.bid("buyer", 600_000, key="tap-tap")
    again = await lot.bid("buyer", 600_000, key="tap-tap")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    other = await lot.bid("buyer", 620_000, key="tap-tap")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert (await lot.auction())["bid_count"] == 1


async def test_a_bid_without_a_key_is_refused(lot: Lot) -> None:
    path = f"/v1/auctions/{lot.auction_id}/bids"
    headers = lot.world.headers(Role.BUYER_STAFF)
    answer = await lot.api._client.post(path, json={"amount": yuan(600_000)}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


async def test_receipts_of_accepted_and_refused_bids_verify(lot: Lot) -> None:  # AU10
    await lot.at(lot.opens_at + MINUTE)
    accepted = (await lot.bid("buyer", 600_000)).json()
    refused = (await lot.bid("other_buyer", 600_000)).json()
    async with lot.database.transaction() as session:
        keys = await key_set(session)
    good, bad = verify(accepted["receipt"], keys), verify(refused["receipt"], keys)
    assert (good["accepted"], good["bid_id"]) == (True, accepted["bid_id"])
    assert (bad["accepted"], bad["refusal"]) == (False, "bid_too_low")
    assert bad["chain_version"] == good["chain_version"] + 1


@pytest.mark.concurrency
async def test_the_public_sees_codes_and_prices_and_no_party(own_lot: Lot) -> None:  # AU11
    lot = own_lot  # reactions need committed events
    await lot.at(lot.opens_at + MINUTE)
    await lot.announced()
    await lot.bid("buyer", 600_000)
    await lot.bid("other_buyer", 640_000)
    bids = await lot.api.get(None, f"/v1/auctions/{lot.auction_id}/bids?limit=1")
    assert [bid["amount"] for bid in bids["items"]] == [yuan(600_000)]
    rest = await lot.api.get(
        None, f"/v1/auctions/{lot.auction_id}/bids?limit=9&cursor={bids['next']}"
    )
    assert [bid["amount"] for bid in rest["items"]] == [yuan(640_000)]
    assert rest["next"] is None
    text = str(bids) + str(rest) + str(await lot.api.get(None, f"/v1/auctions/{lot.auction_id}"))
    for party in (lot.world.buyer, lot.world.other_buyer):
        assert str(party) not in text
    codes = {lot.registrations[name]["bidder_code"] for name in ("buyer", "other_buyer")}
    assert codes == {bids["items"][0]["bidder_code"], rest["items"][0]["bidder_code"]}


async def test_deadlines_decide_though_no_worker_ran(lot: Lot) -> None:  # AU6
    await lot.at(lot.opens_at + MINUTE)
    await lot.bid("buyer", 600_000)
    await lot.at(lot.opens_at + timedelta(hours=30))
    assert (await lot.auction())["status"] == "awarded"
    assert (await lot.bid("other_buyer", 620_000)).json()["code"] == "bid_after_close"
    confirmed = await lot.api.post(OPERATOR, f"/v1/auctions/{lot.auction_id}/confirmation")
    assert confirmed["auction"]["leading"] == yuan(600_000)


@pytest.mark.concurrency
async def test_a_lot_without_bids_fails_and_so_does_its_listing(own_lot: Lot) -> None:
    lot = own_lot  # reactions need committed events
    await lot.at(lot.opens_at + timedelta(hours=2))
    await lot.run_worker()
    assert (await lot.auction())["status"] == "failed"
    await lot.listing_becomes("failed")
    await nothing_kept(lot)  # LS16: nobody won, so every deposit goes back
    path = f"/v1/auctions/{lot.auction_id}/confirmation"
    refused = await lot.api.send("POST", OPERATOR, path)
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_refused")


async def test_an_unknown_auction_is_not_found_in_every_route(lot: Lot) -> None:
    for method, who, path in (
        ("GET", None, ""),
        ("GET", None, "/bids"),
        ("POST", Who(Role.BUYER_STAFF, "buyer"), "/bids"),
        ("POST", OPERATOR, "/confirmation"),
    ):
        unknown = "/v1/auctions/01890000-0000-7000-8000-000000000000" + path
        answer = await lot.api.send(method, who, unknown, {"amount": yuan(1)})
        assert answer.status_code == 404, (method, path)


async def test_confirmation_is_signed_and_given_once(lot: Lot) -> None:  # AU12
    await lot.at(lot.opens_at + MINUTE)
    await lot.bid("buyer", 600_000)
    await lot.at(lot.opens_at + timedelta(hours=2))
    path = f"/v1/auctions/{lot.auction_id}/confirmation"
    confirmed = await lot.api.post(OPERATOR, path, key="confirm")
    again = await lot.api.post(OPERATOR, path, key="confirm")
    assert again["confirmation"] == confirmed["confirmation"]
    twice = await lot.api.send("POST", OPERATOR, path)
    assert (twice.status_code, twice.json()["code"]) == (409, "transition_refused")
    async with lot.database.transaction() as session:
        document = verify(confirmed["confirmation"], await key_set(session))
    assert document["price"] == yuan(600_000)
    assert document["deal_id"] == confirmed["auction"]["deal_id"]


@pytest.mark.concurrency
async def test_a_confirmation_is_not_dated_before_the_end_of_the_bidding(own_lot: Lot) -> None:
    """AU12: it waits for the auction's row while the deadline passes."""
    await own_lot.at(own_lot.opens_at + MINUTE)
    assert (await own_lot.bid("buyer", 600_000)).status_code == 201
    ends_at = own_lot.opens_at + timedelta(hours=1)
    path = f"/v1/auctions/{own_lot.auction_id}/confirmation"
    async with own_lot.database.transaction() as session:
        auction = await repository.load(session, UUID(own_lot.auction_id), lock=True)
        await own_lot.at(ends_at - timedelta(seconds=1))
        asked = asyncio.create_task(own_lot.api.send("POST", own_lot.operator, path))
        await asyncio.sleep(0.7)
        assert not asked.done()
        await own_lot.at(ends_at + timedelta(seconds=1))
        await bring_up_to(session, Vault(own_lot.runtime.box), auction, await own_lot.now())
    answer = await asked
    assert answer.status_code == 200, answer.text
    assert datetime.fromisoformat(answer.json()["auction"]["confirmed_at"]) >= ends_at


@pytest.mark.parametrize("sequence", [3_000_000_000, -1])
async def test_a_cursor_of_the_bids_that_was_never_given_is_refused(
    lot: Lot, sequence: int
) -> None:
    path = f"/v1/auctions/{lot.auction_id}/bids?cursor={encode_cursor(sequence)}"
    answer = await lot.api.send("GET", OPERATOR, path)
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")
