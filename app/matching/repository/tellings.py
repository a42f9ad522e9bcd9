"""SQL of what subscriptions tell: each entry once, and what waits."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.news import News
from app.matching.models import MatchNewcomerRow, MatchSubscriptionRow, MatchTellingRow
from app.matching.repository.entries import MATCHABLE

_SLICE = 1000
_T = MatchTellingRow

Key = tuple[UUID, UUID]  # of a subscription and an entry


async def note_newcomer(session: AsyncSession, entry_id: UUID) -> None:
    """Note that matching has seen an entry; the first time stays."""
    await session.execute(
        insert(MatchNewcomerRow).values(entry_id=entry_id).on_conflict_do_nothing()
    )


async def not_news(
    session: AsyncSession, subscription_ids: Collection[UUID], entry_ids: Collection[UUID]
) -> set[Key]:
    """Return the pairs of which nothing is told: told before, or older than the subscription.

    An entry that matching has yet to see is newer than any subscription.

    Invariants: MT56, MT61.
    """
    told = select(_T.subscription_id, _T.entry_id).where(
        _T.subscription_id.in_(subscription_ids),
        _T.entry_id.in_(entry_ids),
        _T.told_at.is_not(None),
    )
    subscription, newcomer = MatchSubscriptionRow, MatchNewcomerRow
    older = (
        select(subscription.id, newcomer.entry_id)
        .join(newcomer, newcomer.seen_at <= subscription.since)
        .where(subscription.id.in_(subscription_ids), newcomer.entry_id.in_(entry_ids))
    )
    rows = await session.execute(told.union(older))
    return {(row[0], row[1]) for row in rows}


async def put_waiting(session: AsyncSession, news: Sequence[tuple[UUID, News]]) -> None:
    """Let news wait to be told; newer reasons of what waits take the old ones' place.

    Invariant: MT56.
    """
    rows = [
        {
            "subscription_id": subscription_id,
            "entry_id": item.entry_id,
            "revision": item.revision,
            "content": item.content,
        }
        for subscription_id, item in sorted(news, key=lambda pair: (pair[0], pair[1].entry_id))
    ]
    for start in range(0, len(rows), _SLICE):
        statement = insert(_T).values(rows[start : start + _SLICE])
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["subscription_id", "entry_id"],
                set_={
                    "revision": statement.excluded.revision,
                    "content": statement.excluded.content,
                },
                where=_T.told_at.is_(None),
            )
        )


async def is_waiting(session: AsyncSession, subscription_id: UUID) -> bool:
    """Tell whether a subscription has something to tell."""
    waiting = select(_T.entry_id).where(_T.subscription_id == subscription_id, _T.told_at.is_(None))
    return (await session.execute(waiting.limit(1))).first() is not None


async def take_waiting(
    session: AsyncSession, subscription_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[News]]:
    """Return what subscriptions have to tell of what may be shown now, locked; forget the rest.

    What was withdrawn or changed since, and comes again, is news then.

    Invariant: MT59.
    """
    rows: Sequence[Any] = (
        await session.execute(
            select(
                _T.subscription_id,
                _T.entry_id,
                _T.revision,
                _T.content,
                MATCHABLE.c.id.is_not(None).label("shown"),
            )
            .outerjoin(
                MATCHABLE,
                and_(MATCHABLE.c.id == _T.entry_id, MATCHABLE.c.revision == _T.revision),
            )
            .where(_T.subscription_id.in_(subscription_ids), _T.told_at.is_(None))
            .order_by(_T.subscription_id, _T.entry_id)
            .with_for_update(of=_T)
        )
    ).all()
    await forget(session, [(row.subscription_id, row.entry_id) for row in rows if not row.shown])
    found: dict[UUID, list[News]] = {}
    for row in rows:
        if row.shown:
            news = News(row.entry_id, row.revision, row.content)
            found.setdefault(row.subscription_id, []).append(news)
    return found


async def forget(session: AsyncSession, keys: Sequence[Key]) -> None:
    """Drop what waited and was not told."""
    for start in range(0, len(keys), _SLICE):
        await session.execute(
            delete(_T).where(
                tuple_(_T.subscription_id, _T.entry_id).in_(keys[start : start + _SLICE])
            )
        )


async def mark_told(session: AsyncSession, keys: Sequence[Key], *, at: datetime) -> None:
    """Note when what waited was told: for ever."""
    for start in range(0, len(keys), _SLICE):
        await session.execute(
            update(_T)
            .where(tuple_(_T.subscription_id, _T.entry_id).in_(keys[start : start + _SLICE]))
            .values(told_at=at, content=None)
        )
