"""Terms 检索词 of a wish: which pairs of characters are looked for, and what they are worth."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

from app.matching.domain.match import MatchedTerm
from app.shared.words import is_han, normal, runs_of, spans_of

TERMS_MAX: Final = 256  # of a text of more, what says least is left aside
SEARCHED_MAX: Final = 32  # so many find the candidates; more only take longer
PAIRS_PART: Final = 0.85  # what pairs weigh in coverage; single characters weigh the rest
_K1: Final = 1.2
_SHOWN_MAX: Final = 12
_WORD_MIN: Final = 2  # a character alone tells nobody anything


@dataclass(frozen=True, slots=True)
class Terms:
    """What a wish looks for, what is worth most first.

    Attributes:
        pairs: By pair of characters, word of letters or number, what it is worth.
        characters: The same by single character, word of letters or number.
        rarity: By term, ``ln(1 + (N - df + 0.5) / (df + 0.5))``.
    """

    pairs: Mapping[str, float]
    characters: Mapping[str, float]
    rarity: Mapping[str, float]

    @property
    def all(self) -> Collection[str]:
        """Every term."""
        return self.rarity.keys()

    def searched(self, held: Mapping[str, int]) -> Mapping[str, float]:
        """Return what an index is asked for, each with its weight beside its rarity there.

        Args:
            held: By term, in how many entries of the index it stands.
        """
        found = (term for term in self.pairs if held[term])
        return {term: self.pairs[term] / self.rarity[term] for term in islice(found, SEARCHED_MAX)}


def terms_in(text: str) -> tuple[Counter[str], Counter[str]]:
    """Return the pairs and the single characters of a text, with how often they stand there."""
    pairs, characters = Counter[str](), Counter[str]()
    for run in runs_of(text):
        if is_han(run):
            pairs.update(map("".join, pairwise(run)))
            characters.update(run)
        else:
            pairs[run] += 1
            characters[run] += 1
    return pairs, characters


def choose_terms(text: str, frequencies: Mapping[str, int], size: int) -> Terms:
    """Return the terms of a wish: its pairs and its characters, those that say most first.

    Each is worth ``(1 + ln tf) * rarity ** 2``: squared, since a need and its solution are told in
    words of their own, and share above all what is rare.

    Args:
        frequencies: By term of `terms_in`, in how many entries of both sides it stands.
        size: How many entries both sides have.
    """
    pairs, characters = terms_in(text)
    rarity = {
        term: math.log(1 + (size - frequencies[term] + 0.5) / (frequencies[term] + 0.5))
        for term in (*pairs, *characters)
    }

    def weighed(counted: Counter[str]) -> dict[str, float]:
        worth = {term: (1 + math.log(tf)) * rarity[term] ** 2 for term, tf in counted.items()}
        # Equal ones in their own order, so that the same wish always looks for the same.
        return dict(sorted(worth.items(), key=lambda item: (-item[1], item[0]))[:TERMS_MAX])

    chosen, single = weighed(pairs), weighed(characters)
    return Terms(chosen, single, {term: rarity[term] for term in (*chosen, *single)})


def _worth_of(terms: Terms, held: Mapping[str, int]) -> Mapping[str, float]:
    return {
        term: worth * held[term] / (held[term] + _K1)
        for term, worth in terms.pairs.items()
        if term in held
    }


def matched_terms(wish: str, entry: str, terms: Terms) -> tuple[MatchedTerm, ...]:
    """Return the words of a wish that stand in an entry, those that count most first.

    A pair of characters counts for the words that it lies in, half for each of two. What words
    that the entry lacks have in common with it is told of nothing, so shares sum to at most 1.

    Invariant: MT6.
    """
    worth = _worth_of(terms, terms_in(entry)[0])
    whole = sum(worth.values())
    if whole == 0:
        return ()
    standing = terms_in(wish)[0]
    text, shares = normal(entry), defaultdict[str, float](float)
    for word, places in spans_of(wish):
        if len(word) < _WORD_MIN or word not in text:
            continue
        for gram, part in places:
            if gram in worth:
                shares[word] += part * worth[gram] / standing[gram] / whole
    best = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN_MAX]
    return tuple(MatchedTerm(word, share) for word, share in best)
