"""The settlement routes: payments, contracts, sheets, and who sees which deals."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.clock import market_now
from app.platform.journal import history
from app.shared.ids import DealId, new_id
from app.shared.money import Money
from tests.listings.factories import Desk, done, refusal, yuan
from tests.settlement.factories import BUYER_NAME, Counter, lot, sell
from tests.world import START, World

PRICE = Money.parse("730000.00")


@pytest.fixture
async def deal_id(session: AsyncSession, world: World, desk: Desk) -> DealId:
    return await sell(session, world, await lot(desk, "buyer", "other_buyer"), PRICE)


async def test_payments_settle_the_deal(counter: Counter, deal_id: DealId) -> None:
    """ST2, ST5"""
    first = done(await counter.pay(deal_id, "10000.00"))
    assert (first["status"], first["outstanding"]) == ("opened", yuan("600000.00"))
    last = done(await counter.pay(deal_id, "600000.00"))
    assert (last["status"], last["paid"]) == ("settled", yuan("730000.00"))
    shown = done(await counter.get(f"deals/{deal_id}", "seller_staff"))
    assert [payment["amount"] for payment in shown["payments"]] == [
        yuan("10000.00"),
        yuan("600000.00"),
    ]
    assert shown["premium_rate"] == "0.2167"
    assert shown["settled_at"] is not None
    told = refusal(await counter.pay(deal_id, "1.00"), 409, "transition_refused")
    assert told["state"] == "settled"
    trial = done(await counter.get("ledger/balance"))
    assert trial["balanced"] is True


@pytest.mark.parametrize(
    ("amount", "changes", "status", "code", "told"),
    [
        (
            "610000.01",
            {},
            400,
            "payment_above_outstanding",
            {"field": "amount", "maximum": yuan("609999.99")},
        ),
        (
            "1.00",
            {"payer_name": "甬江生物有限公司"},
            400,
            "payer_differs",
            {"field": "payer_name", "accepted": BUYER_NAME},
        ),
        (
            "1.00",
            {"amount": {"amount": "1.00", "currency": "USD"}},
            400,
            "payment_currency_wrong",
            {"accepted": "CNY"},
        ),
        ("1.00", {"bank_reference": "B1"}, 409, "payment_recorded", {"field": "bank_reference"}),
        ("0.00", {}, 422, "request_invalid", {}),
        ("1.00", {"payer": "x"}, 422, "request_invalid", {}),
    ],
)
async def test_money_that_is_not_the_deals_is_refused(
    counter: Counter,
    deal_id: DealId,
    amount: str,
    changes: dict[str, Any],
    status: int,
    code: str,
    told: dict[str, Any],
) -> None:
    """ST2, ST3, ST4"""
    done(await counter.pay(deal_id, "0.01", bank_reference="B1"))
    problem = refusal(await counter.pay(deal_id, amount, **changes), status, code)
    assert {name: problem[name] for name in told} == told
    shown = done(await counter.get(f"deals/{deal_id}"))
    assert shown["paid"] == yuan("120000.01")
    assert len(shown["payments"]) == 1


async def test_money_that_has_not_arrived_is_refused(
    counter: Counter, session: AsyncSession, world: World, deal_id: DealId
) -> None:
    later = await market_now(session, world.market_id) + timedelta(minutes=5)
    answer = await counter.pay(deal_id, "1.00", received_at=later.isoformat())
    refusal(answer, 400, "payment_in_future")


async def test_one_key_pays_once(counter: Counter, world: World, deal_id: DealId) -> None:
    """ST2"""
    body = {
        "amount": yuan("5.00"),
        "payer_name": BUYER_NAME,
        "bank_reference": "B7",
        "received_at": "2026-03-22T10:00:00+08:00",
    }
    url, headers = f"/v1/deals/{deal_id}/payments", world.headers("operator")
    refusal(
        await counter.client.post(url, json=body, headers=headers),
        400,
        "idempotency_key_missing",
    )
    key = headers | {"Idempotency-Key": str(new_id())}
    first = await counter.client.post(url, json=body, headers=key)
    again = await counter.client.post(url, json=body, headers=key)
    assert first.status_code == 201, first.text
    assert first.json() == again.json()
    assert done(await counter.get(f"deals/{deal_id}"))["paid"] == yuan("120005.00")


async def test_the_contract_is_edited_by_version(
    counter: Counter, session: AsyncSession, world: World, deal_id: DealId
) -> None:
    """ST6"""
    read = await counter.get(f"deals/{deal_id}", "seller_staff")
    assert read.headers["etag"] == '"0"'
    assert done(read)["contract"]["contract_type"] is None
    missing = refusal(await counter.fix(deal_id, None), 400, "if_match_missing")
    assert missing["accepted"] == '"0"'
    fixed = await counter.fix(deal_id, 0)
    assert fixed.headers["etag"] == '"1"'
    assert done(fixed)["technology_amount"] == yuan("700000.00")
    stale = refusal(await counter.fix(deal_id, 0), 409, "version_mismatch")
    assert stale["accepted"] == '"1"'
    again = done(await counter.fix(deal_id, 1, "operator", payment_mode="instalments"))
    assert (again["version"], again["payment_mode"]) == (2, "instalments")
    shown = done(await counter.get(f"deals/{deal_id}"))
    assert shown["contract"] == again
    events = [event for event in await history(session, deal_id) if "contract" in event.type]
    assert [event.restricted["version"] for event in events] == [1, 2]
    assert set(events[0].public) == {"listing_id"}
    assert set(events[0].audience) == {world.seller, world.buyer}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"technology_amount": yuan("730000.01")}, "technology_amount_out_of_range"),
        ({"contract_type": "transfer"}, "contract_type_too_broad"),
        ({"plan_source": "somewhere"}, "code_unknown"),
    ],
)
async def test_contract_data_that_can_never_be_right_are_refused(
    counter: Counter, deal_id: DealId, changes: dict[str, Any], code: str
) -> None:
    """ST7"""
    refusal(await counter.fix(deal_id, 0, **changes), 400, code)
    assert done(await counter.get(f"deals/{deal_id}"))["contract_version"] == 0


async def test_the_sheet_says_what_is_missing_and_when_it_is_ready(
    counter: Counter, session: AsyncSession, world: World, deal_id: DealId
) -> None:
    """ST9"""
    path = f"deals/{deal_id}/registration-sheet"
    empty = done(await counter.get(path, "seller_staff"))
    assert empty["ready"] is False
    assert "contract_type" in empty["unknown"]
    done(await counter.fix(deal_id, 0))
    sheet = done(await counter.get(path))
    assert sheet["contract_version"] == 1
    assert {finding["rule"] for finding in sheet["findings"]} == {
        "fields_complete",
        "code_is_leaf",
    }
    assert {finding["field"] for finding in sheet["findings"]} == {
        "buyer_type",
        "buyer_contact",
        "buyer_phone",
        "buyer_postcode",
        "buyer_scale",
        "buyer_industry",
    }
    await session.execute(
        text(
            "UPDATE parties SET contact = '沈知行', phone = '0571-00000000', postcode = '310000',"
            " scale = 'small', industry = 'manufacturing', party_type = 'joint_stock_company'"
            " WHERE id = :id"
        ),
        {"id": world.buyer},
    )
    ready = done(await counter.get(path))
    assert ready["ready"] is True, ready["findings"]
    values = {field["name"]: field["value"] for field in ready["fields"]}
    assert values["total_amount"] == yuan("730000.00")
    assert values["technology_amount"] == yuan("700000.00")
    assert values["buyer_name"] == BUYER_NAME
    assert values["signed_on"] == "2026-03-23"
    assert values["ip_kind"] == "invention_patent"
    assert values["plan_source"] == "provincial_plan"
    assert values["buyer_is_rd_institution"] is None
    assert set(ready["unknown"]) == {
        "buyer_is_rd_institution",
        "buyer_is_converted_institute",
        "buyer_country",
    }
    assert ready["mapping_version"]
    assert len(ready["by_hand"]) == 5


async def test_who_sees_and_does_what(counter: Counter, world: World, deal_id: DealId) -> None:
    one = f"deals/{deal_id}"
    for role in ("seller_staff", "buyer_staff", "operator", "auditor"):
        assert done(await counter.get(one, role))["id"] == str(deal_id)
        listed = done(await counter.get("deals", role))
        assert [deal["id"] for deal in listed["items"]] == [str(deal_id)]
    for party_id in (world.other_buyer, world.third_buyer):
        refusal(await counter.get(one, "buyer_staff", party_id=party_id), 403, "not_yours")
        listed = done(await counter.get("deals", "buyer_staff", party_id=party_id))
        assert listed["items"] == []
    refusal(await counter.get(one, "operator", market="other"), 404, "object_unknown")
    assert done(await counter.get("deals", "operator", market="other"))["items"] == []
    refusal(await counter.get(one, "anonymous"), 401, "token_missing")
    sheet = f"{one}/registration-sheet"
    refusal(await counter.get(sheet, "buyer_staff"), 403, "role_not_allowed")
    refusal(await counter.pay(deal_id, "1.00", "seller_staff"), 403, "role_not_allowed")
    other_seller = await counter.fix(deal_id, 0, "seller_staff", world.other_seller)
    refusal(other_seller, 403, "not_yours")
    refusal(await counter.get(f"deals/{new_id()}"), 404, "object_unknown")


async def test_a_buyer_that_sells_elsewhere_is_not_the_deals_seller(
    counter: Counter, world: World, deal_id: DealId
) -> None:
    """ST11: the deal is the buyer's too, and the buyer's party may have seller's staff."""
    refusal(await counter.fix(deal_id, 0, "seller_staff", world.buyer), 403, "not_yours")
    sheet = f"deals/{deal_id}/registration-sheet"
    refusal(await counter.get(sheet, "seller_staff", party_id=world.buyer), 403, "not_yours")
    assert done(await counter.get(f"deals/{deal_id}"))["contract_version"] == 0


