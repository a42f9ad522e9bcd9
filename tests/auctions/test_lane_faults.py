"""The lane at the deadline, behind a slow database and without one: no bid is in doubt."""

import asyncio
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from app.auctions.endpoints.bidding import lanes_of
from app.auctions.lane import Lanes
from app.auctions.repository.auctions import load
from app.auctions.service.trail import BidCommand
from app.auctions.vault import Vault
from app.demo.api import Who
from app.main import create_app
from app.platform.access import Role
from app.platform.db import Database
from app.platform.idempotency import Answer
from app.platform.problems import Busy
from app.shared.ids import PartyId
from app.shared.money import Money
from tests.auctions.lot import Lot, yuan
from tests.eventually import eventually
from tests.platform.proxy import proxied

pytestmark = pytest.mark.concurrency

WAVES = 60


def command(party: PartyId, yuan: int) -> BidCommand:
    return BidCommand(party, Money(yuan * 100), f"user:{party}", "test")


async def submit(lanes: Lanes, lot: Lot, bid: BidCommand, key: str) -> Answer:
    printed = f"{bid.bidder_id} {bid.amount}".encode()
    return await lanes.submit(uuid.UUID(lot.auction_id), bid, key=key, request_print=printed)


async def test_thousands_of_bids_around_the_end_are_decided_by_the_database_clock(
    own_lot: Lot,
) -> None:
    """AU2: bids gather before the deadline and after it; clocks are read around each wave.

    An accepted bid was sent before the deadline; one that came back as late was answered after.
    """
    lot = own_lot
    ends_at = lot.opens_at + timedelta(hours=1)
    lanes = lanes_of(lot.runtime)
    parties = [lot.world.buyer, lot.world.other_buyer, lot.world.third_buyer]
    assert (await submit(lanes, lot, command(parties[0], 600_000), "early")).status == 409
    await lot.at(lot.opens_at + timedelta(minutes=1))
    # One bidder alone: the end of the free phase is the end of the bidding.
    assert (await submit(lanes, lot, command(parties[0], 600_000), "first")).status == 201
    await lot.at(ends_at - timedelta(seconds=1.2))
    sent: list[tuple[datetime, list[Answer], datetime]] = []
    price = 600_000
    for wave in range(WAVES):
        before = await lot.now()
        # Self-overbids are refused by rule while the bidding runs, late ones by the clock.
        answers = await asyncio.gather(
            *(
                submit(lanes, lot, command(parties[0], price), f"{wave}-{number}")
                for number in range(50)
            )
        )
        sent.append((before, answers, await lot.now()))
        if before > ends_at + timedelta(seconds=1):
            break
        await asyncio.sleep(0.02)
    late = [b"bid_after_close" in answer.body for _, answers, _ in sent for answer in answers]
    assert any(late)
    assert not all(late)
    for before, answers, after in sent:
        for answer in answers:
            if b"bid_after_close" in answer.body:
                assert after >= ends_at
            else:
                assert b"self_overbid" in answer.body
                assert before < ends_at
    async with lot.database.transaction() as session:
        wrong = await session.scalar(
            text(
                "SELECT count(*) FROM bids WHERE auction_id = :id AND "
                "(refusal = 'bid_after_close') <> (judged_at >= :ends_at) "
                "AND refusal IS DISTINCT FROM 'auction_not_open'"
            ),
            {"id": uuid.UUID(lot.auction_id), "ends_at": ends_at},
        )
        assert wrong == 0


async def test_a_slow_database_is_told_and_the_key_tells_the_truth(own_lot: Lot) -> None:
    """AU9: the bidder gives up waiting, the bid is decided all the same, and once."""
    lot = own_lot
    await lot.at(lot.opens_at + timedelta(minutes=1))
    lanes = Lanes(
        database=lot.database,
        signer=lot.runtime.signer,
        vault=Vault(lot.runtime.box),
        batch_max=64,
        queue_max=100,
        wait_max_s=1,
    )
    bid = command(lot.world.buyer, 600_000)
    async with lot.database.transaction() as session:
        await load(session, uuid.UUID(lot.auction_id), lock=True)
        with pytest.raises(Busy) as told:
            await submit(lanes, lot, bid, "slow")
        assert told.value.fields["retry_after_s"] == 2

    async def idle() -> bool:
        return lanes.idle

    await eventually(idle)
    assert (await submit(lanes, lot, bid, "slow")).status == 201
    assert (await lot.auction())["bid_count"] == 1


async def test_without_a_database_a_bid_is_refused_in_time_and_its_retry_decides(
    own_lot: Lot,
) -> None:
    """AU9: the database falls silent under a bid; the same key tells the truth, once."""
    lot = own_lot
    await lot.at(lot.opens_at + timedelta(minutes=1))
    dsn = lot.database.engine.url.render_as_string(hide_password=False)
    path = f"/v1/auctions/{lot.auction_id}/bids"
    headers = lot.api._headers_of(Who(Role.BUYER_STAFF, "buyer"))
    async with proxied(dsn) as (proxy, address):
        database = Database(address, pool_size=3)
        app = create_app(replace(lot.runtime, database=database, live={}))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://z") as client:

            async def bid(key: str) -> httpx.Response:
                return await client.post(
                    path,
                    json={"amount": yuan(600_000)},
                    headers={**headers, "Idempotency-Key": key},
                )

            assert (await bid("before")).status_code == 201
            proxy.freeze()
            started = asyncio.get_running_loop().time()
            away = await asyncio.gather(*(bid("away") for _ in range(3)))
            assert asyncio.get_running_loop().time() - started < 20
            assert {answer.status_code for answer in away} == {503}
            assert all(int(answer.headers["Retry-After"]) >= 1 for answer in away)
            assert away[0].json()["code"] == "busy"
            proxy.thaw()
            proxy.hang_up()

            async def decided() -> bool:
                return (await bid("away")).status_code != 503

            await eventually(decided, within_s=20)
            answers = [await bid("away") for _ in range(3)]
        await database.close()
    assert {answer.json()["code"] for answer in answers} == {"self_overbid"}
    assert len({answer.content for answer in answers}) == 1
    assert (await lot.auction())["bid_count"] == 1
