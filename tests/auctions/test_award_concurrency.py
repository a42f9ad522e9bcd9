"""Real commits: answers beside answers, the deadline, a default, an annulment."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from app.platform import timers
from tests.auctions.acts import act, code_of, events_of
from tests.auctions.lot import OPERATOR, Lot
from tests.auctions.standby import (
    DEPOSIT,
    REFUSED,
    MakeLot,
    answer,
    awarded,
    awards,
    becomes,
    check_books,
    check_proof,
    confirmed,
    default,
    deposits,
    lots,
    outcomes,
)

__all__ = ["lots"]

pytestmark = pytest.mark.concurrency


async def offering(lots: MakeLot) -> Lot:
    """A lot whose second bidder is asked."""
    lot = await lots()
    await confirmed(lot)
    await default(lot)
    return lot


async def at_once(*acts: Awaitable[httpx.Response]) -> Counter[object]:
    """Send all at once; count the answers."""
    told = await asyncio.gather(*acts)
    return Counter(it.json().get("code", it.status_code) for it in told)


async def told_of(lot: Lot, *types: str) -> list[str]:
    """Return the events of these types, in order."""
    kinds = [event["type"].removeprefix("auction.") for event in await events_of(lot)]
    return [kind for kind in kinds if kind in types]


async def test_of_many_answers_at_once_one_decides(lots: MakeLot) -> None:
    """AU83, AU84: the auction's lock orders yes and no; the deposit follows the first."""
    lot = await offering(lots)
    acts = [answer(lot, "other_buyer", accept=number % 2 == 0) for number in range(8)]
    assert await at_once(*acts) == {200: 1, "standby_not_asked": 7}
    kinds = await told_of(lot, "opted_in", "standby_left", "standby_asked")
    if kinds[1] == "opted_in":
        assert kinds == ["standby_asked", "opted_in"]
        assert (await outcomes(lot))["other_buyer"] == "confirmed"
        assert (await deposits(lot))["other_buyer"] == "posted"
        await check_books(lot, forfeited=DEPOSIT, held=DEPOSIT, escrow=DEPOSIT)
    else:
        assert kinds == ["standby_asked", "standby_left", "standby_asked"]
        assert (await outcomes(lot))["third_buyer"] == "asked"
        assert (await deposits(lot))["other_buyer"] == "voided"
        await check_books(lot, forfeited=DEPOSIT, held=DEPOSIT)
    await check_proof(lot)


async def test_one_key_opts_in_once(lots: MakeLot) -> None:  # AU83
    lot = await offering(lots)
    same = [answer(lot, "other_buyer", accept=True, key="once") for _ in range(6)]
    told = await asyncio.gather(*same)
    assert {it.status_code for it in told} == {200}
    assert len({it.content for it in told}) == 1
    assert await told_of(lot, "opted_in") == ["opted_in"]


@pytest.mark.parametrize("accept", [True, False])
async def test_an_answer_and_the_deadline_at_once(lots: MakeLot, accept: bool) -> None:
    """AU84: whichever comes behind the lock first; the clock decides, not the timer."""
    lot = await offering(lots)
    answer_by_at = datetime.fromisoformat((await awards(lot))[1]["answer_by_at"])
    await lot.at(answer_by_at - timedelta(milliseconds=120))
    done = asyncio.Event()

    async def worker() -> None:
        while not done.is_set():
            await timers.run_one(lot.database, lot.runtime.timer_handlers)

    async def late(wait_s: float) -> httpx.Response:
        await asyncio.sleep(wait_s)
        return await answer(lot, "other_buyer", accept=accept)

    working = [asyncio.create_task(worker()) for _ in range(2)]
    counted = await at_once(*(late(number * 0.03) for number in range(8)))
    done.set()
    await asyncio.gather(*working)
    await lot.run_worker()
    assert counted.total() == 8
    assert counted[200] <= 1
    left = await told_of(lot, "opted_in", "standby_left")
    assert len(left) == 1
    outcome = (await outcomes(lot))["other_buyer"]
    if counted[200] == 0:
        assert (counted["standby_answer_late"], outcome) == (8, "silent")
    else:
        assert outcome == ("confirmed" if accept else "declined")
    sold = outcome == "confirmed"
    assert (await deposits(lot))["other_buyer"] == ("posted" if sold else "voided")
    await check_books(lot, forfeited=DEPOSIT, held=DEPOSIT, escrow=DEPOSIT if sold else 0)


