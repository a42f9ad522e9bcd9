"""Remind a unit of what it owes its people: a month before the day, and when it has passed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import timers
from app.platform.inbox import NewNotification, notify
from app.settlement.domain.sharing.awards import Sharing
from app.settlement.domain.sharing.notices import day_in_shanghai
from app.shared.calendar import SHANGHAI

TIMER: Final = "settlement.remind_sharing"
_AHEAD: Final = timedelta(days=30)
_ONE_DAY: Final = timedelta(days=1)


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)


async def remind(session: AsyncSession, sharing: Sharing, *, now: datetime) -> None:
    """Set the reminder of the earliest unpaid income, or remove it."""
    due = sharing.due_on
    if due is None:
        await timers.cancel(session, kind=TIMER, subject_id=sharing.id)
        return
    await timers.schedule(
        session,
        market_id=sharing.market_id,
        kind=TIMER,
        subject_id=sharing.id,
        due_at=_when(due, now=now),
    )


async def remind_new(session: AsyncSession, sharings: Sequence[Sharing], *, now: datetime) -> None:
    """Set the reminders of sharings that have just been opened."""
    dues = [
        (sharing.market_id, sharing.id, _when(sharing.due_on, now=now))
        for sharing in sharings
        if sharing.due_on is not None
    ]
    await timers.schedule_no_later(session, kind=TIMER, dues=dues)


def _when(due: date, *, now: datetime) -> datetime:
    early = _begin_of(due - _AHEAD)
    return early if now < early else max(now, _begin_of(due + _ONE_DAY))


async def tell_due(session: AsyncSession, sharing: Sharing, *, now: datetime) -> None:
    """Tell the unit that a day comes near or has passed; once each."""
    due = sharing.due_on
    if due is None:
        return
    overdue = day_in_shanghai(now) > due
    what = "overdue" if overdue else "due_soon"
    await notify(
        session,
        NewNotification(
            market_id=sharing.market_id,
            party_id=sharing.seller_id,
            topic=f"settlement.sharing_{what}",
            title_zh="收益分配已逾期" if overdue else "收益分配即将到期",
            title_en="Awards are overdue" if overdue else "Awards are due soon",
            text_zh=f"收益分配 {sharing.number} 应于 {due} 前支付完毕。",
            text_en=f"The awards of {sharing.number} are due by {due}.",
            dedupe_key=f"sharing:{sharing.id}:{due}:{what}",
            market_at=now,
            data={"deal_id": sharing.deal_id, "number": sharing.number, "due_on": due},
        ),
    )
    if not overdue:
        await remind(session, sharing, now=now)
