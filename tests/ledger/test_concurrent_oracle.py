"""Generated commands from many connections with real commits, against the naive ledger."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.ledger.domain.holds import HoldTrigger, closing_entry_id, holding_entry_id
from app.ledger.domain.movements import arrival_entry_id
from app.ledger.models import EntryRow, PostingRow
from app.ledger.public.orders import order_entry_id
from app.platform.db import Database
from app.shared.ids import HoldId, PartyId
from tests.ledger.factories import Books
from tests.ledger.test_oracle import COMMANDS, OPENING, Command, Naive, Real, check_same

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

    @property
    def real(self) -> Real:
        return Real(self.books, self.parties, self.salt)

    def entry_of(self, command: Command) -> UUID:
        """Return the id of the entry that a command books if it is accepted."""
        kind, number = command[:2]
        own, order, arrival = (
            place(number) for place in (self.real.id, self.real.order, self.real.arrival)
        )
        if kind in _CLOSING:
            return closing_entry_id(HoldId(own), _CLOSING[kind])
        derived: dict[str, UUID] = {
            "hold": holding_entry_id(HoldId(own)),
            "arrive": arrival_entry_id(arrival),
            "order_payment": order_entry_id(order),
            "order_return": order_entry_id(order),
            "execute": uuid5(order, "execution"),
            "call_off": uuid5(order, "called off"),
            "strike": uuid5(arrival, "struck"),
        }
        return derived.get(kind, own)

    async def work(self, commands: Sequence[Command]) -> list[Command]:
        """Run commands, a transaction each; return those that were accepted."""
        accepted = []
        for command in commands:
            async with self.database.transaction() as session:
                books = Books(session, self.books.market_id)
                if await Real(books, self.parties, self.salt).do(*command):
                    accepted.append(command)
        return accepted


@given(commands=st.lists(COMMANDS, min_size=30, max_size=80))
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_side_by_side_it_is_some_order_of_the_naive_ledger(
    database: Database, commands: list[Command]
) -> None:
    """G1, G2, G3, G4, G6, G7, G11, G12: in the order of the books the naive ledger agrees."""
    async with database.transaction() as session:
        market = Market(database, Books(session))
    opened = await market.work(OPENING)
    assert len(opened) == len(OPENING)
    shares = [commands[at::CONNECTIONS] for at in range(CONNECTIONS)]
    done = await asyncio.gather(*map(market.work, shares))
    accepted = {market.entry_of(command): command for part in (opened, *done) for command in part}
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
        books = Books(session, market.books.market_id)
        await check_same(Real(books, market.parties, market.salt), naive)
