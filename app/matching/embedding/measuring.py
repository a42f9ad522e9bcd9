"""Finds out what the cosines of a model mean, on pairs of texts written for it.

Each pair is a problem and a solution in other words. Their cosines, and those of what does not
belong together, are put where multilingual-e5-small has them, so that one calibration of text
scores serves every model.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
from pydantic import SecretStr

from app.matching.domain.vectors import CosineScale, Floats
from app.matching.embedding.embedder import EmbedderUnavailable, Kind
from app.matching.embedding.onnx_e5 import E5
from app.matching.embedding.openai_api import OpenAiApi, Patience, TextsRefused

# Medians of the cosines that multilingual-e5-small gives these pairs.
_E5_BELONGING: Final = 0.8972
_E5_UNRELATED: Final = 0.8581
_PATIENCE: Final = Patience(attempts=1, timeout_s=60, pause_s=0)  # who measures can ask again


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model is found to be.

    Attributes:
        pairs, nearest: How many problems there are, and how many have their own solution nearest.
        query_s: Median time of one problem.
    """

    dimensions: int
    scale: CosineScale
    pairs: int
    nearest: int
    query_s: float


def measure(encode: Callable[[Sequence[str], Kind], Floats]) -> Measured:
    """Measure a model by its vectors.

    Raises:
        EmbedderUnavailable: The model gives no vectors, or none that tell texts apart.
    """
    pairs = json.loads(
        files("app.matching").joinpath("data/measuring_pairs.json").read_text("utf-8")
    )
    solutions = encode([solution for _, solution in pairs], "passage")
    problems, times = [], []
    for problem, _ in pairs:
        started = time.perf_counter()
        problems.append(encode([problem], "query"))
        times.append(time.perf_counter() - started)
    cosines = np.concatenate(problems) @ solutions.T
    is_own = np.eye(len(pairs), dtype=np.bool_)
    belonging, unrelated = float(np.median(cosines[is_own])), float(np.median(cosines[~is_own]))
    wider = (belonging - unrelated) / (_E5_BELONGING - _E5_UNRELATED)
    if wider <= 0:
        raise EmbedderUnavailable("The model does not tell related texts from unrelated ones.")
    return Measured(
        dimensions=solutions.shape[1],
        scale=CosineScale(
            floor=unrelated - wider * (_E5_UNRELATED - E5.scale.floor),
            span=wider * E5.scale.span,
        ),
        pairs=len(pairs),
        nearest=int((cosines.argmax(axis=1) == np.arange(len(pairs))).sum()),
        query_s=float(np.median(times)),
    )


def settings_for(url: str, model: str, key: SecretStr | None) -> str:
    """Measure a model of an OpenAI-compatible API and return its settings, a variable a line.

    Raises:
        EmbedderUnavailable: As `measure`.
    """
    api = OpenAiApi(url, model, key)

    def encode(texts: Sequence[str], _kind: Kind) -> Floats:
        try:
            return api.vectors(texts, _PATIENCE)
        except TextsRefused as refusal:
            raise EmbedderUnavailable(f"The embedding server refuses: {refusal}") from None

    found = measure(encode)
    return (
        f"# {found.nearest}/{found.pairs} 对最近 / pairs nearest, "
        f"{1000 * found.query_s:.0f} ms 一次 / a query\n"
        f"ZHEPAI_EMBEDDING_URL={url}\n"
        f"ZHEPAI_EMBEDDING_MODEL={model}\n"
        f"ZHEPAI_EMBEDDING_DIMENSIONS={found.dimensions}\n"
        f"ZHEPAI_EMBEDDING_SCALE=[{found.scale.floor:.4f},{found.scale.span:.4f}]\n"
    )
