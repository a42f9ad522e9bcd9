"""Vectors 语义向量 of texts as they are stored, and what their cosines mean.

Only the direction counts, so a vector is stored as one signed byte a dimension, its largest part
127. Rounding moves the cosine of two vectors of hundreds of dimensions by less than 0.005.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
_LARGEST: Final = 127


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
        shares: Floats = np.clip((cosines - self.floor) / self.span, 0, 1)
        return shares


def pack(vectors: Floats) -> list[bytes]:
    """Return the stored form of vectors, one a row, none zero."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return [row.tobytes() for row in np.rint(vectors * (_LARGEST / largest)).astype(np.int8)]


def unpack(stored: Sequence[bytes]) -> Floats:
    """Return stored vectors of one model as rows; their lengths mean nothing."""
    parts = np.frombuffer(b"".join(stored), dtype=np.int8)
    return parts.reshape(len(stored), -1).astype(np.float32)


def cosines(query: bytes, stored: Sequence[bytes]) -> Floats:
    """Return the cosine of a stored vector with each of some, all of one model."""
    if not stored:
        return np.zeros(0, dtype=np.float32)
    rows, asked = unpack(stored), unpack([query])[0]
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows) * (asked @ asked))
    near: Floats = rows @ asked / lengths
    return near
