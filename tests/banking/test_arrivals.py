"""Arrivals over HTTP: the certain is booked, wrong names go back, the rest is worked by a clerk."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import history
from app.shared.money import Money
from tests.banking.teller import OTHER, OWN, Teller, check_books, react, row, table
from tests.listings.agreements import agreed
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.settlement.factories import lot, sell
from tests.world import World

PRICE = Money.parse("730000.00")
STRUCK = {"reason": "已手工登记"}


@pytest.fixture
async def owing(desk: Desk, teller: Teller, session: AsyncSession) -> tuple[Json, str]:
    """A qualified buyer's registration and the reference of its deposit."""
    listing = await desk.published()
    registration = await desk.qualified(listing, desk.world.buyer)
    await react(session)
    path = f"registrations/{registration['id']}/payment-reference"
    told = await teller.get(path, "buyer_staff")
    assert (told["kind"], told["number"], told["due"]) == (
        "deposit",
        listing["number"],
        yuan("120000.00"),
    )
    assert told["payee"]["account_number"] == OWN
    return registration, told["reference"]


async def read(teller: Teller, registration: Json) -> Json:
    return await teller.get(f"registrations/{registration['id']}")


async def inbox(teller: Teller, topic: str) -> list[Json]:
    told = (await teller.get("notifications?limit=200", "buyer_staff"))["items"]
    return [item for item in told if item["topic"] == topic]


async def test_who_owes_no_deposit_is_told_of_none(
    desk: Desk, teller: Teller, session: AsyncSession
) -> None:
    """An agreement's buyer is qualified without a deposit: nothing is to be transferred."""
    await agreed(desk)
    await react(session)
    assert await inbox(teller, "banking.payment_reference") == []