async def test_signing_is_recorded_once(
    counter: Counter, session: AsyncSession, world: World, deal_id: DealId
) -> None:
    """ST12"""
    early = {"signed_at": "2026-03-22T10:00:00+08:00"}
    told = refusal(await counter.act(deal_id, "signing", early), 400, "signing_out_of_range")
    assert told["field"] == "signed_at"
    assert {"minimum", "maximum"} <= told.keys()
    now = await market_now(session, world.market_id)
    body = {"signed_at": now.isoformat(), "text_hash": "ab" * 32}
    refusal(await counter.act(deal_id, "signing", body, "seller_staff"), 403, "role_not_allowed")
    wrong = body | {"text_hash": "x"}
    refusal(await counter.act(deal_id, "signing", wrong), 422, "request_invalid")
    signed = done(await counter.act(deal_id, "signing", body))
    assert signed["signed_text_hash"] == "ab" * 32
    again = refusal(await counter.act(deal_id, "signing", body), 409, "deal_signed")
    assert again["signed_at"] is not None
    shown = done(await counter.get(f"deals/{deal_id}", "buyer_staff"))
    assert shown["signed_at"] == signed["signed_at"]
    assert shown["sign_by_at"] < shown["pay_by_at"]
    refusal(await counter.act(new_id(), "signing", body), 404, "object_unknown")


