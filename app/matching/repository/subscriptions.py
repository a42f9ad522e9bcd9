"""SQL of match subscriptions."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    cast,
    delete,
    func,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.delivering import Delivery, Plan, QuietHours
from app.matching.domain.entry import Entry, EntryKind
from app.matching.domain.match import Verdict
from app.matching.domain.subscription import Settings, Source, SourceKind, Subscription
from app.matching.domain.wishes import wishes_from_json, wishes_to_json
from app.matching.models import (
    MatchNewcomerRow,
    MatchQueryPairRow,
    MatchSubscriptionRow,
    MatchTellingRow,
)
from app.platform.access import Owner
from app.platform.clock import MarketClock
from app.platform.db import insert_rows
from app.shared import codes
from app.shared.ids import MarketId, MatchSubscriptionId, PartyId

_S = MatchSubscriptionRow
_COLUMNS = MatchSubscriptionRow.__table__  # plain rows: thousands are read for one entry


def _read(row: Any) -> Subscription:
    market_id = MarketId(row.market_id)
    return Subscription(
        id=MatchSubscriptionId(row.id),
        market_id=market_id,
        party_id=PartyId(row.party_id),
        source=Source(
            kind=SourceKind(row.source),
            wants=EntryKind(row.wants),
            entry_id=row.entry_id,
            technology_field=row.technology_field,
            text=row.query,
            wishes=None if row.wishes is None else wishes_from_json(row.wishes, market_id),
        ),
        settings=Settings(
            name=row.name,
            least=Verdict(row.least),
            plan=Plan(
                Delivery(row.delivery), row.digest_hour, QuietHours(row.quiet_from, row.quiet_to)
            ),
        ),
        created_at=row.created_at,
    )


def _settings(settings: Settings) -> dict[str, Any]:
    plan = settings.plan
    return {
        "name": settings.name,
        "least": str(settings.least),
        "delivery": str(plan.delivery),
        "digest_hour": plan.hour,
        "quiet_from": plan.quiet.starts,
        "quiet_to": plan.quiet.ends,
    }


async def insert(
    session: AsyncSession, subscription: Subscription, shares: Mapping[str, float]
) -> None:
    """Insert a subscription with the pairs by which new entries find a query."""
    source = subscription.source
    session.add(
        MatchSubscriptionRow(
            id=subscription.id,
            market_id=subscription.market_id,
            party_id=subscription.party_id,
            source=str(source.kind),
            wants=str(source.wants),
            entry_id=source.entry_id,
            technology_field=source.technology_field,
            query=source.text,
            wishes=None if source.wishes is None else wishes_to_json(source.wishes),
            created_at=subscription.created_at,
            **_settings(subscription.settings),
        )
    )
    await session.flush()
    if shares:
        rows = [
            {"pair": pair, "subscription_id": subscription.id, "share": share}
            for pair, share in shares.items()
        ]
        await insert_rows(session, MatchQueryPairRow, rows)


async def save_settings(
    session: AsyncSession, subscription_id: MatchSubscriptionId, settings: Settings
) -> None:
    """Put other settings in their place."""
    await session.execute(update(_S).where(_S.id == subscription_id).values(**_settings(settings)))


async def remove(session: AsyncSession, subscription_id: MatchSubscriptionId) -> None:
    """Delete a subscription with what it has told and what waits."""
    await session.execute(delete(_S).where(_S.id == subscription_id))


async def count_of_party(session: AsyncSession, party_id: PartyId) -> int:
    """Return how many subscriptions a party has."""
    found = select(func.count()).select_from(_S).where(_S.party_id == party_id)
    return (await session.execute(found)).scalar_one()


async def find(
    session: AsyncSession, subscription_id: MatchSubscriptionId, *, lock: bool = False
) -> Subscription | None:
    """Return a subscription; a locked one is told nothing of meanwhile."""
    row = await session.get(
        MatchSubscriptionRow, subscription_id, populate_existing=True, with_for_update=lock or None
    )
    return None if row is None else _read(row)


async def find_page(
    session: AsyncSession, party_id: PartyId, *, before: UUID | None, limit: int
) -> Sequence[Subscription]:
    """Return a party's subscriptions, newest first, below ``before``."""
    rows = await session.execute(
        select(_COLUMNS)
        .where(_S.party_id == party_id, true() if before is None else _S.id < before)
        .order_by(_S.id.desc())
        .limit(limit)
    )
    return [_read(row) for row in rows]


async def owner_of(session: AsyncSession, subscription_id: UUID) -> Owner | None:
    """Return a subscription's market and party."""
    found = await find(session, MatchSubscriptionId(subscription_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


def _may_meet(entry: Entry) -> ColumnElement[bool]:
    either = MarketClock.market_id.in_([_S.market_id, entry.market_id])
    sandbox = select(MarketClock).where(either, MarketClock.sandbox).exists()
    return or_(_S.market_id == entry.market_id, ~sandbox)


async def concerned(
    session: AsyncSession, entry: Entry, pairs: Collection[str], *, least: float
) -> Sequence[Subscription]:
    """Return the subscriptions that an entry may be news to, as far as indexes can tell.

    Those of the entry itself, whatever it found; those of others of its field, and queries of
    whose pairs it has enough, unless they are younger than the entry or have told it.

    Args:
        least: Which part of a query's pairs is enough.

    Invariants: MT14, MT56, MT61, MT62.
    """
    told, newcomer = MatchTellingRow, MatchNewcomerRow
    field = entry.facts.technology_field
    fields = [] if field is None else codes.chain("technology_field", field)
    is_news = and_(
        _S.wants == str(entry.kind),
        _S.party_id != entry.party_id,
        _may_meet(entry),
        _S.since < select(newcomer.seen_at).where(newcomer.entry_id == entry.id).scalar_subquery(),
        ~select(told)
        .where(
            told.subscription_id == _S.id,
            told.entry_id == entry.id,
            told.told_at.is_not(None),
        )
        .exists(),
    )
    of_query = MatchQueryPairRow
    fitting = (
        select(of_query.subscription_id)
        .where(of_query.pair == func.any(cast(list(pairs), ARRAY(Text))))
        .group_by(of_query.subscription_id)
        .having(func.sum(of_query.share) >= least)
    )
    # Apart, each has its index.
    rows = await session.execute(
        union_all(
            select(_COLUMNS).where(_S.entry_id == entry.id),
            select(_COLUMNS).where(_S.technology_field.in_(fields), is_news),
            select(_COLUMNS).where(_S.id.in_(fitting), is_news),
        )
    )
    return [_read(row) for row in rows]


async def hold(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Subscription]:
    """Return those of the subscriptions that are still there, unchanged until the commit.

    In the order of their ids, so that nobody waits in a ring.
    """
    rows = await session.execute(
        select(_COLUMNS).where(_S.id.in_(ids)).order_by(_S.id).with_for_update(read=True)
    )
    return [_read(row) for row in rows]
