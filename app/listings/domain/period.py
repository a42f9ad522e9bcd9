"""Periods of a disclosure: extended, suspended, resumed."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from app.shared.calendar import SHANGHAI, DayUnit, Duration, WorkingCalendar, period_end
from app.shared.errors import RuleBroken

if TYPE_CHECKING:  # only its type: the domain stays free of the module behind it
    from app.markets.public import PolicyTerms


class SuspensionTooLong(RuleBroken):
    """A suspension is announced with its latest end, within the policy's longest."""

    code = "suspension_too_long"
    title_zh = "中止期限超过规定上限"
    title_en = "The suspension would last too long"


def check_suspension(
    *, until: datetime, now: datetime, policy: "PolicyTerms", calendar: WorkingCalendar
) -> None:
    """Refuse a suspension beyond the policy's longest, or one that is over already.

    Raises:
        SuspensionTooLong: Names the earliest and the latest end.

    Source: rules.md L5.
    """
    latest = period_end(start=now, duration=policy.suspension_max, calendar=calendar)
    if not now < until <= latest:
        raise SuspensionTooLong(
            "Announce an end within the policy; a longer obstacle terminates the listing.",
            field="until",
            minimum=now,
            maximum=latest,
        )


def resumed_end(
    *,
    published_at: datetime,
    suspended_at: datetime,
    ends_at: datetime,
    now: datetime,
    policy: "PolicyTerms",
    calendar: WorkingCalendar,
) -> datetime:
    """Return when a disclosure that is resumed now will be over.

    The latest of three: what was left when it was suspended is served; the days before and after
    make up the whole disclosure; the policy's least remainder runs. The day of the suspension
    does not count as disclosed.

    Args:
        published_at: When the period began that was suspended.
        ends_at: When it would have ended.

    Returns:
        Aware UTC, half-open as `period_end`.

    Raises:
        CalendarHorizonExceeded: The period leaves the known range.

    Source: rules.md L5 (120号 22-24).
    """
    begun, stopped = _day(published_at), _day(suspended_at) - _ONE_DAY
    last = _day(ends_at) - _ONE_DAY
    whole = policy.disclosure
    needs = [
        policy.resumed_min,
        Duration(max(whole.count - _days(begun, stopped, whole.unit, calendar), 1), whole.unit),
        Duration(max(_days(stopped, last, whole.unit, calendar), 1), whole.unit),
    ]
    return max(period_end(start=now, duration=need, calendar=calendar) for need in needs)


def moved_opening(
    *,
    opens_at: datetime,
    suspended_at: datetime,
    ends_at: datetime,
    resumed_end: datetime,
    now: datetime,
    calendar: WorkingCalendar,
) -> datetime:
    """Return when the auction of a resumed disclosure opens: as far behind its end as before.

    On a working day at the announced hour, and not sooner than it would have come without the
    suspension plus a day: the auction's own pause keeps that time, and its end is announced.

    Args:
        ends_at, resumed_end: End of the disclosure before and now.
        now: When it is resumed.

    Raises:
        CalendarHorizonExceeded: The opening leaves the known range.

    Source: README, LS81.
    """
    hour = opens_at.astimezone(SHANGHAI).timetz()
    earliest = max(resumed_end + (opens_at - ends_at), now + (opens_at - suspended_at) + _ONE_DAY)
    day = earliest.astimezone(SHANGHAI).date()
    if datetime.combine(day, hour) < earliest:
        day += _ONE_DAY
    day = calendar.next_working_day_on_or_after(day)
    return datetime.combine(day, hour).astimezone(UTC)


def extended_end(*, now: datetime, policy: "PolicyTerms", calendar: WorkingCalendar) -> datetime:
    """Return when an extension that is published now is over.

    Raises:
        CalendarHorizonExceeded: The period leaves the known range.

    Source: rules.md L3 (120号 20).
    """
    return period_end(start=now, duration=policy.extension, calendar=calendar)


_ONE_DAY = timedelta(days=1)


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _days(start: date, end: date, unit: DayUnit, calendar: WorkingCalendar) -> int:
    """Count the days after ``start`` up to and including ``end``; none if it lies before."""
    if end <= start:
        return 0
    if unit is DayUnit.WORKING_DAY:
        return calendar.working_days_between(start, end)
    return (end - start).days


def beginning_of(day: date) -> datetime:
    """Return the first instant of a day in Asia/Shanghai, aware UTC."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)
