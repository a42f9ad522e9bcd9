"""Which meetings a matchmaking day holds: integer programs, solved by HiGHS to the optimum.

Two are built alike. Without slots a variable is a pair; the pairs of two sides of parties make a
flow network, whose corners are whole, so this is solved as fast as a linear program. With slots a
variable is a pair in a slot, which also knows who is away when.

Source: SciPy ``optimize.milp``; A. Schrijver 2003, Combinatorial Optimization, chapter 21.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import scipy  # type: ignore[import-untyped]  # its parts load when they are first used

_WHOLE: Final = 0.5  # solvers return 0.9999999 for 1
_OPTIMAL: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosable:
    """A pair that may be chosen, in a slot.

    Attributes:
        pair, slot: For the caller; a program looks at the following only.
        demand_id: What is served by it.
        score: What it is worth, at least 1.
        uses: What it takes one of; see `Program.stock`.
    """

    pair: int
    slot: int
    demand_id: UUID
    score: int
    uses: tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        chosen: Indexes into the choosable, rising.
        served: How many demands have a meeting.
        score: Of all that was chosen.
        proven: No other choice serves more demands, or as many with a higher score.
    """

    chosen: tuple[int, ...]
    served: int
    score: int
    proven: bool


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What no choice can exceed."""

    served: int
    score: int


class Program:
    """Serve as many demands as can be, then reach the highest score.

    Args:
        stock: How many there are of each thing that pairs use.
        time_limit_s: For each of the two steps.
    """

    def __init__(
        self,
        choosable: Sequence[Choosable],
        stock: Mapping[Hashable, int],
        *,
        time_limit_s: float,
    ) -> None:
        self._choosable = choosable
        self._time_limit_s = time_limit_s
        self._demands = sorted({item.demand_id for item in choosable})
        self._limits = self._stock_rows(stock)
        self._served = self._served_rows()

    @property
    def _size(self) -> int:
        return len(self._choosable) + len(self._demands)

    def _stock_rows(self, stock: Mapping[Hashable, int]) -> Any:
        places = {name: row for row, name in enumerate(stock)}
        cells = [
            (places[name], column)
            for column, item in enumerate(self._choosable)
            for name in item.uses
        ]
        matrix = self._matrix(cells, np.ones(len(cells)), len(stock))
        return scipy.optimize.LinearConstraint(
            matrix, ub=np.array(list(stock.values()), dtype=float)
        )

    def _served_rows(self) -> Any:
        """A demand counts as served only if one of its pairs was chosen."""
        places = {demand: row for row, demand in enumerate(self._demands)}
        count = len(self._choosable)
        cells = [(places[item.demand_id], column) for column, item in enumerate(self._choosable)]
        cells += [(row, count + row) for row in range(len(self._demands))]
        values = np.concatenate([-np.ones(count), np.ones(len(self._demands))])
        return scipy.optimize.LinearConstraint(
            self._matrix(cells, values, len(self._demands)), ub=0
        )

    def _matrix(self, cells: Sequence[tuple[int, int]], values: Any, rows: int) -> Any:
        at = np.array(cells, dtype=int).reshape(-1, 2)
        return scipy.sparse.csr_array((values, (at[:, 0], at[:, 1])), shape=(rows, self._size))

    def _ones(self, *, of_demands: bool) -> Any:
        vector = np.zeros(self._size)
        count = len(self._choosable)
        if of_demands:
            vector[count:] = 1
        else:
            vector[:count] = [item.score for item in self._choosable]
        return vector

    def _solve(self, aim: Any, *more: Any) -> tuple[tuple[int, ...] | None, bool]:
        result = scipy.optimize.milp(
            -aim,
            integrality=np.ones(self._size),
            bounds=scipy.optimize.Bounds(0, 1),
            constraints=[self._limits, self._served, *more],
            options={"mip_rel_gap": 0, "time_limit": self._time_limit_s},
        )
        if result.x is None:
            return None, False
        chosen = np.flatnonzero(result.x[: len(self._choosable)] > _WHOLE)
        return tuple(int(index) for index in chosen), result.status == _OPTIMAL

    def choose(self, ceiling: Ceiling | None = None) -> Choice:
        """Return the best choice, or the best found when the time was up.

        Args:
            ceiling: What no choice can exceed, if it is known: the search ends where it is met.
        """
        if not self._choosable:
            return Choice((), 0, 0, proven=True)
        demands, scores = self._ones(of_demands=True), self._ones(of_demands=False)
        bound = (
            [] if ceiling is None else [scipy.optimize.LinearConstraint(demands, ub=ceiling.served)]
        )
        first, most = self._solve(demands, *bound)
        served = self._count_served(first or ())
        keep = [scipy.optimize.LinearConstraint(demands, lb=served)]
        if ceiling is not None and served == ceiling.served:
            keep.append(scipy.optimize.LinearConstraint(scores, ub=ceiling.score))
        best, highest = self._solve(scores, *keep)
        chosen = best if best is not None else first or ()
        return Choice(
            chosen,
            self._count_served(chosen),
            sum(self._choosable[index].score for index in chosen),
            proven=most and highest,
        )

    def _count_served(self, chosen: Sequence[int]) -> int:
        return len({self._choosable[index].demand_id for index in chosen})
