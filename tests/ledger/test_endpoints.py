"""The ledger's routes: who sees which accounts, statements and sums."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.permissions import scopes_of
from app.platform.access import Actor, Role
from app.platform.runtime import Runtime
from app.shared.ids import DealId, MarketId, PartyId, new_id
from tests.ledger.factories import ACTOR, AT, Books

Headers = Callable[[Role, PartyId], dict[str, str]]


@pytest.fixture
def books(session: AsyncSession) -> Books:
    return Books(session)


@pytest.fixture
def headers(shared_runtime: Runtime, books: Books) -> Headers:
    def bearer(
        role: Role, party_id: PartyId, market_id: MarketId = books.market_id
    ) -> dict[str, str]:
        actor = Actor("user:1", role, party_id, market_id, scopes_of(role))
        return {"Authorization": f"Bearer {shared_runtime.tokens.issue(actor)}"}

    return bearer


async def accounts(
    client: httpx.AsyncClient, headers: dict[str, str], **query: str | int
) -> list[dict[str, object]]:
    answer = await client.get("/v1/accounts", headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def test_a_party_sees_its_own_accounts_with_balances(
    client: httpx.AsyncClient, books: Books, headers: Headers
) -> None:
    mine, other = PartyId(new_id()), PartyId(new_id())
    await books.receive(mine, 12_345)
    await books.hold(mine, 45)
    await books.receive(other, 5)
    own = await accounts(client, headers(Role.BUYER_STAFF, mine))
    assert {row["purpose"]: row["balance"] for row in own} == {
        "funds": {"amount": "123.00", "currency": "CNY"},
        "held": {"amount": "0.45", "currency": "CNY"},
    }
    asked = await accounts(client, headers(Role.SELLER_STAFF, other), party_id=str(mine))
    assert {row["party_id"] for row in asked} == {str(other)}
    operator = headers(Role.OPERATOR, PartyId(new_id()))
    assert len(await accounts(client, operator)) == 4
    assert len(await accounts(client, operator, purpose="bank")) == 1
    assert len(await accounts(client, operator, party_id=str(mine))) == 2
    stranger = headers(Role.AUDITOR, mine, MarketId(new_id()))  # type: ignore[call-arg]
    assert await accounts(client, stranger) == []


async def test_accounts_page_by_cursor_with_one_query_a_page(
    client: httpx.AsyncClient, books: Books, headers: Headers
) -> None:
    operator = headers(Role.AUDITOR, PartyId(new_id()))
    for _ in range(5):
        await books.receive(PartyId(new_id()), 100)
    whole = [row["id"] for row in await accounts(client, operator)]
    seen: list[str] = []
    cursor: str | None = None
    queries: list[str] = []
    bind = books.session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *args: queries.append(args[2]))
    for _ in range(3):
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/accounts", headers=operator, params=params)).json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
    assert seen == whole
    assert len(whole) == 6
    assert cursor is None
    assert len([query for query in queries if "FROM accounts" in query]) == 3


async def test_a_statement_runs_from_the_first_posting_to_the_balance(
    client: httpx.AsyncClient, books: Books, headers: Headers
) -> None:
    """G8"""
    mine = PartyId(new_id())
    for minor in (100, 20, 3):
        await books.receive(mine, minor)
    await books.order(mine, 23)
    bearer = headers(Role.BUYER_STAFF, mine)
    (account,) = await accounts(client, bearer)
    url = f"/v1/accounts/{account['id']}/postings"
    first = (await client.get(url, headers=bearer, params={"limit": "3"})).json()
    rest = (
        await client.get(url, headers=bearer, params={"limit": "3", "cursor": first["next"]})
    ).json()
    lines = first["items"] + rest["items"]
    assert rest["next"] is None
    assert [line["kind"] for line in lines] == ["receipt"] * 3 + ["payment_order"]
    assert [line["change"]["amount"] for line in lines] == ["1.00", "0.20", "0.03", "-0.23"]
    assert [line["balance"]["amount"] for line in lines] == ["1.00", "1.20", "1.23", "1.00"]
    assert account["balance"] == lines[-1]["balance"]
    refused = await client.get(url, headers=bearer, params={"cursor": "WyJ4Il0"})  # ["x"]
    assert (refused.status_code, refused.json()["code"]) == (400, "cursor_invalid")


async def test_accounts_of_others_stay_closed(
    client: httpx.AsyncClient, books: Books, headers: Headers
) -> None:
    mine, other = PartyId(new_id()), PartyId(new_id())
    await books.receive(mine, 100)
    hold_id = await books.hold(mine, 40)
    deal = DealId(new_id())
    await ledger.capture(books.session, hold_id=hold_id, deal_id=deal, at=AT, actor=ACTOR)
    operator = headers(Role.OPERATOR, other)
    by_purpose = {row["purpose"]: row for row in await accounts(client, operator)}
    assert by_purpose["escrow"]["subject_id"] == str(deal)

    async def code(purpose: str, bearer: dict[str, str]) -> str:
        url = f"/v1/accounts/{by_purpose[purpose]['id']}/postings"
        answer = await client.get(url, headers=bearer)
        return str(answer.json().get("code", answer.status_code))

    assert await code("funds", headers(Role.BUYER_STAFF, mine)) == "200"
    assert await code("funds", headers(Role.BUYER_STAFF, other)) == "not_yours"
    for exchange_account in ("bank", "escrow"):
        assert await code(exchange_account, operator) == "200"
        assert await code(exchange_account, headers(Role.BUYER_STAFF, mine)) == "not_yours"
    abroad = headers(Role.OPERATOR, other, MarketId(new_id()))  # type: ignore[call-arg]
    assert await code("funds", abroad) == "object_unknown"
    by_purpose["funds"]["id"] = str(UUID(int=5))
    assert await code("funds", operator) == "object_unknown"
    assert await code("held", {}) == "token_missing"
    assert await code("held", headers(Role.EXPERT, mine)) == "role_not_allowed"


async def test_the_trial_balance_is_zero(
    client: httpx.AsyncClient, books: Books, headers: Headers
) -> None:
    """G2"""
    mine = PartyId(new_id())
    await books.receive(mine, 100)
    await books.hold(mine, 40)
    auditor = headers(Role.AUDITOR, PartyId(new_id()))
    answer = (await client.get("/v1/ledger/balance", headers=auditor)).json()
    assert answer["balanced"] is True
    assert answer["totals"] == [{"amount": "0.00", "currency": "CNY"}]
    assert {line["purpose"]: line["debit"]["amount"] for line in answer["lines"]} == {
        "bank": "1.00",
        "funds": "-0.60",
        "held": "-0.40",
    }
    refused = await client.get("/v1/ledger/balance", headers=headers(Role.BUYER_STAFF, mine))
    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed")
