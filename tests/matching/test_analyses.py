"""Analyses of demands and texts over HTTP: what lacks, what is like it, what is on offer."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update
from structlog.testing import capture_logs

from app.demands.domain.demand import DemandStatus
from app.demands.domain.facts import Facts, NoTakeUp, Outcome
from app.demands.repository import facts
from app.demands.service.board import index_posting
from app.matching.domain.entry import EntryKind
from app.matching.domain.retrieval import Candidate
from app.matching.index import IndexNotReady
from app.matching.service.engine import MatchingEngine
from app.permissions import PERMISSIONS
from app.platform.access import Role
from app.platform.clock import MarketClock
from app.platform.journal import history
from app.platform.runtime import Runtime
from app.shared.ids import DemandId, new_id
from app.shared.money import Money
from app.valuations.domain.comparables import Comparable, ComparableSource, ComparableTerms
from app.valuations.repository import comparables
from tests.demands.board import RESTRICTED, body, done, refusal, terms
from tests.matching.market import LEAKAGE, LOCATING, Market
from tests.world import START

Json = dict[str, Any]

VAGUE = "希望与高校开展合作，显著提高产品质量，降低成本，实现智能化升级。"


async def analysed(market: Market, role: str = "buyer_staff", **asked: Any) -> Json:
    return done(await market.board.post("demand-analyses", role, asked))


async def put_past(
    market: Market, title: str, background: str, *, status: DemandStatus, **known: Any
) -> UUID:
    """Have a demand posted, found by its words, and come to an end."""
    session, board = market.session, market.board
    content = {"title": title, "background": background}
    demand_id = UUID((await board.posted(session, more=content))["id"])
    for event in await history(session, demand_id):
        if event.type == "demand.posted":
            await index_posting(session, event)
    await board.put_in(session, str(demand_id), status)
    told: Json = {
        "posted_at": START,
        "technology_field": "advanced_manufacturing",
        "region_code": "330106",
        "edition_id": None,
        "amount_minor": 90_000_000,
        "open_budget": False,
        "proposals": 0,
        "first_answer_at": None,
        "outcome": Outcome.NOT_TAKEN_UP,
        "reason": NoTakeUp.NO_PROPOSAL,
        "taken_up_at": None,
        "taken_minor": 0,
    } | known
    ended = Facts(**told)
    await facts.put(session, market.world.market_id, DemandId(demand_id), 1, {}, ended)
    return demand_id


async def deal(market: Market, yuan: int) -> None:
    """Let the market know of a sale of its field."""
    known = Comparable(
        id=new_id(),
        market_id=market.world.market_id,
        source=ComparableSource.GIVEN,
        listing_id=None,
        terms=ComparableTerms(title="某成交", technology_field="advanced_manufacturing"),
        price=Money(yuan * 100),
        start=None,
        contested=None,
        dealt_on=START.date() - timedelta(days=90),
        cited="公开成交公告",
    )
    await comparables.insert_given(market.session, known)


async def test_past_demands_of_a_sandbox_are_for_itself_alone(market: Market) -> None:  # MT14
    """Both of the tests' markets are sandboxes; let one of them be live, and then both."""
    past = await put_past(market, "配电网漏电断点定位", LEAKAGE, status=DemandStatus.UNANSWERED)

    async def similar(at: str) -> list[str]:
        answer = await market.board.post("demand-analyses", "expert", {"text": LEAKAGE}, market=at)
        return [item["demand_id"] for item in done(answer)["similar"]]

    assert await similar("other") == []
    assert await similar("own") == [str(past)]
    live = update(MarketClock).values(sandbox=False, ahead=timedelta(0), moved_at=None)
    await market.session.execute(live.where(MarketClock.market_id == market.world.market_id))
    assert await similar("other") == []
    await market.session.execute(live)
    assert await similar("other") == [str(past)]


