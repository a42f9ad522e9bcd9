"""The oracle of retrieval: BM25 of every entry in plain Python, as its definition says."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import log
from typing import Final
from uuid import UUID

from app.matching.domain.entry import Entry
from app.matching.domain.retrieval import Candidate
from app.shared.words import grams_of, is_han

K1: Final = 1.2
B: Final = 0.75


def _step(code: int) -> int:
    # Lucene's SmallFloat.byte4ToInt: exact up to 40, then eight steps an octave.
    if code < 40:
        return code
    bits, shift = (code - 24) & 7, ((code - 24) >> 3) - 1
    return 24 + ((bits | 8) << shift)


# A length is kept in one byte: rounded down to one of these.
LENGTHS: Final = tuple(_step(code) for code in range(256))


def _stands(term: str, held: Counter[str]) -> bool:
    if len(term) == 1 and is_han(term):
        return any(term in gram for gram in held)
    return term in held


class NaiveIndex:
    """An index in memory; what is put is seen at once, what is deleted counts no more."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._grams: dict[UUID, Counter[str]] = {}
        for entry in entries:
            self.put(entry.id, grams_of(entry.words))

    def put(self, entry_id: UUID, grams: Iterable[str]) -> None:
        """Hold an entry with these grams and no others."""
        self._grams[entry_id] = Counter(grams)

    def delete(self, entry_id: UUID) -> None:
        """Hold an entry no more."""
        self._grams.pop(entry_id, None)

    @property
    def size(self) -> int:
        return len(self._grams)

    def document_frequencies(self, terms: Collection[str]) -> Mapping[str, int]:
        return {term: sum(_stands(term, held) for held in self._grams.values()) for term in terms}

    def search(self, weights: Mapping[str, float], *, limit: int) -> Sequence[Candidate]:
        found = [
            Candidate(entry_id, score)
            for entry_id, score in self._scores(weights)
            if weights.keys() & self._grams[entry_id].keys()
        ]
        return sorted(found, key=lambda one: (-one.score, one.id))[:limit]

    def _scores(self, weights: Mapping[str, float]) -> Iterable[tuple[UUID, float]]:
        frequencies = self.document_frequencies(weights.keys())
        mean = sum(held.total() for held in self._grams.values()) / max(1, self.size)
        for entry_id, held in self._grams.items():
            length = LENGTHS[bisect_right(LENGTHS, held.total()) - 1]
            ballast = K1 * (1 - B + B * length / mean) if mean else K1
            yield (
                entry_id,
                sum(
                    weight
                    * log(1 + (self.size - frequencies[gram] + 0.5) / (frequencies[gram] + 0.5))
                    * held[gram]
                    * (K1 + 1)
                    / (held[gram] + ballast)
                    for gram, weight in weights.items()
                ),
            )
