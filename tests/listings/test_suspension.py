"""Suspended, resumed, withdrawn and terminated listings: their days, deposits and auctions."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.platform.reactions import count_failing
from app.shared.calendar import SHANGHAI
from tests.auctions.acts import events_of, move_to
from tests.auctions.handed import (
    MakePosted,
    bidding,
    end_disclosure,
    handed_over,
    posted,
    read,
)
from tests.auctions.lot import OPERATOR, SELLER, Lot, yuan
from tests.auctions.standby import check_books, check_proof, confirmed
from tests.eventually import eventually
from tests.listings.factories import Json, done, refusal
from tests.listings.posted import NAMES, Counter

__all__ = ["bidding", "posted"]

SUSPENSION: Json = {"reason": "权属争议待核实", "until": "2026-04-05T00:00:00+08:00"}
RESUMPTION: Json = {"reason": "权属争议已核实"}
TERMINATION: Json = {"reason": "专利权被宣告无效"}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_while_suspended_nobody_registers_and_deposits_are_still_booked(
    counter: Counter,
) -> None:
    """LS80"""
    listing = await counter.posted()
    qualified = await counter.qualified(listing)
    waiting = done(await counter.register(listing, counter.party("third_buyer")))
    await counter.world.at(counter.session, moment("2026-03-09T10:00:00+08:00"))
    path = f"listings/{listing['id']}"
    too_long = SUSPENSION | {"until": "2026-04-09T00:00:01+08:00"}
    told = refusal(
        await counter.post(f"{path}/suspension", "operator", too_long), 400, "suspension_too_long"
    )
    assert told["maximum"] == "2026-04-08T16:00:00+00:00"
    done(await counter.post(f"{path}/suspension", "operator", SUSPENSION))
    told = refusal(
        await counter.register(listing, counter.party("other_buyer")), 409, "registration_closed"
    )
    assert told["state"] == "suspended"
    done(await counter.qualify(waiting))
    done(await counter.pay(qualified, NAMES["buyer"]))
    # Its first end passes and nothing happens.
    first_end = moment("2026-03-18T00:00:00+08:00")
    await counter.to(first_end, listing)
    assert (await counter.read(listing))["status"] == "suspended"

    # Six days were disclosed, 3 to 8 March, so nine are left.
    await counter.world.at(counter.session, moment("2026-03-27T10:00:00+08:00"))
    done(await counter.post(f"{path}/resumption", "operator", RESUMPTION))
    resumed = await counter.read(listing)
    assert resumed["status"] == "disclosing"
    # Nine days end on Sunday 5 April, Qing Ming; Monday is off, so Tuesday is the last.
    assert resumed["disclosure_ends_at"] == "2026-04-07T16:00:00+00:00"
    # The same terms still hold, and the period of a deposit ends with the new disclosure.
    done(await counter.pay(waiting, NAMES["third_buyer"]))
    done(await counter.register(listing, counter.party("other_buyer")))
    kinds = done(await counter.get(f"{path}/notices"))["items"]
    assert [it["kind"] for it in kinds] == ["offer", "suspension", "resumption"]
    assert [it["number"][-3:] for it in kinds] == ["-N1", "-N2", "-N3"]


async def test_a_listing_is_withdrawn_at_its_sellers_cost_and_deposits_go_back(
    counter: Counter,
) -> None:
    """LS82"""
    listing = await counter.posted()
    paid = await counter.depositor(listing)
    await counter.end_disclosure(listing)
    body = {"reason": "改由本单位自行实施转化", "costs": yuan(3_200)}
    path = f"listings/{listing['id']}/withdrawal"
    done(await counter.post(path, "seller_staff", body))
    assert (await counter.read(listing))["status"] == "withdrawn"
    assert await counter.hold(paid) == "voided"
    await counter.due(listing, await counter.now() + timedelta(days=9))
    assert (await counter.read(listing))["status"] == "withdrawn"
    refusal(await counter.withdraw(paid), 409, "registration_bound")
    refusal(
        await counter.act(listing, "offer", "buyer", {"amount": yuan(620_000)}),
        409,
        "offer_not_invited",
    )


async def becomes(lot: Lot, status: str) -> dict[str, Any]:
    """Work until the auction has followed its listing."""

    async def reached() -> Any:
        await lot.run_worker()
        auction = await lot.auction()
        return auction if auction["status"] == status else None

    found: dict[str, Any] = await eventually(reached)
    return found


@pytest.mark.concurrency
async def test_an_auction_waits_with_its_suspended_listing_and_opens_as_announced(
    bidding: MakePosted,
) -> None:
    """LS81, AU93: nine hours behind the disclosure's new end, as it was before."""
    lot = await bidding(bidders=("buyer", "other_buyer"))
    path = f"/v1/listings/{lot.listing['id']}"
    await move_to(lot, moment("2026-03-09T10:00:00+08:00"))
    await lot.api.post(OPERATOR, f"{path}/suspension", SUSPENSION)
    await becomes(lot, "paused")
    await move_to(lot, moment("2026-03-27T10:00:00+08:00"))
    await lot.api.post(OPERATOR, f"{path}/resumption", RESUMPTION)
    resumed = await read(lot)
    opens_at = moment(resumed["opens_at"])
    assert opens_at.astimezone(SHANGHAI).isoformat() == "2026-04-08T09:00:00+08:00"
    paused = await eventually_announced(lot)
    assert moment(paused["pause"]["resumes_at"]) < opens_at
    await move_to(lot, opens_at - timedelta(seconds=1))
    assert (await lot.auction())["status"] == "scheduled"
    await move_to(lot, opens_at + timedelta(seconds=1))
    assert (await lot.auction())["status"] == "free"
    lot.opens_at = opens_at
    await confirmed(lot, ("buyer", 600_000), ("other_buyer", 620_000))
    await lot.listing_becomes("sold")
    await check_proof(lot)


