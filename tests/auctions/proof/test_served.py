"""Bundles of real auctions: what the service serves is what a stranger verifies."""

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.receipts import ReceiptDenied, check_receipt
from app.auctions.proof.verify import Report, verify
from app.auctions.service.heads import publish_heads
from app.demo.api import Who
from app.platform.access import Role
from app.platform.runtime import Runtime
from app.shared.canonical import GENESIS, chain_hash
from tests.auctions.acts import FORMATS, act, code_of, done, offer
from tests.auctions.holders import AUDITOR, SealedLot, sealed_lot
from tests.auctions.lot import OPERATOR, SELLER, Lot, buyer, make_lot, yuan
from tests.auctions.proof.paper import clone, rechained
from tests.eventually import eventually
from tests.world import START, World

pytestmark = pytest.mark.concurrency  # a notice announces an auction once it is committed
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
THREE = ("buyer", "other_buyer", "third_buyer")


async def announced_lot(
    world: World,
    runtime: Runtime,
    client: httpx.AsyncClient,
    terms: dict[str, Any] | None = None,
) -> Lot:
    lot = await make_lot(world, runtime, client, bidders=THREE, terms=terms)
    await lot.announced()
    return lot


@pytest.fixture
async def lot(own_lot: Lot) -> Lot:
    await own_lot.announced()
    return own_lot


async def proof(lot: Lot, who: Who | None = None, audience: str = "public") -> httpx.Response:
    path = f"/v1/auctions/{lot.auction_id}/proof?audience={audience}"
    return await lot.api.send("GET", who, path)


async def checked(lot: Lot, receipts: list[str]) -> Report:
    """Verify both bundles with the published keys and all receipts; return the public's report."""
    keys = await lot.api.get(None, "/.well-known/jwks.json")
    reports = []
    for who, audience in ((None, "public"), (AUDITOR, "auditor"), (OPERATOR, "auditor")):
        answer = await proof(lot, who, audience)
        assert answer.status_code == 200, answer.text
        reports.append(verify(answer.json(), keys=keys, receipts=receipts))
    auction = await lot.auction()
    for report in reports:
        assert report.result["status"] == auction["status"]
        assert report.result["bidder_code"] == auction["leader_code"]
        assert report.result["price"] == auction["leading"]
    return reports[0]


async def bids(lot: Lot, *commands: tuple[str, int] | tuple[str, int, str]) -> list[str]:
    """Send commands, let them stand or not, and return all receipts."""
    receipts = []
    for name, amount, *what in commands:
        answer = await offer(lot, name, amount, what=what[0] if what else "bids")
        receipts.append(answer.json()["receipt"])
    return receipts


OPEN = (
    ("buyer", 600_000),
    ("buyer", 640_000),
    ("other_buyer", 610_001),
    ("third_buyer", 800_000, "limits"),
    ("other_buyer", 700_000),
    ("buyer", 900_000),
    ("other_buyer", 760_000, "limits"),
    ("other_buyer", 700_000, "limits"),
    ("buyer", 600_000, "matches"),
)
SEALED = (("buyer", 650_000), ("other_buyer", 590_000), ("other_buyer", 700_000), ("buyer", 1))
COMMANDS: dict[str, Any] = {
    "multiple_bids": OPEN,
    "dynamic": OPEN,
    "dutch": (("buyer", 700_000), ("other_buyer", 800_000), ("third_buyer", 800_000)),
}


async def proved(lot: Lot, name: str) -> None:
    receipts = [(await offer(lot, "buyer", 600_000)).json()["receipt"]]  # before the opening
    await lot.at(lot.opens_at + MINUTE)
    await lot.run_worker()
    receipts += await bids(lot, *COMMANDS.get(name, SEALED))
    if name == "rounds":
        await lot.at(lot.opens_at + HOUR + 2 * MINUTE)
        await lot.run_worker()
        receipts += await bids(lot, ("buyer", 720_000), ("other_buyer", 690_000))
    await lot.at(lot.opens_at + 3 * HOUR)
    receipts += await bids(lot, ("third_buyer", 999_000))  # too late
    await lot.run_worker()
    if name == "weighted":
        scores = {code_of(lot, "buyer"): [60, 70], code_of(lot, "other_buyer"): [80, 20]}
        await done(lot, "scores", {"scores": scores})
    report = await checked(lot, receipts)
    assert report.result["status"] == "awarded"
    assert report.receipts == len(receipts) >= 5
    await done(lot, "confirmation")
    assert (await checked(lot, receipts)).result["status"] == "confirmed"


