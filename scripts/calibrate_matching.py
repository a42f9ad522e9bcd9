"""Finds what text scores mean: from which score on a match is possible, and from which strong.

    python -m scripts.calibrate_matching DATA_DIR [--vectors FOLDER] [--write FILE]

``DATA_DIR`` holds the public set (see `matching_set`). Each question is asked twice: as it is, and
with its answer taken away, when nothing suitable is left. The same scores tell both apart:

- ``possible`` is the score below which 1 in 20 answerable questions is told "nothing suitable",
- ``strong`` the lowest from which on the best match is the answer in 9 of 10 cases, where every
  second question has none.

Both are chosen on one half of the questions and checked
on the other; those that are written are of all. ``FOLDER`` keeps vectors between two runs. Only
figures are written: weights come from the file that is there, thresholds and rates from here.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from app.matching.domain.calibration import LEXICAL, TextCalibration
from app.matching.domain.scoring import TextParts
from app.matching.domain.vectors import CosineScale, Floats
from app.matching.embedding.embedder import Kind
from app.matching.embedding.onnx_e5 import E5, weights_path
from scripts import matching_set
from scripts.matching_set import Answered, Matcher, MatchingSet, Question, Task, Values

FILE: Final = Path("app/matching/data/calibration.json")
REFUSED_MAX: Final = 0.05
RIGHT: Final = 0.9
REFUSED: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)  # of the curve
TASKS: Final = {"achievement": "problem", "demand": "reverse"}  # by what is looked for

Score: TypeAlias = Callable[[Answered], Values]
Models: TypeAlias = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Asked:
    """What a direction's questions were answered, one a row.

    Attributes:
        best: The best text score.
        right: Whether that is an answer.
        without: The best score when the answers are taken away.
        ndcg: Of the ranking by text score.
    """

    best: Values
    right: Values
    without: Values
    ndcg: Values

    def at(self, rows: slice) -> "Asked":
        """Return some of the questions."""
        return Asked(self.best[rows], self.right[rows], self.without[rows], self.ndcg[rows])


def ask(
    matcher: Matcher,
    task: Task,
    score: Score,
    asked: Floats | None = None,
    vectors: Floats | None = None,
) -> Asked:
    """Ask every question, with and without its answer."""
    rows = []
    for question, answered in matching_set.answers(matcher, task, asked, vectors):
        rows.append(_judge(question, answered, score(answered)))
    best, right, without, gained = (np.array(column, float) for column in zip(*rows, strict=True))
    return Asked(best, right, without, gained)


def _judge(question: Question, answered: Answered, scores: Values) -> tuple[float, ...]:
    order = np.argsort(-scores, kind="stable")
    ranked = answered.rows[order].tolist()
    others = [scores[place] for place in order if answered.rows[place] not in question.gold]
    return (
        scores[order[0]] if len(order) else 0.0,
        float(bool(ranked) and ranked[0] in question.gold),
        others[0] if others else 0.0,
        matching_set.ndcg(ranked, question.gold),
    )


def score_of(told: Mapping[str, float], scale: CosineScale | None) -> Score:
    """Return the engine's text score as a function of a question's candidates.

    Args:
        told: The weights of its parts.
        scale: Of the model; ``None`` to go by words alone.
    """
    weights = TextCalibration(told["coverage"], told["semantic"], possible=0, strong=0)

    def score(answered: Answered) -> Values:
        near: Sequence[float | None] = [None] * len(answered.rows)
        if scale is not None and answered.cosines is not None:
            near = scale.values(answered.cosines).tolist()
        parts = map(TextParts, answered.coverage.tolist(), near)
        return np.array([said.score(weights) for said in parts])

    return score


def possible_from(asked: Asked) -> float:
    """Return the score that no more than so many answerable questions stay below."""
    return float(np.quantile(asked.best, REFUSED_MAX))


def strong_from(asked: Asked) -> float:
    """Return the lowest score from which on the best match is the answer often enough."""
    said = np.concatenate([asked.best, asked.without])
    right = np.concatenate([asked.right, np.zeros(len(asked.without))])
    order = np.argsort(-said, kind="stable")
    enough = np.cumsum(right[order]) >= RIGHT * np.arange(1, len(said) + 1)
    return float(said[order[np.flatnonzero(enough)[-1]]])


def rates(asked: Asked, possible: float, strong: float) -> dict[str, float]:
    """Return what verdicts from these scores on are worth."""
    refused, none = float(np.mean(asked.best < possible)), float(np.mean(asked.without < possible))
    told = asked.best >= strong
    said = told.sum() + (asked.without >= strong).sum()
    return {
        "none_of_unanswerable": round(none, 3),
        "none_of_answerable": round(refused, 3),
        "none_right": round(none / max(1e-9, none + refused), 3),
        "strong_of_answerable": round(float(told.mean()), 3),
        "strong_right": round(float(asked.right[told].sum() / max(1, said)), 3),
        "strong_right_if_answerable": round(float(asked.right[told].mean()), 3),
    }


def calibrate(asked: Asked) -> dict[str, Any]:
    """Return thresholds, their rates here and on halves that they were not chosen on, a curve."""
    possible, strong = possible_from(asked), strong_from(asked)
    halves = asked.at(slice(0, None, 2)), asked.at(slice(1, None, 2))
    unseen = [
        rates(other, possible_from(half), strong_from(half))
        for half, other in (halves, halves[::-1])
    ]
    return {
        "possible": round(possible, 3),
        "strong": round(strong, 3),
        "ndcg10": round(100 * float(asked.ndcg.mean()), 2),
        "questions": len(asked.best),
        "rates": rates(asked, possible, strong),
        "rates_unseen": {
            name: round((unseen[0][name] + unseen[1][name]) / 2, 3) for name in unseen[0]
        },
        "curve": [
            {
                "none_of_answerable": share,
                "none_of_unanswerable": round(
                    float(np.mean(asked.without < np.quantile(asked.best, share))), 3
                ),
                "score": round(float(np.quantile(asked.best, share)), 3),
            }
            for share in REFUSED
        ],
    }


def measure(held: MatchingSet, models: Models, kept_at: Path | None) -> Models:
    """Return the weights of each model and direction with new thresholds and rates."""
    path = weights_path()
    model = None if path is None else E5(path)
    found: Models = {name: {} for name in models}
    for wanted, kind in TASKS.items():
        task = held.task(kind)
        matcher = Matcher(task.texts, held.problems if kind == "problem" else held.solutions)
        told = _weights(models[LEXICAL][wanted])
        found[LEXICAL][wanted] = told | calibrate(ask(matcher, task, score_of(told, None)))
        if model is None or model.name not in models:
            continue
        told = _weights(models[model.name][wanted])
        vectors = _vectors(model, task, None if kept_at is None else kept_at / kind)
        asked = ask(matcher, task, score_of(told, model.scale), *vectors)
        found[model.name][wanted] = told | calibrate(asked)
    return found


def _weights(told: Mapping[str, Any]) -> dict[str, Any]:
    return {part: told[part] for part in ("coverage", "semantic")}


def _vectors(model: E5, task: Task, kept_at: Path | None) -> tuple[Floats, Floats]:
    asking: Kind = "query" if task.role == "passage" else "passage"
    questions = [question.text for question in task.questions]
    asked, held = (
        matching_set.encoded(
            texts,
            partial(model.encode, kind=role),
            None if kept_at is None else kept_at.with_name(f"{kept_at.name}-{name}.npy"),
        )
        for name, role, texts in (
            ("questions", asking, questions),
            ("texts", task.role, task.texts),
        )
    )
    return asked, held


def main() -> None:
    """Calibrate both directions, by words alone and with the model where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--write", type=Path, default=FILE)
    options = parser.parse_args()
    told = json.loads(FILE.read_text("utf-8"))
    told |= {
        "version": f"{datetime.now(UTC):%Y-%m-%d}",
        "source": "public Chinese technical abstracts (CSL and derivatives), problem and solution",
        "possible": f"below it are {REFUSED_MAX:.0%} of the best matches of answerable questions",
        "strong": f"from it on {RIGHT:.0%} of best matches are right, of questions half answerable",
        "models": measure(MatchingSet(options.folder), told["models"], options.vectors),
    }
    options.write.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(options.write.read_text("utf-8"))


if __name__ == "__main__":
    main()
