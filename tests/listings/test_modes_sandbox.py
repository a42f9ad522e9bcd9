"""Whole procedures over HTTP, from a draft to the end; only the sandbox's clock moves time."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.demo.market import content, records
from app.demo.steps import accept_achievement
from app.platform import reactions
from app.platform.journal import history
from app.platform.reactions import count_failing
from app.platform.runtime import Runtime
from tests.auctions.acts import move_to
from tests.auctions.handed import MakePosted, end_disclosure, handed_over, posted, read
from tests.auctions.lot import (
    BUYERS,
    OPERATOR,
    SELLER,
    Lot,
    api_of,
    buyer,
    nothing_kept,
    yuan,
)
from tests.auctions.standby import (
    DEPOSIT,
    answer,
    check_books,
    check_proof,
    confirmed,
    default,
    deposits,
    outcomes,
)
from tests.listings.agreements import OBJECTION, PROCEDURE, UNIT
from tests.listings.factories import Json, listing_body, refusal
from tests.listings.test_posted_deal import books, offered, sold
from tests.world import START, World

__all__ = ["posted"]

pytestmark = pytest.mark.concurrency

MakeAgreement = Callable[[], Awaitable[Lot]]
DAY = timedelta(days=1)
PRICE = 600_000
ANSWER = "已核对公开的成交公告，技术路线不同，价格不可比。"


async def drafted(lot: Lot, achievement_id: str) -> Json:
    """Draft an agreement and let its buyer consent."""
    body = listing_body(
        achievement_id,
        pricing_mode="agreement",
        conversion_mode="licence_exclusive",
        deposit=None,
        base_price=None,
        buyer_id=str(lot.world.buyer),
        unit_notice=UNIT,
    )
    draft: Json = await lot.api.post(SELLER, "/v1/listings", body)
    consent = {"terms_hash": draft["agreed_terms_hash"]}
    await lot.api.post(buyer("buyer"), f"/v1/listings/{draft['id']}/consent", consent)
    return draft


@pytest.fixture
def agreement(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> MakeAgreement:
    """Publish an agreement, with real commits."""

    async def make() -> Lot:
        api = api_of(own_world, own_client)
        lot = Lot(own_world, own_runtime.database, own_runtime, api, "", {}, START)
        await reactions.register(own_runtime.database, own_runtime.reactions)
        await api.post(SELLER, "/v1/objection-procedures", {"text": PROCEDURE})
        body = content(records("achievements")[0], "owner") | {
            "conversion_modes": ["licence_exclusive"]
        }
        draft = await drafted(lot, await accept_achievement(api, SELLER, OPERATOR, body))
        lot.listing = await api.post(OPERATOR, f"/v1/listings/{draft['id']}/notice")
        return lot

    return make


def path_of(lot: Lot) -> str:
    return f"/v1/listings/{lot.listing['id']}"


async def notices(lot: Lot) -> list[tuple[str, str]]:
    found = (await lot.api.get(None, f"{path_of(lot)}/notices"))["items"]
    return [(it["kind"], it["status"]) for it in found]


async def deals(lot: Lot) -> list[Json]:
    found: list[Json] = (await lot.api.get(OPERATOR, "/v1/deals"))["items"]
    return found


async def types(lot: Lot) -> list[str]:
    """Return what happened to the listing, in order."""
    async with lot.database.transaction() as session:
        return [event.type for event in await history(session, UUID(lot.listing["id"]))]


async def object_to(lot: Lot) -> str:
    """Let somebody object without signing in; return the objection's route."""
    filed = await lot.api.send("POST", None, f"{path_of(lot)}/objections", OBJECTION)
    assert filed.status_code == 201, filed.text
    return f"/v1/objections/{filed.json()['id']}/decision"


async def pay(lot: Lot, deal: Json, amount: int, name: str = "buyer") -> Json:
    arrival = {
        "amount": yuan(amount),
        "payer_name": BUYERS[name],
        "bank_reference": "JK-0318-001",
        "received_at": (await lot.now()).isoformat(),
    }
    path = f"/v1/deals/{deal['id']}"
    await lot.api.post(OPERATOR, f"{path}/signing", {"signed_at": (await lot.now()).isoformat()})
    await lot.api.post(OPERATOR, f"{path}/payments", arrival)
    paid: Json = await lot.api.get(OPERATOR, path)
    return paid


async def nothing_waits(lot: Lot) -> None:
    async with lot.database.transaction() as session:
        assert await count_failing(session) == 0


