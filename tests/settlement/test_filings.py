"""Filings over HTTP: entered, corrected, explained, listed; a number belongs to one deal."""

from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import history
from app.shared.ids import DealId
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.world import World

PRICE = Money.parse("730000.00")
REGISTERED: Json = {
    "status": "registered",
    "decided_on": "2026-03-23",
    "registration_number": "2026330106000123",
    "total_amount": yuan("730000.00"),
    "technology_amount": yuan("700000.00"),
    "contract_type": "transfer_patent",
}
REFUSED: Json = {
    "status": "refused",
    "decided_on": "2026-03-23",
    "ground": "price_unclear",
    "reason": "技术交易额未单列",
}


@pytest.fixture
async def deal_id(session: AsyncSession, world: World, desk: Desk) -> DealId:
    return await sell(session, world, await lot(desk, "buyer"), PRICE)


async def enter(
    counter: Counter, deal_id: DealId, version: int | None, body: Json, role: str = "seller_staff"
) -> httpx.Response:
    seen = {} if version is None else {"If-Match": f'"{version}"'}
    return await counter.client.put(
        f"/v1/deals/{deal_id}/filing", json=body, headers=counter.world.headers(role) | seen
    )


async def test_a_decision_is_entered_corrected_and_taken_back(
    counter: Counter, deal_id: DealId, session: AsyncSession
) -> None:
    """ST220, ST223, ST224, ST225"""
    path = f"deals/{deal_id}/filing"
    empty = await counter.get(path, "seller_staff")
    assert (done(empty)["status"], empty.headers["ETag"]) == ("pending", '"0"')
    refusal(await enter(counter, deal_id, 0, REGISTERED), 409, "contract_unsigned")
    done(await counter.fix(deal_id, 0, technology_amount=None))
    refusal(await enter(counter, deal_id, None, REGISTERED), 400, "if_match_missing")
    refused = done(await enter(counter, deal_id, 0, REFUSED))
    assert refused["ground_zh"] == "合同价款不明确"
    found = {item["rule"]: item["found"] for item in refused["refused_by"]}
    assert [item["field"] for item in found["technology_amount_within_total"]] == [
        "technology_amount"
    ]
    assert found["price_clear"] == []
    refusal(await enter(counter, deal_id, 0, REGISTERED), 409, "version_mismatch")
    # Mended and filed again.
    done(await counter.fix(deal_id, 1, technology_amount=yuan("730000.00")))
    told = done(await enter(counter, deal_id, 1, REGISTERED, "operator"))
    assert (told["status"], told["version"]) == ("registered", 2)
    assert done(await counter.get(path, "auditor")) == told
    (difference,) = told["differences"]
    assert difference["change"] == yuan("-30000.00")
    assert difference["ground"]["rule"] == "equipment_deducted"
    refusal(await enter(counter, deal_id, 2, REFUSED), 409, "transition_refused")
    same = REGISTERED | {"technology_amount": yuan("730000.00")}
    corrected = done(await enter(counter, deal_id, 2, same))
    assert corrected["differences"] == []
    done(await enter(counter, deal_id, 3, {"status": "pending", "reason": "录入有误"}))
    assert (await counter.get(path)).headers["ETag"] == '"4"'
    events = [event for event in await history(session, deal_id) if event.type == "deal.filed"]
    assert [event.restricted["decision"]["status"] for event in events] == [
        "refused",
        "registered",
        "registered",
        "pending",
    ]
    assert "2026330106000123" not in str([event.public for event in events])


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"registration_number": "123"}, "registration_number_malformed", "registration_number"),
        (
            {"technology_amount": yuan("730000.01")},
            "recognised_amount_invalid",
            "technology_amount",
        ),
        ({"decided_on": "2027-01-01"}, "decision_day_out_of_range", "decided_on"),
        ({"contract_type": "barter"}, "code_unknown", "contract_type"),
    ],
)
async def test_what_no_office_decides_is_refused(
    counter: Counter, deal_id: DealId, changes: Json, code: str, field: str
) -> None:
    """ST222"""
    done(await counter.fix(deal_id, 0))
    told = refusal(await enter(counter, deal_id, 0, REGISTERED | changes), 400, code)
    assert told["field"] == field


async def test_a_number_belongs_to_one_deal_and_lists_tell_what_differs(
    counter: Counter, deal_id: DealId, desk: Desk, session: AsyncSession, world: World
) -> None:
    """ST221"""
    other = await sell(session, world, await lot(desk, "buyer"), PRICE)
    for each in (deal_id, other):
        done(await counter.fix(each, 0))
    done(await enter(counter, deal_id, 0, REGISTERED))
    later = REGISTERED | {"decided_on": "2026-04-13"}
    refusal(await enter(counter, other, 0, later), 409, "registration_number_taken")
    lower = later | {
        "registration_number": "2026330106000124",
        "technology_amount": yuan("650000.00"),
    }
    done(await enter(counter, other, 0, lower))

    async def listed(role: str = "operator", **asked: Any) -> list[str]:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        page = done(await counter.get(f"registration-filings?{query}", role))
        return [item["deal_id"] for item in page["items"]]

    assert await listed() == [str(other), str(deal_id)]
    assert await listed("seller_staff", differs="true") == [str(other)]
    assert await listed(differs="false", status="registered") == [str(deal_id)]
    assert await listed(seller_id=world.other_seller) == []
    first = done(await counter.get("registration-filings?limit=1"))
    second = done(await counter.get(f"registration-filings?limit=1&cursor={first['next']}"))
    assert [it["deal_id"] for it in first["items"] + second["items"]] == [str(other), str(deal_id)]
    assert second["next"] is None
    other_seller = await counter.get(
        "registration-filings", "seller_staff", party_id=world.other_seller
    )
    assert done(other_seller)["items"] == []
