"""Scores that add up: text and structured factors, each with value, weight and points.

A factor of which one side states nothing weighs nothing, and the others take its weight in
proportion: what is unknown neither helps nor harms.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.matching.domain.calibration import TextCalibration
from app.matching.domain.entry import Counterpart, EntryKind, Facts
from app.matching.domain.factors import Compared, comparable, compare
from app.matching.domain.match import Contribution, Gap, Match, Verdict
from app.matching.domain.terms import Terms, matched_terms
from app.matching.domain.weights import FACTORS, Weights
from app.matching.domain.wish import Wish

Values: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextParts:
    """How near two texts are.

    Attributes:
        coverage: BM25 of the entry over its ceiling: what part of the wish stands there, 0 to 1.
        semantic: What the cosine of both vectors means, 0 to 1; ``None`` without vectors.
    """

    coverage: float
    semantic: float | None

    def score(self, calibration: TextCalibration) -> float:
        """Return the text score, 0 to 1."""
        if self.semantic is None:
            return self.coverage
        return calibration.coverage * self.coverage + calibration.semantic * self.semantic


def text_scores(coverage: Values, semantic: Values, calibration: TextCalibration) -> Values:
    """Return the text scores of many entries.

    Args:
        semantic: Not a number where there are no vectors.
    """
    both = calibration.coverage * coverage + calibration.semantic * semantic
    return np.where(np.isnan(semantic), coverage, both)


def text_parts(coverage: float, semantic: float) -> TextParts:
    """Return one entry's parts of `text_scores`."""
    return TextParts(float(coverage), None if math.isnan(semantic) else float(semantic))


def compare_sides(wish: Wish, facts: Facts, today: date) -> Mapping[str, Compared]:
    """Return what the factors say of a wish and an entry, whichever of them is the demand."""
    if wish.wants is EntryKind.ACHIEVEMENT:
        return compare(wish.facts, facts, today)
    return compare(facts, wish.facts, today)


def total(text_score: float, compared: Mapping[str, Compared], weights: Weights) -> float:
    """Return the score of a pair, 0 to 1.

    Invariant: MT3.
    """
    whole, points = weights.text, weights.text * text_score
    for name, said in compared.items():
        if said.value is not None:
            whole += weights.factors[name]
            points += weights.factors[name] * said.value
    return points / whole


def most_of(wish: Wish, weights: Weights) -> Callable[[float], float]:
    """Return what a text score can come to at most: a full fit in all that the wish states."""
    stated = sum(
        weights.factors[name]
        for name in comparable(wish.facts, of_demand=wish.wants is EntryKind.ACHIEVEMENT)
    )
    whole = weights.text + stated
    return lambda text_score: (weights.text * text_score + stated) / whole


def contributions(
    parts: TextParts,
    compared: Mapping[str, Compared],
    weights: Weights,
    calibration: TextCalibration,
) -> tuple[Contribution, ...]:
    """Return every factor with its part of the score.

    Invariants: MT3, MT4.
    """
    whole = weights.text + sum(
        weights.factors[name] for name, said in compared.items() if said.value is not None
    )
    known = parts.semantic is not None
    text = weights.text / whole
    of_coverage = text * (calibration.coverage if known else 1.0)
    of_meaning = text * calibration.semantic if known else 0.0
    found = [
        _contribution("coverage", parts.coverage, of_coverage, "用词覆盖", "shared terms"),
        _contribution(
            "semantic",
            parts.semantic,
            of_meaning,
            "语义相近" if known else "未比较语义：无模型或向量尚未算出",
            "meaning" if known else "not compared: no model, or no vectors yet",
        ),
    ]
    for name in FACTORS:
        said = compared[name]
        weight = 0.0 if said.value is None else weights.factors[name] / whole
        found.append(_contribution(name, said.value, weight, said.note_zh, said.note_en))
    return tuple(found)


def _contribution(
    name: str, value: float | None, weight: float, note_zh: str, note_en: str
) -> Contribution:
    return Contribution(
        name=name,
        value=value,
        weight=weight,
        points=weight * (value or 0.0),
        note_zh=note_zh,
        note_en=note_en,
    )


def explain(
    wish: Wish,
    entry: Counterpart,
    parts: TextParts,
    *,
    terms: Terms,
    weights: Weights,
    calibration: TextCalibration,
    today: date,
) -> Match:
    """Return a match with all its reasons."""
    compared = compare_sides(wish, entry.facts, today)
    points = contributions(parts, compared, weights, calibration)
    text_score = parts.score(calibration)
    return Match(
        entry_id=entry.id,
        kind=entry.kind,
        market_id=entry.market_id,
        party_id=entry.party_id,
        revision=entry.revision,
        title=entry.title,
        score=sum(item.points for item in points),
        text_score=text_score,
        verdict=calibration.verdict(text_score),
        contributions=points,
        terms=matched_terms(terms, entry.laid_out),
        gaps=tuple(
            Gap(factor=name, text_zh=compared[name].note_zh, text_en=compared[name].note_en)
            for name in FACTORS
            if compared[name].is_gap
        ),
    )


def best_verdict(matches: tuple[Match, ...]) -> Verdict:
    """Return the verdict of the best match; ``none`` where there is none."""
    order = (Verdict.STRONG, Verdict.POSSIBLE)
    said = {match.verdict for match in matches}
    return next((verdict for verdict in order if verdict in said), Verdict.NONE)
