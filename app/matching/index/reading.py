"""The index as any process reads it: mapped from the disk, so all processes share one copy."""

import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import UUID

from tantivy import DocAddress, Index, Occur, Query, Searcher

from app.matching.domain.entry import EntryKind
from app.matching.domain.retrieval import Candidate
from app.matching.index.generations import Generations, IndexNotReady
from app.matching.index.schema import GRAMS, HIGH, LOW, field_of, id_of

RELOAD_S: Final = 1.0


class TantivyIndex:
    """One kind of the current generation.

    It is behind by `RELOAD_S` at most. What was deleted may count in document frequencies until
    its segment is merged. Equal scores at the limit are cut in no stated order.

    Invariant: MT20, MT21.
    """

    def __init__(self, generations: Generations, kind: EntryKind) -> None:
        self._generations = generations
        self._kind = kind
        self._lock = Lock()
        self._opened: tuple[Path, Index] | None = None
        self._looked_at = -RELOAD_S

    @property
    def size(self) -> int:
        """How many entries it holds."""
        return self._searcher()[1].num_docs

    def document_frequencies(self, terms: Collection[str]) -> Mapping[str, int]:
        """Return in how many entries each gram or single Han character stands; 0 where in none."""
        _, searcher = self._searcher()
        return {term: searcher.doc_freq(field_of(term), term) for term in terms}

    def search(self, weights: Mapping[str, float], *, limit: int) -> Sequence[Candidate]:
        """Return the best entries, best first, ties by id; each gram counts with its weight."""
        index, searcher = self._searcher()
        terms = [(Occur.Should, _term(index, gram, weight)) for gram, weight in weights.items()]
        hits = searcher.search(Query.boolean_query(terms), limit, count=False).hits
        ids = _ids(searcher, [address for _, address in hits])
        found = [Candidate(id_, score) for id_, (score, _) in zip(ids, hits, strict=True)]
        return sorted(found, key=lambda one: (-one.score, one.id))

    def reload(self) -> None:
        """See what was committed until now.

        Raises:
            IndexNotReady: There is no index.
        """
        with self._lock:
            self._reload()

    def _searcher(self) -> tuple[Index, Searcher]:
        with self._lock:
            if time.monotonic() - self._looked_at >= RELOAD_S:
                self._reload()
            assert self._opened is not None
            index = self._opened[1]
            return index, index.searcher()

    def _reload(self) -> None:
        generation = self._generations.current()
        if generation is None:
            raise IndexNotReady("The indexer has not built the index yet.", retry_after_s=10)
        try:
            if self._opened is None or self._opened[0] != generation:
                index = Index.open(str(generation / self._kind))
                index.config_reader("manual")
                self._opened = generation, index
            self._opened[1].reload()
        except ValueError as error:  # a generation that was replaced and deleted just now
            raise IndexNotReady("The index is being replaced.", retry_after_s=1) from error
        self._looked_at = time.monotonic()


def open_index(path: Path, kind: EntryKind) -> TantivyIndex:
    """Return a reader of one kind; nothing is opened before its first use.

    Args:
        path: `Settings.index_path`.
    """
    return TantivyIndex(Generations(path), kind)


def _term(index: Index, gram: str, weight: float) -> Query:
    return Query.boost_query(Query.term_query(index.schema, GRAMS, gram, "freq"), weight)


def _ids(searcher: Searcher, addresses: list[DocAddress]) -> list[UUID]:
    # Columns, not stored documents: 200 of them in 0.2 ms.
    highs = searcher.fast_field_values(HIGH, addresses)
    lows = searcher.fast_field_values(LOW, addresses)
    return [id_of(high, low) for high, low in zip(highs, lows, strict=True)]
