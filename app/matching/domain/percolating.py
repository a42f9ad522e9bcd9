"""Percolation: which saved queries a new entry fits, without searching once for each of them."""

from collections.abc import Sequence
from typing import Final

from app.matching.domain.terms import SATURATION, Terms, worth_of

# Below half of what any calibration calls possible: terms grow commoner or rarer in time.
_UNANCHORED_SHARE: Final = 0.04


def coverage_of(terms: Terms, grams: Sequence[str]) -> float:
    """Return how much of a wish's terms one entry has, 0 to 1: BM25 over its ceiling.

    The entry counts as one of average length, so its length alone makes it neither better nor
    worse; a search in the index knows the average and may judge a little differently.

    Args:
        grams: Of the entry, as often as they stand there.
    """
    whole = terms.ceiling / SATURATION
    return sum(worth_of(terms, grams).values()) / whole if whole else 0.0


def anchors_of(terms: Terms) -> list[str]:
    """Return terms of which an entry has at least one if it covers enough to be told, rarest first.

    The commonest are left out as long as all of those together say too little.

    Invariant: MT62.
    """
    worth = {gram: terms.weights[gram] * terms.idf[gram] for gram in terms.weights}
    commonest = sorted(worth, key=lambda gram: (terms.idf[gram], gram))
    spare = _UNANCHORED_SHARE * sum(worth.values())
    kept = list(commonest)
    for gram in commonest:
        spare -= worth[gram]
        if spare < 0:
            break
        kept.remove(gram)
    return kept[::-1]