async def test_an_agreement_from_its_draft_to_the_sellers_money(agreement: MakeAgreement) -> None:
    """LS65, ST17, ST5: the clock alone closes, awards and opens the deal."""
    lot = await agreement()
    ends_at = await end_disclosure(lot)
    deal = await sold(lot)
    assert (deal["price"], deal["deposit"]) == (yuan(PRICE), yuan(0))
    assert datetime.fromisoformat(deal["confirmed_at"]) == ends_at
    assert await notices(lot) == [("offer", "closed")]
    assert (await types(lot))[-3:] == [
        "listing.disclosure_closed",
        "listing.awarded",
        "listing.sold",
    ]
    assert (await pay(lot, deal, PRICE))["status"] == "settled"
    told = {purpose: amount for purpose, amount in (await books(lot)).items() if amount != "0.00"}
    assert told == {"bank": "600000.00", "funds": "-600000.00"}
    await nothing_waits(lot)


async def test_an_upheld_objection_ends_an_agreement_for_good(agreement: MakeAgreement) -> None:
    """LS65, LS67"""
    lot = await agreement()
    await move_to(lot, START + 3 * DAY)
    decision = await object_to(lot)
    assert await notices(lot) == [("offer", "objected")]
    await lot.api.post(SELLER, decision, {"upheld": True, "reason": "定价依据确有遗漏。"})
    assert (await read(lot))["status"] == "failed"
    assert await notices(lot) == [("offer", "upheld"), ("objection_result", "published")]
    await move_to(lot, START + 40 * DAY)
    assert (await read(lot))["status"] == "failed"
    assert await deals(lot) == []
    await nothing_waits(lot)


async def test_an_objection_rejected_after_the_end_lets_the_award_follow_it(
    agreement: MakeAgreement,
) -> None:
    """LS65, ST17: the contract exists from the decision on, not from the period's end."""
    lot = await agreement()
    await move_to(lot, START + 10 * DAY)
    decision = await object_to(lot)
    ends_at = await end_disclosure(lot)
    assert ((await read(lot))["status"], await deals(lot)) == ("closed", [])
    await move_to(lot, ends_at + 3 * DAY)
    assert await deals(lot) == []
    decided = await lot.api.post(SELLER, decision, {"upheld": False, "reason": ANSWER})
    deal = await sold(lot)
    assert deal["confirmed_at"] == decided["decided_at"]
    assert await notices(lot) == [("offer", "closed"), ("objection_result", "published")]
    assert (await books(lot)).get("escrow", "0.00") == "0.00"


async def test_the_buyer_of_an_agreement_that_does_not_sign_has_nothing_to_lose_but_the_result(
    agreement: MakeAgreement,
) -> None:
    """ST19, LS20, LS21"""
    lot = await agreement()
    await end_disclosure(lot)
    deal = await sold(lot)
    path, silent = f"/v1/deals/{deal['id']}/default", {"ground": "逾期未签约", "refused": False}
    refusal(await lot.api.send("POST", OPERATOR, path, silent), 409, "default_too_early")
    await move_to(lot, datetime.fromisoformat(deal["sign_by_at"]))
    await lot.api.post(OPERATOR, path, silent)
    await lot.listing_becomes("failed")
    assert (await types(lot))[-2:] == ["listing.reopened", "listing.failed"]
    assert set((await books(lot)).values()) <= {"0.00"}
    again = await drafted(lot, lot.listing["achievement_id"])
    refused = await lot.api.send("POST", OPERATOR, f"/v1/listings/{again['id']}/notice")
    refusal(refused, 400, "defaulter_excluded")
    await nothing_waits(lot)


async def test_a_silent_holder_of_a_right_leaves_the_result_to_the_single_buyer(
    posted: MakePosted,
) -> None:
    """LS79: his three working days are the clock's, and the sale follows by itself."""
    lot = await posted(bidders=("buyer",), holders=("third_buyer",))
    path = await offered(lot)
    asked = await lot.api.get(buyer("buyer"), f"{path}/offer")
    due_at = datetime.fromisoformat(asked["exercise_due_at"])
    await move_to(lot, due_at - timedelta(seconds=2))
    assert ((await read(lot))["status"], await deals(lot)) == ("closed", [])
    await move_to(lot, due_at)
    deal = await sold(lot)
    assert (deal["buyer_id"], deal["price"]) == (str(lot.world.buyer), yuan(620_000))
    assert datetime.fromisoformat(deal["confirmed_at"]) == due_at
    (holder,) = (await lot.api.get(OPERATOR, f"{path}/priority-holders"))["items"]
    assert holder["decision"] == "silent"
    assert (await pay(lot, deal, 620_000 - DEPOSIT))["status"] == "settled"
    assert await deposits(lot) == {"buyer": "posted"}
    assert (await books(lot))["funds"] == "-620000.00"