# AU50
async def test_every_format_is_proved(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    for name, terms in FORMATS.items():
        async with own_runtime.database.transaction() as session:
            await own_world.at(session, START)
        await proved(await announced_lot(own_world, own_runtime, own_client, terms), name)


async def test_sealed_bids_that_only_holders_open_are_proved(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    lot: SealedLot = await sealed_lot(own_world, own_runtime, own_client)
    await lot.lot.announced()
    receipts = []
    for name, amount in zip(THREE, (700_000, 730_000, 710_000), strict=True):
        receipts.append((await lot.bid(name, lot.sealed(name, amount))).json()["receipt"])
    again = await lot.bid("buyer", lot.sealed("buyer", 800_000))
    receipts.append(again.json()["receipt"])
    await lot.close()
    waiting = await proof(lot.lot)
    assert waiting.status_code == 409
    assert waiting.json()["missing"] == ["openings", "result"]
    for position in (1, 3):
        assert (await lot.hand_in(await lot.submission(position))).is_success
    report = await checked(lot.lot, receipts)
    assert report.result["price"] == yuan(730_000)
    bundle = clone((await proof(lot.lot)).json())
    opened = next(it for it in bundle["events"] if it["type"] == "auction.bids_opened")
    opened["public"]["bids"][0]["amount"] = yuan(900_000)
    with pytest.raises(LinkBroken):
        verify(bundle)


# AU51
async def test_reserve_rights_pause_and_late_bids_are_proved(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    terms = {
        "reserve_secret": True,
        "priority_mode": "after",
        "priority_window_s": 600,
        "resumption_notice_s": 60,
    }
    lot = await announced_lot(own_world, own_runtime, own_client, terms=terms)
    await lot.at(lot.opens_at - timedelta(days=4))
    holder = {"party_id": str(own_world.third_buyer), "rank": 1, "basis": "民法典 847"}
    await done(lot, "priority-holders", holder)
    await done(lot, "reserve", {"amount": yuan(650_000)}, who=SELLER)
    await lot.at(lot.opens_at + MINUTE)
    receipts = await bids(lot, ("buyer", 600_000), ("other_buyer", 700_000))
    await done(lot, "pause", {"reason": "系统检修"})
    receipts += await bids(lot, ("buyer", 720_000))
    back = await lot.now() + 20 * MINUTE
    body = {"resumes_at": back.isoformat(), "reason": "检修完毕"}
    await done(lot, "resumption", body)
    await lot.at(back + MINUTE)
    receipts += await bids(lot, ("buyer", 720_000))
    await lot.at(back + HOUR + 2 * MINUTE)
    await lot.run_worker()
    assert (await lot.auction())["status"] == "matching"
    receipts += await bids(lot, ("other_buyer", 720_000, "matches"))
    receipts += await bids(lot, ("third_buyer", 720_000, "matches"))
    await lot.at(back + 2 * HOUR)
    report = await checked(lot, receipts)
    assert report.result["bidder_code"] == code_of(lot, "third_buyer")
    assert not set(report.notes)
    bundle = clone((await proof(lot)).json())
    awarded = next(it for it in bundle["events"] if it["type"] == "auction.awarded")
    assert awarded["public"]["reserve"] == yuan(650_000)
    awarded["public"]["reserve"] = yuan(600_000)
    with pytest.raises(LinkBroken):
        verify(rechained(bundle))


# AU52
async def test_a_proof_comes_when_the_auction_has_ended(lot: Lot) -> None:
    early = await proof(lot)
    assert (early.status_code, early.json()["code"]) == (409, "proof_not_ready")
    assert early.json()["missing"] == ["opening", "result"]
    await lot.at(lot.opens_at + MINUTE)
    await bids(lot, ("buyer", 600_000))
    running = (await proof(lot)).json()
    assert (running["state"], running["missing"]) == ("free", ["result"])
    await lot.at(lot.opens_at + 2 * HOUR)
    answer = await proof(lot)  # whoever asks publishes the end
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert lot.auction_id in answer.headers["content-disposition"]
    unknown = await lot.api.send("GET", None, f"/v1/auctions/{uuid4()}/proof")
    assert unknown.status_code == 404
    wrong = await proof(lot, None, "everybody")
    assert wrong.status_code == 422


# AU53
async def test_the_auditors_bundle_is_for_auditor_and_operator(lot: Lot) -> None:
    await lot.at(lot.opens_at + MINUTE)
    await bids(lot, ("buyer", 800_000, "limits"), ("other_buyer", 620_000))
    await lot.at(lot.opens_at + 2 * HOUR)
    strangers = [None, SELLER, buyer("buyer"), Who(Role.AUDITOR, "auditor_elsewhere")]
    for who in strangers[:3]:
        answer = await proof(lot, who, "auditor")
        assert (answer.status_code, answer.json()["code"]) == (403, "proof_not_for_you")
    public = await proof(lot, AUDITOR)
    assert "800000.00" not in public.text
    assert str(lot.world.buyer) not in public.text
    for who in (AUDITOR, OPERATOR):
        full = await proof(lot, who, "auditor")
        assert "800000.00" in full.text
        assert str(lot.world.buyer) in full.text


# AU57
async def test_a_cancelled_auction_is_proved_without_its_sealed_bids(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    lot = await announced_lot(own_world, own_runtime, own_client, FORMATS["sealed_first"])
    await lot.at(lot.opens_at + MINUTE)
    receipts = await bids(lot, ("buyer", 654_321), ("buyer", 700_000))
    await done(lot, "cancellation", {"reason": "委托方撤回"})
    answer = await proof(lot)
    assert "654321" not in answer.text
    report = verify(answer.json(), receipts=receipts)
    assert report.result == {"status": "cancelled", "bidder_code": None, "price": None}
    assert report.notes["withheld"] == 2
    assert (await proof(lot, OPERATOR, "auditor")).status_code == 403
    assert (await proof(lot, AUDITOR, "auditor")).status_code == 200


# AU54
async def test_a_receipt_proves_a_dropped_bid(lot: Lot) -> None:
    await lot.at(lot.opens_at + MINUTE)
    receipts = await bids(lot, ("buyer", 600_000), ("other_buyer", 620_000))
    await lot.at(lot.opens_at + 2 * HOUR)
    bundle = (await proof(lot)).json()
    verify(bundle, receipts=receipts)
    dropped = clone(bundle)
    judged = [it for it in dropped["events"] if it["type"] == "auction.bids_judged"]
    dropped["events"].remove(judged[-1])
    with pytest.raises(ReceiptDenied, match="dropped"):
        check_receipt(receipts[1], rechained(dropped), bundle["keys"])
    with pytest.raises(LinkBroken, match="not signed"):
        check_receipt(receipts[1][:-6] + "AAAAAA", bundle, bundle["keys"])


def zhepai(*arguments: object) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "app.cli", "verify", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, check=False)


# AU50
async def test_the_command_verifies_a_file_and_names_what_is_wrong(
    lot: Lot, tmp_path: Path
) -> None:
    await lot.at(lot.opens_at + MINUTE)
    receipts = await bids(lot, ("buyer", 600_000), ("other_buyer", 640_000))
    await lot.at(lot.opens_at + 2 * HOUR)
    path = tmp_path / "proof.json"
    answer = await proof(lot)
    path.write_bytes(answer.content)
    good = await asyncio.to_thread(zhepai, path, "--receipt", receipts[0])
    assert good.returncode == 0, good.stdout + good.stderr
    assert "成立" in good.stdout
    assert code_of(lot, "other_buyer") in good.stdout
    assert "640000.00 CNY" in good.stdout
    bundle = answer.json()
    version = next(it["version"] for it in bundle["events"] if it["type"].endswith("judged"))
    bundle["events"][version - 1]["public"]["bids"][0]["amount"] = yuan(620_000)
    path.write_text(json.dumps(bundle))
    bad = await asyncio.to_thread(zhepai, path)
    assert bad.returncode == 1
    assert f"第 {version} 环 / link {version}" in bad.stdout


async def published(lot: Lot, path: str, least: int) -> list[dict[str, Any]]:
    """Work until so many heads stand in the log; other tests' open transactions hold the feed."""

    async def told() -> list[dict[str, Any]] | None:
        await lot.run_worker()
        items: list[dict[str, Any]] = (await lot.api.get(None, path))["items"]
        return items if len(items) >= least else None

    found = await eventually(told)
    assert found is not None
    return found


async def test_chain_heads_are_published_while_the_auction_runs(own_lot: Lot) -> None:  # AU55
    path = f"/v1/markets/{own_lot.world.market_id}/chain-heads"
    await own_lot.at(own_lot.opens_at + MINUTE)
    await own_lot.run_worker()
    for minute, (name, amount) in enumerate([("buyer", 600_000), ("other_buyer", 620_000)], 2):
        await own_lot.at(own_lot.opens_at + minute * MINUTE)
        await bids(own_lot, (name, amount))
        await own_lot.at(own_lot.opens_at + minute * MINUTE + timedelta(seconds=31))
        before = await published(own_lot, path, minute - 1)
    await own_lot.at(own_lot.opens_at + 2 * HOUR)

    async def ended() -> Any:
        await own_lot.run_worker()
        told = (await proof(own_lot)).json()
        return told if told["heads"][-1]["version"] == told["events"][-1]["version"] else None

    bundle = await eventually(ended)
    kept = [head for item in before for head in item["heads"]]
    assert verify(bundle, heads=kept).heads == len(kept)
    # Page by page it is a chain that anybody recomputes.
    cursor, head, seen = "", GENESIS, 0
    while True:
        page = await own_lot.api.get(None, f"{path}?limit=1{cursor}")
        for item in page["items"]:
            link = {
                "subject": "chain_heads",
                "subject_id": item["subject_id"],
                "subject_version": item["subject_version"],
                "type": "chain_heads.published",
                "market_at": item["market_at"],
                "public": {"heads": item["heads"]},
                "restricted_digest": item["restricted_digest"],
            }
            head = chain_hash(head, link)
            assert item["hash"] == head
            seen += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen >= 3
    assert (await own_lot.api.send("GET", None, f"/v1/markets/{uuid4()}/chain-heads")).is_error
    for broken in ("x", "WyJhIl0", "Wy0xXQ"):
        answer = await own_lot.api.send("GET", None, f"{path}?cursor={broken}")
        assert answer.json()["code"] == "cursor_invalid"
    # Another story of the same auction no longer passes.
    other = clone(bundle)
    version = kept[-1]["version"]
    assert UUID(kept[-1]["auction_id"]) == UUID(own_lot.auction_id)
    other["heads"] = []
    other["events"][version - 1]["public"]["listing_id"] = "?"
    assert rechained(other)["events"][version - 1]["hash"] != kept[-1]["hash"]


async def test_bids_do_not_wait_for_the_publication(own_lot: Lot) -> None:
    """Two publications and bids at once: no head twice, no bid lost, the chain verifies."""
    await own_lot.at(own_lot.opens_at + MINUTE)
    await own_lot.run_worker()

    async def publish() -> int:
        async with own_lot.database.transaction() as session:
            return await publish_heads(session, own_lot.world.market_id)

    receipts: list[str] = []
    for step in range(4):
        name = THREE[step % 3]
        answers = await asyncio.gather(
            publish(), bids(own_lot, (name, 600_000 + 20_000 * step)), publish()
        )
        receipts += answers[1]
    await own_lot.at(own_lot.opens_at + 2 * HOUR)
    await own_lot.run_worker()
    bundle = (await proof(own_lot)).json()
    versions = [head["version"] for head in bundle["heads"]]
    assert versions == sorted(set(versions))
    verify(
        bundle,
        receipts=receipts,
        heads=[{"auction_id": own_lot.auction_id, **head} for head in bundle["heads"]],
    )
    assert (await act(own_lot, "confirmation")).is_success