async def test_a_text_is_told_what_it_lacks_and_what_is_on_offer(market: Market) -> None:
    # MT90, MT91, MT92
    await market.shelve_others()
    fitting = await market.shelve("漏电故障断点定位方法", LOCATING)
    told = await analysed(market, text=LEAKAGE, title="漏电保护误动治理")
    parts = {part["part"]: part for part in told["parts"]}
    assert parts["problem"]["stated"]
    assert "误动率高" in parts["problem"]["clause"]
    assert not parts["budget"]["stated"]
    assert [item["name"] for item in told["questions"][:2]] == ["indicators", "test"]
    assert told["results"]["verdict"] != "none"
    assert told["results"]["matches"][0]["entry_id"] == str(fitting)
    assert told["words"]["too_general"] is None  # seven entries tell nothing of words
    assert told["words"]["entries"] == 7
    assert told["similar"] == []
    assert told["prices"]["why_not"] == "field_not_stated"


async def test_a_vague_text_hears_that_nothing_suits(market: Market) -> None:  # MT91
    await market.shelve_others()
    told = await analysed(market, text=VAGUE)
    assert told["results"]["verdict"] == "none"
    named = {item["name"] for item in told["questions"]}
    assert {"words_without_number", "text_not_concrete", "problem"} <= named


async def test_past_demands_come_with_their_fate(market: Market) -> None:  # MT93
    lost = await put_past(
        market,
        "配电网漏电断点定位",
        LEAKAGE,
        status=DemandStatus.UNANSWERED,
        proposals=2,
        reason=NoTakeUp.NO_SUITABLE,
    )
    taken = await put_past(
        market,
        "漏电保护装置误动率治理",
        "低压配电网漏电保护装置误动率高。",
        status=DemandStatus.ACCEPTED,
        proposals=3,
        outcome=Outcome.TAKEN_UP,
        reason=None,
        taken_minor=78_000_000,
    )
    await put_past(market, "稻田养鱼", "稻田养鱼增氧不足。", status=DemandStatus.UNANSWERED)
    hidden = await put_past(market, "漏电误动", LEAKAGE, status=DemandStatus.RETURNED)
    open_now = await market.post("漏电保护误动治理", LEAKAGE)
    for event in await history(market.session, open_now):
        if event.type == "demand.posted":
            await index_posting(market.session, event)
    told = await analysed(market, text=LEAKAGE)
    found = {item["demand_id"]: item for item in told["similar"]}
    assert list(found) == [str(lost), str(taken)]
    assert str(hidden) not in found
    first, second = told["similar"]
    assert (first["reason"], first["proposals"], first["price_class"]) == ("no_suitable", 2, None)
    assert first["fate_zh"] == "评审认为没有合适方案"
    assert (second["outcome"], second["price_class"]) == ("taken_up", "from_500k")
    assert second["fate_zh"] == "已揭榜，验收通过"
    assert {"漏电", "误动"} & {term["text"] for term in second["terms"]}
    # A demand is not like itself.
    again = await analysed(market, demand_id=str(lost))
    assert str(lost) not in {item["demand_id"] for item in again["similar"]}


async def test_prices_are_of_five_deals_of_the_field(market: Market) -> None:  # MT94
    asked: Json = {
        "text": LEAKAGE,
        "technology_field": "advanced_manufacturing",
        "budget_low": {"amount": "100000.00", "currency": "CNY"},
        "budget_high": {"amount": "200000.00", "currency": "CNY"},
    }
    for yuan in (400_000, 600_000, 800_000, 1_000_000):
        await deal(market, yuan)
    assert (await analysed(market, **asked))["prices"]["why_not"] == "too_few_deals"
    await deal(market, 1_200_000)
    told = (await analysed(market, **asked))["prices"]
    assert told == {
        "count": 5,
        "low": {"amount": "600000.00", "currency": "CNY"},
        "middle": {"amount": "800000.00", "currency": "CNY"},
        "high": {"amount": "1000000.00", "currency": "CNY"},
        "why_not": None,
        "budget": "below",
    }


