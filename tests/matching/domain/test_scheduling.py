"""Schedules of matchmaking days: against every schedule there is, for small days."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.domain.edge_colouring import colour_evenly, is_bipartite
from app.matching.domain.scheduling import (
    Hall,
    Meeting,
    Method,
    Pairing,
    Schedule,
    Without,
    schedule,
    why_without,
)
from app.shared.ids import PartyId


def demand(number: int) -> UUID:
    return UUID(int=1_000 + number)


def achievement(number: int) -> UUID:
    return UUID(int=2_000 + number)


def party(number: int) -> PartyId:
    return PartyId(UUID(int=9_000 + number))


def pairing(
    of: int, to: int, score: int, *, seeks: int | None = None, offers: int | None = None
) -> Pairing:
    return Pairing(
        demand_id=demand(of),
        achievement_id=achievement(to),
        demand_party=party(of if seeks is None else seeks),
        achievement_party=party(100 + to if offers is None else offers),
        score=score,
    )


@st.composite
def days(draw: st.DrawFn, *, two_sided: bool = False) -> tuple[list[Pairing], Hall]:
    """A small day; a party has several entries, and both kinds unless ``two_sided``."""
    owners = st.integers(0, 3)
    seeks = [draw(owners) for _ in range(4)]
    offers = [draw(owners) + (10 if two_sided else 0) for _ in range(4)]
    cells = draw(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=5))
    pairs: list[Pairing] = [
        pairing(of, to, draw(st.integers(1, 9)), seeks=seeks[of], offers=offers[to])
        for of, to in sorted(cells)
        if seeks[of] != offers[to]
    ]
    slots = draw(st.integers(1, 3))
    away = st.dictionaries(owners.map(party), st.frozensets(st.integers(0, slots - 1)), max_size=2)
    hall = Hall(
        slots=slots,
        tables=draw(st.integers(1, 2)),
        meetings_max=draw(st.none() | st.integers(1, 2)),
        away={} if two_sided else draw(away),
    )
    return pairs, hall


def faults(meetings: Sequence[Meeting], hall: Hall) -> Iterator[str]:
    """Name everything that no day may have."""
    seats = Counter((who, it.slot) for it in meetings for who in it.pairing.parties)
    yield from (f"double-booked: {seat}" for seat, count in seats.items() if count > 1)
    tables = Counter((it.slot, it.table) for it in meetings)
    yield from (f"table: {place}" for place, count in tables.items() if count > 1)
    yield from (f"no such table: {it}" for it in meetings if not 0 <= it.table < hall.tables)
    yield from (f"away: {it}" for it in meetings if it.slot not in hall.present(it.pairing))
    pairs = Counter((it.pairing.demand_id, it.pairing.achievement_id) for it in meetings)
    yield from (f"twice: {pair}" for pair, count in pairs.items() if count > 1)
    if hall.meetings_max is not None:
        busy = Counter(who for it in meetings for who in it.pairing.parties)
        yield from (f"too many: {who}" for who, n in busy.items() if n > hall.meetings_max)


def worth(meetings: Sequence[Meeting]) -> tuple[int, int]:
    return len({it.pairing.demand_id for it in meetings}), sum(it.pairing.score for it in meetings)


def best_of_all(pairs: Sequence[Pairing], hall: Hall) -> tuple[int, int]:
    """Try every slot and no slot for every pair."""
    best = (0, 0)
    stack: list[tuple[int, tuple[Meeting, ...]]] = [(0, ())]
    while stack:
        index, made = stack.pop()
        best = max(best, worth(made))
        if index == len(pairs):
            continue
        stack.append((index + 1, made))
        for slot in range(hall.slots):
            table = sum(it.slot == slot for it in made)
            longer = (*made, Meeting(pairs[index], slot, table))
            if not any(faults(longer, hall)):
                stack.append((index + 1, longer))
    return best


def check_best(day: tuple[list[Pairing], Hall]) -> Schedule:
    pairs, hall = day
    made = schedule(pairs, hall)
    assert list(faults(made.meetings, hall)) == []
    assert worth(made.meetings) == (made.served, made.score) == best_of_all(pairs, hall)
    assert made.optimal
    assert (made.served, made.score) <= (made.ceiling.served, made.ceiling.score)
    assert schedule(list(reversed(pairs)), hall) == made
    return made


@given(days())
@settings(max_examples=60, deadline=None)
def test_no_schedule_is_better_and_nobody_sits_at_two_tables(
    day: tuple[list[Pairing], Hall],
) -> None:
    """MT80, MT81, MT82"""
    check_best(day)


@given(days(two_sided=True))
@settings(max_examples=60, deadline=None)
def test_choosing_pairs_before_slots_loses_nothing(day: tuple[list[Pairing], Hall]) -> None:
    """MT80, MT81"""
    assert check_best(day).method is Method.COLOURING


@given(days(), st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_what_is_called_optimal_is_so_however_few_pairs_are_looked_at(
    day: tuple[list[Pairing], Hall], slotted_max: int
) -> None:
    """MT80, MT81"""
    pairs, hall = day
    made = schedule(pairs, hall, slotted_max=slotted_max)
    assert list(faults(made.meetings, hall)) == []
    best = best_of_all(pairs, hall)
    assert worth(made.meetings) <= best <= (made.ceiling.served, made.ceiling.score)
    assert not made.optimal or worth(made.meetings) == best


def test_a_ring_of_three_firms_needs_three_slots() -> None:
    """MT81: each both seeks and offers, so that Kőnig's theorem does not hold."""
    ring = [pairing(n, n, 5, seeks=n, offers=(n + 1) % 3) for n in range(3)]
    two, three = (schedule(ring, Hall(slots=slots, tables=3)) for slots in (2, 3))
    assert (two.method, two.served, two.ceiling.served) == (Method.SLOTTED, 2, 3)
    assert two.optimal
    assert three.served == 3


