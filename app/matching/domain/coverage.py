"""Coverage 用词覆盖: what part of a wish stands in a text, counted for many texts at once.

A text is laid out once: its runs of letters in their normal form, each between two spaces. So a
pair of characters never reaches over a run's end, and a word or number is found between spaces.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from app.matching.domain.entry import Counterpart, Entry
from app.matching.domain.terms import PAIRS_PART, Terms
from app.shared.words import is_han, runs_of

_K1: Final = 1.2
_B: Final = 0.75
# What a public text of a result or demand has, so that a text's coverage depends on no other's.
LENGTH_USUAL: Final = 240
_END: Final = "\n"  # stands in no text that is laid out


def lay_out(*texts: str) -> str:
    """Return the form of texts in which terms are counted."""
    return "".join(f" {run} " for text in texts for run in runs_of(text))


def counterpart_of(entry: Entry) -> Counterpart:
    """Return an entry as a wish meets it."""
    return Counterpart(
        id=entry.id,
        kind=entry.kind,
        market_id=entry.market_id,
        party_id=entry.party_id,
        revision=entry.revision,
        title=entry.title,
        laid_out=lay_out(entry.words),
        facts=entry.facts,
    )


def coverages(terms: Terms, laid_out: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return what part of a wish stands in each text, 0 to 1.

    Of pairs and of single characters, each ``sum(w * tf / (tf + k)) / sum(w)`` with BM25's
    saturation: ``k = 1.2 * (0.25 + 0.75 * length / LENGTH_USUAL)``.

    Source: BM25 (Robertson and Zaragoza 2009).

    Invariant: MT13.
    """
    if not laid_out:
        return np.zeros(0)
    lengths = np.array([len(text) for text in laid_out])
    damped = (_K1 * (1 - _B + _B * lengths / LENGTH_USUAL))[:, np.newaxis]
    counted = _Counts(terms, laid_out, lengths)
    return PAIRS_PART * _part(counted.of(terms.pairs), terms.pairs, damped) + (
        1 - PAIRS_PART
    ) * _part(counted.of(terms.characters), terms.characters, damped)


def _part(
    counts: npt.NDArray[np.float64],
    weights: Mapping[str, float],
    damped: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    each = np.fromiter(weights.values(), float, len(weights))
    whole = each.sum()
    if whole == 0:
        return np.zeros(len(counts))
    part: npt.NDArray[np.float64] = (counts / (counts + damped)) @ each / whole
    return part


class _Counts:
    """How often each term stands in each text."""

    def __init__(
        self, terms: Terms, laid_out: Sequence[str], lengths: npt.NDArray[np.int64]
    ) -> None:
        self._texts = laid_out
        self._rows = len(laid_out)
        together = _END.join(laid_out) + _END
        points = np.frombuffer(together.encode("utf-32-le"), np.uint32)
        # Each character by its place among those that the terms have; 0 for all others.
        known = sorted({char for term in terms.all if is_han(term) for char in term})
        self._place = {char: number + 1 for number, char in enumerate(known)}
        table = np.zeros(0x110000, np.int32)
        table[[ord(char) for char in known]] = np.arange(1, len(known) + 1)
        self._chars = table[points]
        self._width = len(known) + 1
        self._row = np.repeat(np.arange(self._rows), lengths + 1)

    def of(self, weights: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Return the counts, a row a text and a column a term."""
        found = np.zeros((self._rows, len(weights)))
        pairs = [(column, term) for column, term in enumerate(weights) if is_han(term)]
        self._count(found, [(column, term) for column, term in pairs if len(term) == 1], 1)
        self._count(found, [(column, term) for column, term in pairs if len(term) > 1], 2)
        for column, term in enumerate(weights):
            if not is_han(term):
                found[:, column] = [text.count(f" {term} ") for text in self._texts]
        return found

    def _count(
        self, found: npt.NDArray[np.float64], terms: Sequence[tuple[int, str]], length: int
    ) -> None:
        if not terms:
            return
        codes = self._chars if length == 1 else self._chars[:-1] * self._width + self._chars[1:]
        columns = np.zeros(self._width**length, np.int32)
        for number, (_, term) in enumerate(terms, 1):
            code = 0
            for char in term:
                code = code * self._width + self._place[char]
            columns[code] = number
        column = columns[codes]
        hits = np.flatnonzero(column)
        places = self._row[hits] * len(terms) + column[hits] - 1
        counts = np.bincount(places, minlength=self._rows * len(terms))
        found[:, [place for place, _ in terms]] = counts.reshape(self._rows, len(terms))
