"""Vectors 语义向量 of texts as they are stored, and what their cosines mean.

A vector of length 1 is stored as one signed byte a dimension, 127 for 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
_ONE: Final = 127


@dataclass(frozen=True, slots=True)
class CosineScale:
    """What the cosines of a model mean: models differ in how near unrelated texts are.

    Attributes:
        floor: A cosine that says nothing is shared.
        span: From there to the cosine of texts that belong together.
    """

    floor: float
    span: float

    def values(self, cosines: Floats) -> Floats:
        """Return how near in meaning, 0 to 1."""
        return np.clip((cosines - self.floor) / self.span, 0, 1)


def pack(vectors: Floats) -> list[bytes]:
    """Return the stored form of vectors of length 1, one a row."""
    return [row.tobytes() for row in np.rint(vectors * _ONE).astype(np.int8)]


def unpack(stored: Sequence[bytes]) -> Floats:
    """Return stored vectors of one model as rows of length 1."""
    rows = np.frombuffer(b"".join(stored), dtype=np.int8).reshape(len(stored), -1)
    vectors = rows.astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def cosines(query: bytes, stored: Sequence[bytes]) -> Floats:
    """Return the cosine of a stored vector with each of some, all of one model."""
    if not stored:
        return np.zeros(0, dtype=np.float32)
    return unpack(stored) @ unpack([query])[0]
