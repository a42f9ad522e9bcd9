"""Sealed bids opened over HTTP by the holders of their keys' shares."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.auctions.vault import Vault
from app.platform.runtime import Runtime
from app.shared.canonical import salted_digest
from app.shared.money import Money
from app.shared.sealing import verify_opening
from app.shared.sealing.primitives import b64
from app.shared.sealing.shell import write_private
from tests.auctions.holders import AUDITOR, NAMES, SealedLot, closed, sealed_lot
from tests.auctions.lot import OPERATOR, SELLER, buyer, yuan
from tests.shared.sealing.dealer import PRIVATE, crooked
from tests.world import World


@pytest.fixture
async def lot(world: World, shared_runtime: Runtime, client: httpx.AsyncClient) -> SealedLot:
    return await sealed_lot(world, shared_runtime, client)


def command(*arguments: object) -> None:
    call = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def recomputed(auction_id: str, told: Any) -> list[Money | None]:
    """Return what anybody finds who opens the bids of an event again."""
    found: list[Money | None] = []
    for bid in told["bids"]:
        complaints = [
            it["holder"] for it in told["complaints"] if it["sequence"] == bid["sequence"]
        ]
        end = verify_opening(
            bid["sealed"],
            bid["proof"],
            auction_id=auction_id,
            bidder_code=bid["bidder_code"],
            complaints=complaints,
        )
        amount = None if end.amount is None else end.amount.as_json()
        assert (amount, end.void_reason) == (bid["amount"], bid["void_reason"])
        found.append(end.amount)
    return found


async def test_three_bidders_and_two_holders_by_commands_alone(
    lot: SealedLot, tmp_path: Path
) -> None:  # AU70
    terms = tmp_path / "auction.json"
    terms.write_text(json.dumps(await lot.lot.auction()))
    for name, amount in zip(NAMES, ("700000.00", "730000.00", "710000.00"), strict=True):
        out = tmp_path / f"{name}.json"
        options = ("--bidder-code", lot.code(name), "--terms", terms, "--out", out)
        await asyncio.to_thread(command, "seal", "--amount", amount, *options)
        body = json.loads(out.read_text())
        assert (await lot.bid(name, body["sealed"])).status_code == 201
    await lot.close()
    bids = tmp_path / "sealed-bids.json"
    bids.write_text(json.dumps(await lot.listed()))
    for position in (3, 2):
        key, out = tmp_path / f"{position}.key", tmp_path / f"{position}.json"
        write_private(key, b64(PRIVATE[position - 1]))
        picked = ("--bids", bids, "--auction-id", lot.lot.auction_id, "--out", out)
        await asyncio.to_thread(command, "open-shares", "--key", key, *picked)
        assert (await lot.lot.auction())["status"] == "opening"
        handed = await lot.hand_in(json.loads(out.read_text()))
        assert handed.status_code == 200, handed.text
    assert handed.json()["status"] == "awarded"
    auction = await lot.lot.auction()
    assert (auction["leading"], auction["leader_code"]) == (
        yuan(730_000),
        lot.code("other_buyer"),
    )
    listed = await lot.lot.api.get(OPERATOR, f"{lot.path}/bids")
    assert [bid["amount"] for bid in listed["items"]] == [
        yuan(700_000),
        yuan(730_000),
        yuan(710_000),
    ]


async def test_opening_is_one_act_that_anybody_can_recompute(lot: SealedLot) -> None:  # AU70
    await closed(lot, 700_000, 720_000, 710_000)
    for position in (1, 3):
        await lot.hand_in(await lot.submission(position))
    handed = await lot.events("shares_handed_in")
    assert [(it["holder"], it["shares"], it["unreadable"]) for it in handed] == [
        (1, [1, 2, 3], []),
        (3, [1, 2, 3], []),
    ]
    judged = {bid["sequence"]: bid for it in await lot.events("bids_judged") for bid in it["bids"]}
    (opened,) = await lot.events("bids_opened")
    assert recomputed(lot.lot.auction_id, opened) == [
        Money(amount * 100) for amount in (700_000, 720_000, 710_000)
    ]
    for bid in opened["bids"]:
        committed = salted_digest({"sealed": bid["sealed"]}, bytes.fromhex(bid["salt"]))
        assert committed == judged[bid["sequence"]]["commitment"]
    (awarded,) = await lot.events("awarded")
    assert [it["sequence"] for it in awarded["openings"]] == [2, 3, 1]


@pytest.mark.concurrency
async def test_nobody_and_no_table_has_an_amount_before_the_shares(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:  # AU69
    lot = await sealed_lot(own_world, own_runtime, own_client)
    await lot.lot.announced()  # a reaction, which needs committed events
    amount = 7_654_321
    assert (await lot.bid("buyer", lot.sealed("buyer", amount))).status_code == 201
    for path in ("sealed-bids", "opening"):
        early = await lot.lot.api.send("GET", OPERATOR, f"{lot.path}/{path}")
        assert (early.status_code, early.json()["code"]) == (409, "opening_not_due")
        assert early.json()["deadline_at"] is not None
    early = await lot.hand_in({"holder": 1, "shares": [{"sequence": 1, "unreadable": True}]})
    assert (early.status_code, early.json()["code"]) == (409, "opening_not_due")
    await lot.close()
    await lot.hand_in(await lot.submission(1))
    for who in (None, OPERATOR, AUDITOR, SELLER, buyer("buyer"), buyer("other_buyer")):
        for part in ("", "/bids", "/room", "/sealed-bids", "/opening", "/mine"):
            answer = await lot.lot.api.send("GET", who, lot.path + part)
            assert answer.status_code == 200 or part == "/mine", (who, part)
            assert str(amount) not in answer.text, (who, part)
    async with lot.lot.database.transaction() as session:
        tables = await session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        )
        for table in tables.all():
            rows = await session.scalars(text(f'SELECT t::text FROM "{table}" t'))
            for row in rows:
                for form in (str(amount), str(amount).encode().hex()):
                    assert form not in row, table


async def test_auction_waits_for_the_holder_that_is_missing(lot: SealedLot) -> None:  # AU71
    await closed(lot, 700_000, 720_000)
    await lot.hand_in(await lot.submission(1))
    waits = await lot.opening()
    assert (waits["status"], waits["waiting"], waits["bids"]) == ("opening", [1, 2], 2)
    assert [it["missing"] for it in waits["holders"]] == [[], [1, 2], [1, 2]]
    await lot.lot.at(lot.lot.opens_at.replace(year=lot.lot.opens_at.year + 1))
    await lot.lot.run_worker()
    assert (await lot.lot.auction())["status"] == "opening"
    assert (await lot.hand_in(await lot.submission(3))).json()["status"] == "awarded"
    late = await lot.hand_in(await lot.submission(2))
    assert (late.status_code, late.json()["code"]) == (409, "opening_not_due")


async def test_auction_is_cancelled_when_holders_are_lost_for_good(
    lot: SealedLot,
) -> None:  # AU71
    await closed(lot, 700_000)
    reason = {"reason": "两家保管人的私钥均已灭失，报价无法开启。"}
    ended = await lot.lot.api.post(OPERATOR, f"{lot.path}/cancellation", reason)
    assert ended["status"] == "cancelled"
    for path in ("sealed-bids", "opening"):
        gone = await lot.lot.api.send("GET", OPERATOR, f"{lot.path}/{path}")
        assert (gone.status_code, gone.json()["code"]) == (409, "opening_not_due")


async def test_wrong_share_names_its_holder_and_nothing_of_the_submission_is_kept(
    lot: SealedLot,
) -> None:  # AU70
    await closed(lot, 700_000, 720_000)
    right = await lot.submission(2)
    for value, rule in ((b64(bytes(32)), "commitment"), ("short", "form")):
        wrong = json.loads(json.dumps(right))
        wrong["shares"][1]["share"]["value"] = value
        refused = await lot.hand_in({"holder": 2, "shares": wrong["shares"]})
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (400, "share_wrong")
        told = {name: problem[name] for name in ("holder", "holder_name", "sequence", "rule")}
        assert told == {"holder": 2, "holder_name": "审计", "sequence": 2, "rule": rule}
    for body, rule in (
        ({"holder": 3, "shares": right["shares"]}, "form"),
        ({"holder": 4, "shares": right["shares"]}, "holder_position"),
        ({"holder": 2, "shares": [{**right["shares"][0], "sequence": 9}]}, "bid"),
    ):
        problem = (await lot.hand_in(body)).json()
        assert (problem["code"], problem["rule"]) == ("share_wrong", rule)
    assert [it["shares"] for it in (await lot.opening())["holders"]] == [[], [], []]
    assert await lot.events("shares_handed_in") == []
    assert (await lot.hand_in(right)).status_code == 200
    assert (await lot.hand_in(await lot.submission(1))).json()["status"] == "awarded"


async def test_dealer_of_odd_shares_is_void_whoever_opens(lot: SealedLot) -> None:  # AU70
    def odd(name: str, **fault: Any) -> dict[str, Any]:
        bid = {"auction_id": lot.lot.auction_id, "bidder_code": lot.code(name)}
        return crooked(bid=bid, **fault)

    await lot.bid("buyer", lot.sealed("buyer", 610_000))
    assert (await lot.bid("other_buyer", odd("other_buyer", off=[3]))).status_code == 201
    assert (await lot.bid("third_buyer", odd("third_buyer", misdealt={1: "garbage"}))).status_code
    await lot.close()
    for position in (1, 2, 3):
        body = await lot.submission(position)
        unreadable = [it["sequence"] for it in body["shares"] if "unreadable" in it]
        assert unreadable == ([3] if position == 1 else [])
        assert (await lot.hand_in(body)).status_code == 200
        # The third bid has one good share until the last holder comes.
        assert bool(await lot.events("bids_opened")) == (position == 3)
    (opened,) = await lot.events("bids_opened")
    assert recomputed(lot.lot.auction_id, opened) == [Money(61_000_000), None, None]
    reasons = [bid["void_reason"] for bid in opened["bids"]]
    assert reasons == [None, "shares_inconsistent", "shares_misdealt"]
    assert opened["complaints"] == [{"holder": 1, "sequence": 3}]
    auction = await lot.lot.auction()
    assert (auction["status"], auction["leading"]) == ("awarded", yuan(610_000))


async def test_bid_that_too_few_holders_can_read_is_void_and_all_void_fail(
    lot: SealedLot,
) -> None:  # AU70
    bid = {"auction_id": lot.lot.auction_id, "bidder_code": lot.code("buyer")}
    faults = {1: "garbage", 3: "low_order"}
    assert (await lot.bid("buyer", crooked(bid=bid, misdealt=faults))).status_code == 201
    await lot.close()
    for position in (3, 1, 2):
        assert (await lot.hand_in(await lot.submission(position))).status_code == 200
    (opened,) = await lot.events("bids_opened")
    assert opened["bids"][0]["void_reason"] == "too_few_shares"
    assert recomputed(lot.lot.auction_id, opened) == [None]
    assert (await lot.lot.auction())["status"] == "failed"
    (view,) = (await lot.lot.api.get(OPERATOR, f"{lot.path}/bids"))["items"]
    assert (view["amount"], view["void_reason"]) == (None, "too_few_shares")


async def test_complaint_is_believed_of_its_holder_only(lot: SealedLot) -> None:  # AU72
    await closed(lot, 700_000)
    honest = await lot.submission(2)
    complaint = [{"sequence": 1, "unreadable": True}]
    vault_key = Vault(lot.lot.runtime.box).hand_in_key(UUID(lot.lot.auction_id))
    forged = [
        {"holder": 2, "shares": complaint},
        {"holder": 2, "shares": complaint, "proof": honest["proof"]},  # of other lines
        {"holder": 2, "shares": complaint, "proof": b64(vault_key)},
    ]
    for body in forged:
        for who in (OPERATOR, AUDITOR):
            refused = await lot.hand_in(body, who=who)
            assert (refused.status_code, refused.json()["code"]) == (403, "holder_unproven")
    for who in (SELLER, buyer("buyer")):
        assert (await lot.hand_in(honest, who=who)).json()["code"] == "role_not_allowed"
    # Its share needs no proof, whoever carries it.
    carried = {"holder": 2, "shares": honest["shares"]}
    assert (await lot.hand_in(carried, who=OPERATOR)).status_code == 200
    assert (await lot.hand_in(await lot.submission(3))).json()["status"] == "awarded"


async def test_holders_first_word_stands(lot: SealedLot) -> None:  # AU72
    bid = {"auction_id": lot.lot.auction_id, "bidder_code": lot.code("buyer")}
    dealt = crooked(bid=bid, misdealt={2: "garbage"})
    await lot.bid("buyer", dealt)
    await lot.close()
    complaint = await lot.submission(2)
    assert "unreadable" in complaint["shares"][0]
    assert (await lot.hand_in(complaint)).status_code == 200
    # The bidder knows every share that it dealt, also the one that its holder cannot read.
    known = crooked(bid=bid)
    share = {"index": 2, "value": b64(_share(known, 2))}
    other = await lot.hand_in({"holder": 2, "shares": [{"sequence": 1, "share": share}]})
    assert (other.status_code, other.json()["code"]) == (409, "share_contradicts")


def _share(sealed: dict[str, Any], position: int) -> bytes:
    from app.shared.sealing import decrypt_share
    from app.shared.sealing.primitives import unb64

    told = decrypt_share(sealed, index=position, private_key=PRIVATE[position - 1])
    assert told is not None
    raw = unb64(told["value"], 32)
    assert raw is not None
    return raw


async def test_repeated_submission_changes_nothing(lot: SealedLot) -> None:  # AU70
    await closed(lot, 700_000)
    body = await lot.submission(1)
    first = await lot.hand_in(body, key="evening")
    again = await lot.hand_in(body, key="evening")
    fresh = await lot.hand_in(body)
    assert first.json() == again.json() == fresh.json()
    assert len(await lot.events("shares_handed_in")) == 1
    assert (await lot.hand_in(await lot.submission(2))).json()["status"] == "awarded"


async def test_malformed_bid_is_refused_in_its_order_and_may_be_mended(
    lot: SealedLot,
) -> None:  # AU69
    good = lot.sealed("buyer", 700_000)
    for wrong, rule in (
        ({}, "members"),
        ({**good, "threshold": 3}, "of_the_whole"),
        (lot.sealed("other_buyer", 700_000), "this_bidder"),
    ):
        refused = await lot.bid("buyer", wrong)
        assert (refused.status_code, refused.json()["code"]) == (400, "seal_malformed")
        assert (refused.json()["rule"], "receipt" in refused.json()) == (rule, True)
    for unstorable in ({"a": "x" * 9000}, {"a": 1.5}, {"a": {"b": 2**60}}):
        answer = await lot.bid("buyer", unstorable)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    clear = await lot.lot.bid("buyer", 700_000)
    assert (clear.status_code, clear.json()["code"]) == (400, "bid_must_be_sealed")
    mended = await lot.bid("buyer", good)
    assert (mended.status_code, mended.json()["sequence"]) == (201, 5)
    assert (await lot.bid("buyer", {})).json()["code"] == "already_bid"
    told = [bid for it in await lot.events("bids_judged") for bid in it["bids"]]
    assert [bid.get("refusal") for bid in told] == [
        "seal_malformed",
        "seal_malformed",
        "seal_malformed",
        "bid_must_be_sealed",
        None,
        "already_bid",
    ]
    auction = await lot.lot.auction()
    assert (auction["bid_count"], auction["status"]) == (1, "sealed")
    await lot.close()
    assert [it["sequence"] for it in (await lot.listed())["items"]] == [5]


async def test_list_of_sealed_bids_goes_by_pages(lot: SealedLot) -> None:
    await closed(lot, 700_000, 720_000, 710_000)
    first = await lot.lot.api.get(OPERATOR, f"{lot.path}/sealed-bids?limit=2")
    rest = await lot.lot.api.get(OPERATOR, f"{lot.path}/sealed-bids?limit=2&cursor={first['next']}")
    assert [it["sequence"] for it in first["items"] + rest["items"]] == [1, 2, 3]
    assert rest["next"] is None


@pytest.mark.concurrency
async def test_holders_who_come_at_once_open_once(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """AU70: three submissions wait for the auction's row; the second one opens."""
    lot = await sealed_lot(own_world, own_runtime, own_client)
    await closed(lot, 700_000, 720_000, 710_000)
    bodies = [await lot.submission(position) for position in (1, 2, 3)]
    answers = await asyncio.gather(*(lot.hand_in(body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409]
    assert len(await lot.events("bids_opened")) == 1
    assert (await lot.lot.auction())["leading"] == yuan(720_000)
