"""Retrieval 召回: how candidates are found by the pairs of characters that texts share."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that shares something with a wish.

    Attributes:
        score: BM25 (k1 1.2, b 0.75) of the weighted terms over the entry's grams.
    """

    id: UUID
    score: float


class MatchIndex(Protocol):
    """One side of the market by its grams; see `app.shared.words.grams_of`.

    Readers see what was committed. ``search`` and ``document_frequencies`` are safe from any
    thread.
    """

    @property
    def size(self) -> int:
        """How many entries it holds."""

    def document_frequencies(self, terms: Collection[str]) -> Mapping[str, int]:
        """Return in how many entries each gram or single Han character stands; 0 where in none."""

    def search(self, weights: Mapping[str, float], *, limit: int) -> Sequence[Candidate]:
        """Return the best entries, best first, ties by id; each gram counts with its weight."""