async def test_a_deposit_is_found_by_its_reference(
    owing: tuple[Json, str], teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK3, BK4, BK2: booked at once, held, and known by the bank's moment and serial number."""
    registration, reference = owing
    (told,) = await inbox(teller, "banking.payment_reference")
    assert reference in told["text_zh"]
    line = await teller.judged("120,000.00", f"保证金 {reference.lower()}")
    assert (line["status"], line["rest"], line["candidates"]) == ("booked", yuan("0.00"), [])
    (part,) = line["parts"]
    assert (part["kind"], part["target_id"]) == ("deposit", registration["id"])
    deposited = await read(teller, registration)
    assert (deposited["status"], deposited["bank_reference"]) == ("deposited", line["serial"])
    assert deposited["received_at"] == line["at"]
    assert await teller.balances() == {"bank": "120000.00", "held": "120000.00"}
    await check_books(session, world, [line])
    booked = await history(session, line["id"])
    assert [event.type for event in booked] == ["bank_line.arrived", "bank_line.booked"]
    told_now = await teller.get(f"registrations/{registration['id']}/payment-reference")
    assert told_now["due"] == yuan("0.00")


async def test_a_deposit_is_found_by_amount_and_payer(
    owing: tuple[Json, str], teller: Teller
) -> None:
    """BK4"""
    line = await teller.judged("120000.00", "货款")
    assert line["status"] == "booked"
    assert (await read(teller, owing[0]))["status"] == "deposited"


async def test_the_same_line_is_one_arrival(
    owing: tuple[Json, str], teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK1: in the same file, in the same file again, and in another file."""
    first, second = row("120000.00", owing[1]), row("5.00", "不明")
    file_id = await teller.upload(table(first, first, second))
    one = done(await teller.send(file_id))
    assert (one["lines"], one["fresh"]) == (2, 2)
    assert one["counts"] == {"new": 2}  # the worker judges them behind the request
    again = done(await teller.send(file_id))
    assert (again["lines"], again["fresh"], again["counts"]) == (2, 0, {})
    other = await teller.take_in(second, row("6.00", "不明"))
    assert (other["lines"], other["fresh"]) == (2, 1)
    assert (await teller.balances())["bank"] == "120011.00"
    listed = await teller.get("bank-statements?limit=2")
    assert [item["id"] for item in listed["items"]] == [other["id"], again["id"]]
    assert (await teller.get(f"bank-statements/{one['id']}"))["counts"] == {
        "booked": 1,
        "queued": 1,
    }
    queued = (await teller.get("bank-lines?status=queued&direction=credit&limit=1"))["items"]
    assert [item["amount"] for item in queued] == [yuan("5.00")]
    changed = (*second[:2], "7.00", *second[3:])
    told = refusal(await teller.send(await teller.upload(table(changed))), 400, "statement_faulty")
    assert [(it["field"], it["rule"]) for it in told["errors"]] == [("H2", "serial_reused")]
    await check_books(session, world, (await teller.get("bank-lines"))["items"])


async def test_money_from_another_name_goes_back(
    owing: tuple[Json, str], teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK5, BK8, BK11: never booked, ordered back, told to the buyer, paid by the bank."""
    registration, reference = owing
    line = await teller.judged("120000.00", reference, OTHER)
    assert (line["status"], line["parts"][0]["kind"]) == ("returned", "return")
    assert (await read(teller, registration))["status"] == "qualified"
    assert await teller.balances() == {"bank": "120000.00", "outgoing": "120000.00"}
    (told,) = await inbox(teller, "banking.payer_differs")
    assert OTHER in told["text_zh"]
    (order,) = (await teller.get("payment-orders"))["items"]
    assert (order["kind"], order["payee_name"]) == ("return", OTHER)
    assert order["payee_account"] == "***************2345"
    batch = done(await teller.post("payment-batches"))
    assert [item["id"] for item in batch["orders"]] == [order["id"]]
    debit = await teller.judged("120000.00", order["purpose"], OTHER, side="支出")
    assert (debit["status"], debit["parts"][0]["target_id"]) == ("booked", order["id"])
    paid = await teller.get(f"payment-orders/{order['id']}")
    assert (paid["status"], paid["bank_reference"]) == ("executed", debit["serial"])
    assert await teller.balances() == {}
    await check_books(session, world, [line, debit])


async def test_without_an_account_wrong_money_waits_for_a_clerk(
    owing: tuple[Json, str], teller: Teller
) -> None:
    """BK5"""
    line = await teller.judged("120000.00", owing[1], OTHER, account="")
    assert (line["status"], line["doubt"]) == ("queued", "payer_differs")
    assert line["doubt_detail"] == "payer_account_unknown"
    back = await teller.post(f"bank-lines/{line['id']}/return", {"reason": "非本人账户"})
    refusal(back, 409, "payer_account_unknown")
    forced = await teller.assign(line, ("deposit", owing[0]["id"], "120000.00"))
    refusal(forced, 400, "payer_not_the_buyer")
    assert (await teller.line(line["serial"]))["status"] == "queued"


async def test_what_came_too_late_waits_with_the_reason(
    owing: tuple[Json, str], teller: Teller, desk: Desk, session: AsyncSession
) -> None:
    """D1: the bank's moment decides, not when the statement was read; BK4"""
    late = await desk.world.later(session, days=21)
    line = await teller.judged("120000.00", owing[1], at=late)
    assert (line["status"], line["doubt"], line["doubt_detail"]) == (
        "queued",
        "refused",
        "deposit_late",
    )
    assert (await teller.balances())["suspense"] == "120000.00"
    early = await teller.judged("120000.00", owing[1])
    assert early["status"] == "booked"


async def test_a_clerk_splits_an_arrival_and_returns_the_rest(
    desk: Desk, teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK6, BK2: a part of a price, a part for the funds, the rest goes back."""
    deal_id = await sell(session, world, await lot(desk, "buyer"), PRICE)
    await react(session)
    line = await teller.judged("700000.00", "合并付款")
    assert (line["status"], line["doubt"]) == ("queued", "no_target")
    (candidate,) = line["candidates"]
    assert (candidate["target_id"], candidate["reasons"]) == (str(deal_id), ["payer"])
    assert candidate["due"] == yuan("610000.00")
    beyond = await teller.assign(line, ("funds", world.buyer, "700000.01"))
    assert refusal(beyond, 400, "amount_beyond_rest")["maximum"] == yuan("700000.00")
    other = await teller.assign(line, ("funds", world.seller, "1.00"))
    assert refusal(other, 400, "funds_payer_differs")["accepted"] == "之澜理工大学"
    both = ("payment", deal_id, "610000.00"), ("funds", world.buyer, "50000.00")
    half = done(await teller.assign(line, *both))
    assert (half["status"], half["rest"]) == ("queued", yuan("40000.00"))
    assert [part["kind"] for part in half["parts"]] == ["payment", "funds"]
    touched = await teller.post(f"bank-lines/{line['id']}/dismissal", {"reason": "重复登记"})
    refusal(touched, 409, "line_touched")
    await check_books(session, world, [half])
    back = await teller.post(f"bank-lines/{line['id']}/return", {"reason": "多付部分退回"})
    assert (done(back)["status"], done(back)["rest"]) == ("returned", yuan("0.00"))
    (told,) = await inbox(teller, "banking.arrival_returned")
    assert "多付部分退回" in told["text_zh"]
    (order,) = (await teller.get("payment-orders?kind=return"))["items"]
    assert order["amount"] == yuan("40000.00")
    deal = await teller.get(f"deals/{deal_id}")
    assert (deal["status"], deal["payments"][0]["bank_reference"]) == ("settled", line["serial"])


async def test_a_part_of_the_price_is_found_by_its_reference(
    desk: Desk, teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK4: by code or deal number, parts too; what exceeds the price waits."""
    deal_id = await sell(session, world, await lot(desk, "buyer"), PRICE)
    await react(session)
    told = await teller.get(f"deals/{deal_id}/payment-reference", "buyer_staff")
    assert (told["kind"], told["due"]) == ("payment", yuan("610000.00"))
    assert (await teller.judged("10000.00", told["reference"]))["status"] == "booked"
    more = await teller.judged("600000.01", told["number"])
    assert (more["status"], more["doubt"]) == ("queued", "amount_differs")
    assert (await teller.judged("600000.00", told["number"]))["status"] == "booked"
    over = await teller.judged("1.00", told["reference"])
    assert (over["status"], over["doubt"]) == ("queued", "target_closed")
    assert (await teller.get(f"deals/{deal_id}"))["status"] == "settled"


async def test_what_is_no_money_of_ours_is_struck(
    teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK2: an arrival that was recorded by hand before leaves the books again."""
    line, fee = await teller.judged("9.00"), await teller.judged("0.50", "手续费", "", side="支出")
    assert (fee["status"], fee["doubt"]) == ("queued", "no_order")
    for item in (line, fee):
        gone = done(await teller.post(f"bank-lines/{item['id']}/dismissal", STRUCK))
        assert (gone["status"], gone["rest"]) == ("ignored", yuan("0.00"))
    assert await teller.balances() == {}
    again = await teller.post(f"bank-lines/{line['id']}/dismissal", STRUCK)
    assert again.status_code == 409
    wrong = await teller.assign(fee, ("funds", world.buyer, "0.50"))
    assert refusal(wrong, 400, "wrong_direction")["accepted"] == "credit"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"account_number": "330104016000999"}, 400, "account_not_the_exchanges"),
        ({"account_number": "12"}, 400, "account_number_malformed"),
        (
            {"opening_balance": yuan("0.00"), "closing_balance": yuan("1.00")},
            400,
            "statement_unbalanced",
        ),
        ({"opening_balance": {"amount": "1.00", "currency": "USD"}}, 422, "request_invalid"),
        ({"file_id": "019a0000-0000-7000-8000-000000000000"}, 404, "object_unknown"),
    ],
)
async def test_statements_that_are_refused(
    teller: Teller, changes: dict[str, Any], status: int, code: str
) -> None:
    """BK9: nothing was taken in."""
    file_id = await teller.upload(table(row("2.00")))
    refusal(await teller.send(**{"file_id": file_id} | changes), status, code)
    assert (await teller.get("bank-lines"))["items"] == []


async def test_a_statement_with_a_fault_is_refused_whole(teller: Teller) -> None:
    faulty = table(row("2.00"), row("二元"))
    told = refusal(await teller.send(await teller.upload(faulty)), 400, "statement_faulty")
    assert (told["count"], told["errors"][0]["field"]) == (1, "C3")
    assert told["errors"][0]["rule"] == "money_malformed"
    assert (await teller.get("bank-lines"))["items"] == []


async def test_the_template_is_read(teller: Teller) -> None:
    for kind in ("csv", "xlsx"):
        answer = await teller.client.get(
            f"/v1/bank-statements/template?format={kind}",
            headers=teller.world.headers("operator"),
        )
        file_id = await teller.upload(answer.content, f"模板.{kind}")
        told = await teller.send(file_id)
        assert told.json()["errors"][0]["rule"] == "moment_in_future"  # of its example
