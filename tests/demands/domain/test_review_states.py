"""Reviews, presentations and objections: every state with every trigger; panels and their times."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demands.domain import panel, presentation
from app.demands.domain.objection import (
    DEMAND_OBJECTION_TRANSITIONS,
    DemandObjectionStatus,
    DemandObjectionTrigger,
)
from app.demands.domain.presentation import (
    PRESENTATION_TRANSITIONS,
    Presentation,
    PresentationState,
    PresentationTrigger,
)
from app.demands.domain.review import REVIEW_TRANSITIONS, Review, ReviewStatus, ReviewTrigger
from app.shared.ids import (
    DemandId,
    MarketId,
    MembershipId,
    PartyId,
    ProposalId,
    SeatId,
    UserId,
    new_id,
)
from app.shared.panels import Appointment, Departure, Seat, all_in
from app.shared.transitions import TransitionRefused, advance

NOW = datetime(2026, 4, 1, 1, tzinfo=UTC)
LIVING = ("begun", "appointed", "presenting", "scoring", "opened", "bidding")
SEATED = ("appointed", "presenting", "scoring")

# Written out here a second time on purpose: (state, trigger) -> state, all others refused.
REVIEW = {
    ("begun", "appoint"): "appointed",
    ("appointed", "draw"): "presenting",
    ("presenting", "present"): "presenting",
    ("appointed", "begin_scoring"): "scoring",
    ("presenting", "begin_scoring"): "scoring",
    ("scoring", "begin_scoring"): "scoring",
    ("scoring", "hand_in"): "scoring",
    ("scoring", "open"): "opened",
    ("opened", "tag"): "opened",
    ("opened", "conclude"): "concluded",
    ("opened", "hand_over"): "bidding",
    ("bidding", "conclude"): "concluded",
    **{(state, "replace"): state for state in SEATED},
    **{(state, "declare"): state for state in SEATED},
    **{(state, "fail"): "failed" for state in LIVING},
}
PRESENTATION = {
    ("waiting", "call"): "presenting",
    ("waiting", "mark_absent"): "absent",
    ("presenting", "finish"): "done",
    ("absent", "call"): "presenting",
}
OBJECTION = {
    ("open", "uphold"): "upheld",
    ("open", "reject"): "rejected",
    ("open", "withdraw"): "withdrawn",
}


@pytest.mark.parametrize(
    ("table", "states", "triggers", "expected"),
    [
        (REVIEW_TRANSITIONS, ReviewStatus, ReviewTrigger, REVIEW),
        (PRESENTATION_TRANSITIONS, PresentationState, PresentationTrigger, PRESENTATION),
        (
            DEMAND_OBJECTION_TRANSITIONS,
            DemandObjectionStatus,
            DemandObjectionTrigger,
            OBJECTION,
        ),
    ],
)
def test_every_state_with_every_trigger(
    table: Any, states: Any, triggers: Any, expected: dict[tuple[str, str], str]
) -> None:
    """DM55, DM63, DM72"""
    for state, trigger in product(states, triggers):
        target = expected.get((str(state), str(trigger)))
        if target is None:
            with pytest.raises(TransitionRefused):
                advance(table, state=state, trigger=trigger)
        else:
            assert advance(table, state=state, trigger=trigger) == target


def seat(number: int, **changes: Any) -> Seat:
    known = Seat(
        id=SeatId(new_id()),
        number=number,
        membership_id=MembershipId(new_id()),
        user_id=UserId(new_id()),
        party_id=PartyId(new_id()),
        name=f"专家{number}",
        unit_name="之江技术评估研究院",
        chair=number == 1,
        appointed_at=NOW,
        declared_at=NOW,
    )
    return replace(known, **changes)


REVIEWED = Review(
    id=new_id(),
    demand_id=DemandId(new_id()),
    market_id=MarketId(new_id()),
    posting=1,
    number=1,
    status=ReviewStatus.SCORING,
    begun_at=NOW,
    scores_due_at=NOW + timedelta(days=3),
)


@pytest.mark.parametrize(
    ("chairs", "rules"),
    [
        ([True, False, False], []),
        ([True, False], ["size"]),
        ([True], ["size"]),
        ([True, False, False, False], ["size"]),
        ([False, False, False], ["chair"]),
        ([True, True, False], ["chair"]),
    ],
)
def test_a_panel_is_odd_not_too_small_and_has_one_chair(
    chairs: list[bool], rules: list[str]
) -> None:
    """DM56"""
    people = [MembershipId(new_id()) for _ in chairs]
    known = {person: UserId(new_id()) for person in people}
    asked = [
        Appointment(membership_id=person, chair=chair)
        for person, chair in zip(people, chairs, strict=True)
    ]
    if not rules:
        panel.check_panel(asked, known)
        return
    with pytest.raises(panel.ReviewPanelInvalid) as refused:
        panel.check_panel(asked, known)
    errors: Any = refused.value.fields["errors"]
    assert [error["rule"] for error in errors] == rules


def test_one_person_takes_one_seat_and_strangers_none() -> None:
    """DM56"""
    one, other, stranger = (MembershipId(new_id()) for _ in range(3))
    user = UserId(new_id())
    asked = [Appointment(membership_id=it, chair=it == one) for it in (one, other, stranger)]
    with pytest.raises(panel.ReviewPanelInvalid) as refused:
        panel.check_panel(asked, {one: user, other: user})
    errors: Any = refused.value.fields["errors"]
    assert [error["rule"] for error in errors] == ["repeated", "expert"]
    with pytest.raises(panel.ReviewPanelInvalid, match="sits"):
        panel.check_replacement([seat(1, user_id=user)], [user])
    with pytest.raises(panel.ReviewPanelInvalid, match="expert"):
        panel.check_replacement([], [])


def test_who_has_not_declared_holds_the_panel_up() -> None:
    """DM57"""
    panel.require_complete([seat(1), seat(2)])
    left = seat(2, left_at=NOW, departure=Departure.RECUSED)
    with pytest.raises(panel.ReviewPanelIncomplete) as refused:
        panel.require_complete([seat(1, declared_at=None), left])
    told = refused.value.fields
    assert (told["vacant"], told["undeclared"]) == ([2], [1])
    with pytest.raises(panel.ReviewDeclarationMissing):
        panel.check_may_hand_in(REVIEWED, seat(1, declared_at=None), now=NOW)


def test_scores_come_once_and_before_the_deadline() -> None:
    """DM59"""
    due = NOW + timedelta(days=3)
    last = due - timedelta(microseconds=1)
    panel.check_may_hand_in(REVIEWED, seat(1), now=last)
    with pytest.raises(panel.ReviewScoresLate):
        panel.check_may_hand_in(REVIEWED, seat(1), now=due)
    with pytest.raises(panel.ReviewScoresHandedIn):
        panel.check_may_hand_in(REVIEWED, seat(1, handed_in_at=NOW), now=NOW)
    panel.check_deadline(due, now=NOW, announced=due)
    for asked, announced in ((NOW, None), (last, due)):
        with pytest.raises(panel.ReviewDeadlineTooEarly):
            panel.check_deadline(asked, now=NOW, announced=announced)


@pytest.mark.parametrize(
    ("handed_in", "late", "fits"),
    [
        ({1, 2}, True, True),
        ({1, 2}, False, False),
        ({1}, True, False),  # too few
        ({2, 3}, True, False),  # not the chair's
    ],
)
def test_sheets_open_with_a_quorum_and_the_chair_after_the_deadline(
    handed_in: set[int], late: bool, fits: bool
) -> None:
    """DM60"""
    seats = [seat(n, handed_in_at=NOW if n in handed_in else None) for n in (1, 2, 3)]
    now = NOW + timedelta(days=3 if late else 2)
    assert not all_in(seats)
    if fits:
        panel.check_may_open(REVIEWED, seats, now=now)
    else:
        with pytest.raises(panel.ReviewScoresNotDue):
            panel.check_may_open(REVIEWED, seats, now=now)
    assert all_in([replace(it, handed_in_at=NOW) for it in seats])


CODES = st.sets(st.text("ABCDEFGHJKMNPQRSTVWXYZ0123456789", min_size=4, max_size=6), max_size=12)


@given(codes=CODES, seed=st.text(min_size=1, max_size=20), random=st.randoms())
def test_the_order_of_presentations_is_drawn_from_seed_and_codes_alone(
    codes: set[str], seed: str, random: Any
) -> None:
    """DM62"""
    shuffled = sorted(codes)
    random.shuffle(shuffled)
    order = presentation.draw(seed, shuffled)
    assert order == presentation.draw(seed, codes)
    assert sorted(order) == sorted(codes)


def test_a_known_seed_gives_a_known_order() -> None:
    """DM62: the figures anybody gets with sha256sum."""
    told = "e691d0079f79eca4304219d11ee5e5ff3df65a87c2595597cc15b4efd1dfda2b"
    assert presentation.commit("7f3a") == told
    orders = {tuple(presentation.draw(str(seed), "ABC")) for seed in range(60)}
    assert len(orders) == 6  # every order occurs


def planned(count: int = 3) -> list[Presentation]:
    return presentation.plan(
        "seed",
        {f"P{n}": ProposalId(new_id()) for n in range(count)},
        starts_at=NOW + timedelta(hours=1),
        length=timedelta(minutes=30),
        now=NOW,
    )


def test_presentations_follow_each_other_one_at_a_time() -> None:
    """DM63"""
    call, finish = PresentationTrigger.CALL, PresentationTrigger.FINISH
    first, second, third = planned()
    assert second.starts_at - first.starts_at == timedelta(minutes=30)
    called = presentation.move([first, second, third], first.code, call, at=NOW)
    rest = [called, second, third]
    with pytest.raises(presentation.PresentationBusy):
        presentation.move(rest, second.code, call, at=NOW)
    with pytest.raises(presentation.PresentationUnknown):
        presentation.move(rest, "nobody", call, at=NOW)
    done = presentation.move(rest, first.code, finish, at=NOW)
    absent = presentation.move(rest, second.code, PresentationTrigger.MARK_ABSENT, at=NOW)
    with pytest.raises(presentation.PresentationsOpen) as refused:
        presentation.require_over([done, absent, third])
    assert refused.value.fields["codes"] == [third.code]
    presentation.require_over([done, absent])
    with pytest.raises(presentation.PresentationTimesInvalid):
        presentation.plan("seed", {}, starts_at=NOW, length=timedelta(minutes=1), now=NOW)
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    codes = {"P1": ProposalId(new_id())}
    with pytest.raises(presentation.PresentationTimesInvalid):
        presentation.plan("seed", codes, starts_at=last, length=timedelta(minutes=1), now=NOW)
