"""Push: tell subscribers of what is new and fits, each entry once, and nothing in quiet hours."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.conditions import broken_conditions
from app.matching.domain.coverage import counterpart_of, coverages
from app.matching.domain.delivering import after_quiet, due_at
from app.matching.domain.entry import Entry
from app.matching.domain.match import Match, StoredResult, Verdict
from app.matching.domain.news import News, in_order, message_of, news_of_field, news_of_match
from app.matching.domain.percolating import least_share
from app.matching.domain.scoring import TextParts, explain
from app.matching.domain.storing import match_from_json
from app.matching.domain.subscription import SourceKind, Subscription, reaches
from app.matching.domain.terms import terms_in
from app.matching.domain.weights import DEFAULT
from app.matching.repository import subscriptions as repository
from app.matching.repository import tellings
from app.matching.service.engine import MatchingEngine
from app.matching.service.querying import terms_of
from app.matching.service.subscribing import DELIVER
from app.platform import timers
from app.platform.clock import market_now, market_nows
from app.platform.inbox import NewNotification, notify
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, MatchSubscriptionId

TOPIC: Final = "matching.subscription"

Told = tuple[Subscription, News]


async def tell_of(
    session: AsyncSession, engine: MatchingEngine, entry: Entry, result: StoredResult
) -> None:
    """Tell all subscriptions to which an entry, or what it found, is news.

    Call it for one entry a transaction, the one that stored the result: then nothing is told
    twice, or lost, whenever the process dies.

    Args:
        result: The entry's own.

    Raises:
        IndexNotReady: The indexer has made no index yet.

    Invariants: MT56, MT59, MT61.
    """
    await tellings.note_newcomer(session, entry.id)
    calibration = engine.calibration.of(None, entry.kind)
    pairs, _ = terms_in(entry.words)
    concerned = await repository.concerned(session, entry, pairs, least=least_share(calibration))
    if not concerned:
        return
    of_kind = {
        kind: [item for item in concerned if item.source.kind is kind] for kind in SourceKind
    }
    news: list[Told] = await _found_by(
        session, [*of_kind[SourceKind.DEMAND], *of_kind[SourceKind.ACHIEVEMENT]], result
    )
    news += [(item, news_of_field(entry)) for item in of_kind[SourceKind.FIELD]]
    news += await _queries(session, engine, of_kind[SourceKind.QUERY], entry)
    await _tell(session, news)


async def _found_by(
    session: AsyncSession, subscriptions: Sequence[Subscription], result: StoredResult
) -> list[Told]:
    """Return what is new of an entry's own result, to those that watch the entry."""
    matches = [match_from_json(match) for match in result.matches]
    if not subscriptions or not matches:
        return []
    passed = await tellings.not_news(
        session,
        [item.id for item in subscriptions],
        [match.entry_id for match in matches],
    )
    return [
        (item, news_of_match(match))
        for item in subscriptions
        for match in matches
        if reaches(match.verdict, item.settings.least)
        and match.party_id != item.party_id
        and (item.id, match.entry_id) not in passed
    ]


async def _queries(
    session: AsyncSession,
    engine: MatchingEngine,
    subscriptions: Sequence[Subscription],
    entry: Entry,
) -> list[Told]:
    """Return an entry as news to the queries that it fits."""
    admitting = [
        item
        for item in subscriptions
        if item.source.wishes is not None
        and not broken_conditions(item.source.wishes.conditions, entry.facts, entry.market_id)
    ]
    if not admitting:
        return []
    nows = await market_nows(session, {item.market_id for item in admitting})
    matches = await asyncio.to_thread(_judge, engine, admitting, entry, nows)
    return [(item, news_of_match(match)) for item, match in matches]


