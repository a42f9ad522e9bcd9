"""Entries booked many at a time: as one by one, all of them or none."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.ledger.domain.entries import Entry, EntryDiffers
from app.platform.runtime import Runtime
from app.shared.ids import DealId, EntryId, MarketId, PartyId, new_id
from app.shared.money import Money
from tests.ledger.factories import ACTOR, AT, Books
from tests.queries import counted

PARTIES = [PartyId(UUID(int=number)) for number in (1, 2)]
DEALS = [DealId(UUID(int=number)) for number in (3, 4)]

KINDS = st.sampled_from(["receipt", "escrow_payment", "settlement"])
# (kind, party, deal, amount); few of each, so that one entry spends what another brought.
MOVES = st.lists(
    st.tuples(KINDS, st.integers(0, 1), st.integers(0, 1), st.sampled_from([1, 2, 3])),
    min_size=1,
    max_size=12,
)
Move = tuple[str, int, int, int]


def entry(market_id: MarketId, move: Move, entry_id: UUID) -> Entry:
    kind, who, which, minor = move
    party_id, deal_id = PARTIES[who], DEALS[which]
    amount, booked = Money(minor), EntryId(entry_id)
    if kind == "receipt":
        return ledger.receipt(
            entry_id=booked, market_id=market_id, party_id=party_id, amount=amount, reference="b"
        )
    if kind == "escrow_payment":
        return ledger.escrow_payment(
            entry_id=booked,
            market_id=market_id,
            party_id=party_id,
            deal_id=deal_id,
            amount=amount,
        )
    return ledger.settlement(
        entry_id=booked, market_id=market_id, deal_id=deal_id, seller_id=party_id, amount=amount
    )


async def book(session: AsyncSession, entries: Sequence[Entry]) -> str:
    """Book in a savepoint; return how it ended."""
    try:
        async with session.begin_nested():
            await ledger.book_all(session, entries, at=AT, actor=ACTOR)
    except ledger.InsufficientFunds as refusal:
        return f"{refusal.fields['purpose']} {refusal.fields['available']}"
    return "booked"


async def balances(books: Books) -> list[int]:
    market_id = books.market_id
    funds = [await books.funds(party) for party in PARTIES]
    kept = [
        await ledger.escrow_of(books.session, market_id=market_id, deal_id=deal) for deal in DEALS
    ]
    return funds + [money.amount_minor for money in kept]


@given(moves=MOVES)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_a_batch_is_booked_as_one_by_one_or_not_at_all(
    session: AsyncSession, moves: list[Move]
) -> None:
    # G1, G3: a batch is refused exactly where its first entry would be that lacks the money
    singly, at_once = Books(session), Books(session)
    outcome = "booked"
    for move in moves:
        outcome = await book(session, [entry(singly.market_id, move, new_id())])
        if outcome != "booked":
            break
    batch = [entry(at_once.market_id, move, new_id()) for move in moves]
    assert await book(session, batch) == outcome
    wanted = await balances(singly) if outcome == "booked" else [0, 0, 0, 0]
    assert await balances(at_once) == wanted


async def test_what_was_booked_before_is_left_out(session: AsyncSession) -> None:
    # G4
    books = Books(session)
    moves: list[Move] = [("receipt", 0, 0, 3), ("receipt", 1, 0, 2), ("escrow_payment", 0, 1, 3)]
    batch = [entry(books.market_id, move, new_id()) for move in moves]
    first = await ledger.book_all(session, [batch[1], batch[1]], at=AT, actor=ACTOR)
    assert first == (batch[1],)
    assert await ledger.book_all(session, batch, at=AT, actor=ACTOR) == (batch[0], batch[2])
    assert await ledger.book_all(session, batch, at=AT, actor=ACTOR) == ()
    assert await balances(books) == [0, 2, 0, 3]


async def test_an_id_used_for_something_else_refuses_the_whole_batch(session: AsyncSession) -> None:
    # G4: in the books, and within the batch
    books, used = Books(session), new_id()
    await ledger.book_all(
        session, [entry(books.market_id, ("receipt", 0, 0, 1), used)], at=AT, actor=ACTOR
    )
    fresh = entry(books.market_id, ("receipt", 0, 0, 5), new_id())
    other = entry(books.market_id, ("receipt", 1, 0, 1), used)
    for batch in ([fresh, other], [fresh, entry(books.market_id, ("receipt", 0, 0, 6), fresh.id)]):
        with pytest.raises(EntryDiffers):
            await ledger.book_all(session, batch, at=AT, actor=ACTOR)
    assert await balances(books) == [1, 0, 0, 0]


async def test_a_batch_takes_no_more_queries_than_an_entry(
    session: AsyncSession, shared_runtime: Runtime
) -> None:
    books = Books(session)
    one: list[Move] = [("receipt", 0, 0, 1)]
    many: list[Move] = [("receipt", 1, 0, 2), ("escrow_payment", 1, 1, 1)] * 20
    counts = []
    for moves in (one, many):
        batch = [entry(books.market_id, move, new_id()) for move in moves]
        with counted(shared_runtime.database) as queries:
            await ledger.book_all(session, batch, at=AT, actor=ACTOR)
        counts.append(len(queries))
    assert counts[1] <= counts[0]
