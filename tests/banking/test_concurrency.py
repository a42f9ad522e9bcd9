"""Real commits side by side: one arrival, one owner; one order, one batch; imports go on."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.banking.domain.lines import LineStatus
from app.banking.service import importing, telling
from app.banking.service.importing import Asked, import_statement
from app.ledger import public as ledger
from app.platform.db import Database
from app.platform.journal import NewEvent, history
from app.platform.runtime import Runtime
from app.shared.ids import EntryId, FileId, new_id
from app.shared.money import Money
from tests.banking.teller import BUYER, OWN, PAYER, Teller, check_books, row, table
from tests.listings.factories import Json, done
from tests.world import START, World

pytestmark = pytest.mark.concurrency


class Killed(Exception):
    """The process ends here."""


@pytest.fixture
async def desk(database: Database, own_client: httpx.AsyncClient, own_world: World) -> Teller:
    teller = Teller(own_client, own_world, database)
    await teller.open()
    return teller


async def check(database: Database, teller: Teller) -> list[Json]:
    """Return all lines after checking them against the books."""
    lines: list[Json] = (await teller.get("bank-lines?limit=200"))["items"]
    async with database.transaction() as session:
        await check_books(session, teller.world, lines)
    return lines


async def test_the_same_file_at_once_is_taken_in_once(database: Database, desk: Teller) -> None:
    """BK1: five imports of twelve lines, and of files that share half of them."""
    rows = [row("7.00", f"不明{number}", "王某") for number in range(18)]
    whole, half = await desk.upload(table(*rows[:12])), await desk.upload(table(*rows[6:]))
    answers = await asyncio.gather(*(desk.send(file_id) for file_id in [whole, half] * 3))
    assert sum(done(answer)["fresh"] for answer in answers) == 18
    lines = await check(database, desk)
    assert [line["status"] for line in lines] == ["queued"] * 18
    assert await desk.balances() == {"bank": "126.00", "suspense": "126.00"}


async def test_two_clerks_give_an_arrival_to_one(database: Database, desk: Teller) -> None:
    """BK2, BK6: eight assignments and returns of one arrival; one takes all of it."""
    world = desk.world
    line = await desk.judged("100.00", "不明")
    acts = [desk.assign(line, ("funds", world.buyer, "100.00")) for _ in range(5)]
    acts += [desk.post(f"bank-lines/{line['id']}/return", {"reason": "退回"}) for _ in range(2)]
    acts += [desk.post(f"bank-lines/{line['id']}/dismissal", {"reason": "重复"})]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*acts))
    assert statuses == [200] + [409] * 7
    (after,) = await check(database, desk)
    assert after["status"] in {"booked", "returned", "ignored"}


async def test_parts_at_once_never_exceed_the_arrival(database: Database, desk: Teller) -> None:
    """BK6: five parts of 30.00 of 100.00: three fit."""
    line = await desk.judged("100.00", "不明")
    part = ("funds", desk.world.buyer, "30.00")
    answers = await asyncio.gather(*(desk.assign(line, part) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 400, 400]
    (after,) = await check(database, desk)
    assert after["rest"]["amount"] == "10.00"


async def test_an_order_goes_to_the_bank_once(database: Database, desk: Teller) -> None:
    """BK11, BK8: batches at once share no order; of executing and failing at once one wins."""
    world = desk.world
    done(await desk.enter_account(PAYER, "buyer_staff", world.buyer, BUYER))
    async with database.transaction() as session:
        await ledger.receive(
            session,
            entry_id=EntryId(new_id()),
            market_id=world.market_id,
            party_id=world.buyer,
            amount=Money(1000),
            reference="bank",
            at=START,
            actor="user:1",
        )
    path = f"parties/{world.buyer}/withdrawals"
    body = {"amount": {"amount": "1.00", "currency": "CNY"}}
    for _ in range(10):
        done(await desk.post(path, body, "buyer_staff"))
    answers = await asyncio.gather(*(desk.post("payment-batches") for _ in range(4)))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    taken = [order["id"] for batch in made for order in batch["orders"]]
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 10
    paid = {"executed_at": START.isoformat(), "bank_reference": "B1"}
    for order_id in taken[:3]:
        both = (
            desk.post(f"payment-orders/{order_id}/execution", paid),
            desk.post(f"payment-orders/{order_id}/failure", {"reason": "账号有误"}),
        )
        ended = await asyncio.gather(*both)
        assert sorted(answer.status_code for answer in ended) == [200, 409]
    await check(database, desk)


async def test_a_broken_import_goes_on(
    database: Database, own_runtime: Runtime, desk: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BK1: killed between two slices; the same file again takes in the rest, nothing twice."""
    file_id = await desk.upload(table(*(row("7.00", "不明", "王某") for _ in range(6))))
    told, left = telling.line_event, 3

    def dies(*args: Any, **how: Any) -> NewEvent:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return told(*args, **how)

    with monkeypatch.context() as broken:
        broken.setattr(importing, "SLICE_LINES", 2)
        broken.setattr("app.banking.service.importing.line_event", dies)
        asked = Asked(file_id=FileId(UUID(file_id)), account_number=OWN, opening=None, closing=None)
        clerk = desk.world.actor("operator")
        with pytest.raises(Killed):
            await import_statement(database, own_runtime.settings, clerk, asked)
    assert [line["status"] for line in await check(database, desk)] == ["new"] * 2
    done(await desk.send(file_id))
    lines = await check(database, desk)
    assert [line["status"] for line in lines] == [str(LineStatus.QUEUED)] * 6
    assert await desk.balances() == {"bank": "42.00", "suspense": "42.00"}


async def test_two_workers_judge_a_line_once(
    database: Database, own_runtime: Runtime, desk: Teller
) -> None:
    """BK1: the reaction beside itself; each line has one event that queued it."""
    file_id = await desk.upload(table(*(row("7.00", "不明", "王某") for _ in range(3))))
    asked = Asked(file_id=FileId(UUID(file_id)), account_number=OWN, opening=None, closing=None)
    clerk = desk.world.actor("operator")
    await import_statement(database, own_runtime.settings, clerk, asked)
    await asyncio.gather(desk.judge(), desk.judge(), desk.judge())
    for line in await check(database, desk):
        async with database.transaction() as session:
            events = [event.type for event in await history(session, line["id"])]
        assert events == ["bank_line.arrived", "bank_line.queued"]
