"""Standing maxima, against bots that bid step by step and against the definition."""

import random
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auctions.domain.model import AuctionStatus, BiddingState, Limit
from app.auctions.domain.refusals import (
    BidAfterClose,
    BidTooHigh,
    BidTooLow,
    LimitNotPossible,
    LimitNotRaised,
)
from app.auctions.domain.standing import answer_limits
from app.auctions.domain.terms import Direction, Format
from app.shared.errors import DomainError
from app.shared.money import Money
from tests.auctions.commands import scheduled, terms_of
from tests.auctions.domain.hall import (
    after,
    better,
    bid,
    both_directions,
    gained,
    kind_of,
    limit,
    rolled,
    told,
)

A, B, C = "A", "B", "C"
FREE_S = 3600


def hall(direction: Direction, **more: Any) -> BiddingState:
    return rolled(scheduled(terms_of(Format.MULTIPLE_BIDS, direction, **more)), 0)


@both_directions
def test_a_lone_limit_opens_at_the_start_and_does_not_bid_against_itself(  # AU21
    direction: Direction,
) -> None:
    first = limit(hall(direction), A, 900, 0)
    assert told(first) == [(A, 0)]
    assert (first.state.judged_count, first.state.bid_count) == (2, 1)
    assert not first.state.contested
    raised = limit(first.state, A, 2000, 1)
    assert told(raised) == []
    assert (raised.state.leader, gained(raised.state)) == (A, 0)
    assert [it.sequence for it in raised.state.limits] == [3]  # counts as set anew


@both_directions
@pytest.mark.parametrize(
    ("amount", "acts"),
    [
        (100, [(B, 100), (A, 200)]),
        (800, [(B, 800), (A, 900)]),
        (900, [(B, 900)]),  # an outright bid at the limit was there first
        (850, [(B, 850)]),  # no whole step is left up to the limit
        (1000, [(B, 1000)]),
    ],
)
def test_a_limit_answers_an_outright_bid_by_one_step(  # AU21 AU22
    direction: Direction, amount: int, acts: list[tuple[str, int]]
) -> None:
    step = Money(100 if amount % 100 == 0 else amount)
    state = limit(hall(direction, steps_max=None, step=step), A, 900, 0).state
    judged = bid(state, B, amount, 1)
    assert told(judged) == acts
    assert judged.state.bid_count == 1 + len(acts)
    assert judged.state.contested


@both_directions
@pytest.mark.parametrize(
    ("later", "acts"),
    [
        (100, [(B, 100), (A, 100)]),
        (890, [(B, 800), (A, 800)]),  # off the steps: the last whole step counts
        (900, [(B, 900), (A, 900)]),  # a tie: the earlier limit wins
        (950, [(B, 900), (A, 900)]),
        (1000, [(B, 100), (A, 900), (B, 1000)]),
        (5000, [(B, 100), (A, 900), (B, 1000)]),
    ],
)
def test_two_limits_fight_at_once(  # AU21 AU22
    direction: Direction, later: int, acts: list[tuple[str, int]]
) -> None:
    """The cap of five steps binds one bid, not the many that a duel stands for."""
    state = limit(hall(direction, steps_max=5), A, 900, 0).state
    judged = limit(state, B, later, 1)
    assert told(judged) == acts
    assert judged.state.judged_count == state.judged_count + 1 + len(acts)


@both_directions
def test_a_limit_works_while_its_owner_is_away(direction: Direction) -> None:  # AU21
    state = limit(hall(direction), A, 400, 0).state
    for number in range(1, 4):
        state = bid(state, B if number % 2 else C, number * 200 - 100, number).state
    assert (state.leader, gained(state)) == (B, 500)  # 100→200, 300→400, 500 is beyond it


@both_directions
@pytest.mark.parametrize(
    ("who", "amount", "refused"),
    [
        (A, 400, LimitNotRaised),
        (A, 300, LimitNotRaised),
        (A, 500, None),
        (B, 0, "worse"),
        (B, 99, "worse"),
        (B, 100, None),
    ],
)
def test_a_limit_is_raised_never_lowered_and_allows_one_more_bid(  # AU20
    direction: Direction, who: str, amount: int, refused: type[DomainError] | str | None
) -> None:
    state = limit(hall(direction), A, 400, 0).state
    worse = BidTooLow if direction is Direction.UP else BidTooHigh
    expected = worse if refused == "worse" else refused
    assert kind_of(limit(state, who, amount, 1).refusal) is expected


@pytest.mark.parametrize("kind", [kind for kind in Format if kind is not Format.DYNAMIC])
def test_only_open_formats_take_limits(kind: Format) -> None:  # AU20
    state = rolled(scheduled(terms_of(kind)), 0)
    refused = None if kind is Format.MULTIPLE_BIDS else LimitNotPossible
    assert kind_of(limit(state, A, 0, 0).refusal) is refused
    assert kind_of(limit(state, A, 0, 10**7).refusal) in {BidAfterClose, LimitNotPossible}


