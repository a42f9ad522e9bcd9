"""Find what fits a wish: candidates, one re-check, scores, reasons."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.conditions import broken_conditions
from app.matching.domain.coverage import coverages
from app.matching.domain.match import Basis, Found
from app.matching.domain.ranking import best_of
from app.matching.domain.retrieval import Candidate
from app.matching.domain.scoring import (
    Values,
    best_verdict,
    compare_sides,
    explain,
    most_of,
    text_parts,
    text_scores,
    total,
)
from app.matching.domain.terms import Terms, choose_terms
from app.matching.domain.vectors import cosines
from app.matching.domain.weights import Weights
from app.matching.domain.wish import Conditions, Wish
from app.matching.repository.entries import OnOffer, load_candidates
from app.matching.service.engine import MatchingEngine
from app.matching.service.querying import frequencies_of
from app.shared.ids import MarketId

CANDIDATES: Final = 100  # 200 take 5 ms more and find one more answer in a thousand
CANDIDATES_OF_MANY: Final = 300
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
    limit = CANDIDATES if index.size < _MANY else CANDIDATES_OF_MANY
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
    ids = [candidate.id for candidate in retrieved.candidates]
    seen = await load_candidates(session, ids, home=home)
    # Hundreds of long texts are counted: other requests of this process go on meanwhile.
    return await asyncio.to_thread(
        _judge, engine, wish, retrieved.terms, seen, weights=weights, today=today, limit=limit
    )


def _judge(
    engine: MatchingEngine,
    wish: Wish,
    terms: Terms,
    seen: Sequence[OnOffer],
    *,
    weights: Weights,
    today: date,
    limit: int,
) -> Found:
    others = [entry for entry in seen if entry.party_id != wish.party_id]
    kept, excluded = _admitted(others, wish.conditions)
    model = wish.model if engine.embedder and wish.model == engine.embedder.name else None
    of_model, of_words = (engine.calibration.of(name, wish.wants) for name in (model, None))
    coverage = coverages(terms, [it.laid_out for it in kept])
    semantic = _meaning(engine, wish, kept, model)
    scores = text_scores(coverage, semantic, of_model).tolist()
    best = best_of(
        scores,
        most=most_of(wish, weights),
        whole=lambda place: total(
            scores[place], compare_sides(wish, kept[place].facts, today), weights
        ),
        limit=limit,
    )
    matches = tuple(
        explain(
            wish,
            kept[place].counterpart(wish.wants),
            parts := text_parts(coverage[place], semantic[place]),
            terms=terms,
            weights=weights,
            calibration=of_words if parts.semantic is None else of_model,
            today=today,
        )
        for place in best
    )
    return Found(
        matches=matches,
        verdict=best_verdict(matches),
        excluded=excluded,
        basis=Basis(
            weights=weights.version,
            calibration=engine.calibration.version,
            model=None if np.isnan(semantic).all() else model,
        ),
    )


def _admitted(
    seen: Sequence[OnOffer], conditions: Conditions
) -> tuple[Sequence[OnOffer], Mapping[str, int]]:
    """Return what the hard conditions admit, and how many each of them kept out."""
    if conditions == Conditions():
        return seen, {}
    excluded: Counter[str] = Counter()
    kept = []
    for entry in seen:
        broken = broken_conditions(conditions, entry.facts, entry.market_id)
        excluded.update(broken)
        if not broken:
            kept.append(entry)
    return kept, dict(excluded)


def _meaning(
    engine: MatchingEngine, wish: Wish, kept: Sequence[OnOffer], model: str | None
) -> Values:
    """Return how near in meaning each is, 0 to 1; not a number without vectors of the model."""
    values = np.full(len(kept), np.nan)
    if model is None or engine.embedder is None or wish.vector is None:
        return values
    places = [place for place, entry in enumerate(kept) if entry.model == model]
    stored = [vector for place in places if (vector := kept[place].vector) is not None]
    values[places] = engine.embedder.scale.values(cosines(wish.vector, stored))
    return values
