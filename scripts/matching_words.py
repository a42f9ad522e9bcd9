"""The baseline of `bench_matching.py`: BM25 over dictionary words, in memory."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from app.shared.words import words_of
from scripts.matching_set import Task

_K1: Final = 1.2
_B: Final = 0.75
_SHOWN: Final = 500


def word_bm25(task: Task, gain: Callable[[int, Sequence[int]], float]) -> float:
    """Return the mean gain of a task's questions in percent.

    Source: BM25 (Robertson and Zaragoza 2009), k1 1.2 and b 0.75.
    """
    held = [Counter(words_of(text)) for text in task.texts]
    average = sum(counted.total() for counted in held) / len(held)
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row, counted in enumerate(held):
        damped = _K1 * (1 - _B + _B * counted.total() / average)
        for word, count in counted.items():
            places[word].append((row, count * (_K1 + 1) / (count + damped)))
    gained = 0.0
    for number, question in enumerate(task.questions):
        scores: dict[int, float] = defaultdict(float)
        for word, weight in Counter(words_of(question.text)).items():
            found = places.get(word, ())
            rarity = math.log(1 + (len(held) - len(found) + 0.5) / (len(found) + 0.5))
            for row, part in found:
                scores[row] += weight * rarity * part
        scores.pop(-1 if question.kept_out is None else question.kept_out, None)
        ranked = sorted(scores, key=lambda row: (-scores[row], row))[:_SHOWN]
        gained += gain(number, ranked)
    return round(100 * gained / len(task.questions), 2)
