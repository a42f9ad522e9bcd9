"""What texts look for: their terms, by how rare they are in the indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.matching.domain.entry import EntryKind
from app.matching.domain.terms import Terms, choose_terms, terms_in
from app.matching.service.engine import MatchingEngine


@dataclass(frozen=True, slots=True)
class Frequencies:
    """In how many entries terms stand.

    Attributes:
        sides: By kind of entry.
        both: Of both kinds together: a word is rare where neither needs nor results have it.
        size: How many entries there are.
    """

    sides: Mapping[EntryKind, Mapping[str, int]]
    both: Mapping[str, int]
    size: int


def frequencies_of(engine: MatchingEngine, texts: Sequence[str]) -> Frequencies:
    """Return the frequencies of the terms of texts; blocks its thread for some milliseconds.

    Raises:
        IndexNotReady: The indexer has made no index yet.
    """
    asked = {term for text in texts for counted in terms_in(text) for term in counted}
    sides = {kind: index.document_frequencies(asked) for kind, index in engine.indexes.items()}
    return Frequencies(
        sides=sides,
        both={term: sum(side[term] for side in sides.values()) for term in asked},
        size=sum(index.size for index in engine.indexes.values()),
    )


def terms_of(engine: MatchingEngine, texts: Sequence[str]) -> list[Terms]:
    """Return the terms of each text; blocks its thread for some milliseconds.

    Raises:
        IndexNotReady: The indexer has made no index yet.
    """
    known = frequencies_of(engine, texts)
    return [choose_terms(text, known.both, known.size) for text in texts]
