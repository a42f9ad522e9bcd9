"""Real commits side by side: accounts are never overdrawn, ids take effect once."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from app.ledger import public as ledger
from app.ledger import repository
from app.ledger.domain.accounts import Purpose
from app.ledger.public.orders import order_entry_id
from app.platform.db import Database
from app.shared.errors import Conflict
from app.shared.ids import DealId, EntryId, HoldId, MarketId, PartyId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused
from tests.ledger.factories import ACTOR, AT, Books

pytestmark = pytest.mark.concurrency

Act = Callable[[Books], Awaitable[object]]


class Market:
    """Runs each act in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.market_id = MarketId(new_id())

    async def run(self, act: Act) -> type[Exception] | None:
        try:
            async with self.database.transaction() as session:
                await act(Books(session, self.market_id))
        except Conflict as refusal:
            return type(refusal)
        return None

    async def all(self, *acts: Act) -> list[type[Exception] | None]:
        return list(await asyncio.gather(*map(self.run, acts)))

    async def check(self) -> None:
        async with self.database.transaction() as session:
            assert await Books(session, self.market_id).totals() == (Money(0),)


def receive(who: PartyId, minor: int, entry_id: UUID | None = None) -> Act:
    return lambda books: books.receive(who, minor, entry_id=entry_id)


def order(who: PartyId, minor: int, order_id: UUID | None = None) -> Act:
    return lambda books: books.order(who, minor, order_id=order_id)


def hold(who: PartyId, minor: int, hold_id: UUID | None = None) -> Act:
    return lambda books: books.hold(who, minor, hold_id=hold_id)


def release(hold_id: HoldId) -> Act:
    return lambda books: ledger.release(books.session, hold_id=hold_id, at=AT, actor=ACTOR)


def capture(hold_id: HoldId) -> Act:
    return lambda books: ledger.capture(
        books.session, hold_id=hold_id, deal_id=DealId(hold_id), at=AT, actor=ACTOR
    )


def forfeit(hold_id: HoldId) -> Act:
    return lambda books: ledger.forfeit(
        books.session, hold_id=hold_id, at=AT, actor=ACTOR, ground="lost"
    )


def reverse(entry_id: EntryId, reversal_id: EntryId) -> Act:
    return lambda books: ledger.reverse(
        books.session,
        entry_id=entry_id,
        reversal_id=reversal_id,
        at=AT,
        actor=ACTOR,
        reason="wrong",
    )


async def test_concurrent_orders_never_overdraw(database: Database) -> None:
    """G3"""
    market, someone = Market(database), PartyId(new_id())
    await market.run(receive(someone, 1_000))
    outcomes = await market.all(*[order(someone, 90)] * 20)
    assert outcomes.count(None) == 11
    assert outcomes.count(ledger.InsufficientFunds) == 9
    async with database.transaction() as session:
        assert await Books(session, market.market_id).funds(someone) == 10
    await market.check()


async def test_a_hold_and_an_order_do_not_both_take_the_same_money(database: Database) -> None:
    """G3, G6"""
    market = Market(database)
    for _ in range(10):
        someone = PartyId(new_id())
        await market.run(receive(someone, 100))
        outcomes = await market.all(
            hold(someone, 60),
            hold(someone, 60),
            order(someone, 60),
        )
        assert outcomes.count(None) == 1
    await market.check()


async def test_a_hold_ends_once_when_releases_and_captures_race(database: Database) -> None:
    """G6"""
    market, someone = Market(database), PartyId(new_id())
    await market.run(receive(someone, 1_000))
    for _ in range(10):
        hold_id = HoldId(new_id())
        await market.run(hold(someone, 100, hold_id))
        acts = release(hold_id), capture(hold_id)
        outcomes = await market.all(*acts, *acts)
        assert outcomes in (
            [None, TransitionRefused, None, TransitionRefused],
            [TransitionRefused, None, TransitionRefused, None],
        )
    async with database.transaction() as session:
        lines = await ledger.trial_balance(session, market.market_id)
        held = next(line for line in lines if line.purpose is Purpose.HELD)
        assert held.debit == Money(0)
    await market.check()


async def test_forfeiting_at_once_with_every_other_end_ends_each_hold_once(
    database: Database,
) -> None:
    """G6, G10: one account takes all that is lost, and nobody waits in a circle for it."""
    market = Market(database)
    parties = [PartyId(new_id()) for _ in range(6)]
    for party in parties:
        await market.run(receive(party, 100))
    holds = [HoldId(new_id()) for _ in parties]
    await asyncio.gather(
        *(
            market.run(hold(party, 100, hold_id))
            for party, hold_id in zip(parties, holds, strict=True)
        )
    )
    acts = [act for hold_id in holds for act in (release(hold_id), capture(hold_id))]
    outcomes = await market.all(*acts, *(forfeit(hold_id) for hold_id in holds * 2))
    assert set(outcomes) <= {None, TransitionRefused}
    async with database.transaction() as session:
        ended = [(await ledger.get_hold(session, hold_id)).state for hold_id in holds]
        lost = await Books(session, market.market_id).forfeited()
    assert ledger.HoldState.HELD not in ended
    assert lost == 100 * ended.count(ledger.HoldState.FORFEITED)
    await market.check()


async def test_one_id_takes_effect_once(database: Database) -> None:
    """G4: also the first use of an account by many at once (G5)."""
    market, someone, entry_id = Market(database), PartyId(new_id()), EntryId(new_id())
    outcomes = await market.all(*[receive(someone, 100, entry_id)] * 15)
    assert outcomes == [None] * 15
    repeated = await market.all(*[order(someone, 100, someone)] * 15)
    assert repeated == [None] * 15
    undone = await market.all(
        *[reverse(order_entry_id(someone), EntryId(new_id())) for _ in range(10)]
    )
    assert undone.count(None) == 1
    async with database.transaction() as session:
        assert await Books(session, market.market_id).funds(someone) == 100
    await market.check()


async def test_parties_in_any_order_do_not_wait_for_each_other(database: Database) -> None:
    """G3: the accounts of several parties are locked in id order, so nothing deadlocks."""
    market, pair = Market(database), [PartyId(new_id()), PartyId(new_id())]
    for someone in pair:
        await market.run(receive(someone, 1_000))

    async def both(books: Books, first: PartyId, second: PartyId) -> None:
        await ledger.lock_parties(
            books.session, market_id=books.market_id, party_ids=[first, second], currency="CNY"
        )
        await books.order(first, 1)
        await books.order(second, 1)

    outcomes = await market.all(
        *[lambda books: both(books, *pair), lambda books: both(books, *reversed(pair))] * 8
    )
    assert outcomes == [None] * 16


async def test_a_statement_never_shows_a_limited_account_below_zero(database: Database) -> None:
    """G3: postings of a limited account are numbered in the order of their commits."""
    market, someone = Market(database), PartyId(new_id())
    await market.all(
        *[
            receive(someone, 7),
            order(someone, 5),
            hold(someone, 3),
        ]
        * 10
    )
    async with database.transaction() as session:
        found = await repository.list_accounts(
            session,
            market_id=market.market_id,
            party_id=someone,
            purpose=None,
            before=None,
            limit=9,
        )
        for account, balance in found:
            lines = await repository.statement_of(session, account, after=0, limit=99)
            assert all(line.balance.amount_minor >= 0 for line in lines)
            assert lines[-1].balance == balance
    await market.check()
