"""Read the meaning of entries in the background: nobody waits for it, words match meanwhile."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from app.matching.domain.vectors import pack
from app.matching.embedding import ROLES, Embedder, TextRefused
from app.matching.repository import entry_work, entry_writing
from app.platform.db import Database

BATCH: Final = 16  # about a second of the default model, so that it stops soon
REFUSED_S: Final = 3600.0

log = structlog.get_logger()


class MeaningReader:
    """Gives every entry a vector of the model in use; what is kept tells what is left to do.

    Invariant: MT26.
    """

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self._others_before = UUID(int=2**128 - 1)
        self._put_off: dict[UUID, float] = {}  # until when, in monotonic seconds

    def _taken(self, batch: Sequence[entry_work.Unread]) -> dict[UUID, bytes]:
        """Return the vectors of those that the model takes: one it refuses holds up no other."""
        try:
            return self._encode(batch)
        except TextRefused as refusal:
            if len(batch) == 1:
                log.warning("text_refused", entry_id=str(batch[0].id), detail=refusal.detail)
                return {}
        half = len(batch) // 2
        return self._taken(batch[:half]) | self._taken(batch[half:])

    def _encode(self, batch: Sequence[entry_work.Unread]) -> dict[UUID, bytes]:
        read: dict[UUID, bytes] = {}
        for kind, role in ROLES.items():
            some = [one for one in batch if one.kind is kind]
            vectors = self._embedder.encode([one.words for one in some], role)
            read |= zip((one.id for one in some), pack(vectors), strict=True)
        return read

    async def step(self) -> bool:
        """Read a few entries, new texts first, then those of another model; tell if there were any.

        Raises:
            EmbedderUnavailable: The model gives no vectors now.
        """
        model = self._embedder.name
        now = time.monotonic()
        self._put_off = {id_: until for id_, until in self._put_off.items() if until > now}
        before = self._others_before
        async with self._database.transaction() as session:
            batch = await entry_work.unread(session, but=self._put_off, limit=BATCH)
            if not batch:
                batch = await entry_work.read_by_others(
                    session, model, before=before, but=self._put_off, limit=BATCH
                )
                before = batch[-1].id if batch else before
        if not batch:
            return False
        vectors = await asyncio.to_thread(self._taken, batch)
        read = [(one, vectors[one.id]) for one in batch if one.id in vectors]
        refused = [one.id for one in batch if one.id not in vectors]
        self._put_off |= dict.fromkeys(refused, now + REFUSED_S)
        self._others_before = before
        if not read:  # maybe it takes none at all: without haste
            raise TextRefused(f"{model} takes none of {len(batch)} texts.")
        async with self._database.transaction() as session:
            await entry_writing.begin(session)
            await entry_work.keep_vectors(session, model, read)
        return True
