"""The schedule of a matchmaking day 对接日: which pairs meet, in which slot, at which table.

Asked is, in this order: that as many invited demands as possible have a meeting, and that the sum
of the scores of all pairs that meet is the highest. Both are reached exactly:

* Where nobody is away and the parties have two sides (nobody both offers and seeks in a ring of odd
  length), the pairs are chosen first, knowing only how many meetings each party and the hall can
  hold; Kőnig's theorem then gives every chosen pair a slot, evenly, so that the tables suffice.
* Else the chosen pairs are given slots by a second program. If it places all of them, nothing can
  be better. If not, pairs and slots are chosen together, which takes longer. Where the time is up,
  or there are too many for one search, the best that is known is returned, at least what filling
  slot by slot gives, and not called optimal beside the ceiling that no schedule exceeds.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.matching.domain.edge_colouring import colour_evenly, is_bipartite
from app.matching.domain.meeting_choice import Ceiling, Choice, Choosable, Program
from app.shared.ids import PartyId

TIME_LIMIT_S: Final = 8.0  # for each step of a search
SLOTTED_MAX: Final = 20_000  # pairs times slots in one search; more take longer than anybody waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """A demand and an achievement that may meet.

    Attributes:
        score: In basis points of a match's score, at least 1.
    """

    demand_id: UUID
    achievement_id: UUID
    demand_party: PartyId
    achievement_party: PartyId
    score: int

    @property
    def parties(self) -> tuple[PartyId, PartyId]:
        """Who sits at the table; never the same one twice."""
        return self.demand_party, self.achievement_party


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """What a day offers.

    Attributes:
        slots: How many, numbered from 0.
        tables: Meetings in one slot at most.
        meetings_max: Of one party in the whole day; ``None``: one in every slot.
        away: Slots in which a party cannot come.
    """

    slots: int
    tables: int
    meetings_max: int | None = None
    away: Mapping[PartyId, frozenset[int]] = field(default_factory=dict)

    def present(self, pairing: Pairing) -> Sequence[int]:
        """Return the slots in which both parties can come."""
        none: frozenset[int] = frozenset()
        missing = frozenset().union(*(self.away.get(party, none) for party in pairing.parties))
        return [slot for slot in range(self.slots) if slot not in missing]

    def capacity(self, party: PartyId) -> int:
        """Return how many meetings a party can have."""
        there = self.slots - len(self.away.get(party, frozenset()))
        return there if self.meetings_max is None else min(there, self.meetings_max)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A pair that meets; slots and tables count from 0."""

    pairing: Pairing
    slot: int
    table: int