async def test_a_default_while_answering(lots: MakeLot) -> None:
    """AU82, AU83: the first deal is over once; the second one's default asks the third."""
    lot = await offering(lots)
    old = (await lot.auction())["deal_id"]
    path = f"/v1/deals/{old}/default"
    again = [lot.api.send("POST", OPERATOR, path, REFUSED) for _ in range(4)]
    counted = await at_once(*again, answer(lot, "other_buyer", accept=True))
    assert counted == {"transition_refused": 4, 200: 1}
    new = (await lot.auction())["deal_id"]
    assert new != old
    # The new buyer defaults while it and the next one answer.
    path = f"/v1/deals/{new}/default"
    counted = await at_once(
        lot.api.send("POST", OPERATOR, path, REFUSED),
        answer(lot, "other_buyer", accept=True),
        answer(lot, "third_buyer", accept=True),
    )
    assert counted == {200: 1, "standby_not_asked": 2}
    await becomes(lot, new, "defaulted")
    assert (await outcomes(lot))["third_buyer"] == "asked"
    auction = await lot.auction()
    assert (auction["status"], auction["deal_id"]) == ("offering", new)
    await check_books(lot, forfeited=2 * DEPOSIT, held=DEPOSIT)
    await check_proof(lot)


async def test_an_answer_and_an_annulment_at_once(lots: MakeLot) -> None:
    """AU86: either a deal stands and the result too, or everybody left with the deposit."""
    lot = await offering(lots)
    void = {"reason": "竞买人串通", "ground": "collusion"}
    counted = await at_once(answer(lot, "other_buyer", accept=True), act(lot, "annulment", void))
    assert counted[200] == 1
    if counted["deal_stands"]:
        assert (await lot.auction())["leader_code"] == code_of(lot, "other_buyer")
        await check_books(lot, forfeited=DEPOSIT, held=DEPOSIT, escrow=DEPOSIT)
    else:
        assert counted["standby_not_asked"] == 1
        await lot.listing_becomes("failed")
        await check_books(lot, forfeited=DEPOSIT)


async def test_declining_and_a_moved_clock_do_not_wait_for_each_other(lots: MakeLot) -> None:
    """AU84: the clock's mover has the timer and goes for the auction's row, the answer has it."""
    lot = await offering(lots)
    answer_by_at = datetime.fromisoformat((await awards(lot))[1]["answer_by_at"])
    async with lot.database.transaction() as session:
        while True:
            due = await timers.claim_until(session, lot.world.market_id, answer_by_at)
            assert due is not None
            if due.kind == "auction.standby_answer":
                break
            await timers.handle(session, due, lot.runtime.timer_handlers)
        declining = asyncio.create_task(answer(lot, "other_buyer", accept=False))
        await asyncio.sleep(0.3)
        before = lot.api.request_count
        assert await timers.handle(session, due, lot.runtime.timer_handlers)
    assert (await declining).status_code == 200
    assert lot.api.request_count == before  # no 503 in between
    # Who was asked meanwhile had until the same working day's end, to which the clock moved.
    assert (await awards(lot))[2]["answer_by_at"] == answer_by_at.isoformat()
    assert (await outcomes(lot))["third_buyer"] == "silent"


@pytest.mark.parametrize("at_the_same_time", [False, True])
async def test_a_confirmation_and_a_termination(lots: MakeLot, at_the_same_time: bool) -> None:
    """AU94, ST1, LS15: one of them is refused; no outcome comes to a listing that has ended."""
    lot = await lots()
    await awarded(lot)
    path = f"/v1/listings/{lot.listing['id']}/termination"
    ending = lot.api.send("POST", OPERATOR, path, {"reason": "专利权被宣告无效"})
    confirming = act(lot, "confirmation")
    if at_the_same_time:
        told = [*await asyncio.gather(confirming, ending)]
    else:
        told = [await confirming, await ending]
    codes = [it.json().get("code", it.status_code) for it in told]
    sold = codes[0] == 200
    assert codes == ([200, "transition_refused"] if sold else ["listing_not_for_sale", 201])
    assert sold or at_the_same_time
    await lot.listing_becomes("sold" if sold else "terminated")
    async with lot.database.transaction() as session:
        failing = "SELECT count(*) FROM reaction_cursors WHERE attempts > 0"
        assert await session.scalar(text(failing)) == 0
    if sold:
        await check_books(lot, held=2 * DEPOSIT, escrow=DEPOSIT)
    else:
        await check_books(lot)
