"""Periods over holidays: extended, suspended and resumed, and where the calendar ends."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.listings.domain.period import (
    SuspensionTooLong,
    check_suspension,
    extended_end,
    moved_opening,
    resumed_end,
)
from app.shared.calendar import (
    SHANGHAI,
    CalendarHorizonExceeded,
    DayUnit,
    Duration,
    mainland_china,
    period_end,
)
from tests.listings.domain.values import POLICY

CALENDAR = mainland_china()
WORKING, CALENDAR_DAYS = DayUnit.WORKING_DAY, DayUnit.CALENDAR_DAY
STATE_OWNED = replace(
    POLICY,
    disclosure=Duration(20, WORKING),
    extension=Duration(5, WORKING),
    resumed_min=Duration(10, WORKING),
    suspension_max=Duration(30, CALENDAR_DAYS),
)
UNIVERSITY = replace(
    STATE_OWNED, disclosure=Duration(15, CALENDAR_DAYS), resumed_min=Duration(5, WORKING)
)


def at(day: str, hour: int = 10) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI).replace(
        hour=hour
    )


def after(day: str) -> datetime:
    """Return 24:00 in Shanghai of a day, as a period's end."""
    return (at(day, 0) + timedelta(days=1)).astimezone(UTC)


@pytest.mark.parametrize(
    ("announced", "last_day"),
    [
        ("2026-03-02", "2026-03-09"),  # five working days over a weekend
        ("2026-02-12", "2026-02-26"),  # spring festival lies between; two Saturdays are worked
        ("2026-09-29", "2026-10-12"),  # National Day lies between; a Saturday is worked
        ("2025-12-30", "2026-01-07"),  # New Year's days off; Sunday 4 January is worked
    ],
)
def test_an_extension_lasts_its_working_days_from_its_notice(announced: str, last_day: str) -> None:
    """LS74"""
    end = extended_end(now=at(announced), policy=STATE_OWNED, calendar=CALENDAR)
    assert end == after(last_day)
    first = date.fromisoformat(announced)
    assert CALENDAR.working_days_between(first, date.fromisoformat(last_day)) == 5


def test_what_ends_behind_the_known_calendar_is_refused() -> None:
    """LS74, LS81: nobody guesses next year's holidays."""
    near = datetime.combine(CALENDAR.horizon, datetime.min.time(), SHANGHAI)
    with pytest.raises(CalendarHorizonExceeded):
        extended_end(now=near, policy=STATE_OWNED, calendar=CALENDAR)
    with pytest.raises(CalendarHorizonExceeded):
        resumed_end(
            published_at=near - timedelta(days=40),
            suspended_at=near - timedelta(days=20),
            ends_at=near - timedelta(days=5),
            now=near,
            policy=STATE_OWNED,
            calendar=CALENDAR,
        )
    with pytest.raises(CalendarHorizonExceeded):
        moved_opening(
            opens_at=near,
            suspended_at=near - timedelta(days=3),
            ends_at=near - timedelta(days=1),
            resumed_end=near + timedelta(days=9),
            now=near,
            calendar=CALENDAR,
        )


def test_a_suspension_lasts_a_month_at_most_and_rolls_off_days_off() -> None:
    """LS80"""
    now = at("2026-01-16")
    latest = after("2026-02-24")  # day 30 falls into the spring festival
    check_suspension(until=latest, now=now, policy=STATE_OWNED, calendar=CALENDAR)
    for until in (latest + timedelta(microseconds=1), now, now - timedelta(days=1)):
        with pytest.raises(SuspensionTooLong) as refused:
            check_suspension(until=until, now=now, policy=STATE_OWNED, calendar=CALENDAR)
        assert refused.value.fields["maximum"] == latest


def test_a_resumed_disclosure_over_the_spring_festival() -> None:
    """LS81: 20 working days from 2026-01-26, stopped on the fifth, resumed after the holidays."""
    published = at("2026-01-26")
    ends_at = period_end(start=published, duration=STATE_OWNED.disclosure, calendar=CALENDAR)
    end = resumed_end(
        published_at=published,
        suspended_at=at("2026-02-02"),
        ends_at=ends_at,
        now=at("2026-02-24"),
        policy=STATE_OWNED,
        calendar=CALENDAR,
    )
    # Four days were disclosed (27 to 30 January), sixteen are left; Saturday 28 February is worked.
    assert CALENDAR.working_days_between(date(2026, 2, 24), day_before(end)) == 16