async def eventually_announced(lot: Lot) -> dict[str, Any]:
    async def reached() -> Any:
        await lot.run_worker()
        auction = await lot.auction()
        known = auction["pause"] is not None and auction["pause"]["resumes_at"] is not None
        return auction if known else None

    found: dict[str, Any] = await eventually(reached)
    return found


@pytest.mark.concurrency
@pytest.mark.parametrize("how", ["withdrawal", "termination"])
async def test_the_auction_of_a_listing_that_ends_is_cancelled(
    bidding: MakePosted, how: str
) -> None:
    """LS82, AU94: and the cancelled auction does not end the listing a second time."""
    lot = await bidding(bidders=("buyer",))
    path = f"/v1/listings/{lot.listing['id']}"
    who, body = (SELLER, TERMINATION) if how == "withdrawal" else (OPERATOR, TERMINATION)
    await lot.api.post(who, f"{path}/{how}", body)
    await becomes(lot, "cancelled")
    await lot.run_worker()
    ended = {"withdrawal": "withdrawn", "termination": "terminated"}[how]
    assert (await read(lot))["status"] == ended
    assert [event["type"] for event in await events_of(lot)][-1] == "auction.cancelled"
    await check_books(lot)
    async with lot.database.transaction() as session:
        assert await count_failing(session) == 0


@pytest.mark.concurrency
async def test_a_draft_that_is_withdrawn_takes_its_auction_along_silently(
    bidding: MakePosted,
) -> None:
    """AU94"""
    lot = await bidding(published=False)
    await lot.api.post(SELLER, f"/v1/listings/{lot.listing['id']}/withdrawal", TERMINATION)

    async def dropped() -> bool:
        await lot.run_worker()
        return bool((await events_of(lot))[-1]["type"] == "auction.dropped")

    await eventually(dropped)
    assert all(event["public"] == {} for event in await events_of(lot))
    await move_to(lot, lot.opens_at + timedelta(days=1))
    assert [event["type"] for event in await events_of(lot)][-1] == "auction.dropped"


@pytest.mark.concurrency
async def test_a_listing_that_ends_after_the_hand_over_ends_its_auction(
    posted: MakePosted,
) -> None:
    """AU94: before the opening; from then on the bidders rely on it."""
    lot = await posted(bidders=("buyer", "other_buyer"))
    await end_disclosure(lot)
    lot = await handed_over(lot)
    path = f"/v1/listings/{lot.listing['id']}"
    await lot.api.post(SELLER, f"{path}/withdrawal", {**TERMINATION, "costs": yuan(3_200)})
    await becomes(lot, "cancelled")
    await lot.run_worker()
    assert (await read(lot))["status"] == "withdrawn"
    await check_books(lot)
