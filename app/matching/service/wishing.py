"""Read and change what a party wishes of the matches of its entry."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.wishes import (
    EntryWishes,
    KeptWishes,
    changed,
    check_seen,
    check_wishes,
    wishes_to_json,
)
from app.matching.repository import wishes as repository
from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import NewEvent


async def read_wishes(session: AsyncSession, entry_id: UUID) -> KeptWishes:
    """Return an entry's wishes, for its party and the staff of its market; the route says whom."""
    return await repository.find(session, entry_id)


async def set_wishes(
    session: AsyncSession,
    actor: Actor,
    entry_id: UUID,
    kind: EntryKind,
    wishes: EntryWishes,
    *,
    seen: str | None,
    now: datetime,
) -> KeptWishes:
    """Put wishes in the place of the version that the party has seen; it is matched anew.

    The same wishes again change nothing.

    Raises:
        MatchWishesVersionMissing, MatchWishesChanged: See `check_seen`.
        MatchWishesInvalid: Names every fault.

    Invariants: MT107, MT108, MT109.
    """
    present = await repository.find(session, entry_id)
    check_seen(seen, present=present.version)
    check_wishes(wishes, kind)
    if wishes == present.wishes:
        return present
    kept = KeptWishes(present.version + 1, wishes)
    subject = await repository.save(session, entry_id, kind, actor.market_id, kept, at=now)
    if subject is None:  # somebody came between
        raise changed((await repository.find(session, entry_id)).version)
    event = NewEvent(
        market_id=actor.market_id,
        subject="match_wishes",
        subject_id=subject,
        type="match_wishes.changed",
        market_at=now,
        actor=actor.ref,
        restricted={
            "entry_id": entry_id,
            "kind": kind,
            "version": kept.version,
            "wishes": wishes_to_json(wishes),
        },
        audience=frozenset({actor.party_id}),
    )
    await journal.append(session, event)
    return kept