def test_every_demand_is_served_before_a_good_pair_meets_instead() -> None:
    """MT82: the two best pairs would leave the third demand without a meeting."""
    pairs = [pairing(0, 0, 9000), pairing(0, 1, 8000), pairing(1, 0, 1000), pairing(2, 1, 900)]
    made = schedule(pairs, Hall(slots=3, tables=1))
    assert (made.served, made.score) == (3, 10_900)
    met = {it.pairing.demand_id for it in made.meetings}
    assert met == {demand(0), demand(1), demand(2)}


def test_who_has_no_meeting_is_told_why() -> None:
    """MT83"""
    pairs = [pairing(0, 0, 9), pairing(1, 0, 8), pairing(2, 2, 7)]
    away = {party(2): frozenset({0}), party(102): frozenset({1})}
    hall = Hall(slots=2, tables=2, meetings_max=1, away=away)
    made = schedule(pairs, hall)
    invited = [demand(0), demand(1), demand(2), demand(3), achievement(0), achievement(2)]
    assert [it.pairing.demand_id for it in made.meetings] == [demand(0)]
    assert why_without(invited, pairs, made, hall) == {
        demand(1): Without.NO_PLACE,
        demand(2): Without.NO_COMMON_SLOT,
        demand(3): Without.NO_PAIR,
        achievement(2): Without.NO_COMMON_SLOT,
    }


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(10, 15)), max_size=60), st.integers(0, 4))
def test_colours_of_parallel_edges_differ_and_are_used_evenly(
    edges: list[tuple[int, int]], spare: int
) -> None:
    """MT80"""
    degrees = Counter(node for edge in edges for node in edge)
    colours = max([1, *degrees.values()]) + spare
    made = colour_evenly(edges, colours)
    at = Counter((node, colour) for edge, colour in zip(edges, made, strict=True) for node in edge)
    assert set(at.values()) <= {1}
    used = Counter(made)
    sizes = [used[colour] for colour in range(colours)]
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == len(edges)


@given(st.integers(2, 9))
def test_a_ring_has_two_sides_if_it_is_even(length: int) -> None:
    ring = [*pairwise(range(length)), (length - 1, 0)]
    assert is_bipartite(ring) == (length % 2 == 0)


def test_a_day_without_pairs_has_no_meetings() -> None:
    made = schedule([], Hall(slots=4, tables=2))
    assert (made.meetings, made.served, made.score, made.optimal) == ((), 0, 0, True)
