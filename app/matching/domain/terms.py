"""Terms 检索词 of a wish: which pairs of characters are looked for, and what they are worth."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.matching.domain.match import MatchedTerm
from app.shared.words import grams_of, normal, spans_of

TERMS_MAX: Final = 64  # more change nothing in what is found, and the slowest searches take longer
SATURATION: Final = 2.2  # k1 + 1 with BM25's k1 of 1.2: what one term can give at most
_K1: Final = 1.2
_SHOWN_MAX: Final = 12
_WORD_MIN: Final = 2  # a character alone tells nobody anything


@dataclass(frozen=True, slots=True)
class Terms:
    """What a wish looks for.

    Attributes:
        weights: By gram, how often it stands in the wish.
        idf: By gram, how rare it is: ``ln(1 + (N - df + 0.5) / (df + 0.5))``.
    """

    weights: Mapping[str, float]
    idf: Mapping[str, float]

    @property
    def ceiling(self) -> float:
        """What BM25 gives to an entry that has every term without end."""
        return SATURATION * sum(self.weights[gram] * self.idf[gram] for gram in self.weights)


def choose_terms(grams: Sequence[str], frequencies: Mapping[str, int], size: int) -> Terms:
    """Return the terms of a wish that say most, at most `TERMS_MAX`.

    Args:
        frequencies: By gram, in how many entries it stands.
        size: How many entries there are.

    Source: BM25 (Robertson and Zaragoza 2009).
    """
    counted = Counter(grams)
    idf = {
        gram: math.log(1 + (size - frequencies[gram] + 0.5) / (frequencies[gram] + 0.5))
        for gram in counted
    }
    # Equal ones in their own order, so that the same wish always looks for the same.
    kept = sorted(counted, key=lambda gram: (-counted[gram] * idf[gram], gram))[:TERMS_MAX]
    return Terms(
        weights={gram: float(counted[gram]) for gram in kept},
        idf={gram: idf[gram] for gram in kept},
    )


def worth_of(terms: Terms, grams: Sequence[str]) -> Mapping[str, float]:
    """Return what each term gives to an entry of average length: its part of BM25 over k1 + 1.

    Args:
        grams: Of the entry, as often as they stand there.
    """
    held = Counter(gram for gram in grams if gram in terms.weights)
    return {
        gram: terms.weights[gram] * terms.idf[gram] * count / (count + _K1)
        for gram, count in held.items()
    }


def matched_terms(wish: str, entry: str, terms: Terms) -> tuple[MatchedTerm, ...]:
    """Return the words of a wish that stand in an entry, those that count most first.

    A pair of characters counts for the words that it lies in, half for each of two. What words
    that the entry lacks have in common with it is told of nothing, so shares sum to at most 1.

    Invariant: MT6.
    """
    worth = worth_of(terms, grams_of(entry))
    whole = sum(worth.values())
    if whole == 0:
        return ()
    standing = Counter(grams_of(wish))
    text, shares = normal(entry), defaultdict[str, float](float)
    for word, places in spans_of(wish):
        if len(word) < _WORD_MIN or word not in text:
            continue
        for gram, part in places:
            if gram in worth:
                shares[word] += part * worth[gram] / standing[gram] / whole
    best = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN_MAX]
    return tuple(MatchedTerm(word, share) for word, share in best)
