"""Secret reserves, standing maxima and sealed bids: nobody reads them early, wherever they look."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from app.main import create_app
from app.platform.access import Role
from app.platform.routing import Route
from app.platform.runtime import Runtime
from app.shared.canonical import canonical_json, salted_digest
from app.shared.money import Money
from tests.auctions.acts import (
    FORMATS,
    act,
    code_of,
    done,
    event_of,
    move_to,
    offer,
    refused,
    tables_with,
    traces,
)
from tests.auctions.lot import SELLER, Lot, buyer, make_lot, yuan
from tests.world import START, World

pytestmark = pytest.mark.concurrency
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECRET, OTHER, HIGHER = 731_357, 743_891, 787_651
THREE = ("buyer", "other_buyer", "third_buyer")


def guessable(amount: int, *, salts: tuple[bytes, ...]) -> list[str]:
    """Return digests of an amount that anybody could compute who tries all amounts."""
    money = Money(amount * 100).as_json()
    contents: list[Any] = [money, {"amount": money}, f"{amount}.00", amount * 100]
    found = []
    for content in contents:
        found += [hashlib.sha256(canonical_json(content)).hexdigest()]
        found += [salted_digest(content, salt) for salt in salts]
    return found


async def answers_with(lot: Lot, runtime: Runtime, needles: list[str]) -> list[str]:
    """Return the routes that tell staff, the seller or another bidder one of the needles."""
    ids = {
        "auction_id": lot.auction_id,
        "listing_id": lot.listing["id"],
        "achievement_id": lot.listing["achievement_id"],
        "market_id": str(lot.world.market_id),
        "party_id": str(lot.world.buyer),
        "registration_id": lot.registrations["buyer"]["id"],
    }
    readers = [
        (Role.OPERATOR, None),
        (Role.AUDITOR, None),
        (Role.SELLER_STAFF, None),
        (Role.BUYER_STAFF, lot.world.third_buyer),
        (Role.ANONYMOUS, None),
    ]
    found, read = [], 0
    for route in create_app(runtime).routes:
        if not isinstance(route, APIRoute | Route) or "GET" not in (route.methods or ()):
            continue
        if any(name not in ids for name in route.param_convertors) or "stream" in route.path:
            continue
        path = route.path.format(**ids)
        for role, party in readers:
            answer = await lot.api._client.get(path, headers=lot.world.headers(role, party))
            read += answer.status_code == 200
            told = answer.text + str(answer.headers)
            found += [f"{path} as {role}: {it}" for it in needles if it in told]
    assert read > 40
    return found


async def nobody_reads(
    lot: Lot, runtime: Runtime, amounts: tuple[int, ...], logs: pytest.CaptureFixture[str]
) -> None:
    """Search all tables, all routes and all log lines for amounts, and for guessable digests."""
    await lot.announced()  # or there is less to search
    salts = (b"", lot.auction_id.encode(), lot.auction_id.replace("-", "").encode())
    needles = [trace for amount in amounts for trace in traces(amount)]
    digests = [it for amount in amounts for it in guessable(amount, salts=salts)]
    assert await tables_with(lot.database, [*needles, *digests]) == []
    assert await answers_with(lot, runtime, [*needles, *digests]) == []
    told = logs.readouterr()
    assert "/v1/auctions/" in told.out + told.err  # the log is there to be searched
    assert [it for it in [*needles, *digests] if it in told.out + told.err] == []


async def test_the_search_finds_what_is_open(own_lot: Lot) -> None:
    await own_lot.at(own_lot.opens_at + MINUTE)
    assert (await offer(own_lot, "buyer", 620_000)).status_code in {201, 400}
    await offer(own_lot, "buyer", 600_000)
    found = await tables_with(own_lot.database, traces(600_000))
    assert {"bids", "auctions", "journal_events", "idempotency_answers"} <= set(found)


@pytest.mark.parametrize(("best", "result"), [(SECRET, "awarded"), (SECRET - 1, "failed")])
async def test_a_secret_reserve_is_read_by_nobody_before_the_end(  # AU23, AU42
    own_world: World,
    own_runtime: Runtime,
    own_client: httpx.AsyncClient,
    capsys: pytest.CaptureFixture[str],
    best: int,
    result: str,
) -> None:
    terms = {"reserve_secret": True, "steps_max": None, "step": yuan(1)}
    lot = await make_lot(own_world, own_runtime, own_client, bidders=THREE, terms=terms)
    first = await done(lot, "reserve", {"amount": yuan(OTHER)}, who=SELLER)
    body = {"amount": yuan(SECRET)}
    second = await act(lot, "reserve", body, who=SELLER, key="reserve")
    again = await act(lot, "reserve", body, who=SELLER, key="reserve")
    assert second.content == again.content
    deposited = second.json()
    assert deposited.keys() == {"auction_id", "commitment", "deposited_at"}
    assert deposited["commitment"] != first["commitment"]
    event = await event_of(lot, "reserve_deposited")
    assert event["public"]["commitment"] == deposited["commitment"]
    await nobody_reads(lot, own_runtime, (SECRET, OTHER), capsys)

    await lot.at(lot.opens_at + MINUTE)
    status, problem = await refused(lot, "reserve", {"amount": yuan(HIGHER)}, who=SELLER)
    assert (status, problem["code"]) == (409, "reserve_too_late")
    assert (await offer(lot, "buyer", 600_000)).status_code == 201
    await nobody_reads(lot, own_runtime, (SECRET, OTHER, HIGHER), capsys)

    assert (await offer(lot, "other_buyer", best)).status_code == 201
    await move_to(lot, lot.opens_at + 2 * HOUR)
    assert (await lot.auction())["status"] == result
    public = (await event_of(lot, result))["public"]
    assert public["reserve"] == yuan(SECRET)
    salt = bytes.fromhex(public["reserve_salt"])
    assert salted_digest({"amount": yuan(SECRET)}, salt) == deposited["commitment"]


async def test_a_reserve_must_be_promised_and_not_worse_than_the_start(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient, own_lot: Lot
) -> None:  # AU42
    status, problem = await refused(own_lot, "reserve", {"amount": yuan(SECRET)}, who=SELLER)
    assert (status, problem["code"]) == (400, "reserve_not_secret")
    assert (await act(own_lot, "reserve", {"amount": yuan(SECRET)})).status_code == 403
    async with own_runtime.database.transaction() as session:
        await own_world.at(session, START)
    lot = await make_lot(own_world, own_runtime, own_client, terms={"reserve_secret": True})
    status, problem = await refused(lot, "reserve", {"amount": yuan(599_999)}, who=SELLER)
    assert (status, problem["code"], problem["field"]) == (400, "reserve_out_of_range", "amount")
    assert problem["minimum"] == yuan(600_000)
    assert "599999" not in str(problem)
    foreign = {"amount": {"amount": "700000.00", "currency": "USD"}}
    answer = await act(lot, "reserve", foreign, who=SELLER)
    assert answer.status_code in {400, 422}
    # None was deposited: the published start decides.
    await lot.at(lot.opens_at + MINUTE)
    assert (await offer(lot, "buyer", 600_000)).status_code == 201
    await lot.at(lot.opens_at + 2 * HOUR)
    await lot.run_worker()
    assert (await lot.auction())["status"] == "awarded"
    assert "reserve" not in (await event_of(lot, "awarded"))["public"]


async def test_standing_maxima_are_read_by_nobody_but_their_owner(  # AU23
    own_world: World,
    own_runtime: Runtime,
    own_client: httpx.AsyncClient,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lot = await make_lot(own_world, own_runtime, own_client, bidders=THREE)
    await lot.at(lot.opens_at + MINUTE)
    taken = await act(lot, "limits", {"amount": yuan(SECRET)}, who=buyer("buyer"), key="k")
    again = await act(lot, "limits", {"amount": yuan(SECRET)}, who=buyer("buyer"), key="k")
    assert taken.status_code == again.status_code == 201
    assert taken.content == again.content
    raised = await offer(lot, "buyer", HIGHER, what="limits")
    assert raised.status_code == 201, raised.text
    lowered = await offer(lot, "buyer", OTHER, what="limits")
    assert lowered.json()["code"] == "limit_not_raised"
    assert (await offer(lot, "other_buyer", 620_000)).status_code == 201
    await nobody_reads(lot, own_runtime, (SECRET, OTHER, HIGHER), capsys)
    mine = await lot.api.get(buyer("buyer"), f"/v1/auctions/{lot.auction_id}/mine")
    assert yuan(HIGHER) == mine["limit"]
    told = taken.json()
    content = {"amount": yuan(SECRET)}
    assert salted_digest(content, bytes.fromhex(told["salt"])) == told["commitment"]


@pytest.mark.parametrize("kind", ["sealed_first", "sealed_second", "rounds", "weighted"])
async def test_plain_sealed_bids_are_read_by_nobody_before_their_end(  # AU19, AU23
    own_world: World,
    own_runtime: Runtime,
    own_client: httpx.AsyncClient,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    lot = await make_lot(own_world, own_runtime, own_client, bidders=THREE, terms=FORMATS[kind])
    await lot.at(lot.opens_at + MINUTE)
    assert (await offer(lot, "buyer", SECRET)).status_code == 201
    assert (await offer(lot, "other_buyer", OTHER)).status_code == 201
    assert (await offer(lot, "other_buyer", HIGHER)).json()["code"] == "already_bid"
    amounts = (SECRET, OTHER, HIGHER)
    await nobody_reads(lot, own_runtime, amounts, capsys)
    await lot.at(lot.opens_at + HOUR + 10 * MINUTE)
    await lot.run_worker()
    if kind == "weighted":  # closed, and still nobody knows a price
        assert (await lot.auction())["status"] == "opening"
        await nobody_reads(lot, own_runtime, amounts, capsys)
        scores = {code_of(lot, name): [50, 50] for name in ("buyer", "other_buyer")}
        await done(lot, "scores", {"scores": scores})
    bids = await lot.api.get(None, f"/v1/auctions/{lot.auction_id}/bids")
    assert [bid["amount"] for bid in bids["items"]] == [yuan(SECRET), yuan(OTHER)]
    assert await tables_with(lot.database, traces(HIGHER)) == []  # the refused one stays shut


async def test_two_commands_at_once_leave_no_trace_either(own_lot: Lot) -> None:
    await own_lot.at(own_lot.opens_at + MINUTE)
    limits = (("buyer", SECRET), ("other_buyer", OTHER), ("third_buyer", SECRET))
    answers = await asyncio.gather(
        *(offer(own_lot, name, amount, what="limits") for name, amount in limits)
    )
    assert [answer.status_code for answer in answers].count(201) >= 1
    # The loser's last bid stands at its own limit, rounded down to a whole step: not the limit.
    assert await tables_with(own_lot.database, traces(SECRET) + traces(OTHER)) == []
