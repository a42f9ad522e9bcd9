"""Subscribe to matches, change when they are told, end a subscription."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.public import owner_of_demand
from app.listings.public import owner_of_achievement
from app.matching.domain.delivering import check_plan, due_at
from app.matching.domain.percolating import shares_of
from app.matching.domain.subscription import (
    Settings,
    Source,
    SourceKind,
    Subscription,
    check_new,
    source_to_json,
)
from app.matching.domain.terms import choose_terms, terms_in
from app.matching.domain.wishes import check_wishes
from app.matching.index import IndexNotReady
from app.matching.repository import subscriptions as repository
from app.matching.repository import tellings
from app.matching.service.engine import MatchingEngine
from app.matching.service.querying import terms_of
from app.platform import journal, timers
from app.platform.access import Actor, ObjectUnknown, check_owner
from app.platform.journal import NewEvent
from app.shared import codes
from app.shared.access import Reach
from app.shared.ids import MatchSubscriptionId, new_id

DELIVER: Final = "matching.deliver"

_OWNERS: Final = {
    SourceKind.DEMAND: owner_of_demand,
    SourceKind.ACHIEVEMENT: owner_of_achievement,
}


async def subscribe(
    session: AsyncSession,
    engine: MatchingEngine,
    actor: Actor,
    source: Source,
    settings: Settings,
    *,
    now: datetime,
) -> Subscription:
    """Subscribe for the actor's party.

    Raises:
        ObjectUnknown, NotYours: The source is no demand or achievement of the party's.
        CodeUnknown: There is no such technology field.
        MatchWishesInvalid: A query's hard conditions break rules; names each fault.
        QueryEmpty, DigestInQuietHours, TooManySubscriptions: See `check_new`.

    Invariant: MT55.
    """
    await _check_source(session, actor, source)
    check_new(source, settings, held=await repository.count_of_party(session, actor.party_id))
    subscription = Subscription(
        id=MatchSubscriptionId(new_id()),
        market_id=actor.market_id,
        party_id=actor.party_id,
        source=source,
        settings=settings,
        created_at=now,
    )
    shares = {} if source.text is None else await _shares(engine, source.text)
    await repository.insert(session, subscription, shares)
    await _journal(session, subscription, "created", actor, now)
    return subscription


async def _check_source(session: AsyncSession, actor: Actor, source: Source) -> None:
    if source.entry_id is not None:
        owner = await _OWNERS[source.kind](session, source.entry_id)
        check_owner(Reach.OWN, actor, owner)
    if source.technology_field is not None:
        codes.require("technology_field", source.technology_field, field="source.technology_field")
    if source.wishes is not None:
        check_wishes(source.wishes, source.wants.other)


async def _shares(engine: MatchingEngine, text: str) -> Mapping[str, float]:
    try:
        [terms] = await asyncio.to_thread(terms_of, engine, [text])
    except IndexNotReady:  # then all are equally rare
        pairs, characters = terms_in(text)
        terms = choose_terms(text, dict.fromkeys([*pairs, *characters], 0), 0)
    return shares_of(terms)


async def read_subscription(
    session: AsyncSession, subscription_id: MatchSubscriptionId
) -> Subscription:
    """Return a subscription.

    Raises:
        ObjectUnknown: There is none, or it was ended.
    """
    found = await repository.find(session, subscription_id)
    if found is None:
        raise ObjectUnknown("There is no such match subscription.")
    return found


async def list_subscriptions(
    session: AsyncSession, actor: Actor, *, before: UUID | None, limit: int
) -> Sequence[Subscription]:
    """Return the subscriptions of the actor's party, newest first."""
    return await repository.find_page(session, actor.party_id, before=before, limit=limit)


async def change_settings(
    session: AsyncSession,
    actor: Actor,
    subscription_id: MatchSubscriptionId,
    settings: Settings,
    *,
    now: datetime,
) -> Subscription:
    """Put other settings in their place; what waits is told by them. The same change nothing.

    Raises:
        ObjectUnknown: There is no such subscription.
        DigestInQuietHours: See `check_plan`.

    Invariants: MT57, MT63.
    """
    check_plan(settings.plan)
    found = await repository.find(session, subscription_id, lock=True)
    if found is None:
        raise ObjectUnknown("There is no such match subscription.")
    if settings == found.settings:
        return found
    changed = Subscription(
        id=found.id,
        market_id=found.market_id,
        party_id=found.party_id,
        source=found.source,
        settings=settings,
        created_at=found.created_at,
    )
    await repository.save_settings(session, subscription_id, settings)
    if await tellings.is_waiting(session, subscription_id):
        await timers.schedule(
            session,
            market_id=found.market_id,
            kind=DELIVER,
            subject_id=subscription_id,
            due_at=due_at(settings.plan, now),
        )
    await _journal(session, changed, "changed", actor, now)
    return changed


async def end_subscription(
    session: AsyncSession, actor: Actor, subscription_id: MatchSubscriptionId, *, now: datetime
) -> None:
    """End a subscription: what waits is not told, what was told stays in the inbox.

    Raises:
        ObjectUnknown: There is no such subscription.

    Invariant: MT63.
    """
    found = await repository.find(session, subscription_id, lock=True)
    if found is None:
        raise ObjectUnknown("There is no such match subscription.")
    await repository.remove(session, subscription_id)
    await timers.cancel(session, kind=DELIVER, subject_id=subscription_id)
    await _journal(session, found, "ended", actor, now)


async def _journal(
    session: AsyncSession, subscription: Subscription, what: str, actor: Actor, now: datetime
) -> None:
    # What somebody looks for is nobody else's business.
    event = NewEvent(
        market_id=subscription.market_id,
        subject="match_subscription",
        subject_id=subscription.id,
        type=f"match_subscription.{what}",
        market_at=now,
        actor=actor.ref,
        restricted={
            "source": source_to_json(subscription.source),
            "settings": subscription.settings,
        },
        audience=frozenset({subscription.party_id}),
    )
    await journal.append(session, event)
