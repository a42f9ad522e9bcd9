"""Read what an entry found: what is kept of it, as far as it is still true, or found now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.identity.public import get_parties, get_party
from app.listings import public as listings
from app.matching.domain.entry import Entry, EntryKind
from app.matching.domain.match import Basis, Match, Verdict
from app.matching.domain.public_texts import entry_of_achievement, entry_of_demand
from app.matching.domain.scoring import best_verdict
from app.matching.domain.storing import match_from_json
from app.matching.domain.wish import Wish, wish_of
from app.matching.domain.wishes import apply
from app.matching.repository import results
from app.matching.repository.entries import load_current
from app.matching.repository.wishes import wishes_of
from app.matching.service.engine import MatchingEngine
from app.matching.service.finding import find_matches
from app.matching.service.keeping import KEPT_MAX, worth_keeping
from app.matching.service.weighting import active_weights
from app.platform.access import ObjectUnknown
from app.platform.clock import market_now
from app.shared.access import Viewer
from app.shared.calendar import SHANGHAI
from app.shared.ids import AchievementId, DemandId, PartyId

Names: TypeAlias = Mapping[PartyId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an entry has found.

    Attributes:
        result_id: ``None`` where it was found just now and is not kept.
        gone: Kept matches that may no longer be shown, or not in the revision that was judged.
        excluded: By hard condition, how many candidates it kept out.
    """

    result_id: UUID | None
    entry_id: UUID
    computed_at: datetime
    verdict: Verdict
    basis: Basis
    matches: tuple[Match, ...]
    excluded: Mapping[str, int]
    gone: int = 0


async def read_kept(session: AsyncSession, entry_id: UUID) -> Reading | None:
    """Return the kept result of an entry's present revision, without what is gone; one query more.

    ``None`` also where all that it found is gone: what fits now is found at the call.

    Invariants: MT1, MT12.
    """
    kept = await results.latest(session, entry_id)
    if kept is None:
        return None
    matches = [match_from_json(told) for told in kept.matches]
    current = await load_current(session, [entry_id, *(match.entry_id for match in matches)])
    own = current.get(entry_id)
    if own is None or own.entry.revision != kept.revision:
        return None
    shown = tuple(
        match
        for match in matches
        if (there := current.get(match.entry_id)) and there.entry.revision == match.revision
    )
    if matches and not shown:
        return None
    return Reading(
        result_id=kept.id,
        entry_id=entry_id,
        computed_at=kept.computed_at,
        verdict=best_verdict(shown),
        basis=kept.basis,
        excluded=kept.excluded,
        matches=shown,
        gone=len(matches) - len(shown),
    )


async def describe(session: AsyncSession, viewer: Viewer, kind: EntryKind, entry_id: UUID) -> Entry:
    """Return an entry from its own record, also one that not everybody may know.

    Raises:
        ObjectUnknown: There is none for the viewer: a broker knows no demand before its posting,
            an operator no achievement before its submission (DM2, LS2).
    """
    if kind is EntryKind.DEMAND:
        demand = await demands.get_demand(session, DemandId(entry_id))
        if not demands.may_see(viewer, demand):
            raise ObjectUnknown("There is no such demand for you.")
        poster = await get_party(session, demand.party_id)
        return entry_of_demand(demand, poster.region_code)
    achievement = await listings.get_achievement(session, AchievementId(entry_id))
    if not listings.may_see(viewer, achievement):
        raise ObjectUnknown("There is no such achievement for you.")
    owner = await get_party(session, achievement.party_id)
    return entry_of_achievement(achievement, owner.region_code)


async def wish_of_own(session: AsyncSession, entry: Entry) -> Wish:
    """Return what an entry looks for, with its party's wishes and without a vector."""
    wish = wish_of(entry, vector=None, model=None)
    asked = (await wishes_of(session, [entry.id])).get(entry.id)
    return wish if asked is None else apply(asked, wish)


async def read_now(
    session: AsyncSession,
    engine: MatchingEngine,
    entry: Entry,
    wish: Wish,
) -> Reading:
    """Find what an entry's wish finds at this moment; nothing is kept of it.

    Invariant: MT12.
    """
    now = await market_now(session, entry.market_id)
    found = await find_matches(
        session,
        engine,
        wish,
        home=entry.market_id,
        weights=await active_weights(session, entry.market_id),
        today=now.astimezone(SHANGHAI).date(),
        limit=KEPT_MAX,
    )
    return Reading(
        result_id=None,
        entry_id=entry.id,
        computed_at=now,
        verdict=found.verdict,
        basis=found.basis,
        matches=worth_keeping(found),
        excluded=found.excluded,
    )


async def names_of(session: AsyncSession, matches: tuple[Match, ...]) -> Names:
    """Return the names of the parties whose entries were found, in one query."""
    parties = await get_parties(session, {match.party_id for match in matches})
    return {party.id: party.name for party in parties}
