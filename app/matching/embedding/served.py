"""A model on another server, for an exchange that has a better one than the extra's."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from app.matching.domain.vectors import CosineScale, Floats
from app.matching.embedding.embedder import EmbedderUnavailable, Kind, TextRefused
from app.matching.embedding.openai_api import OpenAiApi, Patience, TextsRefused

BATCH: Final = 32  # what common servers take at once unless told otherwise
AWAY_S: Final = 30.0
_SHORTEST: Final = 64  # characters: a server that refuses these dislikes what they say
# A person waits for one text, and has an answer by words. Several are read in the background,
# which tries again later and shall be able to stop meanwhile.
ALONE: Final = Patience(attempts=2, timeout_s=2, pause_s=0.2)
TOGETHER: Final = Patience(attempts=3, timeout_s=20, pause_s=1)


class ServedModel:
    """An `Embedder` whose vectors come from a server.

    The interface knows no difference between what is looked for and what is found: texts are sent
    as they are. After a failure a lone text is refused for half a minute without asking: each would
    cost somebody the whole patience.
    """

    def __init__(
        self,
        api: OpenAiApi,
        *,
        dimensions: int,
        scale: CosineScale,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name: Final = f"{api.model}/{dimensions}"
        self.dimensions: Final = dimensions
        self.scale: Final = scale
        self._api = api
        self._clock = clock
        self._away_until = -AWAY_S

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:  # noqa: ARG002 the interface has it
        """See `Embedder`."""
        is_alone = len(texts) == 1
        if is_alone and self._clock() < self._away_until:
            raise EmbedderUnavailable("The embedding server did not answer a moment ago.")
        try:
            batches = [
                self._taken(texts[at : at + BATCH], ALONE if is_alone else TOGETHER)
                for at in range(0, len(texts), BATCH)
            ]
        except TextRefused:
            raise  # the server is there: others' texts have their vectors
        except EmbedderUnavailable:
            self._away_until = self._clock() + AWAY_S
            raise
        return np.concatenate([np.empty((0, self.dimensions), np.float32), *batches])

    def _taken(self, texts: Sequence[str], patience: Patience) -> Floats:
        """Return vectors; of a text that is refused alone, those of its beginning."""
        try:
            vectors = self._api.vectors(texts, patience)
        except TextsRefused as refusal:
            if len(texts) > 1:
                half = len(texts) // 2
                parts = (texts[:half], texts[half:])
                return np.concatenate([self._taken(part, patience) for part in parts])
            if len(texts[0]) <= _SHORTEST:
                raise TextRefused(f"The embedding server refuses: {refusal}") from None
            return self._taken([texts[0][: len(texts[0]) // 2]], patience)
        if vectors.shape[1] != self.dimensions:
            raise EmbedderUnavailable(
                f"The embedding server gives {vectors.shape[1]} dimensions.",
                expected=self.dimensions,
            )
        return vectors
