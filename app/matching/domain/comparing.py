"""Comparing weights 权重对比: what two sets of weights would have made of the judged matches.

Each judged match is scored anew from the factor values that it was shown with, and the judged
matches of one result are put into order: unjudged ones say nothing and are left out (condensed
lists). People judge what they are shown, in the order of the weights of that day, which favours
those weights a little.

Sources: Järvelin and Kekäläinen 2002 (nDCG); Sakai 2007 (condensed lists); Efron and Tibshirani
1993 (percentile bootstrap).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.matching.domain.factors import Compared
from app.matching.domain.scoring import total
from app.matching.domain.weights import FACTORS, Weights

NDCG_AT: Final = 10
PRECISION_AT: Final = 3
DRAWS: Final = 1_000
_CONFIDENCE: Final = (2.5, 97.5)  # per cent


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedMatch:
    """A shown and judged match.

    Attributes:
        grade: `domain.feedback.Outcome`.grade of its pair; 0 is rejected.
        values: By factor, as shown; ``None`` where a side stated nothing.
    """

    result_id: UUID
    shown_id: UUID
    grade: int
    text_score: float
    values: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Measures:
    """How well some weights order the judged matches, 0 to 1; ``None`` where nothing can tell.

    Attributes:
        pairwise: Of a good and a rejected match of one result, how often the good one stands
            higher; equal scores count half.
        ndcg: nDCG of the first `NDCG_AT`, over results with a good match; a grade is its gain.
        precision: Good ones among the first `PRECISION_AT`, over all results.
    """

    pairwise: float | None
    ndcg: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sets of weights on the same judgements.

    Attributes:
        judgements: Judged matches.
        results: Results that they were shown in.
        pairs: Of a good and a rejected match of one result.
        candidate, baseline: How both do.
        gain: By measure, of candidate less baseline; drawn anew result by result. A measure that
            nothing can tell is missing.
    """

    judgements: int
    results: int
    pairs: int
    candidate: Measures
    baseline: Measures
    gain: Mapping[str, Interval]


def rescore(match: JudgedMatch, weights: Weights) -> float:
    """Return the score that a match would have had by other weights.

    Invariant: MT47.
    """
    compared = {name: Compared(match.values.get(name), "", "") for name in FACTORS}
    return total(match.text_score, compared, weights)


def compare_weights(
    matches: Sequence[JudgedMatch], candidate: Weights, baseline: Weights, *, seed: int
) -> Comparison:
    """Compare two sets of weights on judged matches.

    Args:
        seed: Of the draws of the bootstrap, so that anybody gets the same intervals again.

    Invariants: MT47, MT48.
    """
    results: dict[UUID, list[JudgedMatch]] = {}
    for match in matches:
        results.setdefault(match.result_id, []).append(match)
    shown = list(results.values())
    mine = np.array([_sums(result, candidate) for result in shown]).reshape(-1, 6)
    theirs = np.array([_sums(result, baseline) for result in shown]).reshape(-1, 6)
    return Comparison(
        judgements=len(matches),
        results=len(shown),
        pairs=round(mine[:, 1].sum()),
        candidate=_measures(mine.sum(axis=0)),
        baseline=_measures(theirs.sum(axis=0)),
        gain=_gain(mine, theirs, seed),
    )


def _sums(result: Sequence[JudgedMatch], weights: Weights) -> tuple[float, ...]:
    """Return sum and number of what a result adds to each measure."""
    scored = [(rescore(match, weights), match) for match in result]
    good = [score for score, match in scored if match.grade > 0]
    bad = [score for score, match in scored if match.grade == 0]
    wins = sum((a > b) + (a == b) / 2 for a in good for b in bad)
    # Equal scores stand as people see them: by id.
    scored.sort(key=lambda item: (-item[0], item[1].shown_id))
    grades = [match.grade for _, match in scored]
    ideal = _dcg(sorted(grades, reverse=True))
    first = grades[:PRECISION_AT]
    return (
        wins,
        len(good) * len(bad),
        _dcg(grades) / ideal if ideal else 0.0,
        1 if ideal else 0,
        sum(grade > 0 for grade in first) / len(first),
        1,
    )


def _dcg(grades: Sequence[int]) -> float:
    return sum(grade / math.log2(place + 2) for place, grade in enumerate(grades[:NDCG_AT]))


def _measures(sums: NDArray[np.float64]) -> Measures:
    means = [float(sums[at] / sums[at + 1]) if sums[at + 1] else None for at in (0, 2, 4)]
    return Measures(*means)


def _gain(mine: NDArray[np.float64], theirs: NDArray[np.float64], seed: int) -> dict[str, Interval]:
    if not len(mine):
        return {}
    chance = np.random.default_rng(seed)
    size = len(mine)
    both = np.hstack((mine, theirs))
    drawn = np.array(
        [np.bincount(chance.integers(size, size=size), minlength=size) @ both for _ in range(DRAWS)]
    )
    told = {}
    for at, name in ((0, "pairwise"), (2, "ndcg"), (4, "precision")):
        counts = drawn[:, at + 1]
        held = counts > 0  # a draw without any pair says nothing
        if held.any():
            gains = (drawn[held, at] - drawn[held, at + 6]) / counts[held]
            low, high = np.percentile(gains, _CONFIDENCE)
            told[name] = Interval(float(low), float(high))
    return told
