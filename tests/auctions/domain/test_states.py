"""All states and triggers; time alone; who looks when; and what the room is shown."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain import control
from app.auctions.domain.judging import has_deadline, judge, roll
from app.auctions.domain.model import (
    BIDDABLE,
    RUNNING,
    TRANSITIONS,
    AuctionStatus,
    Bid,
    BiddingState,
    PhaseChange,
    Trigger,
)
from app.auctions.domain.room import changes, room
from app.auctions.domain.terms import Direction, Format, PriorityMode, Terms
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance
from tests.auctions.commands import (
    OPENS,
    Command,
    generate,
    replay,
    scheduled,
    state_hash,
    terms_of,
)
from tests.auctions.domain.hall import both_directions, moment

every_format = pytest.mark.parametrize("kind", list(Format))
CODES = [f"N{number:02}" for number in range(30)]
RANKS = {"N01": 1, "N02": 2}
LONG_AFTER = OPENS + timedelta(days=9)


@pytest.mark.parametrize("state", list(AuctionStatus))
@pytest.mark.parametrize("trigger", list(Trigger))
def test_every_state_and_trigger(state: AuctionStatus, trigger: Trigger) -> None:  # AU6
    if (state, trigger) in TRANSITIONS:
        assert advance(TRANSITIONS, state=state, trigger=trigger) is TRANSITIONS[state, trigger]
    else:
        with pytest.raises(TransitionRefused):
            advance(TRANSITIONS, state=state, trigger=trigger)


def test_what_is_over_stays_over() -> None:  # AU6
    ends = {AuctionStatus.FAILED, AuctionStatus.CANCELLED, AuctionStatus.ANNULLED}
    assert not [pair for pair in TRANSITIONS if pair[0] in ends]
    assert BIDDABLE < RUNNING
    for trigger in (Trigger.PAUSE, Trigger.CANCEL):
        assert (AuctionStatus.AWARDED, trigger) not in TRANSITIONS
    assert (AuctionStatus.OPENING, Trigger.PAUSE) not in TRANSITIONS  # no time runs in it


def terms_with(kind: Format, direction: Direction, mode: PriorityMode) -> Terms:
    more: dict[str, Any] = {"priority_mode": mode}
    if mode is PriorityMode.AFTER:
        more["priority_window_s"] = 300
    return terms_of(kind, direction, **more)


MODES = {
    Format.MULTIPLE_BIDS: PriorityMode.INSIDE,
    Format.DYNAMIC: PriorityMode.AFTER,
    Format.SEALED_FIRST: PriorityMode.AFTER,
    Format.ROUNDS: PriorityMode.AFTER,
}


def bidding(
    kind: Format, direction: Direction, seed: int, count: int
) -> tuple[Terms, list[tuple[int, Command]]]:
    terms = terms_with(kind, direction, MODES.get(kind, PriorityMode.ORDINARY))
    return terms, generate(seed, count, terms, CODES, ranks=RANKS)


@both_directions
@every_format
def test_generated_commands_are_alive_and_the_same_for_a_seed(
    kind: Format, direction: Direction
) -> None:
    terms, commands = bidding(kind, direction, 5, 400)
    assert commands == bidding(kind, direction, 5, 400)[1]
    assert commands != bidding(kind, direction, 6, 400)[1]
    offsets = [offset for offset, _ in commands]
    assert offsets == sorted(offsets)
    state, codes = scheduled(terms, ranks=RANKS), set()
    for offset, command in commands:
        judged = judge(state, command, moment(offset))
        codes.add("stands" if judged.refusal is None else judged.refusal.code)
        state = judged.state
    assert {"stands", "auction_not_open"} <= codes
    assert len(codes) >= 4
    ended = roll(state, LONG_AFTER)[0]
    wanted = AuctionStatus.OPENING if kind is Format.WEIGHTED else AuctionStatus.AWARDED
    assert ended.status is wanted
    assert len(state_hash(ended)) == 64
    assert state_hash(ended) != state_hash(replace(ended, judged_count=0))


@both_directions
@every_format
@pytest.mark.parametrize("seed", range(4))
def test_who_looks_when_changes_no_outcome(kind: Format, direction: Direction, seed: int) -> None:
    # AU6
    """Rolling at any moments between, as a timely or late worker would, decides the same."""
    terms, commands = bidding(kind, direction, seed, 120)
    looks = random.Random(seed)
    plain = looked = scheduled(terms, ranks=RANKS)
    told_plain: list[PhaseChange] = []
    told_looked: list[PhaseChange] = []
    last = commands[0][0]
    for offset, command in [*commands, (9 * 86_400, None)]:
        for look in sorted(looks.randint(last, offset) for _ in range(looks.randrange(4))):
            looked, ended = roll(looked, moment(look))
            told_looked += ended
        last = offset
        if command is None:
            plain, ended = roll(plain, moment(offset))
            told_plain += ended
            looked, ended = roll(looked, moment(offset))
            told_looked += ended
            continue
        one = judge(plain, command, moment(offset))
        two = judge(looked, command, moment(offset))
        plain, looked = one.state, two.state
        told_plain += one.changes
        told_looked += two.changes
        assert type(one.refusal) is type(two.refusal)
        assert one.acts == two.acts
        assert state_hash(plain) == state_hash(looked)
    assert told_plain == told_looked
    assert state_hash(plain) == state_hash(looked)


@both_directions
@every_format
def test_nothing_stands_outside_its_phase(kind: Format, direction: Direction) -> None:  # AU2
    terms, commands = bidding(kind, direction, 11, 300)
    state = scheduled(terms, ranks=RANKS)
    for offset, command in commands:
        judged = judge(state, command, moment(offset))
        if judged.refusal is None:
            before = roll(state, moment(offset))[0]
            assert before.status in BIDDABLE
            assert before.running_since is not None
            assert before.running_since <= moment(offset) < before.deadline_at
            assert judged.state.last_judged_at == moment(offset)
            taken = kind is Format.DUTCH and before.leader is None
            assert taken or judged.state.deadline_at >= before.deadline_at
        state = judged.state


@both_directions
@pytest.mark.parametrize("kind", [Format.MULTIPLE_BIDS, Format.DYNAMIC])
def test_the_price_only_improves_by_whole_steps_of_another_bidder(  # AU3 AU4 AU5 AU22
    kind: Format, direction: Direction
) -> None:
    terms, commands = bidding(kind, direction, 3, 500)
    assert terms.step is not None
    leader, leading = None, None
    state = scheduled(terms, ranks=RANKS)
    for offset, command in commands:
        judged = judge(state, command, moment(offset))
        state = judged.state
        for act in judged.acts:
            assert act.amount is not None
            gain = 0 if leading is None else terms.gain(act.amount, leading)
            assert gain % terms.step.amount_minor == 0
            assert gain > 0 or leading is None or act.origin in {"match", "standing"}
            if act.origin == "bidder" and leading is not None and terms.steps_max is not None:
                assert gain <= terms.steps_max * terms.step.amount_minor
            assert act.bidder != leader
            leader, leading = act.bidder, act.amount
        assert (state.leader, state.leading) == (leader, leading)


@both_directions
@every_format
def test_patches_lead_from_room_to_room_and_tell_no_secret(  # AU23
    kind: Format, direction: Direction
) -> None:
    terms, commands = bidding(kind, direction, 2, 150)
    shown = room(scheduled(terms))
    for state, _ in replay(terms, commands, ranks=RANKS):
        after = room(state)
        patch = changes(shown, after)
        assert {**shown, **patch} == after
        assert all(shown[key] != value for key, value in patch.items())
        shown = after
        hidden = replace(state, entries=(), limits=(), ranks={}, reserve=Money(1))
        assert room(hidden) == after
        assert jsonable(after).keys() == after.keys()


def test_a_paused_room_tells_how_much_time_is_left() -> None:  # AU23 AU47
    state = roll(scheduled(terms_of(Format.SEALED_FIRST)), OPENS)[0]
    state = judge(state, Bid("A", state.terms.start), OPENS).state
    paused = control.pause(state, at=moment(100, micros=1))
    shown = room(paused)
    assert shown["pause"] == {"status": "sealed", "time_left_s": 3499, "resumes_at": None}
    assert (shown["status"], shown["leading"]) == ("paused", None)
    assert changes(shown, room(paused)) == {}
    assert set(changes({}, shown)) == set(shown)


@given(st.sampled_from(list(AuctionStatus)))
def test_only_phases_with_a_deadline_move_by_time(status: AuctionStatus) -> None:  # AU6
    state = BiddingState(terms=terms_of(Format.DYNAMIC), status=status, deadline_at=OPENS)
    moving = BIDDABLE | {AuctionStatus.SCHEDULED, AuctionStatus.BETWEEN}
    assert has_deadline(state) == (status in moving)