@both_directions
def test_a_published_reserve_belongs_to_what_is_sufficient(direction: Direction) -> None:  # AU21
    terms = terms_of(Format.MULTIPLE_BIDS, direction)
    state = rolled(scheduled(replace(terms, reserve=better(terms, 650))), 0)
    assert rolled(limit(state, A, 690, 0).state, FREE_S).status is AuctionStatus.FAILED
    met = rolled(limit(state, A, 700, 0).state, FREE_S)
    assert (met.status, gained(met)) == (AuctionStatus.AWARDED, 700)
    assert met.judged_count == 3  # the limit, its first bid, the one at the end
    assert met.bid_count == 2


@both_directions
def test_a_secret_reserve_is_not_bid_up_to_before_the_very_end(direction: Direction) -> None:
    # AU29
    terms = replace(terms_of(Format.MULTIPLE_BIDS, direction), reserve_secret=True)
    state = rolled(scheduled(terms, reserve=better(terms, 650)), 0)
    state = after(limit(state, A, 900, 0).state, (B, 100))
    window = rolled(state, FREE_S)
    assert (window.status, gained(window)) == (AuctionStatus.TIMED, 200)
    ended = rolled(window, FREE_S + 120)
    assert (ended.status, ended.leader, gained(ended)) == (AuctionStatus.AWARDED, A, 700)


@dataclass
class Bots:
    """The naive oracle: bots in any order, one step at a time, until none moves.

    Amounts count in minor units better than the start.
    """

    step: int
    order: random.Random
    limits: dict[str, tuple[int, int]] = field(default_factory=dict)  # amount, sequence
    leader: str | None = None
    price: int | None = None
    made_for: int | None = None  # sequence of the limit that the leading bid was made for

    def run(self) -> None:
        while movers := [who for who in self.limits if self._next(who) is not None]:
            who = self.order.choice(movers)
            self.price, self.leader = self._next(who), who
            self.made_for = self.limits[who][1]

    def _next(self, who: str) -> int | None:
        amount, sequence = self.limits[who]
        if who == self.leader:
            return None
        if self.price is None:
            wanted = 0
        elif self.made_for is not None and sequence < self.made_for:
            wanted = self.price  # the earlier limit wins a tie
        else:
            wanted = self.price + self.step
        return wanted if wanted <= amount else None


asked = st.lists(
    st.tuples(
        st.sampled_from([A, B, C, "D"]),
        st.booleans(),  # a limit, or an outright bid
        st.integers(min_value=0, max_value=12),  # steps above what the next bid must be
        st.sampled_from([0, 0, 0, 30]),  # off the steps
    ),
    max_size=12,
)


@given(asked, st.sampled_from(list(Direction)), st.integers(min_value=0, max_value=2**32))
def test_limits_end_where_bots_bidding_step_by_step_end(  # AU20 AU21 AU22
    commands: list[tuple[str, bool, int, int]], direction: Direction, seed: int
) -> None:
    state = hall(direction, steps_max=None)
    bots = Bots(100, random.Random(seed))
    for who, as_limit, steps, off in commands:
        amount = (0 if bots.price is None else bots.price + 100) + steps * 100 + off
        judged = (limit if as_limit else bid)(state, who, amount, 0)
        if judged.refusal is None:
            if as_limit:
                bots.limits[who] = (amount, state.judged_count + 1)
            else:
                bots.leader, bots.price, bots.made_for = who, amount, None
            bots.run()
        state = judged.state
        assert (state.leader, gained(state)) == (bots.leader, bots.price)


limits = st.lists(
    st.tuples(st.integers(min_value=0, max_value=2000), st.integers(min_value=0, max_value=50)),
    min_size=1,
    max_size=6,
    unique_by=lambda pair: pair[1],
)


@given(limits, st.sampled_from(list(Direction)), st.sampled_from([None, 0, 500]))
def test_a_duel_ends_at_the_lowest_amount_that_nobody_can_beat(  # AU21 AU22
    pairs: list[tuple[int, int]], direction: Direction, leading: int | None
) -> None:
    """By the definition: the lowest price on the steps at which the best limit beats all."""
    terms = terms_of(Format.DYNAMIC, direction)
    standing = tuple(
        Limit(f"L{sequence}", better(terms, amount), sequence) for amount, sequence in pairs
    )
    state = replace(
        scheduled(terms),
        limits=standing,
        leader=None if leading is None else "outright",
        leading=None if leading is None else better(terms, leading),
    )
    first = 0 if leading is None else leading + 100
    able = [(amount // 100, -sequence) for amount, sequence in pairs if amount >= first]
    answered, acts = answer_limits(state)
    if not able:
        assert (answered, acts) == (state, ())
        return
    best = max(able)
    price = next(
        steps
        for steps in range(first // 100, best[0] + 1)
        if all((steps, best[1]) >= other for other in able if other != best)
    )
    assert (answered.leader, gained(answered)) == (f"L{-best[1]}", price * 100)
    amounts = [terms.gain(act.amount, terms.start) for act in acts if act.amount is not None]
    assert amounts == sorted(amounts)
    reach = {f"L{sequence}": amount for amount, sequence in pairs}
    assert all(amount <= reach[act.bidder] for act, amount in zip(acts, amounts, strict=True))
    assert answer_limits(answered) == (answered, ())
