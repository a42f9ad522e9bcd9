"""Terms 检索词 of a wish: which pairs of characters are looked for, and what they are worth."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

from app.matching.domain.match import MatchedTerm
from app.shared.words import is_han, runs_of, spans_of

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
        words: By word that people can be shown, in order, its pairs, each with the part of its
            places in the wish that lie in this word.
    """

    pairs: Mapping[str, float]
    characters: Mapping[str, float]
    rarity: Mapping[str, float]
    words: Mapping[str, Mapping[str, float]]

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
    # At least one, as if the wish were an entry, too: so it was calibrated. Entries that were
    # changed may count several times until the index merges its segments.
    held = {term: min(max(frequencies[term], 1), size) for term in (*pairs, *characters)}
    rarity = {term: math.log(1 + (size - df + 0.5) / (df + 0.5)) for term, df in held.items()}

    def weighed(counted: Counter[str]) -> dict[str, float]:
        worth = {term: (1 + math.log(tf)) * rarity[term] ** 2 for term, tf in counted.items()}
        # Equal ones in their own order, so that the same wish always looks for the same.
        return dict(sorted(worth.items(), key=lambda item: (-item[1], item[0]))[:TERMS_MAX])

    chosen, single = weighed(pairs), weighed(characters)
    kept = {term: rarity[term] for term in (*chosen, *single)}
    return Terms(chosen, single, kept, _words_of(text, pairs))


def _words_of(text: str, standing: Mapping[str, int]) -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for word, places in spans_of(text):
        if len(word) < _WORD_MIN:
            continue
        parts = found.setdefault(word, {})
        for gram, part in places:
            parts[gram] = parts.get(gram, 0.0) + part / standing[gram]
    return found


def matched_terms(terms: Terms, laid_out: str) -> tuple[MatchedTerm, ...]:
    """Return the words of a wish that stand in an entry, those that count most first.

    A pair of characters counts for the words that it lies in, half for each of two. What words
    that the entry lacks have in common with it is told of nothing, so shares sum to at most 1.

    Args:
        laid_out: The entry's text, see `domain.coverage.lay_out`.

    Invariant: MT6.
    """
    worth = {
        term: value * count / (count + _K1)
        for term, value in terms.pairs.items()
        if (count := laid_out.count(term if is_han(term) else f" {term} "))
    }
    whole = sum(worth.values())
    if whole == 0:
        return ()
    shares = {
        word: sum(part * worth[gram] for gram, part in parts.items() if gram in worth) / whole
        for word, parts in terms.words.items()
        if word in laid_out
    }
    best = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN_MAX]
    return tuple(MatchedTerm(word, share) for word, share in best if share > 0)
