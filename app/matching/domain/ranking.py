"""Ranking: the best candidates by their whole score, without comparing those that cannot win."""

import heapq
from collections.abc import Callable, Sequence


def best_of(
    text_scores: Sequence[float],
    *,
    most: Callable[[float], float],
    whole: Callable[[int], float],
    limit: int,
) -> list[int]:
    """Return the places of the highest whole scores, best first, ties by place.

    It is what scoring them all would give.

    Args:
        most: What a text score can come to at most, whatever the facts; rises with it.
        whole: The score at a place with its facts, which costs more than its text score.

    Invariant: MT8.
    """
    best: list[tuple[float, int]] = []
    ordered = sorted(range(len(text_scores)), key=lambda place: (-text_scores[place], place))
    for place in ordered:
        if len(best) == limit and most(text_scores[place]) < best[0][0]:
            break  # and all behind it
        found = (whole(place), -place)
        if len(best) < limit:
            heapq.heappush(best, found)
        else:
            heapq.heappushpop(best, found)
    return [-place for _, place in sorted(best, reverse=True)]