async def test_behind_the_winner_of_a_handed_over_listing_the_next_bidder_buys(
    posted: MakePosted,
) -> None:
    """AU91, LS21, LS22: standby holds behind a hand-over as behind every auction."""
    lot = await posted(
        bidders=("buyer", "other_buyer"), mode="licence_exclusive", terms={"standby_count": 1}
    )
    await end_disclosure(lot)
    lot = await handed_over(lot)
    await move_to(lot, lot.opens_at + timedelta(minutes=1))
    await confirmed(lot, ("buyer", 600_000), ("other_buyer", 620_000))
    await lot.listing_becomes("sold")
    assert await deposits(lot) == {"buyer": "held", "other_buyer": "posted"}
    await default(lot)
    await lot.listing_becomes("closed")
    assert (await answer(lot, "buyer", accept=True)).is_success
    await lot.listing_becomes("sold")
    assert await outcomes(lot) == {"other_buyer": "defaulted", "buyer": "confirmed"}
    assert await deposits(lot) == {"buyer": "posted", "other_buyer": "posted"}
    await check_books(lot, forfeited=DEPOSIT, escrow=DEPOSIT)
    await check_proof(lot)
    await nothing_waits(lot)


async def test_a_result_without_a_buyer_is_extended_reduced_and_offered_again(
    posted: MakePosted,
) -> None:
    """LS5, LS13, LS74: at nine tenths without an approval, as soon as the first has failed."""
    lot = await posted(
        mode="licence_exclusive", extensions=2, reductions=[yuan(590_000), yuan(580_000)]
    )
    again = lot.listing["achievement_id"], yuan(540_000)
    body = listing_body(again[0], pricing_mode="posted", conversion_mode="licence_exclusive")
    relisted = body | {"floor": again[1]}
    early = await lot.api.send("POST", SELLER, "/v1/listings", relisted)
    assert refusal(early, 400, "listing_invalid")["errors"][0]["rule"] == "floor_below_base_price"
    await move_to(lot, START + 60 * DAY)
    assert (await read(lot))["status"] == "failed"
    assert [kind for kind, _ in await notices(lot)] == ["offer", "extension", "extension"]
    draft = await lot.api.post(SELLER, "/v1/listings", relisted)
    path = f"/v1/listings/{draft['id']}"
    plan = {
        "terms": {
            "format": "multiple_bids",
            "start": again[1],
            "step": yuan(20_000),
            "free_phase_s": 3600,
            "window_s": 120,
        }
    }
    await lot.api.post(OPERATOR, f"{path}/bidding-plan", plan)
    assert (await lot.api.post(OPERATOR, f"{path}/notice"))["status"] == "disclosing"
    await nothing_waits(lot)


async def test_a_withdrawn_listing_gives_deposits_back_and_tells_its_costs_to_the_two(
    posted: MakePosted,
) -> None:
    """LS82: rules L9."""
    lot = await posted(mode="licence_exclusive", bidders=("buyer", "other_buyer"))
    await move_to(lot, START + 4 * DAY)
    body = {"reason": "改由本单位自行实施转化", "costs": yuan(3_200)}
    await lot.api.post(SELLER, f"{path_of(lot)}/withdrawal", body)
    assert await deposits(lot) == {"buyer": "voided", "other_buyer": "voided"}
    await nothing_kept(lot)
    assert await notices(lot) == [("offer", "withdrawn"), ("withdrawal", "published")]
    async with lot.database.transaction() as session:
        event = (await history(session, UUID(lot.listing["id"])))[-1]
    assert (event.type, event.audience) == ("listing.withdrawn", [lot.world.seller])
    assert event.restricted["costs"] == yuan(3_200)
    public: list[Any] = [event.public, await lot.api.get(None, f"{path_of(lot)}/notices")]
    assert "3200" not in str(public)
    await move_to(lot, START + 40 * DAY)
    assert ((await read(lot))["status"], await deals(lot)) == ("withdrawn", [])
    await nothing_waits(lot)
