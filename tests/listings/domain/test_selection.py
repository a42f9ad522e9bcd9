"""Selection's rules: opinions, deadlines at the edge of the known calendar, the shelf life."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.achievement import Achievement, AchievementStatus, may_see_content
from app.listings.domain.content import Confidentiality
from app.listings.domain.selection import (
    Appointment,
    Opinion,
    OpinionGiven,
    OpinionLate,
    OpinionsMissing,
    SelectionVote,
    check_in_time,
    check_opinions,
    deadline_after,
    is_against_advice,
    may_judge,
    shelf_end,
    told_opinions,
    was_decided,
)
from app.shared.access import Viewer
from app.shared.calendar import SHANGHAI, DayUnit, Duration, mainland_china
from app.shared.ids import AchievementId, MarketId, OpinionId, PartyId, UserId, new_id
from tests.listings.domain.test_gate import GOOD

NOW = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
EXPERT = UserId(new_id())
ACHIEVEMENT = Achievement(
    id=AchievementId(new_id()),
    market_id=MarketId(new_id()),
    party_id=PartyId(new_id()),
    status=AchievementStatus.SELECTING,
    content=GOOD,
    version=1,
    collected_at=NOW,
    submitted_at=NOW,
)
APPOINTMENT = Appointment(
    id=OpinionId(new_id()),
    achievement_id=ACHIEVEMENT.id,
    submitted_at=NOW,
    user_id=EXPERT,
    party_id=PartyId(new_id()),
    expert_name="沈知远",
    appointed_at=NOW,
    due_at=NOW + timedelta(days=1),
)
votes = st.sampled_from(SelectionVote)
opinions = st.lists(st.builds(Opinion, votes, st.integers(0, 100), st.text("好坏中", max_size=2)))


def opinion(vote: SelectionVote) -> Opinion:
    return Opinion(vote, 80, "指标清楚。")


def test_an_opinion_is_given_once_and_before_its_moment() -> None:
    """LS42"""
    due = APPOINTMENT.due_at
    assert due is not None
    check_in_time(APPOINTMENT, now=due - timedelta(microseconds=1))
    with pytest.raises(OpinionLate):
        check_in_time(APPOINTMENT, now=due)
    given_once = replace(APPOINTMENT, opinion=opinion(SelectionVote.MEND), given_at=NOW)
    with pytest.raises(OpinionGiven):
        check_in_time(given_once, now=NOW)
    check_in_time(replace(APPOINTMENT, due_at=None), now=due + timedelta(days=99))


@pytest.mark.parametrize("given_count", [0, 1, 2, 3])
def test_too_few_opinions_decide_nothing(given_count: int) -> None:
    """LS43"""
    found = [opinion(SelectionVote.RECOMMEND)] * given_count
    if given_count >= 2:
        check_opinions(found, experts_min=2)
        return
    with pytest.raises(OpinionsMissing) as refused:
        check_opinions(found, experts_min=2)
    assert refused.value.fields == {"given": given_count, "minimum": 2}


@given(opinions)
def test_an_acceptance_is_against_advice_without_a_majority_for_it(found: list[Opinion]) -> None:
    """LS43"""
    for_it = [one for one in found if one.vote is SelectionVote.RECOMMEND]
    assert is_against_advice(found) == (bool(found) and len(for_it) <= len(found) - len(for_it))


@given(found=opinions, seed=st.randoms(use_true_random=False))
def test_told_opinions_name_nobody_and_their_order_tells_nothing(
    found: list[Opinion], seed: Any
) -> None:
    """LS43"""
    shuffled = list(found)
    seed.shuffle(shuffled)
    shown = [(item["score"], item["reason"]) for item in told_opinions(shuffled)]
    assert shown == [(item["score"], item["reason"]) for item in told_opinions(found)]
    assert all(set(item) == {"vote", "score", "reason"} for item in told_opinions(found))


def test_an_expert_judges_the_present_submission_while_it_is_with_the_experts() -> None:
    """LS44"""
    assert may_judge([APPOINTMENT], ACHIEVEMENT, EXPERT)
    assert not may_judge([APPOINTMENT], ACHIEVEMENT, new_id())
    later = replace(ACHIEVEMENT, submitted_at=NOW + timedelta(days=3))
    assert not may_judge([APPOINTMENT], later, EXPERT)
    for status in set(AchievementStatus) - {AchievementStatus.SELECTING}:
        assert not may_judge([APPOINTMENT], replace(ACHIEVEMENT, status=status), EXPERT)


def test_an_expert_who_judges_reads_a_restricted_content() -> None:
    """LS44"""
    content = replace(GOOD, confidentiality=Confidentiality.RESTRICTED)
    closed = replace(ACHIEVEMENT, content=content)
    viewer = Viewer(party_id=PartyId(new_id()))
    assert not may_see_content(viewer, closed)
    assert may_see_content(viewer, closed, judging=True)


def test_a_submission_is_decided_by_what_came_after_it() -> None:
    """LS43"""
    assert not was_decided(ACHIEVEMENT)
    assert was_decided(replace(ACHIEVEMENT, reviewed_at=NOW))
    assert not was_decided(replace(ACHIEVEMENT, reviewed_at=NOW - timedelta(seconds=1)))
    assert not was_decided(replace(ACHIEVEMENT, submitted_at=None, reviewed_at=NOW))


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=SHANGHAI), 5, date(2026, 3, 9)),
        # Spring festival 2026: off from 15 to 23 February, 14 and 28 February are worked.
        (datetime(2026, 2, 12, 9, tzinfo=SHANGHAI), 5, date(2026, 2, 26)),
        (datetime(2026, 2, 25, 9, tzinfo=SHANGHAI), 3, date(2026, 2, 28)),
        (datetime(2026, 12, 30, 9, tzinfo=SHANGHAI), 1, date(2026, 12, 31)),
        (datetime(2026, 12, 30, 9, tzinfo=SHANGHAI), 2, None),
    ],
)
def test_deadlines_count_working_days_and_are_not_guessed(
    start: datetime, days: int, end: date | None
) -> None:
    """LS41"""
    found = deadline_after(start, Duration(days, DayUnit.WORKING_DAY), calendar=mainland_china())
    if end is None:
        assert found is None
        return
    assert found == datetime(end.year, end.month, end.day, tzinfo=SHANGHAI) + timedelta(days=1)


@given(
    minutes=st.integers(0, 40_000_000),
    days=st.integers(60, 3650),
)
def test_a_shelf_life_is_whole_days_of_shanghai_beyond_every_horizon(
    minutes: int, days: int
) -> None:
    """LS46"""
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = shelf_end(now, days=days).astimezone(SHANGHAI)
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    assert timedelta(days=days) < end - now <= timedelta(days=days + 1)
