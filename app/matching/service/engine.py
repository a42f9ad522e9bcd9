"""What a process matches with: the indexes, the embedding model and the calibration."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from app.matching.domain.calibration import Calibration, shipped
from app.matching.domain.entry import EntryKind
from app.matching.domain.retrieval import MatchIndex
from app.matching.domain.vectors import pack
from app.matching.embedding import ROLES, Embedder, EmbedderUnavailable, make_embedder
from app.matching.index import open_index
from app.platform.runtime import Runtime

_KEPT: Final = "matching"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class MatchingEngine:
    """The parts; all of them read only."""

    indexes: Mapping[EntryKind, MatchIndex]
    embedder: Embedder | None
    calibration: Calibration

    async def embed(self, text: str, wants: EntryKind) -> tuple[bytes | None, str | None]:
        """Return the vector of a text that looks for a kind of entry, with its model.

        It calculates or calls another server, so call it outside of any transaction. Where the
        model is away, words alone are compared.
        """
        if self.embedder is None:
            return None, None
        try:
            vectors = await asyncio.to_thread(self.embedder.encode, [text], ROLES[wants.other])
        except EmbedderUnavailable:
            log.warning("embedder_away", model=self.embedder.name)
            return None, None
        return pack(vectors)[0], self.embedder.name


def engine_of(runtime: Runtime) -> MatchingEngine:
    """Return the engine of a process, opened when it is first asked for."""
    engine = runtime.live.get(_KEPT)
    if not isinstance(engine, MatchingEngine):
        engine = runtime.live[_KEPT] = MatchingEngine(
            indexes={kind: open_index(runtime.settings.index_path, kind) for kind in EntryKind},
            embedder=make_embedder(runtime.settings),
            calibration=shipped(),
        )
    return engine
