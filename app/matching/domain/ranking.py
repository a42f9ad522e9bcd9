"""Ranking: the best candidates by their whole score, without comparing those that cannot win."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.matching.domain.weights import Weights


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its text score."""

    id: UUID
    text_score: float


def best_of(
    candidates: Sequence[Scored],
    *,
    weights: Weights,
    whole: Callable[[Scored], float],
    limit: int,
) -> list[Scored]:
    """Return the candidates of the highest whole scores, ties by id; equal to scoring them all.

    Args:
        whole: The score of a candidate with its facts, which costs more than its text score.

    Invariant: MT8.
    """
    best: list[tuple[float, int, Scored]] = []
    ordered = sorted(candidates, key=lambda item: (-item.text_score, item.id))
    for candidate in ordered:
        most = weights.text * candidate.text_score + (1 - weights.text)
        if len(best) == limit and most < best[0][0]:
            break  # and all behind it
        place = (whole(candidate), -candidate.id.int, candidate)
        if len(best) < limit:
            heapq.heappush(best, place)
        else:
            heapq.heappushpop(best, place)
    return [candidate for _, _, candidate in sorted(best, key=lambda item: (-item[0], -item[1]))]
