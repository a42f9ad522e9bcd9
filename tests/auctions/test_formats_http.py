"""Every format in a sandbox over HTTP, from the opening to the result, by moving the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.demo.market import content, records
from app.demo.steps import accept_achievement, draft_listing
from app.platform.runtime import Runtime
from tests.auctions.acts import FORMATS, act, code_of, done, event_of, move_to, offer, refused
from tests.auctions.lot import OPERATOR, SELLER, Lot, make_lot, yuan
from tests.world import World

pytestmark = pytest.mark.concurrency
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
THREE = ("buyer", "other_buyer", "third_buyer")


@dataclass(frozen=True)
class Plan:
    """Bids in seconds from the opening, and what they lead to.

    Attributes:
        steps: Second, bidder, amount in yuan, expected refusal or ``None``.
        end_s: When all is over.
    """

    steps: Sequence[tuple[int, str, int, str | None]]
    end_s: int
    winner: str
    price: int


PLANS = {
    "multiple_bids": Plan(
        [
            (60, "buyer", 600_000, None),
            (120, "other_buyer", 640_000, None),
            (3650, "third_buyer", 660_000, None),  # restarts the window
            (3760, "buyer", 680_000, None),
            (3890, "other_buyer", 700_000, "bid_after_close"),
        ],
        4000,
        "buyer",
        680_000,
    ),
    "dynamic": Plan(
        [
            (60, "buyer", 600_000, None),
            (3590, "other_buyer", 620_000, None),  # ends at 3710 now
            (3700, "third_buyer", 640_000, None),  # and now at 3820
            (3830, "buyer", 660_000, "bid_after_close"),
        ],
        4000,
        "third_buyer",
        640_000,
    ),
    "sealed_first": Plan(
        [
            (60, "buyer", 600_000, None),
            (70, "other_buyer", 655_555, None),
            (80, "other_buyer", 700_000, "already_bid"),
            (90, "third_buyer", 599_999, "bid_too_low"),
        ],
        3700,
        "other_buyer",
        655_555,
    ),
    "sealed_second": Plan(
        [
            (60, "buyer", 611_111, None),
            (70, "other_buyer", 655_555, None),
            (80, "third_buyer", 600_000, None),
        ],
        3700,
        "other_buyer",
        611_111,
    ),
    "rounds": Plan(
        [
            (60, "buyer", 610_000, None),
            (70, "other_buyer", 620_000, None),
            (80, "third_buyer", 600_000, None),
            (3630, "buyer", 650_000, "auction_not_open"),  # between the rounds
            (3700, "third_buyer", 700_000, "bidder_eliminated"),
            (3710, "buyer", 640_000, None),
            (3720, "other_buyer", 619_999, "bid_too_low"),  # never worse than before
        ],
        7300,
        "buyer",
        640_000,
    ),
    "weighted": Plan(
        [
            (60, "buyer", 700_000, None),
            (70, "other_buyer", 650_000, None),
        ],
        3700,
        "other_buyer",
        650_000,
    ),
    "dutch": Plan(
        [
            (30, "buyer", 780_000, "bid_too_low"),
            (190, "other_buyer", 740_000, None),  # the fourth price
            (191, "buyer", 740_000, "bid_after_close"),
        ],
        1000,
        "other_buyer",
        740_000,
    ),
}


async def played(lot: Lot, plan: Plan) -> None:
    """Move the clock from bid to bid, then to the end."""
    for second, name, amount, refusal in plan.steps:
        await move_to(lot, lot.opens_at + timedelta(seconds=second))
        answer = await offer(lot, name, amount)
        assert answer.json().get("code") == refusal, (second, answer.text)
    await move_to(lot, lot.opens_at + timedelta(seconds=plan.end_s))


@pytest.mark.parametrize("kind", sorted(FORMATS))
async def test_a_format_from_its_opening_to_its_result_in_a_sandbox(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient, kind: str
) -> None:
    plan = PLANS[kind]
    lot = await make_lot(own_world, own_runtime, own_client, bidders=THREE, terms=FORMATS[kind])
    assert (await offer(lot, "buyer", 900_000)).json()["code"] == "auction_not_open"
    await played(lot, plan)
    if kind == "weighted":
        # 700,000 with 60 and 40 points: 70 + 12 + 4; 650,000 with 100 and 90: 65 + 20 + 9.
        scores = {code_of(lot, "buyer"): [60, 40], code_of(lot, "other_buyer"): [100, 90]}
        assert (await done(lot, "scores", {"scores": scores}))["status"] == "awarded"
    auction = await lot.auction()
    assert (auction["status"], auction["leading"]) == ("awarded", yuan(plan.price))
    assert auction["leader_code"] == code_of(lot, plan.winner)
    public = (await event_of(lot, "awarded"))["public"]
    assert (public["bidder_code"], public["price"]) == (
        code_of(lot, plan.winner),
        yuan(plan.price),
    )
    confirmed = await done(lot, "confirmation")
    assert confirmed["auction"]["status"] == "confirmed"
    await lot.listing_becomes("sold")


async def test_points_are_given_once_for_all_before_any_price_is_known(  # AU46
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    terms = FORMATS["weighted"]
    lot = await make_lot(own_world, own_runtime, own_client, bidders=THREE, terms=terms)
    await move_to(lot, lot.opens_at + MINUTE)
    for name, amount in (("buyer", 700_000), ("other_buyer", 650_000)):
        assert (await offer(lot, name, amount)).status_code == 201
    one, two = code_of(lot, "buyer"), code_of(lot, "other_buyer")
    whole = {"scores": {one: [60, 40], two: [100, 90]}}
    status, problem = await refused(lot, "scores", whole)
    assert (status, problem["code"]) == (409, "scores_not_due")
    await move_to(lot, lot.opens_at + HOUR)
    auction = await lot.auction()
    assert (auction["status"], auction["leading"], auction["leader_code"]) == (
        "opening",
        None,
        None,
    )
    status, problem = await refused(lot, "confirmation")
    assert problem["code"] == "transition_refused"
    faulty = {"scores": {one: [60], code_of(lot, "third_buyer"): [1, 2]}}
    status, problem = await refused(lot, "scores", faulty)
    assert (status, problem["code"]) == (400, "scores_invalid")
    assert {(fault["field"], fault["rule"]) for fault in problem["faults"]} == {
        (f"scores.{two}", "every_bidder"),
        (f"scores.{one}", "one_a_criterion"),
        (f"scores.{code_of(lot, 'third_buyer')}", "a_bidder"),
    }
    assert (await act(lot, "scores", {"scores": {one: [101, 0]}})).status_code == 422
    first = await act(lot, "scores", whole, key="points")
    assert first.json()["status"] == "awarded"
    assert (await act(lot, "scores", whole, key="points")).content == first.content
    assert (await refused(lot, "scores", whole))[1]["code"] == "scores_not_due"
    scored, awarded = await event_of(lot, "scored"), await event_of(lot, "awarded")
    assert scored["public"]["points"] == whole["scores"]
    assert scored["market_at"] == awarded["market_at"]
    told = {it["bidder_code"]: (it["rank"], it["score"]) for it in awarded["public"]["openings"]}
    assert told == {two: (1, "94.000000"), one: (2, "86.000000")}


async def test_the_lots_of_a_session_open_one_after_the_other(  # AU25
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    lot = await make_lot(own_world, own_runtime, own_client, bidders=())
    day = {"title": "专场", "edition": "general", "held_on": "2026-09-01"}
    session = await lot.api.post(OPERATOR, "/v1/sessions", day)
    body = content(records("achievements")[0], "owner")
    opens_at = lot.opens_at + timedelta(days=60)
    openings = []
    for _ in range(11):
        achievement_id = await accept_achievement(lot.api, SELLER, OPERATOR, body)
        draft = await draft_listing(
            lot.api,
            SELLER,
            achievement_id=achievement_id,
            conversion_mode=body["conversion_modes"][0],
            start=yuan(600_000),
            deposit=yuan(120_000),
            session_id=session["id"],
        )
        terms = {"start": yuan(600_000), **FORMATS["dutch"]}
        made = await lot.api.post(
            OPERATOR,
            "/v1/auctions",
            {
                "listing_id": draft["id"],
                "opens_at": opens_at.isoformat(),
                "spread_s": 300,
                "terms": terms,
            },
        )
        openings.append(made["opens_at"])
    wanted: list[Any] = [(opens_at + lot_no * 5 * MINUTE).isoformat() for lot_no in range(11)]
    assert openings == wanted
