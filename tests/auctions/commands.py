"""Commands as bidders would send them, the same for the same seed, and a hash of what they left."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.auctions.domain.judging import bounds, judge, roll
from app.auctions.domain.model import (
    AuctionStatus,
    Bid,
    BiddingState,
    Origin,
    SetLimit,
)
from app.auctions.domain.terms import (
    Criterion,
    Direction,
    Format,
    Sealing,
    Terms,
)
from app.shared.canonical import digest
from app.shared.jsonable import jsonable
from app.shared.money import Money

OPENS: Final = datetime(2026, 3, 30, 1, 0, tzinfo=UTC)
BOUND: Final = Money(60_000_000)
Command = Bid | SetLimit

_OF_FORMAT: Final[Mapping[Format, Mapping[str, Any]]] = {
    Format.MULTIPLE_BIDS: {"free_phase_s": 3600, "window_s": 120, "steps_max": 5},
    Format.DYNAMIC: {"free_phase_s": 7200, "window_s": 180},
    Format.SEALED_FIRST: {"round_s": 3600, "sealing": Sealing.PLAIN},
    Format.SEALED_SECOND: {"round_s": 3600, "sealing": Sealing.PLAIN},
    Format.ROUNDS: {
        "round_s": 1800,
        "rounds": 3,
        "gap_s": 60,
        "eliminate": 1,
        "sealing": Sealing.PLAIN,
    },
    Format.WEIGHTED: {
        "round_s": 3600,
        "sealing": Sealing.PLAIN,
        "criteria": (Criterion("实施方案", 2000), Criterion("团队", 1000)),
    },
    Format.DUTCH: {"interval_s": 60},
}
_DUTCH_STOPS: Final = 20


def terms_of(
    bidding: Format, direction: Direction = Direction.UP, *, bound: Money = BOUND, **changes: Any
) -> Terms:
    """Return valid terms of a format.

    Args:
        bound: The announced worst price.
        changes: Terms that differ from the usual ones.
    """
    values: dict[str, Any] = {"start": bound, **_OF_FORMAT[bidding]}
    sign = 1 if direction is Direction.UP else -1
    if "window_s" in values:
        values["step"] = Money(max(bound.amount_minor // 600_000, 1), bound.currency)
    if bidding is Format.DUTCH:
        step = Money(bound.amount_minor // 100, bound.currency)
        values |= {"step": step, "reserve": bound, "start": bound + step * (sign * _DUTCH_STOPS)}
    return Terms(format=bidding, direction=direction, **(values | changes))


def scheduled(terms: Terms, **more: Any) -> BiddingState:
    """Return an auction that opens at ``OPENS``."""
    status = AuctionStatus.SCHEDULED
    return BiddingState(terms=terms, status=status, deadline_at=OPENS, **more)


def generate(
    seed: int,
    count: int,
    terms: Terms,
    bidders: Sequence[str],
    *,
    ranks: Mapping[str, int] | None = None,
) -> list[tuple[int, Command]]:
    """Return commands with their moments, in whole seconds from the opening, never going back.

    Most are valid when they arrive; others are early, too low, too high, off the steps, of the
    leader itself, too late; some are standing maxima or matches. The bidding is over shortly
    before the last of them.
    """
    rng = random.Random(seed)
    state = scheduled(terms, ranks=ranks or {})
    offset, commands = -3, list[tuple[int, Command]]()
    for number in range(count):
        now = OPENS + timedelta(seconds=offset)
        state, _ = roll(state, now)
        command = _command(rng, state, now, bidders, late=number > count * 0.6)
        commands.append((offset, command))
        state = judge(state, command, now).state
        offset += _gap(rng, state, number, count)
    return commands


def replay(
    terms: Terms, commands: Sequence[tuple[int, Command]], **more: Any
) -> Iterator[tuple[BiddingState, datetime]]:
    """Judge one by one, the naive way; yield the state after each command, and when."""
    state = scheduled(terms, **more)
    for offset, command in commands:
        now = OPENS + timedelta(seconds=offset)
        state = judge(state, command, now).state
        yield state, now


def state_hash(state: BiddingState) -> str:
    """Return the SHA-256 of all fields of a state in canonical form."""
    ordered = replace(
        state,
        entries=tuple(sorted(state.entries, key=lambda entry: entry.sequence)),
        limits=tuple(sorted(state.limits, key=lambda limit: limit.sequence)),
    )
    values = {spec.name: jsonable(getattr(ordered, spec.name)) for spec in fields(ordered)}
    if state.pause is not None:
        values["pause"]["time_left"] = state.pause.time_left // timedelta(microseconds=1)
    return digest(values)


def _gap(rng: random.Random, state: BiddingState, number: int, count: int) -> int:
    terms = state.terms
    if state.status is AuctionStatus.SCHEDULED:
        return rng.randrange(3)
    if state.status is AuctionStatus.TIMED or (terms.window_s and number > count * 0.6):
        assert terms.window_s is not None
        ending = number > count * 0.97
        return rng.randrange(2 * terms.window_s if ending else terms.window_s // 6)
    if terms.interval_s is not None:
        whole = terms.interval_s * _DUTCH_STOPS
    else:
        whole = terms.free_phase_s or (terms.round_s or 0) * (terms.rounds or 1)
    mean = whole / (0.6 * count if terms.free_phase_s or terms.interval_s else 0.95 * count)
    return int(rng.expovariate(1 / mean) + rng.random())


def _command(
    rng: random.Random, state: BiddingState, now: datetime, bidders: Sequence[str], *, late: bool
) -> Command:
    bidder = rng.choice(bidders)
    if state.terms.format is Format.DUTCH:
        return _take(rng, state, now, bidder, late=late)
    if state.terms.window_s is None:
        return _sealed(rng, state, bidder)
    return _open(rng, state, now, bidder, bidders)


def _take(
    rng: random.Random, state: BiddingState, now: datetime, bidder: str, *, late: bool
) -> Command:
    """Offer less than the price that stands; take it once most of the commands are through."""
    low, high = bounds(state, now)
    price = (low if state.terms.sign > 0 else high) or state.terms.start
    if late and rng.random() < 0.3:
        return Bid(bidder, _off(state, price, rng.choice([0, 0, 5])))
    return Bid(bidder, _off(state, price, -rng.randrange(1, 100)))


def _sealed(rng: random.Random, state: BiddingState, bidder: str) -> Command:
    roughly = state.terms.start.amount_minor // 10_000
    own = next((entry for entry in state.entries if entry.bidder == bidder), None)
    base = own.amount if own is not None and own.amount is not None else state.terms.start
    kind = rng.random()
    if kind < 0.03:
        return SetLimit(bidder, base)
    if kind < 0.06:
        return Bid(bidder, base, Origin.MATCH)
    if kind < 0.15:
        return Bid(bidder, _off(state, base, -rng.randrange(1, roughly)))
    # Few different amounts, so that ties occur.
    return Bid(bidder, _off(state, base, rng.randrange(8) * roughly))


def _open(
    rng: random.Random,
    state: BiddingState,
    now: datetime,
    bidder: str,
    bidders: Sequence[str],
) -> Command:
    terms = state.terms
    assert terms.step is not None
    step = terms.step.amount_minor
    low, high = bounds(state, now)
    worst = (low if terms.sign > 0 else high) or state.leading or terms.start
    kind = rng.random()
    if kind < 0.06 and state.leader is not None:
        return Bid(state.leader, _off(state, worst, rng.randrange(3) * step))
    if kind < 0.12 and state.leading is not None:
        holder = rng.choice([*state.ranks, bidder])
        return Bid(holder, _off(state, state.leading, rng.choice([0, 0, 0, step])), Origin.MATCH)
    if kind < 0.25:
        over = rng.randrange(-2, 30) * step + rng.choice([0, 0, step // 2])
        return SetLimit(bidder, _off(state, worst, over))
    if kind < 0.30:
        return Bid(bidder, _off(state, worst, rng.randrange(5) * step + rng.randrange(1, step)))
    if kind < 0.37:
        return Bid(bidder, _off(state, worst, -rng.randrange(1, 4 * step)))
    if kind < 0.40:
        return Bid(bidder, _off(state, worst, rng.randrange(5, 9) * step))
    others = [code for code in bidders if code != state.leader]
    return Bid(rng.choice(others or bidders), _off(state, worst, rng.choice([0, 0, 1, 4]) * step))


def _off(state: BiddingState, base: Money, better: int) -> Money:
    """Return an amount better by some minor units; at least one minor unit."""
    return Money(max(base.amount_minor + state.terms.sign * better, 1), base.currency)
