"""SQL of match subscriptions."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.delivering import Delivery, Plan, QuietHours
from app.matching.domain.entry import Entry, EntryKind
from app.matching.domain.match import Verdict
from app.matching.domain.subscription import Settings, Source, SourceKind, Subscription
from app.matching.domain.wishes import wishes_from_json, wishes_to_json
from app.matching.models import MatchNewcomerRow, MatchSubscriptionRow, MatchTellingRow
from app.platform.access import Owner
from app.shared import codes
from app.shared.ids import MarketId, MatchSubscriptionId, PartyId

_S = MatchSubscriptionRow
_FRESH = {"populate_existing": True}


def _read(row: MatchSubscriptionRow) -> Subscription:
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
    session: AsyncSession, subscription: Subscription, anchors: Collection[str]
) -> None:
    """Insert a subscription with the terms by which new entries find it."""
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
            anchors=list(anchors),
            created_at=subscription.created_at,
            **_settings(subscription.settings),
        )
    )
    await session.flush()


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
    rows = await session.scalars(
        select(_S)
        .where(_S.party_id == party_id, true() if before is None else _S.id < before)
        .order_by(_S.id.desc())
        .limit(limit)
        .execution_options(**_FRESH)
    )
    return [_read(row) for row in rows]


async def owner_of(session: AsyncSession, subscription_id: UUID) -> Owner | None:
    """Return a subscription's market and party."""
    found = await find(session, MatchSubscriptionId(subscription_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


async def concerned(
    session: AsyncSession, entry: Entry, grams: Collection[str]
) -> Sequence[Subscription]:
    """Return the subscriptions that an entry may be news to, as far as indexes can tell.

    Those of the entry itself, whatever it found; those of others of its field, and queries with
    an anchor in it, unless they are younger than the entry or have told it.

    Invariants: MT56, MT61, MT62.
    """
    told, newcomer = MatchTellingRow, MatchNewcomerRow
    field = entry.facts.technology_field
    fields = [] if field is None else codes.chain("technology_field", field)
    rows = await session.scalars(
        select(_S)
        .where(
            or_(
                _S.entry_id == entry.id,
                and_(
                    or_(
                        _S.technology_field.in_(fields),
                        _S.anchors.overlap(sorted(grams)),
                    ),
                    _S.wants == str(entry.kind),
                    _S.party_id != entry.party_id,
                    _S.since
                    < select(newcomer.seen_at)
                    .where(newcomer.entry_id == entry.id)
                    .scalar_subquery(),
                    ~select(told)
                    .where(
                        told.subscription_id == _S.id,
                        told.entry_id == entry.id,
                        told.told_at.is_not(None),
                    )
                    .exists(),
                ),
            )
        )
        .order_by(_S.id)
        .execution_options(**_FRESH)
    )
    return [_read(row) for row in rows]


async def hold(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Subscription]:
    """Return those of the subscriptions that are still there, unchanged until the commit.

    In the order of their ids, so that nobody waits in a ring.
    """
    rows = await session.scalars(
        select(_S)
        .where(_S.id.in_(ids))
        .order_by(_S.id)
        .with_for_update(read=True)
        .execution_options(**_FRESH)
    )
    return [_read(row) for row in rows]
