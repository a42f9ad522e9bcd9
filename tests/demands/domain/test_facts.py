"""What the board's statistics know: parts in any order, however often they are told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demands.domain.facts import (
    Facts,
    NoTakeUp,
    Outcome,
    Part,
    Said,
    Told,
    facts_of,
    merge,
)

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
REASONS = [*NoTakeUp, "something_new"]


def at(day: int) -> str:
    return (NOW + timedelta(days=day)).isoformat()


def posting(version: int, day: int = 0, amount_minor: int | None = 500_00) -> Told:
    said = {
        "posted_at": at(day),
        "technology_field": "new_materials",
        "region_code": "330106",
        "edition_id": None,
        "amount_minor": amount_minor,
        "open_budget": amount_minor is None,
    }
    return Told(key=Part.POSTING, version=version, said=said)


def closing(version: int, proposals: int = 3) -> Told:
    first = at(2) if proposals else None
    said = {"proposals": proposals, "first_answer_at": first}
    return Told(key=Part.CLOSING, version=version, said=said)


def end(version: int, reason: str) -> Told:
    return Told(key=Part.END, version=version, said={"reason": reason})


def engagement(name: str, version: int, *, standing: bool, amount: int | None = 400_00) -> Told:
    said = {"standing": standing, "amount_minor": amount, "at": at(9 + version)}
    return Told(key=f"{Part.ENGAGEMENT}:{name}", version=version, said=said)


def fold(*told: Told) -> Said:
    known: Said = {}
    for one in told:
        known = merge(known, one)
    return known


def oracle(events: list[Told]) -> dict[str, Any]:
    """Read each subject's events in their order, as one would by hand."""
    state: dict[str, Any] = {"proposals": None, "reason": None, "engaged": {}, "ever": False}
    for event in sorted(events, key=lambda told: told.version):
        if event.key == Part.CLOSING:
            state["proposals"] = event.said["proposals"]
        elif event.key == Part.END:
            state["reason"] = event.said["reason"]
        elif event.key == Part.POSTING:
            state["amount"] = event.said["amount_minor"]
        else:
            state["ever"] = True
            state["engaged"].pop(event.key, None)
            if event.said["standing"]:
                state["engaged"][event.key] = event.said["amount_minor"] or 0
    return state


TOLD = st.one_of(
    st.builds(posting, st.integers(1, 4), st.just(0), st.one_of(st.none(), st.integers(1, 900))),
    st.builds(closing, st.integers(5, 6), st.integers(0, 9)),
    st.builds(end, st.integers(7, 9), st.sampled_from(REASONS)),
    st.builds(
        engagement,
        st.sampled_from("ab"),
        st.integers(1, 3),
        standing=st.booleans(),
        amount=st.one_of(st.none(), st.integers(1, 900)),
    ),
)
# One subject never says two things in one version.
EVENTS = st.lists(TOLD, max_size=8, unique_by=lambda told: (told.key, told.version))


@given(EVENTS, st.data())
def test_order_and_repetition_change_nothing(events: list[Told], data: st.DataObject) -> None:
    """DM113"""
    shuffled = data.draw(st.permutations(events))
    again = data.draw(st.lists(st.sampled_from(events), max_size=4)) if events else []
    known = fold(*events)
    assert fold(*shuffled, *again) == known
    assert facts_of(fold(*again, *shuffled)) == facts_of(known)


@given(EVENTS)
def test_facts_are_what_a_reader_of_the_events_finds(events: list[Told]) -> None:
    """DM113"""
    told, expected = facts_of(fold(*events)), oracle(events)
    assert told.proposals == expected["proposals"]
    assert told.amount_minor == expected.get("amount")
    assert told.taken_minor == sum(expected["engaged"].values())
    assert (told.outcome is Outcome.TAKEN_UP) == bool(expected["engaged"])
    assert (told.outcome is Outcome.RUNNING) == (
        not expected["engaged"] and expected["reason"] is None
    )
    assert (told.reason is not None) == (told.outcome is Outcome.NOT_TAKEN_UP)


def facts(*told: Told) -> Facts:
    return facts_of(fold(*told))


@pytest.mark.parametrize("reason", NoTakeUp)
def test_why_nobody_took_it_up_is_told_by_the_event(reason: NoTakeUp) -> None:
    """DM114"""
    known = facts(posting(1), closing(2), end(3, reason))
    assert (known.outcome, known.reason) == (Outcome.NOT_TAKEN_UP, reason)


def test_a_reason_that_is_not_known_yet_counts_as_another() -> None:
    """DM114"""
    assert facts(posting(1), end(2, "weather")).reason is NoTakeUp.OTHER
    assert facts(posting(1), end(2, "auction_annulled")).reason is NoTakeUp.AUCTION_FAILED


def test_a_winner_who_was_lost_is_why_nobody_suited() -> None:
    """DM114"""
    lost = (engagement("a", 1, standing=True), engagement("a", 2, standing=False))
    assert facts(posting(1), *lost).outcome is Outcome.RUNNING
    known = facts(posting(1), *lost, end(9, "no_suitable"))
    assert (known.outcome, known.reason) == (Outcome.NOT_TAKEN_UP, NoTakeUp.NOT_SIGNED)
    assert facts(posting(1), *lost, end(9, "候补方案均已放弃")).reason is NoTakeUp.NOT_SIGNED
    taken = facts(posting(1), *lost, end(9, "no_suitable"), engagement("b", 1, standing=True))
    assert (taken.outcome, taken.reason, taken.taken_minor) == (Outcome.TAKEN_UP, None, 400_00)


def test_what_is_not_posted_yet_has_no_moment() -> None:
    """DM113"""
    assert facts(closing(2)).posted_at is None
    assert facts(posting(1), posting(3, day=1)).posted_at == NOW + timedelta(days=1)
