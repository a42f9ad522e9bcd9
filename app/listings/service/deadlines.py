"""Who must act on an achievement until when, and what happens when nobody did.

One timer follows ``due_at``: it is set when a deadline comes nearer, and finds the later one by
itself when the deadline has moved away. So nobody who holds an achievement ever waits for a
timer that waits for the achievement.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import (
    ACHIEVEMENT_TRANSITIONS,
    Achievement,
    AchievementStatus,
    AchievementTrigger,
)
from app.listings.domain.gate import assess, require_score
from app.listings.domain.selection import (
    LOOK_AGAIN,
    REMINDER,
    deadline_after,
    shelf_end,
)
from app.listings.repository import achievements as repository
from app.listings.repository.listings import find_rival
from app.listings.service.telling import achievement_event, leaving_part
from app.markets.public import SelectionTerms, selection_terms_for
from app.platform import journal, timers
from app.platform.access import SYSTEM
from app.shared.calendar import SHANGHAI, Duration, mainland_china
from app.shared.ids import AchievementId, MarketId
from app.shared.transitions import advance

DEADLINE: Final = "achievement.deadline"
REMIND: Final = "achievement.remind"
NOT_MENDED: Final = "未在规定期限内完成修改。退回意见：{reason}"


async def terms_of(session: AsyncSession, market_id: MarketId, now: datetime) -> SelectionTerms:
    """Return the selection terms that hold in a market now."""
    policy = await selection_terms_for(
        session, market_id=market_id, on=now.astimezone(SHANGHAI).date()
    )
    return policy.terms


def end_of(now: datetime, span: Duration) -> datetime | None:
    """Return when a period of selection that begins now is over, if that is known."""
    return deadline_after(now, span, calendar=mainland_china())


async def begin_first_check(
    session: AsyncSession, achievement: Achievement, *, now: datetime
) -> tuple[Achievement, dict[str, Any]]:
    """Let a submitted achievement pass the gate and give the exchange its deadline.

    Sets the timer, saves nothing. Returns the achievement with its deadline and what the event
    of the submission says of the gate, so that the selection sees it. The caller holds the
    achievement's lock or inserts it.

    Raises:
        GateScoreTooLow: The market asks for a better description.

    Invariant: LS41, LS45.
    """
    terms = await terms_of(session, achievement.market_id, now)
    report = assess(achievement.content, now.astimezone(SHANGHAI).date())
    require_score(report, minimum=terms.gate_score_min)
    due = replace(achievement, due_at=end_of(now, terms.first_check), reason=None)
    await watch(session, due)
    return due, {"gate": report.journaled(), "due_at": due.due_at}


async def watch(session: AsyncSession, achievement: Achievement) -> None:
    """Set the timers of an achievement's deadline; the caller holds its lock."""
    if achievement.due_at is None:
        return  # one that is still set finds nothing to do
    await _set(session, achievement, DEADLINE, achievement.due_at)
    if achievement.status is AchievementStatus.ACCEPTED:
        await _set(session, achievement, REMIND, achievement.due_at - REMINDER)


async def _set(
    session: AsyncSession, achievement: Achievement, kind: str, due_at: datetime
) -> None:
    # A worker that has it in hand waits for this achievement, and sets it anew itself.
    if not await timers.is_in_hand(session, kind=kind, subject_id=achievement.id):
        await timers.schedule(
            session,
            market_id=achievement.market_id,
            kind=kind,
            subject_id=achievement.id,
            due_at=due_at,
        )


async def pass_deadline(session: AsyncSession, achievement_id: UUID, due_at: datetime) -> None:
    """Do what the end of a deadline does; a timer that was overtaken goes to the later one.

    Overdue at the exchange: its staff are told. Not mended in time: refused. Not confirmed in
    time: stale, unless it is on offer, which is looked at again later.

    Invariant: LS41, LS47.
    """
    found = await repository.find(session, AchievementId(achievement_id), lock=True)
    if found is None or found.due_at is None:
        return
    if found.due_at > due_at:
        await _set(session, found, DEADLINE, found.due_at)
        return
    match found.status:
        case AchievementStatus.SUBMITTED | AchievementStatus.SELECTING:
            facts = {"status": found.status, "due_at": found.due_at}
            event = achievement_event(
                found, "overdue", actor=SYSTEM, at=due_at, restricted=facts, staff_only=True
            )
            await journal.append(session, event)
        case AchievementStatus.RETURNED:
            await _refuse(session, found, due_at)
        case AchievementStatus.ACCEPTED:
            await _go_stale(session, found, due_at)


async def _refuse(session: AsyncSession, returned: Achievement, at: datetime) -> None:
    status = advance(
        ACHIEVEMENT_TRANSITIONS, state=returned.status, trigger=AchievementTrigger.REFUSE
    )
    reason = NOT_MENDED.format(reason=returned.reason)
    refused = replace(returned, status=status, reason=reason, reviewed_at=at, due_at=None)
    await repository.save(session, refused)
    event = achievement_event(
        refused, "refused", actor=SYSTEM, at=at, restricted={"reason": reason}
    )
    await journal.append(session, event)


async def _go_stale(session: AsyncSession, accepted: Achievement, at: datetime) -> None:
    if await find_rival(session, accepted.id) is not None:
        await _set(session, accepted, DEADLINE, at + LOOK_AGAIN)
        return
    status = advance(
        ACHIEVEMENT_TRANSITIONS, state=accepted.status, trigger=AchievementTrigger.GO_STALE
    )
    stale = replace(accepted, status=status, due_at=None)
    await repository.save(session, stale)
    event = achievement_event(
        stale, "went_stale", actor=SYSTEM, at=at, public=leaving_part(accepted, stale)
    )
    await journal.append(session, event)


async def remind(session: AsyncSession, achievement_id: UUID, due_at: datetime) -> None:
    """Tell the owner that an entry wants to be confirmed; one confirmed meanwhile waits again."""
    found = await repository.find(session, AchievementId(achievement_id), lock=True)
    if found is None or found.due_at is None or found.status is not AchievementStatus.ACCEPTED:
        return
    if found.due_at - REMINDER > due_at:
        await _set(session, found, REMIND, found.due_at - REMINDER)
        return
    event = achievement_event(
        found, "confirmation_due", actor=SYSTEM, at=due_at, restricted={"due_at": found.due_at}
    )
    await journal.append(session, event)


async def shelf_due(session: AsyncSession, market_id: MarketId, now: datetime) -> datetime:
    """Return when an entry that is confirmed now goes stale."""
    terms = await terms_of(session, market_id, now)
    return shelf_end(now, days=terms.shelf_life_days)