def day_before(end: datetime) -> date:
    return (end - timedelta(microseconds=1)).astimezone(SHANGHAI).date()


def test_a_disclosure_stopped_on_its_last_day_runs_for_the_least_remainder() -> None:
    """LS81"""
    published = at("2026-03-02")
    ends_at = period_end(start=published, duration=STATE_OWNED.disclosure, calendar=CALENDAR)
    end = resumed_end(
        published_at=published,
        suspended_at=ends_at - timedelta(hours=1),
        ends_at=ends_at,
        now=at("2026-04-13"),
        policy=STATE_OWNED,
        calendar=CALENDAR,
    )
    assert CALENDAR.working_days_between(date(2026, 4, 13), day_before(end)) == 10


STARTS = st.integers(min_value=0, max_value=450)


@given(
    policy=st.sampled_from([STATE_OWNED, UNIVERSITY]),
    start=STARTS,
    served=st.integers(min_value=0, max_value=40),
    away=st.integers(min_value=0, max_value=31),
    again=st.none() | st.tuples(st.integers(0, 20), st.integers(0, 31)),
)
def test_in_all_the_disclosure_is_whole_and_the_least_remainder_runs(
    policy: object, start: int, served: int, away: int, again: tuple[int, int] | None
) -> None:
    """LS81: over one suspension or two, wherever they fall in the year."""
    assert policy is STATE_OWNED or policy is UNIVERSITY
    published = at("2025-01-06") + timedelta(days=start)
    ends_at = period_end(start=published, duration=policy.disclosure, calendar=CALENDAR)
    spans, begun = [], published
    for before, pause in [(served, away)] if again is None else [(served, away), again]:
        stopped = begun + timedelta(days=before)
        assume(stopped < ends_at)
        spans.append((begun, stopped - timedelta(days=1)))  # its own day does not count
        begun = stopped + timedelta(days=pause)
        ends_at = resumed_end(
            published_at=published,
            suspended_at=stopped,
            ends_at=ends_at,
            now=begun,
            policy=policy,
            calendar=CALENDAR,
        )
        least = period_end(start=begun, duration=policy.resumed_min, calendar=CALENDAR)
        assert ends_at >= least
    spans.append((begun, ends_at - timedelta(microseconds=1)))
    assert sum(days(*span, policy.disclosure.unit) for span in spans) >= policy.disclosure.count


def days(start: datetime, end: datetime, unit: DayUnit) -> int:
    """Count day by day what a period disclosed."""
    first, last = (moment.astimezone(SHANGHAI).date() for moment in (start, end))
    count, day = 0, first
    while day < last:
        day += timedelta(days=1)
        count += unit is CALENDAR_DAYS or CALENDAR.is_working_day(day)
    return count


@given(
    start=STARTS,
    served=st.integers(min_value=0, max_value=14),
    away=st.integers(min_value=0, max_value=31),
    distance=st.integers(min_value=0, max_value=24 * 12),
)
def test_the_auction_of_a_resumed_disclosure_keeps_its_distance_and_its_hour(
    start: int, served: int, away: int, distance: int
) -> None:
    """LS81"""
    published = at("2025-01-06") + timedelta(days=start)
    ends_at = period_end(start=published, duration=STATE_OWNED.disclosure, calendar=CALENDAR)
    opens_at = ends_at + timedelta(hours=distance)
    stopped = published + timedelta(days=served)
    now = stopped + timedelta(days=away)
    end = resumed_end(
        published_at=published,
        suspended_at=stopped,
        ends_at=ends_at,
        now=now,
        policy=STATE_OWNED,
        calendar=CALENDAR,
    )
    moved = moved_opening(
        opens_at=opens_at,
        suspended_at=stopped,
        ends_at=ends_at,
        resumed_end=end,
        now=now,
        calendar=CALENDAR,
    )
    assert moved - end >= opens_at - ends_at
    assert moved - now > opens_at - stopped
    local = moved.astimezone(SHANGHAI)
    assert local.time() == opens_at.astimezone(SHANGHAI).time()
    assert CALENDAR.is_working_day(local.date())
