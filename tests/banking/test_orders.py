"""Payment orders over HTTP: refunds, withdrawals, batches, and what the bank did with them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.public import get_listing, return_deposits
from app.platform.journal import history
from app.shared.ids import EntryId, ListingId, new_id
from app.shared.money import Money
from tests.banking.teller import BUYER, OTHER, OWN, PAYER, Teller, check_books, react
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.settlement.factories import lot, sell
from tests.world import START, World

PRICE = Money.parse("730000.00")
HIS = "3301040160009999999"


async def give_funds(session: AsyncSession, world: World, amount: str) -> None:
    """Let the buyer have free funds."""
    await ledger.receive(
        session,
        entry_id=EntryId(new_id()),
        market_id=world.market_id,
        party_id=world.buyer,
        amount=Money.parse(amount),
        reference="bank",
        at=START,
        actor="user:1",
    )


async def withdraw(teller: Teller, amount: str) -> Any:
    path = f"parties/{teller.world.buyer}/withdrawals"
    return await teller.post(path, {"amount": yuan(amount)}, "buyer_staff")


@pytest.fixture
async def refund(desk: Desk, teller: Teller, session: AsyncSession, world: World) -> Json:
    """The order of a loser's deposit, which a person had recorded."""
    sold = await lot(desk, "buyer", "other_buyer")
    await sell(session, world, sold, PRICE, world.buyer)
    await react(session)
    order: Json
    (order,) = (await teller.get("payment-orders"))["items"]
    assert order["subject_id"] == str(sold.registrations[world.other_buyer])
    return order


