"""Real commits at the same time: a posted listing's field has one outcome."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.listings.handlers import TIMERS
from app.listings.service.posting import JUDGE_FIELD
from app.platform import timers
from tests.auctions.handed import MakePosted, posted, read
from tests.auctions.lot import BUYERS, OPERATOR, Lot, buyer, yuan

__all__ = ["posted"]

pytestmark = pytest.mark.concurrency


async def qualified(lot: Lot, name: str = "buyer") -> dict[str, Any]:
    path = f"/v1/listings/{lot.listing['id']}/registrations"
    body = {"accepted_terms_hash": lot.listing["notice"]["content_hash"]}
    made = await lot.api.post(buyer(name), path, body)
    path = f"/v1/registrations/{made['id']}/qualification"
    decided: dict[str, Any] = await lot.api.post(OPERATOR, path, {"qualified": True})
    return decided


async def pay(lot: Lot, registration: dict[str, Any], received_at: datetime) -> httpx.Response:
    body = {
        "amount": yuan(120_000),
        "payer_name": BUYERS["buyer"],
        "bank_reference": "BZJ-0317-001",
        "received_at": received_at.isoformat(),
    }
    return await lot.api.send(
        "POST", OPERATOR, f"/v1/registrations/{registration['id']}/deposit", body
    )


async def due_timers(lot: Lot) -> None:
    while await timers.run_one(lot.database, lot.runtime.timer_handlers):
        pass


async def count(lot: Lot, kind: str) -> int:
    query = text("SELECT count(*) FROM journal_events WHERE type = :kind")
    async with lot.database.transaction() as session:
        return int(await session.scalar(query, {"kind": kind}) or 0)


@pytest.mark.parametrize("delay_ms", [0, 12])
async def test_a_deposit_booked_while_the_field_is_judged_counts_or_came_too_late(
    posted: MakePosted, delay_ms: int
) -> None:
    """LS73, LS75: either it is held and the buyer is asked, or nothing is and it has lapsed."""
    lot = await posted(mode="licence_exclusive", extensions=1)
    registration = await qualified(lot)
    ends_at = datetime.fromisoformat(lot.listing["disclosure_ends_at"])
    await lot.at(ends_at)
    await due_timers(lot)
    await lot.at(ends_at + timedelta(days=1))  # the last moment to book is over now

    async def book() -> httpx.Response:
        await asyncio.sleep(delay_ms / 1000)
        return await pay(lot, registration, ends_at - timedelta(hours=2))

    answer, *_ = await asyncio.gather(book(), due_timers(lot), due_timers(lot))
    lot.registrations["buyer"] = registration
    listing = await read(lot)
    asked = await lot.api.send("GET", OPERATOR, f"/v1/listings/{listing['id']}/offer")
    if answer.status_code == 200:
        assert (listing["status"], asked.status_code) == ("closed", 200)
        assert await count(lot, "listing.extended") == 0
    else:
        assert answer.json()["code"] == "transition_refused"
        assert (listing["status"], asked.status_code) == ("disclosing", 404)
        assert await count(lot, "listing.extended") == 1
        await check_books_empty(lot)


async def check_books_empty(lot: Lot) -> None:
    books = await lot.api.get(OPERATOR, "/v1/ledger/balance")
    assert books["balanced"]
    assert {line["debit"]["amount"] for line in books["lines"]} <= {"0.00"}


async def test_a_field_that_is_judged_by_several_at_once_has_one_outcome(
    posted: MakePosted,
) -> None:
    """LS75"""
    lot = await posted(mode="licence_exclusive", extensions=2)
    ends_at = datetime.fromisoformat(lot.listing["disclosure_ends_at"])
    await lot.at(ends_at)
    assert await timers.run_one(lot.database, lot.runtime.timer_handlers)  # it is closed now

    async def judge() -> None:
        async with lot.database.transaction() as session:
            await TIMERS[JUDGE_FIELD](session, UUID(lot.listing["id"]), ends_at)

    await asyncio.gather(*(judge() for _ in range(4)), due_timers(lot))
    listing = await read(lot)
    assert (listing["status"], listing["extensions_done"]) == ("disclosing", 1)
    assert await count(lot, "listing.extended") == 1


async def test_an_application_in_the_last_instant_is_in_the_field_or_refused(
    posted: MakePosted,
) -> None:
    """LS7, LS75"""
    lot = await posted(mode="licence_exclusive")
    ends_at = datetime.fromisoformat(lot.listing["disclosure_ends_at"])
    path = f"/v1/listings/{lot.listing['id']}/registrations"
    body = {"accepted_terms_hash": lot.listing["notice"]["content_hash"]}
    await lot.at(ends_at - timedelta(milliseconds=40))

    async def apply(name: str, delay_ms: int) -> int:
        await asyncio.sleep(delay_ms / 1000)
        return (await lot.api.send("POST", buyer(name), path, body)).status_code

    async def work() -> None:
        while (await read(lot))["status"] == "disclosing":
            await due_timers(lot)
        await due_timers(lot)

    *answers, _ = await asyncio.gather(
        apply("buyer", 0), apply("other_buyer", 25), apply("third_buyer", 60), work()
    )
    assert set(answers) <= {201, 409}
    waits = (await read(lot))["status"] == "closed"
    assert waits == (201 in answers)
    assert await count(lot, "registration.applied") == answers.count(201)


async def test_a_withdrawal_beside_the_price_leaves_one_of_them(posted: MakePosted) -> None:
    """LS72, LS77: bound by the price, or gone without the deposit; never both."""
    lot = await posted(
        mode="licence_exclusive", bidders=("buyer",), terms={"silent_forfeits": True}
    )
    ends_at = datetime.fromisoformat(lot.listing["disclosure_ends_at"])
    await lot.at(ends_at)
    await due_timers(lot)
    registration = lot.registrations["buyer"]
    offer, withdrawal = await asyncio.gather(
        lot.api.send(
            "POST",
            buyer("buyer"),
            f"/v1/listings/{lot.listing['id']}/offer",
            {"amount": yuan(620_000)},
        ),
        lot.api.send(
            "POST", buyer("buyer"), f"/v1/registrations/{registration['id']}/withdrawal", None
        ),
    )
    listing = await read(lot)
    if offer.status_code == 201:
        assert (withdrawal.status_code, listing["status"]) == (409, "awarded")
        assert await count(lot, "listing.awarded") == 1
    else:
        assert (offer.json()["code"], withdrawal.status_code) == ("offer_not_invited", 200)
        assert listing["status"] == "failed"


async def test_of_consortia_at_once_with_one_member_one_takes_part(posted: MakePosted) -> None:
    """LS83"""
    lot = await posted(mode="licence_exclusive", joint_purchase=True)
    path = f"/v1/listings/{lot.listing['id']}/registrations"
    body = {"accepted_terms_hash": lot.listing["notice"]["content_hash"]}
    member = {"members": [str(lot.world.other_buyer)]}
    answers = await asyncio.gather(
        lot.api.send("POST", buyer("buyer"), path, body | member),
        lot.api.send("POST", buyer("third_buyer"), path, body | member),
        lot.api.send("POST", buyer("other_buyer"), path, body),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    refused = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert set(refused) == {"member_taken"}


async def test_the_timer_that_waited_for_an_invitation_waits_for_the_price(
    posted: MakePosted,
) -> None:
    """LS75, LS77: a worker has the timer in hand while a deposit invites the single buyer."""
    lot = await posted(mode="licence_exclusive")
    registration = await qualified(lot)
    ends_at = datetime.fromisoformat(lot.listing["disclosure_ends_at"])
    await lot.at(ends_at)
    await due_timers(lot)
    await lot.at(ends_at + timedelta(days=1))
    listing_id = UUID(lot.listing["id"])
    async with lot.database.transaction() as session:
        due = await timers.claim_due(session)
        assert due is not None
        assert (due.kind, due.subject_id) == (JUDGE_FIELD, listing_id)
        # The request has the listing; the worker's handler comes behind it.
        (await pay(lot, registration, ends_at - timedelta(hours=2))).raise_for_status()
        assert await timers.handle(session, due, lot.runtime.timer_handlers)
    assert await count(lot, "registration.price_asked") == 1
    async with lot.database.transaction() as session:
        query = text("SELECT due_at FROM timers WHERE kind = :kind AND subject_id = :id")
        due_at = await session.scalar(query, {"kind": JUDGE_FIELD, "id": listing_id})
    assert due_at is not None
    await lot.at(due_at)
    await due_timers(lot)
    assert (await read(lot))["status"] == "failed"
