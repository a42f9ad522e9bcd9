"""Balances at past moments and statements of periods, over HTTP."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.domain.accounts import Purpose
from app.ledger.domain.entries import EntryKind
from app.ledger.domain.statement import KINDS, PURPOSES, StatementTooLong, check_length
from app.permissions import scopes_of
from app.platform.access import Actor, Role
from app.platform.runtime import Runtime
from app.shared.ids import PartyId, new_id
from tests.ledger.factories import AT, Books

Get = Callable[..., Any]
PERIOD = {"from": (AT + timedelta(days=1)).isoformat(), "to": (AT + timedelta(days=3)).isoformat()}


@pytest.fixture
async def mine(session: AsyncSession) -> tuple[Books, PartyId]:
    """A party with 1.00 at the start, 0.20 and −0.05 on two days, 0.03 behind."""
    books, party = Books(session), PartyId(new_id())
    await books.receive(party, 3, at=AT + timedelta(days=3))  # booked first, happened last
    await books.receive(party, 100)
    await books.receive(party, 20, at=AT + timedelta(days=1))
    await books.order(party, 5, at=AT + timedelta(days=2))
    return books, party


@pytest.fixture
def bearer(shared_runtime: Runtime, mine: tuple[Books, PartyId]) -> dict[str, str]:
    books, party = mine
    role = Role.BUYER_STAFF
    actor = Actor("user:1", role, party, books.market_id, scopes_of(role))
    return {"Authorization": f"Bearer {shared_runtime.tokens.issue(actor)}"}


async def funds(client: httpx.AsyncClient, bearer: dict[str, str], **query: str) -> Any:
    answer = await client.get("/v1/accounts", headers=bearer, params=query)
    (account,) = answer.json()["items"]
    return account


async def test_balances_at_any_past_moment(
    client: httpx.AsyncClient, bearer: dict[str, str], mine: tuple[Books, PartyId]
) -> None:
    """G8"""
    account = await funds(client, bearer)
    assert account["balance"]["amount"] == "1.18"
    for days, amount in [(-1, "0.00"), (0, "1.00"), (1, "1.20"), (2.5, "1.15"), (3, "1.18")]:
        at = (AT + timedelta(days=days)).isoformat()
        assert (await funds(client, bearer, at=at))["balance"]["amount"] == amount
        url = f"/v1/accounts/{account['id']}/balance"
        told = (await client.get(url, headers=bearer, params={"at": at})).json()
        assert (told["account_id"], told["balance"]["amount"]) == (account["id"], amount)


async def test_a_statement_adds_up_in_the_order_of_moments(
    client: httpx.AsyncClient, bearer: dict[str, str], mine: tuple[Books, PartyId]
) -> None:
    """G13: the period is half open; closing = opening + changes."""
    account = await funds(client, bearer)
    url = f"/v1/accounts/{account['id']}/statement"
    told = (await client.get(url, headers=bearer, params=PERIOD)).json()
    assert (told["opening"]["amount"], told["closing"]["amount"]) == ("1.00", "1.15")
    assert [line["change"]["amount"] for line in told["lines"]] == ["0.20", "-0.05"]
    assert [line["balance"]["amount"] for line in told["lines"]] == ["1.20", "1.15"]
    assert (told["from"], told["to"]) == (PERIOD["from"], PERIOD["to"])
    empty = {"from": PERIOD["to"], "to": PERIOD["from"]}
    refused = await client.get(url, headers=bearer, params=empty)
    assert refused.json()["code"] == "statement_period_invalid"


async def test_a_statement_as_a_sheet(
    client: httpx.AsyncClient, bearer: dict[str, str], mine: tuple[Books, PartyId]
) -> None:
    """G13"""
    account = await funds(client, bearer)
    url = f"/v1/accounts/{account['id']}/statement"
    answer = await client.get(url, headers=bearer, params=PERIOD | {"format": "xlsx"})
    assert answer.status_code == 200, answer.text
    rows = [
        [cell or "" for cell in row]
        for row in load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
    ]
    assert rows[0] == [
        "时间 Time",
        "事项 Movement",
        "摘要 Reference",
        "变动 Change",
        "余额 Balance",
    ]
    assert [row[1:] for row in rows[2:]] == [
        ["期初余额 Opening balance", "", "", 1],
        ["到账 Receipt", "bank 1", 0.2, 1.2],
        ["付款指令 Payment order", "out", -0.05, 1.15],
        ["期末余额 Closing balance", "", "", 1.15],
    ]
    assert rows[3][0] == "2026-03-03 09:00:00"


def test_every_purpose_and_movement_has_its_words() -> None:
    assert set(PURPOSES) == set(Purpose)
    assert set(KINDS) == set(EntryKind)


@given(st.integers(0, 40_000))
def test_a_statement_that_is_too_long_is_refused(count: int) -> None:
    if count > 20_000:
        with pytest.raises(StatementTooLong):
            check_length(count)
    else:
        check_length(count)
