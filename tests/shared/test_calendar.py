"""The working-day calendar and the periods counted in it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shared.calendar import (
    SHANGHAI,
    CalendarHorizonExceeded,
    DayUnit,
    Duration,
    WorkingCalendar,
    mainland_china,
    period_end,
)

CALENDAR = mainland_china()
LAST_START = date(2026, 6, 30)  # leaves half a year of known days behind every drawn start

starts = st.dates(CALENDAR.first_day, LAST_START)
counts = st.integers(1, 60)
units = st.sampled_from(DayUnit)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


def last_day(end: datetime) -> date:
    """Return the last day inside a period that ends at ``end``."""
    return (end - timedelta(microseconds=1)).astimezone(SHANGHAI).date()


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2024-02-04", True),  # Sunday worked for the Spring Festival
        ("2024-02-09", True),  # New Year's Eve of 2024: only encouraged to be free
        ("2024-02-10", False),
        ("2024-02-16", False),
        ("2024-02-17", False),
        ("2024-02-18", True),
        ("2025-01-26", True),
        ("2025-01-28", False),  # New Year's Eve is a public holiday from 2025 on
        ("2025-02-04", False),
        ("2025-02-05", True),
        ("2025-02-08", True),
        ("2020-01-31", False),  # the Spring Festival of 2020 was made longer
        ("2020-02-01", False),  # and the Saturday first meant to be worked was free
        ("2020-02-03", True),
        ("2023-10-06", False),
        ("2023-10-07", True),
        ("2023-10-08", True),
        ("2024-09-29", True),
        ("2024-10-07", False),
        ("2024-10-12", True),
        ("2025-09-28", True),
        ("2025-10-08", False),
        ("2025-10-11", True),
        ("2026-01-04", True),
        ("2026-02-23", False),
        ("2026-09-20", True),
        ("2026-10-10", True),
        ("2026-11-21", False),  # a plain Saturday
    ],
)
def test_known_days(day: str, worked: bool) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("year", "count"),
    [(2020, 249), (2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)],
)
def test_working_days_of_a_year(year: int, count: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=offset) for offset in range(366))
    assert sum(CALENDAR.is_working_day(day) for day in days if day.year == year) == count


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2024-02-07", 5, "2024-02-20"),  # 8, 9, the Sunday 18, 19, 20
        ("2025-09-26", 3, "2025-09-30"),  # the Sunday counts
        ("2025-09-30", 1, "2025-10-09"),
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-14", 1, "2026-02-24"),
    ],
)
def test_add_working_days(start: str, count: int, end: str) -> None:
    assert CALENDAR.add_working_days(date.fromisoformat(start), count) == date.fromisoformat(end)


@pytest.mark.parametrize(
    ("start", "count", "unit", "end_utc"),
    [
        # 15 calendar days from 2025-09-18 end on 3 October and roll to 9 October.
        ("2025-09-18T10:00:00+08:00", 15, "calendar_day", "2025-10-09T16:00:00+00:00"),
        # The 15th day is a Saturday that is worked: no roll.
        ("2025-09-26T10:00:00+08:00", 15, "calendar_day", "2025-10-11T16:00:00+00:00"),
        # 17:00 UTC is already the next day in Shanghai.
        ("2025-06-02T17:00:00+00:00", 1, "calendar_day", "2025-06-04T16:00:00+00:00"),
        ("2025-06-02T15:59:59+00:00", 1, "calendar_day", "2025-06-03T16:00:00+00:00"),
        # 20 working days of a first disclosure across the Spring Festival of 2025.
        ("2025-01-15T09:00:00+08:00", 20, "working_day", "2025-02-18T16:00:00+00:00"),
        ("2024-12-31T09:00:00+08:00", 1, "working_day", "2025-01-02T16:00:00+00:00"),
    ],
)
def test_period_end_known_cases(start: str, count: int, unit: str, end_utc: str) -> None:
    end = period_end(
        start=datetime.fromisoformat(start),
        duration=Duration(count, DayUnit(unit)),
        calendar=CALENDAR,
    )
    assert end == datetime.fromisoformat(end_utc)
    assert end.tzinfo is UTC


def test_start_without_zone_is_refused() -> None:
    naive = datetime(2025, 3, 3, 12)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="aware"):
        period_end(start=naive, duration=Duration(1, DayUnit.WORKING_DAY), calendar=CALENDAR)


@pytest.mark.parametrize("count", [0, -1])
def test_empty_duration_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        Duration(count, DayUnit.CALENDAR_DAY)


def test_negative_counts_and_reversed_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_working_days(date(2025, 1, 2), -1)
    with pytest.raises(ValueError, match="before start"):
        CALENDAR.working_days_between(date(2025, 1, 2), date(2025, 1, 1))


def test_a_calendar_checks_its_own_data() -> None:
    friday, saturday = date(2025, 3, 7), date(2025, 3, 8)
    none: frozenset[date] = frozenset()
    with pytest.raises(ValueError, match="ends before"):
        WorkingCalendar("x", saturday, friday, none, none)
    with pytest.raises(ValueError, match="must be a weekday"):
        WorkingCalendar("x", friday, saturday, frozenset({saturday}), none)
    with pytest.raises(ValueError, match="Saturday or Sunday"):
        WorkingCalendar("x", friday, saturday, none, frozenset({friday}))


def test_shipped_data_lies_in_its_range_and_is_read_once() -> None:
    listed = CALENDAR.holidays | CALENDAR.swapped_workdays
    assert CALENDAR.first_day <= min(listed)
    assert max(listed) <= CALENDAR.horizon
    assert mainland_china() is CALENDAR


def test_fixed_offset_is_the_zone_of_shanghai() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    day = CALENDAR.first_day
    while day <= CALENDAR.horizon:
        assert noon(day).astimezone(zone).utcoffset() == SHANGHAI.utcoffset(None)
        day += timedelta(days=7)


@given(starts, counts)
def test_period_holds_exactly_the_asked_working_days(start: date, count: int) -> None:
    end = period_end(
        start=noon(start), duration=Duration(count, DayUnit.WORKING_DAY), calendar=CALENDAR
    )
    last = last_day(end)
    assert CALENDAR.is_working_day(last)
    assert CALENDAR.working_days_between(start, last) == count
    assert CALENDAR.add_working_days(start, count) == last


@given(starts, counts)
def test_calendar_period_never_shortens_and_ends_on_a_working_day(start: date, count: int) -> None:
    end = period_end(
        start=noon(start), duration=Duration(count, DayUnit.CALENDAR_DAY), calendar=CALENDAR
    )
    last, plain = last_day(end), start + timedelta(days=count)
    assert last >= plain
    assert CALENDAR.is_working_day(last)
    assert not any(
        CALENDAR.is_working_day(plain + timedelta(days=skipped))
        for skipped in range((last - plain).days)
    )


@given(starts, st.integers(0, 30), counts, st.integers(0, 10), units)
def test_period_end_is_monotone(
    start: date, later: int, count: int, longer: int, unit: DayUnit
) -> None:
    shorter = period_end(start=noon(start), duration=Duration(count, unit), calendar=CALENDAR)
    assert shorter <= period_end(
        start=noon(start), duration=Duration(count + longer, unit), calendar=CALENDAR
    )
    assert shorter <= period_end(
        start=noon(start) + timedelta(days=later),
        duration=Duration(count, unit),
        calendar=CALENDAR,
    )


@given(starts, st.integers(0, 24 * 60 * 60 - 1), counts, units)
def test_the_hour_of_the_start_does_not_matter(
    start: date, seconds: int, count: int, unit: DayUnit
) -> None:
    midnight = datetime(start.year, start.month, start.day, tzinfo=SHANGHAI)
    duration = Duration(count, unit)
    assert period_end(
        start=midnight + timedelta(seconds=seconds), duration=duration, calendar=CALENDAR
    ) == period_end(start=midnight, duration=duration, calendar=CALENDAR)


@given(
    st.dates(CALENDAR.horizon + timedelta(days=1), date(9990, 1, 1))
    | st.dates(date(1900, 1, 1), CALENDAR.first_day - timedelta(days=1)),
    counts,
    units,
)
def test_unknown_days_fail_closed(day: date, count: int, unit: DayUnit) -> None:
    with pytest.raises(CalendarHorizonExceeded):
        CALENDAR.is_working_day(day)
    with pytest.raises(CalendarHorizonExceeded):
        period_end(start=noon(day), duration=Duration(count, unit), calendar=CALENDAR)


@given(starts, st.integers(2_600, 10**9), units)
def test_periods_that_leave_the_range_fail_closed(start: date, count: int, unit: DayUnit) -> None:
    with pytest.raises(CalendarHorizonExceeded) as caught:
        period_end(start=noon(start), duration=Duration(count, unit), calendar=CALENDAR)
    assert caught.value.fields["horizon"] == CALENDAR.horizon
    assert caught.value.code == "calendar_horizon_exceeded"


def test_a_period_may_end_on_the_horizon_but_not_roll_over_it() -> None:
    last_start = noon(CALENDAR.horizon - timedelta(days=1))
    one = Duration(1, DayUnit.CALENDAR_DAY)
    end = period_end(start=last_start, duration=one, calendar=CALENDAR)
    assert last_day(end) == CALENDAR.horizon
    ends_on_sunday = WorkingCalendar(
        "cut", date(2025, 3, 3), date(2025, 3, 9), frozenset(), frozenset()
    )
    with pytest.raises(CalendarHorizonExceeded):
        period_end(start=noon(date(2025, 3, 8)), duration=one, calendar=ends_on_sunday)
