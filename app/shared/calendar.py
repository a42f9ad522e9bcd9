"""Working days of mainland China and the periods counted in them.

Weekly rest days are Saturday and Sunday; the State Council moves some of them every year, and
nobody can compute which. The moves are data (``data/working_days.json``) with a known range, and a
question about a day outside it is refused instead of guessed.

Source: 全国年节及纪念日放假办法; the yearly notices named in the data file; 民法典 200-204.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from app.shared.errors import RuleBroken

# China has kept UTC+8 without summer time since 1992, so no time zone database is needed.
SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")

_DATA: Final = Path(__file__).with_name("data") / "working_days.json"
_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


class CalendarHorizonExceeded(RuleBroken):
    """A day lies outside the range for which the working days are known."""

    code = "calendar_horizon_exceeded"
    title_zh = "日期超出已知工作日历的范围"
    title_en = "The date is outside the known working-day calendar"

    def __init__(self, detail: str, *, version: str, first_day: date, horizon: date) -> None:
        super().__init__(detail, version=version, first_day=first_day, horizon=horizon)


class DayUnit(StrEnum):
    """日 and 工作日: two units that are never converted into each other."""

    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as a rule states it.

    Attributes:
        count: Whole days, at least 1.
        unit: What kind of day is counted.
    """

    count: int
    unit: DayUnit

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("a duration lasts at least one day")


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The working days between two dates, both included.

    Attributes:
        version: Of the data, to be frozen with every period computed from it.
        first_day: First known day.
        horizon: Last known day.
        holidays: Days off that fall on Monday to Friday.
        swapped_workdays: Saturdays and Sundays that are worked.
    """

    version: str
    first_day: date
    horizon: date
    holidays: frozenset[date]
    swapped_workdays: frozenset[date]

    def __post_init__(self) -> None:
        if self.first_day > self.horizon:
            raise ValueError("the calendar ends before it starts")
        if any(day.weekday() >= _SATURDAY for day in self.holidays):
            raise ValueError("a day off in the list must be a weekday")
        if any(day.weekday() < _SATURDAY for day in self.swapped_workdays):
            raise ValueError("a swapped working day must be a Saturday or Sunday")

    def _require_known(self, day: date) -> None:
        if not self.first_day <= day <= self.horizon:
            raise self._exceeded(f"{day.isoformat()} is outside it")

    def _exceeded(self, what: str) -> CalendarHorizonExceeded:
        return CalendarHorizonExceeded(
            f"Calendar {self.version} knows {self.first_day} to {self.horizon}; {what}.",
            version=self.version,
            first_day=self.first_day,
            horizon=self.horizon,
        )

    def is_working_day(self, day: date) -> bool:
        """Say whether ``day`` is worked.

        Raises:
            CalendarHorizonExceeded: The day is not in the known range.
        """
        self._require_known(day)
        if day.weekday() >= _SATURDAY:
            return day in self.swapped_workdays
        return day not in self.holidays

    def next_working_day_on_or_after(self, day: date) -> date:
        """Return ``day`` if it is worked, else the first working day behind it.

        Raises:
            CalendarHorizonExceeded: None is known.

        Source: 民法典 203.
        """
        while not self.is_working_day(day):
            day += _ONE_DAY
        return day

    def add_working_days(self, start: date, count: int) -> date:
        """Return the ``count``-th working day after ``start``; 0 gives ``start`` itself.

        Args:
            start: Not counted, worked or not.
            count: At least 0.

        Raises:
            ValueError: ``count`` is negative.
            CalendarHorizonExceeded: The answer, or ``start``, is not in the known range.

        Source: 民法典 201 (the day on which a period starts is not counted).
        """
        if count < 0:
            raise ValueError("count must not be negative")
        self._require_known(start)
        day = start
        for _ in range(count):
            day = self.next_working_day_on_or_after(day + _ONE_DAY)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Count the working days after ``start`` up to and including ``end``.

        The inverse of ``add_working_days``: ``start`` is excluded, ``end`` included.

        Raises:
            ValueError: ``end`` is before ``start``.
            CalendarHorizonExceeded: One of them is not in the known range.
        """
        if end < start:
            raise ValueError("end must not be before start")
        self._require_known(start)
        self._require_known(end)
        days = (start + timedelta(days=offset) for offset in range(1, (end - start).days + 1))
        return sum(self.is_working_day(day) for day in days)

    def add_calendar_days(self, start: date, count: int) -> date:
        """Return the ``count``-th day after ``start``, moved past days off.

        Raises:
            CalendarHorizonExceeded: The answer, or ``start``, is not in the known range.

        Source: 民法典 201, 203.
        """
        self._require_known(start)
        if count > (self.horizon - start).days:
            raise self._exceeded(f"{count} days after {start} is outside it")
        return self.next_working_day_on_or_after(start + timedelta(days=count))


@lru_cache(maxsize=1)
def mainland_china() -> WorkingCalendar:
    """Return the calendar of the shipped data file, read once."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    return WorkingCalendar(
        version=data["version"],
        first_day=date.fromisoformat(data["from"]),
        horizon=date.fromisoformat(data["horizon"]),
        holidays=frozenset(map(date.fromisoformat, data["holidays"])),
        swapped_workdays=frozenset(map(date.fromisoformat, data["swapped_workdays"])),
    )


def period_end(*, start: datetime, duration: Duration, calendar: WorkingCalendar) -> datetime:
    """Return the instant at which a period that begins at ``start`` is over.

    The day of ``start`` in Asia/Shanghai is not counted. A period of calendar days that would end
    on a day off runs on to the next working day. The last day counts to its 24:00, so the period
    is half-open: an act is in time if it happens before the returned instant.

    Args:
        start: Aware instant.
        duration: Length and unit.
        calendar: The version chosen when the period was published.

    Returns:
        Aware UTC instant of 24:00 Shanghai of the last day.

    Raises:
        ValueError: ``start`` has no time zone.
        CalendarHorizonExceeded: The period leaves the known range.

    Source: 民法典 201, 203.
    """
    if start.utcoffset() is None:
        raise ValueError("start must be an aware instant")
    first = start.astimezone(SHANGHAI).date()
    if duration.unit is DayUnit.WORKING_DAY:
        last = calendar.add_working_days(first, duration.count)
    else:
        last = calendar.add_calendar_days(first, duration.count)
    return datetime.combine(last + _ONE_DAY, time.min, SHANGHAI).astimezone(UTC)