class Method(StrEnum):
    """How a schedule was found."""

    COLOURING = "colouring"  # pairs first, then slots by Kőnig's theorem
    SLOTTED = "slotted"  # pairs and slots together


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The meetings of a day by slot and table.

    Attributes:
        served: How many demands have a meeting.
        score: Sum of the pairs' scores, basis points.
        optimal: Proven that none serves more demands, or as many with a higher score.
        ceiling: Demands and score that no schedule exceeds, whoever is away.
    """

    meetings: tuple[Meeting, ...]
    method: Method
    served: int
    score: int
    optimal: bool
    ceiling: Ceiling


class Without(StrEnum):
    """Why an invited entry has no meeting."""

    NO_PAIR = "no_pair"  # none of the invited fits it
    NO_COMMON_SLOT = "no_common_slot"  # who fits it is away whenever it is there
    NO_PLACE = "no_place"  # others serve more demands, or fit better
    GONE = "gone"  # not on offer any more when the plan was made


def schedule(
    pairings: Sequence[Pairing],
    hall: Hall,
    *,
    time_limit_s: float = TIME_LIMIT_S,
    slotted_max: int = SLOTTED_MAX,
) -> Schedule:
    """Return the best schedule; the same pairs and hall give the same one, if it is optimal.

    Args:
        pairings: Each pair once, in any order.
        time_limit_s: Of each step of a search, of which there are two to six.
        slotted_max: Pairs times slots that are looked at together.

    Invariants: MT80, MT81, MT82.
    """
    pairs = sorted(pairings, key=lambda pair: (pair.demand_id, pair.achievement_id))
    held = [pair for pair in pairs if hall.present(pair)]
    choice = _choose_pairs(held, hall, time_limit_s)
    chosen = [held[index] for index in choice.chosen]
    ceiling = _ceiling(choice, held)
    if not any(hall.away.values()) and is_bipartite(pair.parties for pair in held):
        slots = colour_evenly([pair.parties for pair in chosen], hall.slots)
        found = _Placed(list(zip(chosen, slots, strict=True)), proven=choice.proven)
        method = Method.COLOURING
    else:
        found = _place(chosen, held, hall, ceiling, _Search(time_limit_s, slotted_max))
        method = Method.SLOTTED
    return Schedule(
        meetings=_at_tables(found.pairs),
        method=method,
        served=found.worth[0],
        score=found.worth[1],
        optimal=found.proven,
        ceiling=ceiling,
    )


@dataclass(frozen=True, slots=True)
class _Placed:
    """Pairs with their slots."""

    pairs: Sequence[tuple[Pairing, int]]
    proven: bool

    @property
    def worth(self) -> tuple[int, int]:
        """Demands served, and the sum of scores: the higher, the better."""
        served = {pair.demand_id for pair, _ in self.pairs}
        return len(served), sum(pair.score for pair, _ in self.pairs)


def _ceiling(choice: Choice, held: Sequence[Pairing]) -> Ceiling:
    if choice.proven:
        return Ceiling(choice.served, choice.score)
    return Ceiling(len({pair.demand_id for pair in held}), sum(pair.score for pair in held))


@dataclass(frozen=True, slots=True)
class _Search:
    """How long and how far is looked."""

    time_limit_s: float
    slotted_max: int


def _place(
    chosen: Sequence[Pairing],
    held: Sequence[Pairing],
    hall: Hall,
    ceiling: Ceiling,
    search: _Search,
) -> _Placed:
    """Give slots to the pairs chosen without slots; if they cannot all have one, choose anew."""
    highest = (ceiling.served, ceiling.score)
    looked_at = _best_first(chosen, held, hall, search.slotted_max)
    tries = [_greedy(held, hall)]
    if tries[0].worth != highest and len(looked_at) >= len(chosen):
        tries.append(_slotted(chosen, hall, ceiling, search.time_limit_s))
        if tries[1].worth != highest:
            tries.append(_slotted(looked_at, hall, ceiling, search.time_limit_s))
    best = max(tries, key=lambda it: it.worth)
    of_all = len(tries) > 2 and tries[2].proven and len(looked_at) == len(held)
    return replace(best, proven=of_all or best.worth == highest)


def _best_first(
    chosen: Sequence[Pairing], held: Sequence[Pairing], hall: Hall, slotted_max: int
) -> Sequence[Pairing]:
    """Return the chosen pairs and then the best others, as many as one search can look at."""
    first, kept, size = set(chosen), [], 0
    others = sorted((pair for pair in held if pair not in first), key=lambda pair: -pair.score)
    for pair in (*chosen, *others):
        size += len(hall.present(pair))
        if size > slotted_max:
            break
        kept.append(pair)
    return kept


def _greedy(held: Sequence[Pairing], hall: Hall) -> _Placed:
    """Fill slot by slot: demands without a meeting first, then the best; quick, not optimal."""
    placed: list[tuple[Pairing, int]] = []
    there = {pair: frozenset(hall.present(pair)) for pair in held}
    left = {party: hall.capacity(party) for pair in held for party in pair.parties}
    waiting = sorted(held, key=lambda pair: -pair.score)
    served: set[UUID] = set()
    for slot in range(hall.slots):
        busy: set[PartyId] = set()
        met: set[Pairing] = set()
        for pair in sorted(waiting, key=lambda pair: pair.demand_id in served):
            if len(met) == hall.tables:
                break
            free = busy.isdisjoint(pair.parties) and all(left[party] for party in pair.parties)
            if free and slot in there[pair]:
                met.add(pair)
                busy.update(pair.parties)
                for party in pair.parties:
                    left[party] -= 1
        placed += [(pair, slot) for pair in waiting if pair in met]
        served |= {pair.demand_id for pair in met}
        waiting = [pair for pair in waiting if pair not in met]
    return _Placed(placed, proven=False)


def _choose_pairs(held: Sequence[Pairing], hall: Hall, time_limit_s: float) -> Choice:
    """Choose pairs as if every slot were alike."""
    day = "day"
    stock: dict[Hashable, int] = {day: hall.slots * hall.tables}
    stock |= {party: hall.capacity(party) for pair in held for party in pair.parties}
    choosable = [
        Choosable(
            pair=index,
            slot=0,
            demand_id=pair.demand_id,
            score=pair.score,
            uses=(day, *pair.parties),
        )
        for index, pair in enumerate(held)
    ]
    return Program(choosable, stock, time_limit_s=time_limit_s).choose()


def _slotted(
    pairs: Sequence[Pairing], hall: Hall, ceiling: Ceiling, time_limit_s: float
) -> _Placed:
    """Choose pairs and their slots together."""
    choosable = [
        Choosable(
            pair=index,
            slot=slot,
            demand_id=pair.demand_id,
            score=pair.score,
            uses=(index, ("slot", slot), *pair.parties, *((it, slot) for it in pair.parties)),
        )
        for index, pair in enumerate(pairs)
        for slot in hall.present(pair)
    ]
    stock: dict[Hashable, int] = {("slot", slot): hall.tables for slot in range(hall.slots)}
    stock |= dict.fromkeys(range(len(pairs)), 1)
    for party in dict.fromkeys(party for pair in pairs for party in pair.parties):
        stock[party] = hall.capacity(party)
        stock |= {(party, slot): 1 for slot in range(hall.slots)}
    choice = Program(choosable, stock, time_limit_s=time_limit_s).choose(ceiling)
    placed = [(pairs[choosable[index].pair], choosable[index].slot) for index in choice.chosen]
    return _Placed(placed, proven=choice.proven)


def _at_tables(placed: Sequence[tuple[Pairing, int]]) -> tuple[Meeting, ...]:
    meetings = []
    taken: dict[int, int] = {}
    for pairing, slot in sorted(
        placed, key=lambda it: (it[1], it[0].demand_party, it[0].demand_id, it[0].achievement_id)
    ):
        table = taken.get(slot, 0)
        taken[slot] = table + 1
        meetings.append(Meeting(pairing, slot, table))
    return tuple(meetings)


def why_without(
    invited: Sequence[UUID], pairings: Sequence[Pairing], made: Schedule, hall: Hall
) -> Mapping[UUID, Without]:
    """Return why each invited entry that has no meeting has none, in the order invited.

    Args:
        invited: Demands, achievements or both.

    Invariant: MT83.
    """
    met = {name for it in made.meetings for name in _both(it.pairing)}
    paired = {name for pair in pairings for name in _both(pair)}
    together = {name for pair in pairings if hall.present(pair) for name in _both(pair)}
    reasons = {}
    for entry in invited:
        if entry in met:
            continue
        if entry not in paired:
            reasons[entry] = Without.NO_PAIR
        elif entry not in together:
            reasons[entry] = Without.NO_COMMON_SLOT
        else:
            reasons[entry] = Without.NO_PLACE
    return reasons


def _both(pair: Pairing) -> tuple[UUID, UUID]:
    return pair.demand_id, pair.achievement_id
