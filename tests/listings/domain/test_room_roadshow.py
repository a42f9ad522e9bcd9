"""The rules of roadshows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.roadshow import (
    ROADSHOW_TRANSITIONS,
    AgendaItem,
    RoadshowContent,
    RoadshowInvalid,
    RoadshowKind,
    RoadshowStatus,
    RoadshowTrigger,
    SeatsAboveCapacity,
    Signup,
    SignupStatus,
    check_content,
    moved_up,
    status_for,
)
from app.listings.domain.roadshow import (
    given as seats_given,
)
from app.shared.ids import AchievementId, DemandId, MarketId, PartyId, RoadshowId, new_id
from app.shared.transitions import TransitionRefused, advance

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOWN, DEMANDED = AchievementId(new_id()), DemandId(new_id())
S, T = RoadshowStatus, RoadshowTrigger


@pytest.mark.parametrize("state", RoadshowStatus)
@pytest.mark.parametrize("trigger", RoadshowTrigger)
def test_every_state_with_every_trigger(state: RoadshowStatus, trigger: RoadshowTrigger) -> None:
    """LS96"""
    expected = {
        S.DRAFT: {T.CHANGE: S.DRAFT, T.ANNOUNCE: S.ANNOUNCED, T.CANCEL: S.CANCELLED},
        S.ANNOUNCED: {
            T.CHANGE: S.ANNOUNCED,
            T.SIGN_UP: S.ANNOUNCED,
            T.HOLD: S.HELD,
            T.CANCEL: S.CANCELLED,
        },
    }.get(state, {})
    if trigger in expected:
        assert advance(ROADSHOW_TRANSITIONS, state=state, trigger=trigger) is expected[trigger]
    else:
        with pytest.raises(TransitionRefused):
            advance(ROADSHOW_TRANSITIONS, state=state, trigger=trigger)


def item(hour: int, minutes: int = 60, **shown: Any) -> AgendaItem:
    base = AgendaItem(title="路演", speaker="许澜清", starts_at=NOW + hour * HOUR, minutes=minutes)
    return replace(base, **shown)


CONTENT = RoadshowContent(
    title="智能检测专场",
    kind=RoadshowKind.HYBRID,
    place="杭州市西湖区望溪路1号",
    link="https://live.example.cn/1",
    starts_at=NOW + HOUR,
    ends_at=NOW + 4 * HOUR,
    capacity=10,
    agenda=(item(1, achievement_id=SHOWN), item(2, demand_id=DEMANDED), item(3)),
)


def faults(content: RoadshowContent) -> list[str]:
    try:
        check_content(
            content, now=NOW, achievements=frozenset({SHOWN}), demands=frozenset({DEMANDED})
        )
    except RoadshowInvalid as refused:
        errors: Any = refused.fields["errors"]
        return [error["rule"] for error in errors]
    return []


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"kind": RoadshowKind.ONLINE, "place": None}, []),
        ({"kind": RoadshowKind.OFFLINE, "link": None}, []),
        ({"place": None, "link": None}, ["place_missing", "link_missing"]),
        ({"starts_at": NOW}, ["starts_in_the_past"]),
        ({"agenda": (item(1, 61), item(2))}, ["overlaps"]),
        ({"agenda": (item(1, 180), item(2), item(3))}, ["overlaps", "overlaps"]),
        ({"agenda": (item(3, 61),)}, ["outside_the_event"]),
        ({"agenda": (item(0),)}, ["outside_the_event", "overlaps"]),
        (
            {"agenda": (item(1, achievement_id=AchievementId(new_id())),)},
            ["achievement_not_accepted"],
        ),
        ({"agenda": (item(1, demand_id=DemandId(new_id())),)}, ["demand_unknown"]),
        ({"agenda": (item(1, demand_id=DEMANDED, achievement_id=SHOWN),)}, ["one_subject"]),
        ({"ends_at": NOW, "agenda": ()}, ["ends_before_start"]),
    ],
)
def test_all_faults_of_a_roadshow_are_told_at_once(
    changes: dict[str, Any], rules: list[str]
) -> None:
    """LS96"""
    assert faults(replace(CONTENT, **changes)) == rules


def signup(place: int, seats: int, status: SignupStatus) -> Signup:
    return Signup(
        id=new_id(),
        roadshow_id=RoadshowId(new_id()),
        market_id=MarketId(new_id()),
        party_id=PartyId(new_id()),
        place=place,
        seats=seats,
        status=status,
        signed_up_at=NOW,
    )


@given(
    st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=25),
    st.integers(5, 12),
)
def test_seats_are_never_oversold_and_nobody_is_passed_over(
    steps: list[tuple[int, bool]], capacity: int
) -> None:
    """LS97: sign-ups in turn, each of some seats; some of the earlier ones sign off."""
    known: list[Signup] = []
    for place, (seats, leaves) in enumerate(steps, start=1):
        known.append(signup(place, seats, status_for(known, seats=seats, capacity=capacity)))
        if leaves:
            index = (place * 7) % len(known)
            known[index] = replace(known[index], status=SignupStatus.CANCELLED)
            seated = {item.id: item for item in moved_up(known, capacity=capacity)}
            known = [seated.get(item.id, item) for item in known]
        assert seats_given(known) <= capacity
        waiting = [item for item in known if item.status is SignupStatus.WAITING]
        if waiting:
            first = min(waiting, key=lambda item: item.place)
            assert first.seats > capacity - seats_given(known)
            seated_places = [i.place for i in known if i.status is SignupStatus.SEATED]
            assert all(place < first.place for place in seated_places)


def test_nobody_waits_for_more_seats_than_there_are() -> None:
    """LS97"""
    with pytest.raises(SeatsAboveCapacity):
        status_for([], seats=11, capacity=10)
