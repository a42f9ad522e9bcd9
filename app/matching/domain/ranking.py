"""Ranking: the best candidates by their whole score, without comparing those that cannot win."""

import heapq
from collections.abc import Callable, Sequence

from app.matching.domain.weights import Weights


def best_of(
    text_scores: Sequence[float],
    *,
    weights: Weights,
    whole: Callable[[int], float],
    limit: int,
) -> list[int]:
    """Return the places of the highest whole scores, best first, ties by place.

    It is what scoring them all would give: a score is at most what its text gives and all facts.

    Args:
        whole: The score at a place with its facts, which costs more than its text score.

    Invariant: MT8.
    """
    best: list[tuple[float, int]] = []
    ordered = sorted(range(len(text_scores)), key=lambda place: (-text_scores[place], place))
    for place in ordered:
        most = weights.text * text_scores[place] + (1 - weights.text)
        if len(best) == limit and most < best[0][0]:
            break  # and all behind it
        found = (whole(place), -place)
        if len(best) < limit:
            heapq.heappush(best, found)
        else:
            heapq.heappushpop(best, found)
    return [-place for _, place in sorted(best, reverse=True)]
