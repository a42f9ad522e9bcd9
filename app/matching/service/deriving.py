"""Make entries of what the other modules tell everybody, and keep them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.public import DemandStatus, get_demands, ids_of_posted
from app.identity.public import get_parties
from app.listings.public import achievements_of_listings, achievements_on_shelf, ids_on_shelf
from app.matching.domain.entry import Entry, EntryKind
from app.matching.domain.public_texts import entry_of_achievement, entry_of_demand
from app.matching.repository import entry_writing
from app.platform.journal import JournalEvent
from app.shared.ids import AchievementId, DemandId, ListingId

# What changes who or what may be shown; a listing's sale takes what it sold from the market.
FOLLOWED: Final = frozenset(
    {
        "achievement.accepted",
        "achievement.confirmed",
        "achievement.edited",
        "achievement.resubmitted",
        "achievement.went_stale",
        "achievement.withdrawn",
        "demand.changed",
        "demand.closed",
        "demand.posted",
        "demand.withdrawn",
        "listing.reopened",
        "listing.sold",
    }
)

Ids = Mapping[EntryKind, Collection[UUID]]


@dataclass(frozen=True, slots=True)
class Change:
    """What an index has to follow.

    Attributes:
        entries: As they are now.
        gone: What may be shown no more.
    """

    entries: Sequence[Entry]
    gone: Sequence[tuple[EntryKind, UUID]]


async def ids_of(session: AsyncSession, events: Iterable[JournalEvent]) -> Ids:
    """Return which entries events are about."""
    subjects: dict[str, set[UUID]] = defaultdict(set)
    for event in events:
        subjects[event.subject].add(event.subject_id)
    achievements = subjects["achievement"]
    if listings := {ListingId(id_) for id_ in subjects["listing"]}:
        achievements |= await achievements_of_listings(session, listings)
    return {EntryKind.ACHIEVEMENT: achievements, EntryKind.DEMAND: subjects["demand"]}


async def keep(session: AsyncSession, ids: Ids) -> Change:
    """Keep entries as they are at this moment, and return what has become of them.

    What changes afterwards has an event of its own, later in the feed.

    Invariants: MT25, MT27.
    """
    await entry_writing.begin(session)
    shown = await entry_writing.shown_among(session, {id_ for some in ids.values() for id_ in some})
    entries = await _entries(session, {kind: shown & set(some) for kind, some in ids.items()})
    held = {entry.id for entry in entries}
    gone = [(kind, id_) for kind, some in ids.items() for id_ in some if id_ not in held]
    await entry_writing.put(session, entries)
    await entry_writing.remove(session, [id_ for _, id_ in gone])
    return Change(entries, gone)


async def keep_page(
    session: AsyncSession, kind: EntryKind, *, after: UUID, limit: int
) -> tuple[Sequence[Entry], UUID | None]:
    """Keep the entries of a kind that follow an id, and none beside them.

    Returns:
        Them, and the id to go on behind; ``None`` at the end.

    Invariant: MT25.
    """
    await entry_writing.begin(session)
    ids: Sequence[UUID]
    if kind is EntryKind.ACHIEVEMENT:
        ids = await ids_on_shelf(session, after=after, limit=limit)
    else:
        ids = await ids_of_posted(session, after=after, limit=limit)
    last = ids[-1] if ids else None
    shown = await entry_writing.shown_among(session, ids)
    entries = await _entries(session, {kind: shown})
    await entry_writing.put(session, entries)
    await entry_writing.remove_between(
        session,
        kind,
        after=after,
        until=last,
        but=[entry.id for entry in entries],
    )
    return entries, last


async def _entries(session: AsyncSession, ids: Ids) -> Sequence[Entry]:
    achievements = await achievements_on_shelf(
        session, [AchievementId(id_) for id_ in ids.get(EntryKind.ACHIEVEMENT, ())]
    )
    demands = [
        found
        for found in await get_demands(
            session, [DemandId(id_) for id_ in ids.get(EntryKind.DEMAND, ())]
        )
        if found.status is DemandStatus.POSTED  # since `ids` were read
    ]
    parties = {found.party_id for found in achievements}
    parties |= {found.party_id for found in demands}
    regions = {party.id: party.region_code for party in await get_parties(session, parties)}
    return [
        *(entry_of_achievement(found, regions.get(found.party_id)) for found in achievements),
        *(entry_of_demand(found, regions.get(found.party_id)) for found in demands),
    ]
