"""Find what fits a wish: candidates, one re-check, scores, reasons."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.conditions import broken_conditions
from app.matching.domain.coverage import coverages
from app.matching.domain.match import Basis, Found
from app.matching.domain.ranking import Scored, best_of
from app.matching.domain.retrieval import Candidate
from app.matching.domain.scoring import TextParts, best_verdict, compare_sides, explain, total
from app.matching.domain.terms import Terms, choose_terms
from app.matching.domain.vectors import cosines
from app.matching.domain.weights import Weights
from app.matching.domain.wish import Conditions, Wish
from app.matching.repository.entries import CurrentEntry, load_current
from app.matching.service.engine import MatchingEngine
from app.matching.service.querying import frequencies_of
from app.shared.ids import MarketId

_CANDIDATES: Final = 200
_CANDIDATES_OF_MANY: Final = 500
_MANY: Final = 500_000  # entries, from which on more candidates are looked at


@dataclass(frozen=True, slots=True)
class _Retrieved:
    terms: Terms
    candidates: Sequence[Candidate]


def retrieve(engine: MatchingEngine, wish: Wish) -> _Retrieved:
    """Return the candidates of a wish; blocks its thread for some milliseconds."""
    known = frequencies_of(engine, [wish.words])
    terms = choose_terms(wish.words, known.both, known.size)
    searched = terms.searched(known.sides[wish.wants])
    if not searched:
        return _Retrieved(terms, ())
    index = engine.indexes[wish.wants]
    limit = _CANDIDATES if index.size < _MANY else _CANDIDATES_OF_MANY
    return _Retrieved(terms, index.search(searched, limit=limit))


async def find_matches(
    session: AsyncSession,
    engine: MatchingEngine,
    wish: Wish,
    *,
    home: MarketId,
    weights: Weights,
    today: date,
    limit: int,
) -> Found:
    """Return the entries that fit a wish best, with every reason.

    Args:
        wish: Its vector counts only if it is of the engine's model.
        home: The market in which it is made.
        today: The market's day in Asia/Shanghai.

    Raises:
        IndexNotReady: The indexer has made no index yet.

    Invariants: MT1, MT2, MT8, MT14.
    """
    retrieved = await asyncio.to_thread(retrieve, engine, wish)
    current = await load_current(
        session, [candidate.id for candidate in retrieved.candidates], home=home
    )
    kept, excluded = _admitted(current, wish)
    model = wish.model if engine.embedder and wish.model == engine.embedder.name else None
    parts = _text_parts(engine, wish, retrieved, kept, model)
    of_model = engine.calibration.of(model, wish.wants)
    of_words = engine.calibration.of(None, wish.wants)
    scored = [Scored(id_, said.score(of_model)) for id_, said in parts.items()]
    best = best_of(
        scored,
        weights=weights,
        whole=lambda item: total(
            item.text_score, compare_sides(wish, kept[item.id].facts, today), weights
        ),
        limit=limit,
    )
    matches = tuple(
        explain(
            wish,
            kept[item.id].entry,
            parts[item.id],
            terms=retrieved.terms,
            weights=weights,
            calibration=of_words if parts[item.id].semantic is None else of_model,
            today=today,
        )
        for item in best
    )
    return Found(
        matches=matches,
        verdict=best_verdict(matches),
        excluded=excluded,
        basis=Basis(weights=weights.version, calibration=engine.calibration.version, model=model),
    )


def _admitted(
    current: Mapping[UUID, CurrentEntry], wish: Wish
) -> tuple[Mapping[UUID, CurrentEntry], Mapping[str, int]]:
    """Return what the hard conditions admit, and how many each of them kept out."""
    others = {
        id_: entry
        for id_, entry in current.items()
        if wish.party_id is None or entry.party_id != wish.party_id
    }
    if wish.conditions == Conditions():
        return others, {}
    excluded: Counter[str] = Counter()
    kept = {}
    for id_, entry in others.items():
        broken = broken_conditions(wish.conditions, entry.facts, entry.market_id)
        excluded.update(broken)
        if not broken:
            kept[id_] = entry
    return kept, dict(excluded)


def _text_parts(
    engine: MatchingEngine,
    wish: Wish,
    retrieved: _Retrieved,
    kept: Mapping[UUID, CurrentEntry],
    model: str | None,
) -> Mapping[UUID, TextParts]:
    covered = coverages(retrieved.terms, [entry.laid_out for entry in kept.values()]).tolist()
    meaning: dict[UUID, float] = {}
    if model is not None and engine.embedder is not None and wish.vector is not None:
        near = [entry for entry in kept.values() if entry.model == model]
        stored = [entry.vector for entry in near if entry.vector is not None]
        values = engine.embedder.scale.values(cosines(wish.vector, stored))
        meaning = dict(zip((entry.id for entry in near), values.tolist(), strict=True))
    return {
        id_: TextParts(value, meaning.get(id_)) for id_, value in zip(kept, covered, strict=True)
    }
