"""When subscriptions tell: quiet hours, digests, and the clock of Shanghai."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.domain.delivering import (
    Delivery,
    DigestInQuietHours,
    Plan,
    QuietHours,
    after_quiet,
    check_plan,
    due_at,
)
from app.shared.calendar import SHANGHAI

HOURS = st.integers(0, 23)
QUIET = st.builds(QuietHours, HOURS, HOURS)
MOMENTS = st.builds(
    lambda seconds, zone: datetime.fromtimestamp(seconds, zone),
    st.integers(1_767_225_600, 1_924_991_999) | st.floats(1_767_225_600, 1_924_991_999),
    st.sampled_from([UTC, SHANGHAI]),
)  # of 2026 to 2030
PLANS = st.builds(Plan, st.sampled_from(Delivery), HOURS, QUIET)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}:00+08:00")


def held_by_the_clock(quiet: QuietHours, hour: int) -> bool:
    """Walk the hours from the beginning to the end, as on the dial."""
    walked = set()
    now = quiet.starts
    while now != quiet.ends:
        walked.add(now)
        now = (now + 1) % 24
    return hour in walked


@given(QUIET, HOURS)
def test_quiet_hours_are_those_between_their_ends(quiet: QuietHours, hour: int) -> None:
    """MT58: also across midnight; equal ends are none."""
    assert quiet.hold(hour) == held_by_the_clock(quiet, hour)


@given(QUIET, MOMENTS)
def test_nothing_comes_in_quiet_hours_and_nothing_later_than_their_end(
    quiet: QuietHours, now: datetime
) -> None:
    """MT58"""
    free = after_quiet(quiet, now)
    assert free >= now
    assert not quiet.hold(free.astimezone(SHANGHAI).hour)
    assert free == now or quiet.hold((free - timedelta(microseconds=1)).astimezone(SHANGHAI).hour)
    assert free - now < timedelta(days=1)


@given(PLANS, MOMENTS)
def test_what_is_found_is_told_at_the_next_hour_of_its_plan(plan: Plan, now: datetime) -> None:
    """MT57"""
    due = due_at(plan, now)
    here = due.astimezone(SHANGHAI)
    if plan.delivery is Delivery.INSTANT:
        assert due == after_quiet(plan.quiet, now)
        return
    span = timedelta(days=7 if plan.delivery is Delivery.WEEKLY else 1)
    assert now < due <= now + span
    assert (here.hour, here.minute, here.second, here.microsecond) == (plan.hour, 0, 0, 0)
    if plan.delivery is Delivery.WEEKLY:
        assert here.isoweekday() == 1


@given(PLANS, MOMENTS)
def test_what_was_accepted_as_a_plan_tells_nothing_in_its_quiet_hours(
    plan: Plan, now: datetime
) -> None:
    """MT57, MT58"""
    try:
        check_plan(plan)
    except DigestInQuietHours as refusal:
        accepted = refusal.fields["accepted"]
        assert isinstance(accepted, list)
        assert plan.hour not in accepted
        return
    assert not plan.quiet.hold(due_at(plan, now).astimezone(SHANGHAI).hour)


NIGHT = QuietHours(21, 8)


@pytest.mark.parametrize(
    ("plan", "now", "due"),
    [
        (Plan(Delivery.INSTANT, 9, NIGHT), "03-02T20:59", "03-02T20:59"),
        (Plan(Delivery.INSTANT, 9, NIGHT), "03-02T21:00", "03-03T08:00"),
        (Plan(Delivery.INSTANT, 9, NIGHT), "03-03T00:30", "03-03T08:00"),
        (Plan(Delivery.INSTANT, 9, NIGHT), "03-03T08:00", "03-03T08:00"),
        (Plan(Delivery.INSTANT, 9, QuietHours(8, 8)), "03-03T03:00", "03-03T03:00"),
        (Plan(Delivery.DAILY, 9, NIGHT), "03-02T08:59", "03-02T09:00"),
        (Plan(Delivery.DAILY, 9, NIGHT), "03-02T09:00", "03-03T09:00"),
        (Plan(Delivery.WEEKLY, 9, NIGHT), "03-02T08:00", "03-02T09:00"),  # a Monday
        (Plan(Delivery.WEEKLY, 9, NIGHT), "03-02T09:00", "03-09T09:00"),
        (Plan(Delivery.WEEKLY, 9, NIGHT), "03-06T17:00", "03-09T09:00"),
    ],
)
def test_plans_by_example(plan: Plan, now: str, due: str) -> None:
    """MT57, MT58"""
    assert due_at(plan, at(now)) == at(due)