async def test_a_demand_is_analysed_for_those_who_may_read_it(market: Market) -> None:  # MT95
    draft = (await market.board.reviewed(market.session))["id"]
    told = await analysed(market, demand_id=draft)
    stated = {part["part"] for part in told["parts"] if part["stated"]}
    assert {"indicators", "budget", "due", "field", "cooperation", "ownership"} <= stated
    assert "background_too_short" in {item["name"] for item in told["questions"]}
    elsewhere = market.world.other_buyer
    for role in ("buyer_staff", "broker", "expert"):
        response = await market.board.post(
            "demand-analyses", role, {"demand_id": draft}, party_id=elsewhere
        )
        refusal(response, 404, "object_unknown")
    refusal(
        await market.board.post("demand-analyses", "buyer_staff", {"demand_id": str(new_id())}),
        404,
        "object_unknown",
    )
    done(await market.board.post(f"demands/{draft}/posting", "operator", {"terms": terms()}))
    assert (await analysed(market, "seller_staff", demand_id=draft))["parts"] == told["parts"]


def draft_body() -> Json:
    return body(draft=True)


async def test_the_restricted_part_changes_nothing(market: Market) -> None:  # MT96
    await market.shelve_others()
    open_, closed = [
        done(await market.board.post("demands", "buyer_staff", draft_body() | more))["id"]
        for more in ({}, RESTRICTED | {"restricted_text": LEAKAGE * 3})
    ]
    await market.shelve("漏电故障断点定位方法", LOCATING)
    told = await analysed(market, demand_id=open_)
    assert await analysed(market, demand_id=closed) == told


async def test_nothing_of_a_text_is_kept(market: Market) -> None:  # MT97
    await market.shelve("漏电故障断点定位方法", LOCATING)
    secret = f"{LEAKAGE}甲方机密型号ZX九七。"
    written = text(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_xact_user_tables"
    )
    before = await market.session.scalar(written)
    with capture_logs() as logged:
        await analysed(market, text=secret)
        refused = {"text": secret, "technology_field": "no_such_field"}
        response = await market.board.post("demand-analyses", "buyer_staff", refused)
        refusal(response, 400, "match_query_invalid")
    assert await market.session.scalar(written) == before
    assert "机密" not in str(logged)
    assert "机密" not in response.text
    assert before


class NoIndex:
    """The index before the indexer has run."""

    @property
    def size(self) -> int:
        raise IndexNotReady("Not yet.", retry_after_s=10)

    def document_frequencies(self, _grams: object) -> Mapping[str, int]:
        raise IndexNotReady("Not yet.", retry_after_s=10)

    def search(self, _weights: object, *, limit: int) -> Sequence[Candidate]:
        raise IndexNotReady("Not yet.", retry_after_s=limit)


async def test_without_an_index_the_rest_is_told(
    market: Market, shared_runtime: Runtime
) -> None:  # MT98
    shared_runtime.live["matching"] = MatchingEngine(
        indexes={kind: NoIndex() for kind in EntryKind},
        embedder=None,
        calibration=market.engine.calibration,
    )
    told = await analysed(market, text=LEAKAGE)
    assert told["index_ready"] is False
    assert [told[name] for name in ("words", "similar", "results")] == [None] * 3
    assert told["questions"]
    assert told["prices"]["why_not"] == "field_not_stated"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"title": "漏电"},
        {"text": "漏电", "demand_id": "0190a0a0-0000-7000-8000-000000000000"},
        {"text": "漏电", "budget_low": {"amount": "1.00", "currency": "CNY"}},
        {
            "text": "漏电",
            "budget_low": {"amount": "2.00", "currency": "CNY"},
            "budget_high": {"amount": "1.00", "currency": "CNY"},
        },
        {"text": "漏" * 10_001},
    ],
)
async def test_what_says_nothing_clear_is_refused(market: Market, asked: Json) -> None:
    # MT95
    response = await market.board.post("demand-analyses", "buyer_staff", asked)
    refusal(response, 422, "request_invalid")


async def test_every_signed_in_role_may_ask(market: Market) -> None:  # MT95
    rule = PERMISSIONS["analyse_demand"]
    assert set(rule.reach) == set(Role) - {Role.ANONYMOUS}
    response = await market.board.client.post("/v1/demand-analyses", json={"text": LEAKAGE})
    assert response.status_code == 401
