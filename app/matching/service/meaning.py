"""Read the meaning of entries in the background: nobody waits for it, words match meanwhile."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.matching.domain.vectors import pack
from app.matching.embedding import ROLES, Embedder
from app.matching.repository import entry_work, entry_writing
from app.platform.db import Database

BATCH: Final = 16  # about a second of the default model, so that it stops soon


class MeaningReader:
    """Gives every entry a vector of the model in use; what is kept tells what is left to do.

    Invariant: MT26.
    """

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self._others_before = UUID(int=2**128 - 1)

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
        async with self._database.transaction() as session:
            batch = await entry_work.unread(session, limit=BATCH)
            if not batch:
                batch = await entry_work.read_by_others(
                    session, model, before=self._others_before, limit=BATCH
                )
                if batch:
                    self._others_before = batch[-1].id
        if not batch:
            return False
        vectors = await asyncio.to_thread(self._encode, batch)
        async with self._database.transaction() as session:
            await entry_writing.begin(session)
            await entry_work.keep_vectors(session, model, [(one, vectors[one.id]) for one in batch])
        return True
