"""Evaluations: every state × trigger, panels, deadlines, what opens scores."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from app.shared.access import Viewer
from app.shared.ids import (
    AchievementId,
    EvaluationId,
    MarketId,
    MembershipId,
    PartyId,
    SeatId,
    UserId,
    new_id,
)
from app.shared.panels import Appointment, Departure, Seat, all_in, panel_size
from app.shared.transitions import TransitionRefused, advance
from app.valuations.domain.conclusion import (
    Explanation,
    ExplanationsMissing,
    ExplanationsNotDue,
    NothingToExplain,
    check_explainable,
    check_explained,
)
from app.valuations.domain.evaluation import (
    EVALUATION_TRANSITIONS,
    DeadlineTooEarly,
    Evaluation,
    EvaluationStatus,
    EvaluationSubject,
    EvaluationTrigger,
    check_deadline,
    may_see,
)
from app.valuations.domain.panel import (
    DeclarationMissing,
    PanelInvalid,
    ScoresHandedIn,
    ScoresLate,
    ScoresNotDue,
    check_may_hand_in,
    check_may_open,
    check_panel,
)
from app.valuations.domain.scheme import find_scheme
from app.valuations.domain.scoring import Outlier, shown

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
SCHEME = find_scheme("five-values-applied")
MARKET, OWNER = MarketId(new_id()), PartyId(new_id())

# Written out here a second time on purpose: (state, trigger) -> state, all others refused.
TABLE = {
    ("opened", "appoint"): "panelled",
    ("opened", "cancel"): "cancelled",
    ("panelled", "replace"): "panelled",
    ("panelled", "declare"): "panelled",
    ("panelled", "begin"): "scoring",
    ("panelled", "cancel"): "cancelled",
    ("scoring", "replace"): "scoring",
    ("scoring", "declare"): "scoring",
    ("scoring", "begin"): "scoring",
    ("scoring", "hand_in"): "scoring",
    ("scoring", "open_scores"): "explaining",
    ("scoring", "cancel"): "cancelled",
    ("explaining", "explain"): "explaining",
    ("explaining", "conclude"): "concluded",
    ("explaining", "cancel"): "cancelled",
    ("concluded", "publish"): "concluded",
}


@pytest.mark.parametrize(("state", "trigger"), list(product(EvaluationStatus, EvaluationTrigger)))
def test_every_state_with_every_trigger(
    state: EvaluationStatus, trigger: EvaluationTrigger
) -> None:
    """EV19"""
    expected = TABLE.get((state, trigger))
    if expected is None:
        with pytest.raises(TransitionRefused):
            advance(EVALUATION_TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(EVALUATION_TRANSITIONS, state=state, trigger=trigger) == expected


def evaluation(**changes: Any) -> Evaluation:
    subject = EvaluationSubject(
        achievement_id=AchievementId(new_id()),
        market_id=MARKET,
        owner_id=OWNER,
        title="某成果",
        kind="applied",
        content_version=1,
        content_hash="0" * 64,
        content={},
        completers=(),
        co_inventors=(),
        secrecy_cleared=True,
    )
    given = Evaluation(
        id=EvaluationId(new_id()),
        subject=subject,
        scheme=SCHEME,
        status=EvaluationStatus.SCORING,
        purpose="评价",
        opened_by=OWNER,
        opened_at=NOW,
        due_at=LATER,
        scores_due_at=LATER,
    )
    return replace(given, **changes)


def seat(number: int, **changes: Any) -> Seat:
    given = Seat(
        id=SeatId(new_id()),
        number=number,
        membership_id=MembershipId(new_id()),
        user_id=UserId(new_id()),
        party_id=PartyId(new_id()),
        name="某人",
        unit_name="某单位",
        chair=number == 1,
        appointed_at=NOW,
        declared_at=NOW,
        handed_in_at=NOW,
    )
    return replace(given, **changes)


def test_a_panel_is_odd_big_enough_and_has_one_chair() -> None:
    """EV3"""
    ids = [MembershipId(new_id()) for _ in range(7)]
    users = {key: UserId(new_id()) for key in ids[:6]}

    def rules(*chosen: int, chairs: tuple[int, ...] = (0,)) -> list[str]:
        panel = tuple(
            Appointment(membership_id=ids[key], chair=index in chairs)
            for index, key in enumerate(chosen)
        )
        try:
            check_panel(SCHEME, panel, users)
        except PanelInvalid as refused:
            return [error["rule"] for error in refused.fields["errors"]]  # type: ignore[attr-defined]
        return []

    assert rules(0, 1, 2) == rules(0, 1, 2, 3, 4, chairs=(4,)) == []
    assert rules(0) == rules(0, 1) == rules(0, 1, 2, 3) == ["size"]
    assert rules(0, 1, 2, chairs=()) == rules(0, 1, 2, chairs=(0, 1)) == ["chair"]
    assert rules(0, 1, 1) == ["repeated"]
    assert rules(0, 1, 6) == ["expert"]
    assert rules(0, 6, chairs=()) == ["size", "chair", "expert"]
    users[ids[1]] = users[ids[0]]  # one person, two memberships
    assert rules(0, 1, 2) == ["repeated"]


def test_who_may_hand_in() -> None:
    """EV4, EV5, EV7"""
    fresh = seat(1, handed_in_at=None)
    check_may_hand_in(evaluation(), fresh, now=LATER - timedelta(microseconds=1))
    with pytest.raises(ScoresLate):
        check_may_hand_in(evaluation(), fresh, now=LATER)
    with pytest.raises(DeclarationMissing):
        check_may_hand_in(evaluation(), replace(fresh, declared_at=None), now=NOW)
    with pytest.raises(ScoresHandedIn):
        check_may_hand_in(evaluation(), seat(1), now=NOW)


def test_scores_open_when_all_are_in_or_late_with_quorum_and_chair() -> None:
    """EV6"""
    five = tuple(seat(number) for number in range(1, 6))
    assert all_in(five)
    gone = replace(five[4], left_at=NOW, departure=Departure.RECUSED)
    vacant = (*five[:4], gone)
    assert (all_in(vacant), panel_size(vacant)) == (False, 5)
    three = tuple(replace(s, handed_in_at=None) if s.number > 3 else s for s in five)
    check_may_open(evaluation(), three, now=LATER)
    check_may_open(evaluation(), vacant, now=LATER)
    without_chair = tuple(replace(s, handed_in_at=None) if s.chair else s for s in five)
    two = tuple(replace(s, handed_in_at=None) if s.number > 2 else s for s in five)
    for seats, now in ((three, LATER - timedelta(seconds=1)), (two, LATER), (without_chair, LATER)):
        assert not all_in(seats)
        with pytest.raises(ScoresNotDue):
            check_may_open(evaluation(), seats, now=now)


def test_a_deadline_lies_ahead_and_is_never_cut_short() -> None:
    """EV7"""
    check_deadline(LATER, now=NOW, announced=None)
    check_deadline(LATER, now=NOW, announced=LATER)
    for due_at, announced in ((NOW, None), (LATER, LATER + timedelta(seconds=1))):
        with pytest.raises(DeadlineTooEarly):
            check_deadline(due_at, now=NOW, announced=announced)


def test_outliers_are_explained_by_their_expert_or_after_its_time_by_the_exchange() -> None:
    """EV10"""
    outliers = tuple(
        Outlier(seat=number, indicator=code, points=1, median=shown(50), limit=shown(15))  # type: ignore[arg-type]
        for number, code in ((1, "risk"), (2, "risk"))
    )

    def check(*texts: tuple[int, str], by: int | None, now: datetime = NOW) -> None:
        check_explainable(texts, outliers, seat=by, due_at=LATER, now=now)

    check((1, "risk"), by=1)
    check((1, "risk"), (2, "risk"), by=None, now=LATER)
    with pytest.raises(ExplanationsNotDue):
        check((1, "risk"), by=None)
    for place, by in (((2, "risk"), 1), ((1, "benefit"), 1)):
        with pytest.raises(NothingToExplain) as refused:
            check(place, by=by)
        assert refused.value.fields["accepted"] == [{"seat": 1, "indicator": "risk"}]
    told = Explanation(seat=1, indicator="risk", text="因", by_expert=True, explained_at=NOW)
    with pytest.raises(ExplanationsMissing) as missing:
        check_explained(outliers, (told,))
    assert missing.value.fields["missing"] == [{"seat": 2, "indicator": "risk"}]
    check_explained(outliers, (told, replace(told, seat=2, by_expert=False)))


@pytest.mark.parametrize("published", [False, True])
def test_who_may_know_of_an_evaluation(published: bool) -> None:
    """EV16"""
    given = evaluation(published_at=NOW if published else None)
    stranger = Viewer(party_id=PartyId(new_id()))
    assert may_see(Viewer(party_id=OWNER), given, sitting=False)
    assert may_see(stranger, given, sitting=True)
    assert may_see(replace(stranger, staff_of=MARKET), given, sitting=False)
    for viewer in (stranger, Viewer(), replace(stranger, staff_of=MarketId(new_id()))):
        assert may_see(viewer, given, sitting=False) is published
