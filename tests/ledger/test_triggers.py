"""What the database itself refuses, whoever writes to it."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import repository
from app.ledger.domain.accounts import Account, AccountKey, Purpose
from app.shared.ids import PartyId, new_id
from tests.ledger.factories import Books

ENTRY = text(
    "INSERT INTO entries (id, market_id, kind, at, actor, content) "
    "VALUES (:id, :market, 'receipt', now(), 'sql', '')"
)


async def accounts_of(books: Books, *currencies: str) -> list[Account]:
    keys = [
        AccountKey(books.market_id, Purpose.FUNDS, currency, party_id=PartyId(new_id()))
        for currency in currencies
    ]
    found = await repository.open_accounts(books.session, keys)
    return [found[key] for key in keys]


async def new_entry(books: Books) -> UUID:
    entry_id = new_id()
    await books.session.execute(ENTRY, {"id": entry_id, "market": books.market_id})
    return entry_id


async def post(session: AsyncSession, entry_id: UUID, *legs: tuple[Account, int]) -> None:
    rows = ", ".join(
        f"('{entry_id}', '{account.id}', {minor}, '{account.key.currency}')"
        for account, minor in legs
    )
    await session.execute(
        text(f"INSERT INTO postings (entry_id, account_id, amount_minor, currency) VALUES {rows}")
    )


async def refused(session: AsyncSession, match: str, *statements: str) -> None:
    for statement in statements:
        with pytest.raises(DBAPIError, match=match):
            async with session.begin_nested():
                await session.execute(text(statement))


@pytest.mark.parametrize("amounts", [(5, -4), (1, 1), (7,)])
async def test_an_unbalanced_entry_is_refused(
    session: AsyncSession, amounts: tuple[int, ...]
) -> None:
    """G1"""
    books = Books(session)
    accounts = await accounts_of(books, *["CNY"] * len(amounts))
    entry_id = await new_entry(books)
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        async with session.begin_nested():
            await post(session, entry_id, *zip(accounts, amounts, strict=True))


async def test_zero_over_all_is_not_zero_per_currency(session: AsyncSession) -> None:
    """G1"""
    books = Books(session)
    yuan, dollars = await accounts_of(books, "CNY", "USD")
    entry_id = await new_entry(books)
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        async with session.begin_nested():
            await post(session, entry_id, (yuan, 5), (dollars, -5))


async def test_a_posting_has_its_accounts_currency_and_market(session: AsyncSession) -> None:
    """G1, G5"""
    books = Books(session)
    one, other = await accounts_of(books, "CNY", "CNY")
    entry_id = await new_entry(books)
    dollars = AccountKey(books.market_id, Purpose.FUNDS, "USD")
    wrong = Account(one.id, dollars), Account(other.id, dollars)
    with pytest.raises(DBAPIError, match="fk_postings_account_id"):
        async with session.begin_nested():
            await post(session, entry_id, (wrong[0], 5), (wrong[1], -5))
    (foreign,) = await accounts_of(Books(session), "CNY")
    with pytest.raises(DBAPIError, match="crosses markets"):
        async with session.begin_nested():
            await post(session, entry_id, (one, 5), (foreign, -5))


async def test_an_entry_gets_its_postings_once(session: AsyncSession) -> None:
    """G1: even a balanced addition to an old entry is refused."""
    books = Books(session)
    accounts = await accounts_of(books, *["CNY"] * 4)
    entry_id = await new_entry(books)
    await post(session, entry_id, (accounts[0], 5), (accounts[1], -5))
    with pytest.raises(DBAPIError, match="has its postings already"):
        async with session.begin_nested():
            await post(session, entry_id, (accounts[2], 5), (accounts[3], -5))


async def test_an_entry_without_postings_is_not_committed(session: AsyncSession) -> None:
    """G1"""
    books = Books(session)
    await new_entry(books)
    await refused(session, "has no postings", "SET CONSTRAINTS ALL IMMEDIATE")


async def test_nothing_booked_is_changed_or_removed(session: AsyncSession) -> None:
    """G1"""
    books = Books(session)
    await books.receive(PartyId(new_id()), 500)
    await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # as a commit would
    for table, column in (
        ("postings", "amount_minor = 1"),
        ("entries", "reference = 'x'"),
        ("accounts", "limited = false"),
    ):
        await refused(
            session,
            "append-only",
            f"UPDATE {table} SET {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        )


async def test_one_account_of_a_kind(session: AsyncSession) -> None:
    """G5: the NULLs of the bank account's party and subject count as equal."""
    books = Books(session)
    key = AccountKey(books.market_id, Purpose.BANK, "CNY")
    first = await repository.open_accounts(session, [key])
    assert await repository.open_accounts(session, [key]) == first
    await refused(
        session,
        "uq_accounts_key",
        "INSERT INTO accounts (id, market_id, purpose, currency, side, limited) "
        f"VALUES ('{new_id()}', '{books.market_id}', 'bank', 'CNY', 'debit', false)",
    )