async def test_a_losers_deposit_is_ordered_back_in_time(
    refund: Json, teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK10, BK7: due three working days on; it waits for the loser's account, then is overdue."""
    assert (refund["kind"], refund["status"], refund["amount"]) == (
        "refund",
        "ordered",
        yuan("120000.00"),
    )
    assert refund["due_at"] == "2026-03-26T16:00:00+00:00"  # sold on Monday 2026-03-23
    assert (refund["payee_account"], refund["overdue"]) == (None, False)
    assert (await teller.balances())["outgoing"] == "120000.00"
    refusal(await teller.post("payment-batches"), 409, "nothing_to_pay")
    told = await teller.enter_account(HIS, "buyer_staff", world.other_buyer, OTHER)
    assert done(told)["account_number"] == HIS
    own = {"party_id": world.other_buyer}
    seen = await teller.get(f"payment-orders/{refund['id']}", "buyer_staff", **own)
    assert (seen["payee_name"], seen["payee_account"]) == (OTHER, "*" * 15 + "9999")
    assert (await teller.get("payment-orders?overdue=true"))["items"] == []
    await world.later(session, days=4)
    (late,) = (await teller.get("payment-orders?overdue=true"))["items"]
    assert (late["id"], late["overdue"]) == (refund["id"], True)
    events = [event.type for event in await history(session, refund["id"])]
    assert events == ["payment_order.ordered"]


async def test_a_deposit_goes_back_to_the_account_it_came_from(
    desk: Desk, teller: Teller, session: AsyncSession, world: World
) -> None:
    """D5, BK8: the original route, known from the statement; the bank's payment executes it."""
    listing = await desk.published()
    registration = await desk.qualified(listing, world.buyer)
    await react(session)
    path = f"registrations/{registration['id']}/payment-reference"
    reference = (await teller.get(path))["reference"]
    assert (await teller.judged("120000.00", reference))["status"] == "booked"
    sold = await get_listing(session, ListingId(UUID(listing["id"])), lock=True)
    await return_deposits(session, sold, at=START, actor="system")
    await react(session)
    (order,) = (await teller.get("payment-orders"))["items"]
    assert (order["payee_name"], order["payee_account"][-4:]) == (BUYER, PAYER[-4:])
    done(await teller.post("payment-batches"))
    debit = await teller.judged("120000.00", "", BUYER, side="支出")  # no number: amount, account
    assert (debit["status"], debit["parts"][0]["kind"]) == ("booked", "order")
    paid = await teller.get(f"payment-orders/{order['id']}", "buyer_staff")
    assert (paid["status"], paid["executed_at"]) == ("executed", debit["at"])
    await react(session)
    life = await teller.get(f"registrations/{registration['id']}/deposit")
    assert (life["state"], life["refunded_at"]) == ("returned", debit["at"])
    assert await teller.balances() == {}
    twice = await teller.judged("120000.00", order["purpose"], BUYER, side="支出")
    assert (twice["status"], twice["doubt"]) == ("queued", "no_order")
    body = {"order_id": order["id"]}
    refused = await teller.post(f"bank-lines/{twice['id']}/assignment", body)
    refusal(refused, 409, "transition_refused")


async def test_a_batch_takes_each_order_once_and_has_the_same_bytes(
    teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK11"""
    await give_funds(session, world, "10.00")
    code = {"bank_code": "313331000014"}
    done(await teller.enter_account(PAYER, "buyer_staff", world.buyer, BUYER, **code))
    first = [done(await withdraw(teller, amount)) for amount in ("1.00", "2.00")]
    batch = done(await teller.post("payment-batches"))
    assert (batch["count"], batch["total"]) == (2, yuan("3.00"))
    assert [order["place"] for order in batch["orders"]] == [1, 2]
    refusal(await teller.post("payment-batches"), 409, "nothing_to_pay")
    done(await withdraw(teller, "3.00"))
    other = done(await teller.post("payment-batches"))
    assert [order["amount"] for order in other["orders"]] == [yuan("3.00")]
    listed = await teller.get("payment-batches?limit=1")
    assert [item["number"] for item in listed["items"]] == [other["number"]]
    files: dict[str, bytes] = {}
    for kind in ("csv", "xlsx", "csv", "xlsx"):
        answer = await teller.client.get(
            f"/v1/payment-batches/{batch['id']}/file?format={kind}",
            headers=world.headers("operator"),
        )
        assert answer.status_code == 200, answer.text
        assert files.setdefault(kind, answer.content) == answer.content
        paid = {"executed_at": START.isoformat(), "bank_reference": kind}
        if len(files) == 1:  # what the bank did since does not change the file
            done(await teller.post(f"payment-orders/{first[0]['id']}/execution", paid))
    lines = files["csv"].decode("utf-8-sig").splitlines()
    assert lines[0] == "付款序号,收款户名,账号,开户行,联行号,金额,用途"
    number = first[0]["number"]
    assert lines[1] == f"1,{BUYER},{PAYER},杭州银行,313331000014,1.00,{number} 提取可用资金"
    seen = await teller.get(f"payment-batches/{batch['id']}", "auditor")
    assert [order["status"] for order in seen["orders"]] == ["executed", "exported"]


async def test_what_the_bank_cannot_pay_goes_back(
    teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK8: to the party's funds, who is told; a return lies in suspense and in the queue again."""
    await give_funds(session, world, "10.00")
    done(await teller.enter_account(PAYER, "buyer_staff", world.buyer, BUYER))
    order = done(await withdraw(teller, "10.00"))
    refusal(await withdraw(teller, "0.01"), 409, "insufficient_funds")
    done(await teller.post("payment-batches"))
    path, why = f"payment-orders/{order['id']}/failure", {"reason": "账号有误"}
    failed = done(await teller.post(path, why))
    assert (failed["status"], failed["failure"]) == ("failed", "账号有误")
    assert await teller.balances() == {"bank": "10.00", "funds": "10.00"}
    told = (await teller.get("notifications", "buyer_staff"))["items"]
    assert told[0]["topic"] == "banking.order_failed"
    again = await teller.post(path, why)
    refusal(again, 409, "transition_refused")
    line = await teller.judged("5.00", "不明", "王某")
    done(await teller.post(f"bank-lines/{line['id']}/return", {"reason": "来款不明"}))
    (back,) = (await teller.get("payment-orders?kind=return"))["items"]
    done(await teller.post(f"payment-orders/{back['id']}/failure", {"reason": "户名不符"}))
    waiting = await teller.line(line["serial"])
    assert (waiting["status"], waiting["doubt"], waiting["doubt_detail"]) == (
        "queued",
        "return_failed",
        "户名不符",
    )
    await check_books(session, world, [waiting])
    done(await teller.post(f"bank-lines/{line['id']}/return", {"reason": "再次退回"}))
    assert (await teller.balances())["outgoing"] == "5.00"


async def test_an_order_is_executed_by_hand_in_the_past(
    teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK8"""
    await give_funds(session, world, "10.00")
    refusal(await withdraw(teller, "10.00"), 404, "bank_account_unknown")
    done(await teller.enter_account(PAYER, "buyer_staff", world.buyer, BUYER))
    order = done(await withdraw(teller, "10.00"))
    path = f"payment-orders/{order['id']}/execution"
    tomorrow = (START + timedelta(days=1)).isoformat()
    early = {"executed_at": tomorrow, "bank_reference": "B1"}
    refusal(await teller.post(path, early), 400, "executed_in_future")
    paid = done(await teller.post(path, {"executed_at": START.isoformat(), "bank_reference": "B1"}))
    assert (paid["status"], paid["bank_reference"]) == ("executed", "B1")
    assert await teller.balances() == {}
    line = await teller.judged("9.00", order["number"], BUYER, side="支出")
    differs = await teller.post(f"bank-lines/{line['id']}/assignment", {"order_id": order["id"]})
    refusal(differs, 409, "transition_refused")


async def test_a_debit_of_another_amount_is_a_clerks(
    teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK8"""
    await give_funds(session, world, "10.00")
    done(await teller.enter_account(PAYER, "buyer_staff", world.buyer, BUYER))
    order = done(await withdraw(teller, "10.00"))
    line = await teller.judged("9.99", order["purpose"], BUYER, side="支出")
    assert (line["status"], line["doubt_detail"]) == ("queued", "order_amount_differs")
    body = {"order_id": order["id"]}
    told = await teller.post(f"bank-lines/{line['id']}/assignment", body)
    assert refusal(told, 400, "order_amount_differs")["accepted"] == yuan("10.00")
    neither = await teller.post(f"bank-lines/{line['id']}/assignment", {"shares": []})
    assert neither.status_code == 422


async def test_accounts_are_in_the_partys_name_and_masked_for_others(
    teller: Teller, world: World
) -> None:
    """BK7"""
    path = f"parties/{world.buyer}/bank-account"
    missing = await teller.client.get(f"/v1/{path}", headers=world.headers("operator"))
    refusal(missing, 404, "bank_account_unknown")
    wrong = await teller.enter_account(PAYER, "buyer_staff", world.buyer, OTHER)
    assert refusal(wrong, 400, "account_holder_differs")["accepted"] == BUYER
    code = await teller.enter_account(PAYER, "buyer_staff", world.buyer, BUYER, bank_code="1")
    refusal(code, 400, "bank_code_malformed")
    bad = await teller.enter_account("一二三四五六", "buyer_staff", world.buyer, BUYER)
    refusal(bad, 400, "account_number_malformed")
    done(await teller.enter_account(PAYER, "buyer_staff", world.buyer, BUYER))
    done(await teller.enter_account(HIS, "buyer_staff", world.buyer, BUYER))
    assert (await teller.get(path, "buyer_staff"))["account_number"] == HIS
    assert (await teller.get(path, "auditor"))["account_number"] == "*" * 15 + "9999"
    own = f"parties/{world.operator}/bank-account"
    assert (await teller.get(own, "operator"))["account_number"] == OWN


async def test_a_payment_executes_the_order_that_it_names_and_no_other_like_it(
    teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK8: one of two equal orders was executed by hand; its line leaves the other alone."""
    await give_funds(session, world, "20.00")
    done(await teller.enter_account(PAYER, "buyer_staff", world.buyer, BUYER))
    first, second = done(await withdraw(teller, "10.00")), done(await withdraw(teller, "10.00"))
    done(await teller.post("payment-batches"))
    paid = {"executed_at": START.isoformat(), "bank_reference": "B1"}
    done(await teller.post(f"payment-orders/{first['id']}/execution", paid))
    known = await teller.judged("10.00", first["purpose"], BUYER, side="支出")
    assert (known["status"], known["doubt"]) == ("queued", "no_order")
    old = await teller.judged("10.00", "", BUYER, side="支出", at=START - timedelta(days=1))
    assert (old["status"], old["doubt"]) == ("queued", "no_order")  # paid before it was ordered
    waiting = await teller.get(f"payment-orders/{second['id']}")
    assert waiting["status"] == "exported"
    assert (await teller.balances())["outgoing"] == "10.00"


async def test_what_the_bank_paid_although_its_order_had_failed_leaves_the_partys_funds(
    teller: Teller, session: AsyncSession, world: World
) -> None:
    """BK8: else the party could be paid twice; refused if it has taken the money meanwhile."""
    await give_funds(session, world, "15.00")
    done(await teller.enter_account(PAYER, "buyer_staff", world.buyer, BUYER))
    orders = [done(await withdraw(teller, amount)) for amount in ("10.00", "5.00")]
    for order in orders:
        path = f"payment-orders/{order['id']}/failure"
        done(await teller.post(path, {"reason": "银行超时"}))
    line = await teller.judged("10.00", orders[0]["purpose"], BUYER, side="支出")
    assert (line["status"], line["doubt"]) == ("queued", "no_order")
    path, body = f"bank-lines/{line['id']}/assignment", {"order_id": orders[0]["id"]}
    booked = done(await teller.post(path, body))
    anew = await teller.get(f"payment-orders/{booked['parts'][0]['target_id']}")
    assert (anew["status"], anew["kind"], anew["amount"]) == (
        "executed",
        "withdrawal",
        yuan("10.00"),
    )
    assert await teller.balances() == {"bank": "5.00", "funds": "5.00"}
    done(await withdraw(teller, "1.00"))
    other = await teller.judged("5.00", orders[1]["purpose"], BUYER, side="支出")
    path, body = f"bank-lines/{other['id']}/assignment", {"order_id": orders[1]["id"]}
    refusal(await teller.post(path, body), 409, "insufficient_funds")