def _judge(
    engine: MatchingEngine,
    subscriptions: Sequence[Subscription],
    entry: Entry,
    nows: Mapping[MarketId, datetime],
) -> list[tuple[Subscription, Match]]:
    """Return the queries that an entry fits as well as each asks for, with the reasons."""
    calibration, met = engine.calibration.of(None, entry.kind), counterpart_of(entry)
    asked = terms_of(engine, [item.source.text or "" for item in subscriptions])
    found = []
    for item, terms in zip(subscriptions, asked, strict=True):
        [coverage] = coverages(terms, [met.laid_out]).tolist()
        parts = TextParts(coverage, None)
        if not reaches(calibration.verdict(parts.score(calibration)), item.settings.least):
            continue
        match = explain(
            item.wish,
            met,
            parts,
            terms=terms,
            weights=DEFAULT,  # a query states no facts: whatever they weigh, text alone counts
            calibration=calibration,
            today=nows[item.market_id].astimezone(SHANGHAI).date(),
        )
        found.append((item, match))
    return found


async def _tell(session: AsyncSession, news: Sequence[Told]) -> None:
    """Tell at once what may be told now, and let the rest wait for its timer."""
    if not news:
        return
    held = await repository.hold(session, {item.id for item, _ in news})
    nows = await market_nows(session, {item.market_id for item in held})
    dues = {item.id: due_at(item.settings.plan, nows[item.market_id]) for item in held}
    later = [item for item in held if dues[item.id] > nows[item.market_id]]
    # Timers first: who delivers holds the timer and then takes what waits.
    await timers.schedule_no_later(
        session,
        kind=DELIVER,
        dues=[(item.market_id, item.id, dues[item.id]) for item in later],
    )
    await tellings.put_waiting(session, [(item.id, what) for item, what in news if item.id in dues])
    at_once = [item for item in held if dues[item.id] == nows[item.market_id]]
    await _deliver(session, at_once, nows)


async def deliver_due(session: AsyncSession, subscription_id: UUID, due_at: datetime) -> None:
    """Tell what waits for a subscription, or after its quiet hours if a late worker is in them.

    A timer's handler.

    Invariants: MT57, MT58.
    """
    found = await repository.find(session, MatchSubscriptionId(subscription_id))
    if found is None:
        return
    now = max(due_at, await market_now(session, found.market_id))
    free = after_quiet(found.settings.plan.quiet, now)
    if free > now:
        await timers.schedule(
            session,
            market_id=found.market_id,
            kind=DELIVER,
            subject_id=subscription_id,
            due_at=free,
        )
        return
    await _deliver(session, [found], {found.market_id: now})


async def _deliver(
    session: AsyncSession,
    subscriptions: Collection[Subscription],
    nows: Mapping[MarketId, datetime],
) -> None:
    """Put all that waits for subscriptions into their parties' inboxes, a message each.

    Invariants: MT56, MT59, MT60.
    """
    if not subscriptions:
        return
    waiting = await tellings.take_waiting(session, [item.id for item in subscriptions])
    messages: list[NewNotification] = []
    told: dict[datetime, list[tellings.Key]] = {}
    below: list[tellings.Key] = []
    for item in subscriptions:
        asked = [news for news in waiting.get(item.id, ()) if _is_asked(item, news)]
        below += [
            (item.id, news.entry_id)
            for news in waiting.get(item.id, ())
            if not _is_asked(item, news)
        ]
        if asked:
            now = nows[item.market_id]
            messages.append(_notification(item, asked, now))
            told.setdefault(now, []).extend((item.id, news.entry_id) for news in asked)
    for now, keys in told.items():
        await tellings.mark_told(session, keys, at=now)
    await tellings.forget(session, below)
    await notify(session, *messages)


def _is_asked(subscription: Subscription, news: News) -> bool:
    verdict = news.content["verdict"]
    return verdict is None or reaches(Verdict(verdict), subscription.settings.least)


def _notification(
    subscription: Subscription, news: Sequence[News], now: datetime
) -> NewNotification:
    message = message_of(subscription, news)
    return NewNotification(
        market_id=subscription.market_id,
        party_id=subscription.party_id,
        topic=TOPIC,
        title_zh=message.title_zh,
        title_en=message.title_en,
        text_zh=message.text_zh,
        text_en=message.text_en,
        data=message.data,
        dedupe_key=f"match:{subscription.id}:{in_order(news)[0].entry_id}",
        market_at=now,
    )