async def test_default_is_declared_after_the_deadline_or_with_a_refusal(
    counter: Counter, deal_id: DealId
) -> None:
    """ST13, ST14"""
    body = {"ground": "三个工作日内未签约"}
    told = refusal(await counter.act(deal_id, "default", body), 409, "default_too_early")
    assert told["earliest"] == "2026-03-26T16:00:00+00:00"
    refused = body | {"refused": True}
    refusal(await counter.act(deal_id, "default", refused, "buyer_staff"), 403, "role_not_allowed")
    refusal(await counter.act(deal_id, "default", {"ground": ""}), 422, "request_invalid")
    ended = done(await counter.act(deal_id, "default", refused))
    assert (ended["status"], ended["default_reason"]) == ("defaulted", "refused")
    assert ended["outstanding"] == yuan("0.00")
    again = refusal(await counter.act(deal_id, "default", refused), 409, "transition_refused")
    assert again["state"] == "defaulted"
    refusal(await counter.pay(deal_id, "1.00"), 409, "transition_refused")
    listed = done(await counter.get("deals?status=defaulted", "buyer_staff"))
    assert [deal["default_ground"] for deal in listed["items"]] == [body["ground"]]
    trial = done(await counter.get("ledger/balance"))
    assert trial["balanced"] is True
    lost = {line["purpose"]: line["debit"]["amount"] for line in trial["lines"]}
    assert lost["forfeited"] == "-120000.00"


async def test_deals_page_by_cursor_and_filter_by_status(
    counter: Counter, session: AsyncSession, world: World, desk: Desk
) -> None:
    made = []
    for _ in range(3):
        await world.at(session, START)
        made.append(await sell(session, world, await lot(desk, "buyer"), PRICE))
    done(await counter.pay(made[0], "610000.00"))
    whole = [deal["id"] for deal in done(await counter.get("deals"))["items"]]
    assert whole == [str(deal_id) for deal_id in reversed(made)]
    first = done(await counter.get("deals?limit=2"))
    rest = done(await counter.get(f"deals?limit=2&cursor={first['next']}"))
    assert [deal["id"] for deal in first["items"] + rest["items"]] == whole
    assert rest["next"] is None
    settled = done(await counter.get("deals?status=settled", "buyer_staff"))
    assert [deal["id"] for deal in settled["items"]] == [str(made[0])]
    refusal(await counter.get("deals?cursor=nonsense"), 400, "cursor_invalid")
