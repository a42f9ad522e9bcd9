"""Comparable deals: this exchange's own from its journal, and given ones."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.platform.journal import history
from app.shared.money import Money
from app.valuations.service.comparing import EVENTS, keep_sale
from tests.listings.factories import Json, done, refusal, yuan
from tests.queries import counted
from tests.settlement import factories as deals
from tests.valuations.domain.examples import document, fixed, market_inputs, method
from tests.valuations.panels import Office
from tests.valuations.test_valuation_flow import opened, put

GIVEN: Json = {
    "title": "铜带表面在线检测专利包",
    "technology_field": "electronic_information",
    "ip_kind": "invention_patent",
    "conversion_mode": "transfer",
    "price": yuan("2000000.00"),
    "dealt_on": "2025-09-01",
    "contested": None,
    "cited": "某技术交易所成交公告2025年第31号",
    "note": "专利权转让,一次付清,含两次现场指导。",
}


async def give(office: Office, **changes: Any) -> httpx.Response:
    return await office.post("comparables", "operator", GIVEN | changes)


async def listed(office: Office, query: str = "", who: str = "seller_staff") -> list[Json]:
    items: list[Json] = done(await office.get(f"comparables{query}", who))["items"]
    return items


async def sell(office: Office, price: str, *, settled: bool = True) -> tuple[UUID, UUID]:
    lot = await deals.lot(office.desk, "buyer", deposit=yuan("120000.00"))
    whole = Money.parse(price)
    deal_id = await deals.sell(office.session, office.world, lot, whole)
    if settled:
        counter = deals.Counter(office.desk.client, office.world, office.session)
        rest = whole - deals.DEPOSIT
        done(await counter.pay(deal_id, str(rest)))
    return lot.listing_id, deal_id


async def react(office: Office, *subjects: UUID, backwards: bool = False) -> None:
    events = [event for subject in subjects for event in await history(office.session, subject)]
    for event in reversed(events) if backwards else events:
        if event.type in EVENTS:
            await keep_sale(office.session, event)


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_settled_sale_becomes_a_comparable(office: Office, backwards: bool) -> None:
    """VA10, VA11"""
    listing, deal = await sell(office, "700000.00")
    await react(office, listing, deal, backwards=backwards)
    (item,) = await listed(office, "?technology_field=electronic_information&contested=true")
    assert (item["source"], item["listing_id"]) == ("exchange", str(listing))
    assert (item["price"], item["start"]) == (yuan("700000.00"), yuan("600000.00"))
    assert item["readiness"] == {"scale": "trl_9", "level": 7}
    assert (item["conversion_mode"], item["pricing_mode"]) == ("transfer", "bidding")
    await react(office, listing, deal)  # once more changes nothing
    assert [again["price"] for again in await listed(office)] == [item["price"]]


async def test_an_unsettled_sale_is_no_evidence(office: Office) -> None:
    """VA10"""
    await react(office, *await sell(office, "700000.00", settled=False))
    assert await listed(office) == []


async def test_a_sale_at_its_start_had_no_rival(office: Office) -> None:
    """VA11"""
    await react(office, *await sell(office, "600000.00"))
    assert await listed(office, "?contested=true") == []
    assert len(await listed(office, "?contested=false")) == 1


async def test_given_ones_carry_source_date_and_terms(office: Office) -> None:
    """VA12"""
    item = done(await give(office))
    assert (item["source"], item["cited"], item["note"]) == ("given", GIVEN["cited"], GIVEN["note"])
    told = refusal(
        await give(office, technology_field="magic", dealt_on="2027-01-01"),
        400,
        "comparable_invalid",
    )
    assert {error["field"] for error in told["errors"]} == {"technology_field", "dealt_on"}
    refusal(await office.post("comparables", "seller_staff", GIVEN), 403, "role_not_allowed")
    refusal(await office.get("comparables", "buyer_staff"), 403, "role_not_allowed")
    for query, count in (
        ("?ip_kind=invention_patent", 1),
        ("?ip_kind=software_copyright", 0),
        ("?source=given", 1),
        ("?since=2025-09-02", 0),
        ("?conversion_mode=transfer&since=2025-09-01", 1),
    ):
        assert len(await listed(office, query)) == count


async def test_pages_run_from_the_latest_deal(office: Office) -> None:
    """VA12"""
    days = ["2025-03-01", "2025-09-01", "2025-09-01", "2024-12-31"]
    for day in days:
        done(await give(office, dealt_on=day))
    seen: list[Json] = []
    path = "comparables?limit=3"
    with counted(office.desk.client._transport.app.state.runtime.database) as statements:  # type: ignore[attr-defined]
        page = done(await office.get(path, "seller_staff"))
    assert len(statements) <= 4
    seen += page["items"]
    page = done(await office.get(f"{path}&cursor={page['next']}", "seller_staff"))
    seen += page["items"]
    assert [item["dealt_on"] for item in seen] == sorted(days, reverse=True)
    assert len({item["id"] for item in seen}) == 4
    assert page["next"] is None


async def test_a_quoted_comparable_has_its_recorded_price(office: Office) -> None:
    """VA12"""
    known = done(await give(office))
    valuation = (await opened(office))["id"]

    def quoting(price: str) -> Json:
        (first, *_) = market_inputs()["comparables"]
        quoted = first | {"comparable_id": known["id"], "price": fixed(price)}
        return document(method("market", 10_000, comparables=[quoted]))

    told = refusal(await put(office, valuation, quoting("2100000")), 409, "comparable_mismatch")
    assert told["errors"][0]["accepted"]["price"] == yuan("2000000.00")
    done(await put(office, valuation, quoting("2000000")))
    assert await office.session.scalar(text("SELECT count(*) FROM comparables")) == 1
