"""The journal: versions without gaps, a chain that anyone can recompute."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import journal
from app.platform.access import SYSTEM
from app.platform.journal import ChainBroken, NewEvent, append, history, verify_chain
from app.shared.ids import MarketId, new_id
from app.shared.money import Money

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def event(subject_id: object, number: int) -> NewEvent:
    return NewEvent(
        market_id=MarketId(new_id()),
        subject="listing",
        subject_id=subject_id,  # type: ignore[arg-type]
        type="listing.priced",
        market_at=NOW,
        actor=SYSTEM,
        public={"price": Money(number * 100)},
        restricted={"reserve": Money(number)},
    )


async def test_versions_of_each_subject_rise_by_one(session: AsyncSession) -> None:
    first, second = new_id(), new_id()
    places = await append(session, event(first, 1), event(second, 1), event(first, 2))
    places += await append(session, event(first, 3))
    assert [place.version for place in places] == [1, 1, 2, 3]
    assert [row.subject_version for row in await history(session, first)] == [1, 2, 3]
    assert [row.subject_version for row in await history(session, first, after=2)] == [3]


async def test_chain_of_untouched_events_verifies_to_the_head(session: AsyncSession) -> None:
    subject = new_id()
    await append(session, *(event(subject, number) for number in range(5)))
    head = await session.get(journal.JournalHead, subject)
    assert head is not None
    assert verify_chain(await history(session, subject)) == head.hash


@pytest.mark.parametrize("change", ["public", "restricted", "dropped", "swapped"])
async def test_chain_names_the_first_version_that_was_touched(
    session: AsyncSession, change: str
) -> None:
    subject = new_id()
    await append(session, *(event(subject, number) for number in range(4)))
    events = list(await history(session, subject))
    if change == "public":
        events[1].public = {"price": {"amount": "9.99", "currency": "CNY"}}
    elif change == "restricted":
        events[1].restricted = {**events[1].restricted, "actor": "user:another"}
    elif change == "dropped":
        del events[1]
    else:
        events[1], events[2] = events[2], events[1]
    with pytest.raises(ChainBroken, match="version 2"):
        verify_chain(events)
    session.expunge_all()


async def test_events_can_be_neither_changed_nor_removed(session: AsyncSession) -> None:
    await append(session, event(new_id(), 1))
    for statement in ("UPDATE journal_events SET type = 'x'", "DELETE FROM journal_events"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with session.begin_nested():
                await session.execute(text(statement))
