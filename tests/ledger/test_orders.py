"""Money of unknown owners and money on its way out: apart, once, and back where it came from."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.ledger.domain.entries import EntryDiffers, EntryUnknown
from app.shared.ids import EntryId, PartyId, new_id
from app.shared.money import Money
from tests.ledger.factories import ACTOR, AT, Books


@pytest.fixture
def books(session: AsyncSession) -> Books:
    return Books(session)


async def arrive(books: Books, minor: int, arrival_id: UUID | None = None) -> UUID:
    arrival = arrival_id or new_id()
    entry = ledger.unidentified(
        arrival_id=arrival,
        market_id=books.market_id,
        amount=Money(minor),
        reference="bank 1",
        at=AT,
    )
    await ledger.book_all(books.session, [entry], at=AT + timedelta(days=1), actor=ACTOR)
    return arrival


async def identify(books: Books, arrival: UUID, who: PartyId, minor: int) -> None:
    await ledger.identify(
        books.session,
        entry_id=EntryId(new_id()),
        arrival_id=arrival,
        market_id=books.market_id,
        party_id=who,
        amount=Money(minor),
        reference="bank 1",
        at=AT,
        actor=ACTOR,
    )


async def execute(books: Books, order_id: UUID, minor: int, reference: str = "bank 2") -> None:
    await ledger.execute(
        books.session,
        order_id=order_id,
        market_id=books.market_id,
        amount=Money(minor),
        reference=reference,
        at=AT + timedelta(days=1),
        actor=ACTOR,
    )


async def call_off(books: Books, order_id: UUID) -> None:
    at = AT + timedelta(days=1)
    await ledger.call_off(books.session, order_id=order_id, at=at, actor=ACTOR, reason="退汇")


async def suspense(books: Books, arrival: UUID) -> int:
    found = await ledger.suspense_of(books.session, market_id=books.market_id, arrival_id=arrival)
    return found.amount_minor


async def outgoing(books: Books, order_id: UUID) -> int:
    found = await ledger.outgoing_of(books.session, market_id=books.market_id, order_id=order_id)
    return found.amount_minor


async def test_an_arrival_lies_apart_and_is_given_away_once(books: Books) -> None:
    """G11"""
    someone = PartyId(new_id())
    arrival, other = await arrive(books, 100), await arrive(books, 100)
    assert await arrive(books, 100, arrival) == arrival  # a retry
    await identify(books, arrival, someone, 60)
    with pytest.raises(ledger.InsufficientFunds) as refused:
        await identify(books, arrival, someone, 41)
    assert refused.value.fields["available"] == Money(40)
    assert (await suspense(books, arrival), await suspense(books, other)) == (40, 100)
    with pytest.raises(EntryDiffers):
        await arrive(books, 99, arrival)
    with pytest.raises(ledger.InsufficientFunds):  # a part of it was given away
        await ledger.strike_arrival(
            books.session, arrival_id=arrival, at=AT, actor=ACTOR, reason="重复"
        )
    for _ in range(2):
        await ledger.strike_arrival(
            books.session, arrival_id=other, at=AT, actor=ACTOR, reason="重复"
        )
    assert await suspense(books, other) == 0
    assert await books.funds(someone) == 60
    assert await books.totals() == (Money(0),)


async def test_an_order_is_paid_once_or_called_off_once(books: Books) -> None:
    """G12"""
    someone = PartyId(new_id())
    await books.receive(someone, 100)
    paid, failed = await books.order(someone, 30), await books.order(someone, 50)
    assert await books.order(someone, 30, order_id=paid) == paid  # a retry
    assert await books.funds(someone) == 20
    with pytest.raises(ledger.InsufficientFunds):
        await books.order(someone, 21)
    for _ in range(2):
        await execute(books, paid, 30)
        await call_off(books, failed)
    assert (await outgoing(books, paid), await outgoing(books, failed)) == (0, 0)
    assert await books.funds(someone) == 70
    with pytest.raises(ledger.InsufficientFunds):
        await call_off(books, paid)
    with pytest.raises(ledger.InsufficientFunds):
        await execute(books, failed, 50)
    with pytest.raises(EntryDiffers):
        await execute(books, paid, 30, "another")
    with pytest.raises(EntryUnknown):
        await call_off(books, new_id())
    assert await books.totals() == (Money(0),)


async def test_a_return_that_fails_lies_in_suspense_again(books: Books) -> None:
    """G12"""
    arrival, order_id = await arrive(books, 100), new_id()
    await ledger.order_return(
        books.session,
        order_id=order_id,
        arrival_id=arrival,
        market_id=books.market_id,
        amount=Money(100),
        reference="back",
        at=AT,
        actor=ACTOR,
    )
    assert (await suspense(books, arrival), await outgoing(books, order_id)) == (0, 100)
    await call_off(books, order_id)
    assert (await suspense(books, arrival), await outgoing(books, order_id)) == (100, 0)
