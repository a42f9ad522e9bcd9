"""Matchmaking days: every state with every trigger, what a setting must keep, who is told anew."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.domain.entry import EntryKind
from app.matching.domain.matchmaking import (
    DAY_TRANSITIONS,
    DayInvalid,
    DayStatus,
    DayTrigger,
    Setting,
    Slot,
    check_setting,
)
from app.matching.domain.planning import part_of, parties_of, told_anew
from app.shared.ids import PartyId, new_id
from app.shared.transitions import TransitionRefused, advance

NOW: Final = datetime(2026, 3, 2, 1, tzinfo=UTC)
HELD_ON: Final = date(2026, 3, 20)
FIRST: Final = datetime(2026, 3, 20, 1, tzinfo=UTC)  # nine in Shanghai
MINUTES: Final = timedelta(minutes=20)
DEMAND, ACHIEVEMENT = new_id(), new_id()
BUYER, SELLER = PartyId(new_id()), PartyId(new_id())
OFFERED: Final = {
    DEMAND: (EntryKind.DEMAND, BUYER),
    ACHIEVEMENT: (EntryKind.ACHIEVEMENT, SELLER),
}

AFTER: Final = {
    ("draft", "change"): "draft",
    ("draft", "plan"): "planned",
    ("draft", "cancel"): "cancelled",
    ("planned", "change"): "draft",
    ("planned", "plan"): "planned",
    ("planned", "publish"): "published",
    ("planned", "cancel"): "cancelled",
    ("published", "change"): "draft",
    ("published", "plan"): "planned",
    ("published", "cancel"): "cancelled",
}


@pytest.mark.parametrize("trigger", DayTrigger)
@pytest.mark.parametrize("status", DayStatus)
def test_a_day_moves_as_its_table_says_and_no_other_way(
    status: DayStatus, trigger: DayTrigger
) -> None:
    """MT85"""
    if (status, trigger) in AFTER:
        after = advance(DAY_TRANSITIONS, state=status, trigger=trigger)
        assert after == AFTER[status, trigger]
    else:
        with pytest.raises(TransitionRefused):
            advance(DAY_TRANSITIONS, state=status, trigger=trigger)


def slots(count: int, start: datetime = FIRST) -> tuple[Slot, ...]:
    return tuple(
        Slot(start + MINUTES * index, start + MINUTES * (index + 1)) for index in range(count)
    )


def setting(**changes: Any) -> Setting:
    made = Setting(
        slots=slots(3),
        tables=2,
        meetings_max=None,
        demands=(DEMAND,),
        achievements=(ACHIEVEMENT,),
        away={SELLER: frozenset({0})},
    )
    return replace(made, **changes)


def test_a_setting_is_kept_as_it_is() -> None:
    assert Setting.from_json(setting().as_json()) == setting()
    check_setting(setting(), HELD_ON, now=NOW, offered=OFFERED)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"slots": slots(1, NOW)}, {"in_the_past", "outside_the_day"}),
        ({"slots": (Slot(FIRST, FIRST),)}, {"ends_before_start"}),
        ({"slots": slots(1, FIRST + timedelta(hours=15))}, {"outside_the_day"}),
        ({"slots": (Slot(FIRST, datetime.max.replace(tzinfo=UTC)),)}, {"outside_the_day"}),
        ({"slots": slots(2) + slots(1)}, {"overlaps"}),
        ({"demands": ()}, {"nobody_invited"}),
        ({"achievements": (DEMAND,)}, {"not_matchable"}),
        ({"achievements": (ACHIEVEMENT,) * 201}, {"too_many"}),
        ({"away": {PartyId(new_id()): frozenset({0})}}, {"not_invited"}),
        ({"away": {BUYER: frozenset({3})}}, {"slot_unknown"}),
    ],
)
def test_a_setting_that_breaks_a_rule_is_refused_by_its_name(
    changes: dict[str, Any], rules: set[str]
) -> None:
    """MT84"""
    with pytest.raises(DayInvalid) as refused:
        check_setting(setting(**changes), HELD_ON, now=NOW, offered=OFFERED)
    errors = refused.value.fields["errors"]
    assert isinstance(errors, list)
    assert {error["rule"] for error in errors} == rules


PARTIES: Final = [PartyId(UUID(int=number)) for number in range(1, 5)]


def entry(owner: int) -> dict[str, Any]:
    return {"id": f"entry-{owner}", "party_id": str(PARTIES[owner])}


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    owners = st.integers(0, 3)
    meetings = draw(st.lists(st.tuples(owners, owners, st.integers(1, 3)), max_size=4))
    return {
        "place": "望溪路1号",
        "meetings": [
            {
                "demand": entry(one),
                "achievement": entry(other),
                "table": table,
                "starts_at": "09:00",
                "ends_at": "09:20",
            }
            for one, other, table in meetings
        ],
        "without": [{"entry": entry(owner)} for owner in draw(st.sets(owners))],
    }


@given(plans(), plans())
def test_a_party_reads_its_own_meetings_only_and_is_told_when_they_change(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """MT86, MT87"""
    for party in PARTIES:
        part = part_of(after, party)
        for meeting in part["meetings"]:
            assert str(party) in {meeting[side]["party_id"] for side in ("demand", "achievement")}
        assert {item["entry"]["party_id"] for item in part["without"]} <= {str(party)}
    changed = {party for party in PARTIES if part_of(before, party) != part_of(after, party)}
    assert set(told_anew(before, after)) == changed
    assert told_anew(after, after) == []
    assert list(told_anew(None, after)) == list(parties_of(after))
    moved = after | {"place": "望溪路2号"}
    assert list(told_anew(after, moved)) == list(parties_of(after))
