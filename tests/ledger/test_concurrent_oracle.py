"""Generated commands from many connections with real commits, against the naive ledger."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.ledger import public as ledger
from app.ledger import repository
from app.ledger.domain.holds import HoldTrigger, closing_entry_id, holding_entry_id
from app.ledger.models import EntryRow, PostingRow
from app.platform.db import Database
from app.shared.ids import DealId, HoldId, PartyId
from tests.ledger.factories import Books
from tests.ledger.test_oracle import COMMANDS, Command, Naive, Real

pytestmark = pytest.mark.concurrency

CONNECTIONS = 5
_CLOSING = {
    "release": HoldTrigger.RELEASE,
    "capture": HoldTrigger.CAPTURE,
    "forfeit": HoldTrigger.FORFEIT,
}


@dataclass(frozen=True, slots=True)
class Market:
    """A market of its own with the ids that commands name by number."""

    database: Database
    books: Books

    @property
    def parties(self) -> list[PartyId]:
        return [PartyId(UUID(int=self.books.market_id.int + number)) for number in (1, 2)]

    @property
    def salt(self) -> int:
        return self.books.market_id.int + 100

    def entry_of(self, command: Command) -> UUID:
        """Return the id of the entry that a command books if it is accepted."""
        kind, number = command[0], UUID(int=self.salt + command[1])
        if kind == "hold":
            return holding_entry_id(HoldId(number))
        trigger = _CLOSING.get(kind)
        return number if trigger is None else closing_entry_id(HoldId(number), trigger)

    async def work(self, commands: Sequence[Command]) -> list[Command]:
        """Run commands, a transaction each; return those that were accepted."""
        accepted = []
        for command in commands:
            async with self.database.transaction() as session:
                books = Books(session, self.books.market_id)
                if await Real(books, self.parties, self.salt).do(*command):
                    accepted.append(command)
        return accepted


@given(commands=st.lists(COMMANDS, min_size=30, max_size=60))
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_side_by_side_it_is_some_order_of_the_naive_ledger(
    database: Database, commands: list[Command]
) -> None:
    """G1, G2, G3, G4, G6, G7: in the order of the books the naive ledger accepts every entry."""
    async with database.transaction() as session:
        market = Market(database, Books(session))
    shares = [commands[at::CONNECTIONS] for at in range(CONNECTIONS)]
    done = await asyncio.gather(*map(market.work, shares))
    accepted = {market.entry_of(command): command for part in done for command in part}
    async with database.transaction() as session:
        first = func.min(PostingRow.seq)
        rows = await session.execute(
            select(EntryRow.id, first, func.sum(PostingRow.amount_minor))
            .join(PostingRow, PostingRow.entry_id == EntryRow.id)
            .where(EntryRow.market_id == market.books.market_id)
            .group_by(EntryRow.id)
            .order_by(first)
        )
        booked = rows.all()
        assert {row.id for row in booked} == accepted.keys()
        assert all(row[2] == 0 for row in booked)
        naive = Naive()
        for row in booked:
            assert naive.do(*accepted[row.id]), accepted[row.id]
        await _same(Books(session, market.books.market_id), market.parties, naive)


async def _same(books: Books, parties: list[PartyId], naive: Naive) -> None:
    for index, party_id in enumerate(parties):
        assert await books.funds(party_id) == naive.funds[index]
        escrow = await ledger.escrow_of(
            books.session, market_id=books.market_id, deal_id=DealId(party_id)
        )
        assert escrow.amount_minor == naive.escrow[index]
    assert await books.forfeited() == naive.forfeited
    assert all(total.amount_minor == 0 for total in await books.totals())
    for account, _ in await repository.list_accounts(
        books.session,
        market_id=books.market_id,
        party_id=None,
        purpose=None,
        before=None,
        limit=99,
    ):
        lines = await repository.statement_of(books.session, account, after=0, limit=199)
        assert not account.key.limited or all(line.balance.amount_minor >= 0 for line in lines)
