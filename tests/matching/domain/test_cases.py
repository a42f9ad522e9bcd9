"""Cases of the broker's desk: every state with every trigger, times, and who reads what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.matching.domain.cases import (
    CASE_TRANSITIONS,
    IDLE,
    OPEN,
    Case,
    CaseStatus,
    CaseTrigger,
    MeetingNotBegun,
    MeetingTimeWrong,
    Suggestion,
    move,
)
from app.matching.domain.entry import EntryKind
from app.matching.domain.reasons import told_reasons
from app.shared.ids import MarketId, PartyId, new_id
from app.shared.transitions import TransitionRefused

NOW: Final = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)

MATCH: Final[dict[str, Any]] = {
    "score": 0.7253,
    "text_score": 0.6,
    "verdict": "strong",
    "contributions": [
        {"name": "coverage", "points": 0.5, "note_zh": "用词覆盖", "note_en": "shared terms"},
        {"name": "readiness", "points": 0.02, "note_zh": "成熟度 7 级", "note_en": "level 7"},
        {"name": "field", "points": 0.07, "note_zh": "同一技术领域", "note_en": "same field"},
        {"name": "price", "points": 0.03, "note_zh": "报价高于预算", "note_en": "too dear"},
    ],
    "terms": [{"text": "颤振", "share": 0.4}, {"text": "镗削", "share": 0.2}],
    "gaps": [
        {"factor": "price", "text_zh": "报价高于预算", "text_en": "too dear"},
        {"factor": "region", "text_zh": "不同省份", "text_en": "different provinces"},
    ],
}


def case(status: CaseStatus = CaseStatus.TAKEN, **changes: Any) -> Case:
    market, seeks, offers = MarketId(new_id()), PartyId(new_id()), PartyId(new_id())
    pair = Suggestion(
        market_id=market,
        demand_id=new_id(),
        achievement_id=new_id(),
        demand_party_id=seeks,
        achievement_party_id=offers,
        demand_title="深孔镗削颤振抑制",
        achievement_title="大长径比减振刀杆",
        result_id=new_id(),
        found_by=EntryKind.DEMAND,
        match=MATCH,
    )
    made = Case(
        id=new_id(),
        market_id=market,
        broker_id=PartyId(new_id()),
        status=status,
        pair=pair,
        opened_at=NOW - DAY,
        acted_at=NOW - DAY,
        acts=1,
        meeting_at=NOW - timedelta(hours=1),
    )
    return replace(made, **changes)


AFTER: Final = {
    CaseStatus.TAKEN: {"arrange": "meeting_arranged", "decline": "declined"},
    CaseStatus.MEETING_ARRANGED: {
        "arrange": "meeting_arranged",
        "hold": "met",
        "miss": "taken",
        "decline": "declined",
    },
    CaseStatus.MET: {
        "arrange": "meeting_arranged",
        "offer": "offered",
        "win": "won",
        "decline": "declined",
    },
    CaseStatus.OFFERED: {"offer": "offered", "win": "won", "decline": "declined"},
}


@pytest.mark.parametrize("trigger", CaseTrigger)
@pytest.mark.parametrize("status", CaseStatus)
def test_a_case_moves_as_its_table_says_and_no_other_way(
    status: CaseStatus, trigger: CaseTrigger
) -> None:
    """MT72"""
    given_back = {"release": "released", "lapse": "released"}
    wanted = AFTER.get(status, {}) | (given_back if status in OPEN else {})
    before = case(status)
    meeting = NOW + DAY if trigger is CaseTrigger.ARRANGE else None
    if trigger in wanted:
        after = move(before, trigger, now=NOW, meeting_at=meeting)
        assert (after.status, after.acts, after.acted_at) == (wanted[trigger], 2, NOW)
    else:
        with pytest.raises(TransitionRefused) as refused:
            move(before, trigger, now=NOW, meeting_at=meeting)
        assert refused.value.fields["possible"] == sorted(wanted)


def test_what_is_settled_moves_no_more() -> None:
    """MT72"""
    assert {state for state, _ in CASE_TRANSITIONS} == OPEN


@pytest.mark.parametrize("ahead", [timedelta(0), -DAY, 180 * DAY + timedelta(seconds=1)])
def test_a_meeting_lies_ahead_but_not_far(ahead: timedelta) -> None:
    """MT73"""
    with pytest.raises(MeetingTimeWrong):
        move(case(), CaseTrigger.ARRANGE, now=NOW, meeting_at=NOW + ahead)
    move(case(), CaseTrigger.ARRANGE, now=NOW, meeting_at=NOW + 180 * DAY)


@pytest.mark.parametrize("trigger", [CaseTrigger.HOLD, CaseTrigger.MISS])
def test_nobody_knows_before_a_meeting_what_becomes_of_it(trigger: CaseTrigger) -> None:
    """MT73"""
    waiting = case(CaseStatus.MEETING_ARRANGED, meeting_at=NOW + DAY)
    with pytest.raises(MeetingNotBegun):
        move(waiting, trigger, now=NOW)
    assert move(waiting, trigger, now=NOW + DAY).acts == 2


def test_waiting_for_a_meeting_is_no_neglect() -> None:
    """MT77"""
    assert case(acted_at=NOW).lapses_at == NOW + IDLE
    waiting = case(CaseStatus.MEETING_ARRANGED, acted_at=NOW, meeting_at=NOW + 40 * DAY)
    assert waiting.lapses_at == NOW + 40 * DAY + IDLE
    assert replace(waiting, status=CaseStatus.MET).lapses_at == NOW + IDLE


def test_reasons_name_the_score_the_words_the_fits_and_the_gaps() -> None:
    """MT74"""
    zh, en = told_reasons(MATCH)
    assert zh == (
        "高度匹配（综合得分 72.5）。共有用词：颤振、镗削。"
        "相符：同一技术领域；成熟度 7 级。差距：报价高于预算；不同省份。"
    )
    assert en.startswith("strong (score 72.5). shared words: 颤振, 镗削. fits: same field;")


def test_the_side_that_was_found_does_not_read_what_the_finder_may_wish() -> None:
    """MT75"""
    pair = case().pair
    assert pair.told_to(pair.demand_party_id) == MATCH
    told = pair.told_to(pair.achievement_party_id)
    assert {item["name"] for item in told["contributions"]} == {"coverage", "field", "price"}
    assert [gap["factor"] for gap in told["gaps"]] == ["price"]
    assert told["score"] == MATCH["score"]
    turned = replace(pair, found_by=EntryKind.ACHIEVEMENT)
    assert turned.told_to(turned.achievement_party_id) == MATCH
    assert turned.told_to(turned.demand_party_id) == told


def test_a_dismissed_pair_is_its_brokers_alone() -> None:
    """MT78"""
    dismissed, taken = case(CaseStatus.DISMISSED), case()
    assert dismissed.audience == {dismissed.broker_id}
    assert taken.audience == {taken.broker_id, *taken.pair.sides}
