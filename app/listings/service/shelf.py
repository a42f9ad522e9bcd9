"""Keep an entry on the shelf by confirming it, or take it off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import (
    ACHIEVEMENT_TRANSITIONS,
    Achievement,
    AchievementStatus,
    AchievementTrigger,
)
from app.listings.repository import achievements as repository
from app.listings.service.deadlines import shelf_due, watch
from app.listings.service.drafting import require_unoffered
from app.listings.service.selecting import lock_seen
from app.listings.service.telling import achievement_event, leaving_part, shelf_part
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.errors import DomainError
from app.shared.ids import AchievementId
from app.shared.transitions import TransitionRefused, advance


@dataclass(frozen=True, slots=True)
class Confirmations:
    """What became of many confirmations.

    Attributes:
        refused: Each with its reason.
    """

    confirmed: Sequence[Achievement]
    refused: Sequence[tuple[AchievementId, DomainError]]


async def confirm_achievement(
    session: AsyncSession, actor: Actor, achievement_id: AchievementId, *, now: datetime
) -> Achievement:
    """Confirm that an entry still holds: its shelf life begins anew, a stale one comes back.

    Raises:
        ObjectUnknown: The actor's party has no such achievement.
        TransitionRefused: It is neither on the shelf nor stale.

    Invariant: LS46.
    """
    due_at = await shelf_due(session, actor.market_id, now)
    confirmed, event = await _confirm(session, actor, achievement_id, due_at, now)
    await journal.append(session, event)
    return confirmed


async def confirm_achievements(
    session: AsyncSession, actor: Actor, ids: Sequence[AchievementId], *, now: datetime
) -> Confirmations:
    """Confirm many entries; one that cannot be confirmed does not keep the others.

    They are locked in the order of their ids, so that two such calls cannot wait for each other.

    Invariant: LS46.
    """
    due_at = await shelf_due(session, actor.market_id, now)
    confirmed, events, refused = [], [], []
    for achievement_id in sorted(set(ids)):
        try:
            entry, event = await _confirm(session, actor, achievement_id, due_at, now)
        except (ObjectUnknown, TransitionRefused) as refusal:
            refused.append((achievement_id, refusal))
        else:
            confirmed.append(entry)
            events.append(event)
    if events:
        await journal.append(session, *events)
    return Confirmations(confirmed, refused)


async def _confirm(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    due_at: datetime,
    now: datetime,
) -> tuple[Achievement, NewEvent]:
    found = await repository.find(session, achievement_id, lock=True)
    if found is None or found.party_id != actor.party_id:
        raise ObjectUnknown("Your party has no such achievement.")
    status = advance(
        ACHIEVEMENT_TRANSITIONS, state=found.status, trigger=AchievementTrigger.CONFIRM
    )
    confirmed = replace(found, status=status, due_at=due_at)
    await repository.save(session, confirmed)
    stale = found.status is AchievementStatus.STALE
    if stale or found.due_at is None or due_at < found.due_at:
        await watch(session, confirmed)  # else the timers find the later deadline themselves
    event = achievement_event(
        confirmed,
        "confirmed",
        actor=actor.ref,
        at=now,
        public=shelf_part(confirmed) if stale else {},
        restricted={"due_at": due_at},
    )
    return confirmed, event


async def withdraw_achievement(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    *,
    reason: str,
    now: datetime,
) -> Achievement:
    """Take an achievement back, for good.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: It is refused or withdrawn.
        AchievementOnOffer: A listing offers it, or has sold it outright.

    Invariant: LS47, LS48.
    """
    found = await lock_seen(session, actor, achievement_id)
    status = advance(
        ACHIEVEMENT_TRANSITIONS, state=found.status, trigger=AchievementTrigger.WITHDRAW
    )
    await require_unoffered(session, achievement_id)
    withdrawn = replace(found, status=status, due_at=None, reason=reason)
    await repository.save(session, withdrawn)
    event = achievement_event(
        withdrawn,
        "withdrawn",
        actor=actor.ref,
        at=now,
        public=leaving_part(found, withdrawn),
        restricted={"reason": reason},
    )
    await journal.append(session, event)
    return withdrawn
