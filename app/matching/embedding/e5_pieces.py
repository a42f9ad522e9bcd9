"""Cuts texts into the pieces of multilingual-e5-small: the likeliest cut, by Viterbi's algorithm.

The model is SentencePiece's unigram language model (Kudo 2018, arXiv:1804.10959). In Python a text
costs a fiftieth of the network behind it; the package ``tokenizers`` brings a dozen others.
"""

import re
from typing import Final

from app.matching.embedding.e5_weights import Vocabulary

_SPACE: Final = "▁"
_UNKNOWN_PENALTY: Final = 10.0  # below the least likely piece, as SentencePiece has it


class Cutter:
    """Knows the pieces by their text."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._normal = vocabulary.normal
        self._unknown = vocabulary.unknown
        self._scores = vocabulary.scores
        self._unknown_score = min(vocabulary.scores) - _UNKNOWN_PENALTY
        special = {vocabulary.begin, vocabulary.end, vocabulary.unknown}
        self._numbers = {
            text: number for number, text in enumerate(vocabulary.pieces) if number not in special
        }
        self._longest: dict[str, int] = {}
        for text in self._numbers:
            self._longest[text[0]] = max(self._longest.get(text[0], 0), len(text))

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text's pieces."""
        text = re.sub(" {2,}", " ", text.translate(self._normal))
        text = (text if text.startswith(" ") else f" {text}").replace(" ", _SPACE)
        best = [0.0] + [float("-inf")] * len(text)  # of a cut of the first n characters
        last = [(0, 0)] * (len(text) + 1)  # that cut's last piece: where it starts, its id
        for start, first in enumerate(text):
            self._extend(text, start, self._longest.get(first, 0), best, last)
        ids = []
        at = len(text)
        while at:
            at, number = last[at]
            ids.append(number)
        return ids[::-1]

    def _extend(
        self,
        text: str,
        start: int,
        longest: int,
        best: list[float],
        last: list[tuple[int, int]],
    ) -> None:
        so_far = best[start]
        if so_far + self._unknown_score > best[start + 1]:
            best[start + 1] = so_far + self._unknown_score
            last[start + 1] = (start, self._unknown)
        for end in range(start + 1, min(start + longest, len(text)) + 1):
            number = self._numbers.get(text[start:end])
            if number is not None and so_far + self._scores[number] > best[end]:
                best[end] = so_far + self._scores[number]
                last[end] = (start, number)
