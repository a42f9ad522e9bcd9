"""Conversion tracking: states and triggers, plans, reports, yearly figures, reminders."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settlement.domain.outcomes import (
    Outcome,
    OutcomeFigures,
    OutcomeOfOther,
    OutcomeStatus,
    OutcomeUnfit,
    OutcomeUnknown,
    answer_outcome,
    state_outcome,
)
from app.settlement.domain.tracking import (
    TRANSITIONS,
    Conversion,
    ConversionPeriodUnfit,
    ConversionStatus,
    ConversionTrigger,
    FailureReason,
    MilestoneKind,
    MilestoneUnknown,
    Report,
    ReportUnfit,
    next_reminder,
    open_conversion,
    remind,
    replan,
    set_period,
    take_report,
)
from app.shared.ids import DealId, MarketId, PartyId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
DEALT = date(2026, 3, 2)
SELLER, BUYER = PartyId(new_id()), PartyId(new_id())
S, T = ConversionStatus, ConversionTrigger
PLAN = [
    (MilestoneKind.PILOT, date(2026, 6, 30), None),
    (MilestoneKind.CERTIFICATION, date(2026, 9, 30), "防爆认证"),
    (MilestoneKind.FIRST_SALE, date(2027, 1, 31), None),
]


def opened(**changes: Any) -> Conversion:
    new = open_conversion(DealId(new_id()), MarketId(new_id()), own_use=False, at=AT)
    return replace(new, **changes)


def said(says: ConversionTrigger, at: datetime = AT + timedelta(days=30), **more: Any) -> Report:
    given: dict[str, Any] = {
        "reported_on": at.date(),
        "milestone": None,
        "failure_reason": FailureReason.MARKET if says is T.FAIL else None,
    }
    return Report(
        number=1, party_id=BUYER, says=says, text="中试线已运行", evidence=(), at=at, **given | more
    )


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("says", [trigger for trigger in T if trigger is not T.END])
def test_every_state_takes_the_reports_of_the_table_and_no_other(
    status: ConversionStatus, says: ConversionTrigger
) -> None:
    """ST242"""
    conversion = opened(status=status)
    to = TRANSITIONS.get((status, says))
    if to is None:
        with pytest.raises(TransitionRefused):
            take_report(conversion, said(says), confirmed_on=DEALT)
        return
    moved = take_report(conversion, said(says), confirmed_on=DEALT)
    assert (moved.status, moved.reports) == (to, 1)
    assert (moved.failure_reason is not None) == (says is T.FAIL)


def test_the_period_ends_from_every_state_once() -> None:  # ST242
    assert {status for status, trigger in TRANSITIONS if trigger is T.END} == set(S) - {S.ENDED}
    assert S.ENDED not in {status for status, _ in TRANSITIONS}


def test_tracking_is_half_yearly_for_three_years_and_five_of_own_use() -> None:  # ST240
    usual = opened()
    assert (usual.status, usual.every_months, usual.until_on) == (S.PLANNED, 6, date(2029, 3, 2))
    own = open_conversion(DealId(new_id()), MarketId(new_id()), own_use=True, at=AT)
    assert own.until_on == date(2031, 3, 2)


def test_a_new_plan_keeps_what_was_reached() -> None:  # ST241
    planned = replan(opened(), PLAN)
    assert (planned.version, [step.number for step in planned.milestones]) == (1, [1, 2, 3])
    moved = take_report(planned, said(T.PROGRESS, milestone=2), confirmed_on=DEALT)
    assert moved.milestones[1].reached_on == date(2026, 4, 1)
    later = said(T.PROGRESS, AT + timedelta(days=60), milestone=2)
    again = take_report(moved, later, confirmed_on=DEALT)
    assert again.milestones == moved.milestones  # the first day holds
    anew = replan(again, PLAN[1:])
    assert [step.reached_on for step in anew.milestones] == [date(2026, 4, 1), None]
    assert anew.version == 2
    with pytest.raises(TransitionRefused):
        replan(opened(status=S.ENDED), PLAN)


@pytest.mark.parametrize(
    ("report", "rule"),
    [
        (said(T.PROGRESS, reported_on=date(2026, 3, 1)), "out_of_range"),
        (said(T.PROGRESS, reported_on=date(2026, 4, 2)), "out_of_range"),
        (said(T.FAIL, failure_reason=None), "reason_of_failure"),
        (said(T.CONVERT, failure_reason=FailureReason.FUNDING), "reason_of_failure"),
    ],
)
def test_a_report_fits_the_calendar_and_itself(report: Report, rule: str) -> None:  # ST243
    with pytest.raises(ReportUnfit) as refused:
        take_report(opened(), report, confirmed_on=DEALT)
    assert refused.value.fields["rule"] == rule


def test_a_report_names_a_step_of_the_present_plan() -> None:  # ST243
    with pytest.raises(MilestoneUnknown) as refused:
        take_report(replan(opened(), PLAN), said(T.PROGRESS, milestone=4), confirmed_on=DEALT)
    assert refused.value.fields["accepted"] == [1, 2, 3]


def test_the_first_conversion_day_stays() -> None:  # ST243
    once = take_report(opened(), said(T.CONVERT), confirmed_on=DEALT)
    failed = take_report(once, said(T.FAIL, AT + timedelta(days=90)), confirmed_on=DEALT)
    assert (failed.status, failed.converted_on) == (S.FAILED, date(2026, 4, 1))


NOW = datetime(2027, 2, 1, tzinfo=UTC)
FIGURES = OutcomeFigures(output=Money(5_000_000_00, "CNY"), jobs=12)


def stated(present: Outcome | None = None, **changes: Any) -> Outcome:
    given: dict[str, Any] = {"party_id": BUYER, "note": None, "first_year": 2026, "now": NOW}
    year, figures = changes.pop("year", 2026), changes.pop("figures", FIGURES)
    return state_outcome(present, year, figures, **given | changes)


@pytest.mark.parametrize("year", [2025, 2027, 2028])
def test_a_year_is_stated_when_it_is_over_and_not_before_the_deal(year: int) -> None:  # ST244
    with pytest.raises(OutcomeUnfit) as refused:
        stated(year=year)
    assert (refused.value.fields["minimum"], refused.value.fields["maximum"]) == (2026, 2026)


def test_figures_say_something_and_exports_are_a_part_of_the_sales() -> None:  # ST244
    with pytest.raises(OutcomeUnfit):
        stated(figures=OutcomeFigures())
    with pytest.raises(OutcomeUnfit) as refused:
        stated(figures=OutcomeFigures(sales=Money(100, "CNY"), exports=Money(101, "CNY")))
    assert refused.value.fields["maximum"] == Money(100, "CNY")


def test_one_side_states_and_the_other_answers() -> None:  # ST245
    first = stated()
    with pytest.raises(OutcomeOfOther):
        stated(first, party_id=SELLER)
    with pytest.raises(OutcomeOfOther):
        answer_outcome(first, version=1, party_id=BUYER, dispute=None, now=NOW)
    for version, present in ((2, first), (1, None)):
        with pytest.raises(OutcomeUnknown):
            answer_outcome(present, version=version, party_id=SELLER, dispute=None, now=NOW)
    disputed = answer_outcome(first, version=1, party_id=SELLER, dispute="含税", now=NOW)
    assert (disputed.status, disputed.dispute) == (OutcomeStatus.DISPUTED, "含税")
    mended = stated(disputed, figures=OutcomeFigures(output=Money(4_000_000_00, "CNY")))
    assert (mended.status, mended.version, mended.dispute) == (OutcomeStatus.STATED, 2, None)
    agreed = answer_outcome(mended, version=2, party_id=SELLER, dispute=None, now=NOW)
    assert agreed.status is OutcomeStatus.CONFIRMED


def test_a_reminder_says_what_is_missing_and_nothing_else() -> None:  # ST246
    planned = replan(opened(), PLAN)
    september = datetime(2026, 9, 2, 1, tzinfo=UTC)
    told = remind(planned, years=(), now=september)
    assert (told.silent, told.missing_years) == (True, ())
    assert [step.number for step in told.overdue] == [1]
    active = replace(planned, last_report_at=september - timedelta(days=5), milestones=())
    assert not remind(active, years=(), now=september).needed
    next_year = datetime(2028, 3, 2, 1, tzinfo=UTC)
    assert remind(active, years={2026}, now=next_year).missing_years == (2027,)


@settings(deadline=None)
@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(1, 12),
    st.integers(1, 5),
)
def test_reminders_come_evenly_and_end(opened_on: date, every: int, years: int) -> None:  # ST246
    until = date(opened_on.year + years, opened_on.month, min(opened_on.day, 28))
    conversion = opened(opened_on=opened_on, every_months=every, until_on=until)
    days: list[date] = []
    while (day := next_reminder(conversion, after=days[-1] if days else opened_on)) is not None:
        days.append(day)
    assert days == sorted(set(days))
    assert all(opened_on < day <= until for day in days)
    months = [(day.year - opened_on.year) * 12 + day.month - opened_on.month for day in days]
    assert months == [every * step for step in range(1, len(days) + 1)]


def test_the_exchange_sets_a_period_that_ends_ahead() -> None:  # ST246
    longer = set_period(opened(), every_months=12, until_on=date(2031, 1, 1), today=DEALT)
    assert (longer.every_months, longer.until_on) == (12, date(2031, 1, 1))
    for until_on in (DEALT, date(2046, 3, 3)):
        with pytest.raises(ConversionPeriodUnfit):
            set_period(opened(), every_months=6, until_on=until_on, today=DEALT)
    with pytest.raises(TransitionRefused):
        set_period(opened(status=S.ENDED), every_months=6, until_on=date(2030, 1, 1), today=DEALT)
