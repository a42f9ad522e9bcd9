"""Match entries as soon as they are new or changed, and those that they may matter to."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.matching.domain.match import StoredResult, Verdict
from app.matching.index import IndexNotReady
from app.matching.repository.entries import load_current
from app.matching.repository.entry_work import ignorant_among, unmatched
from app.matching.repository.entry_writing import begin
from app.matching.service.engine import MatchingEngine
from app.matching.service.keeping import compute_result
from app.matching.service.pushing import tell_of
from app.platform.clock import database_now
from app.platform.db import Database

BATCH: Final = 50
AGAIN_S: Final = 30.0

log = structlog.get_logger()


class Precomputing:
    """Keeps the results of both sides.

    Args:
        indexed: Returns when all that is kept now is in the index.

    Invariant: MT31.
    """

    def __init__(
        self, database: Database, engine: MatchingEngine, indexed: Callable[[], Awaitable[None]]
    ) -> None:
        self._database = database
        self._engine = engine
        self._indexed = indexed
        self._put_off: dict[UUID, float] = {}  # until when, in monotonic seconds

    async def step(self) -> bool:
        """Match the newest of those that are to be matched; tell if there were any.

        What one of them fits is matched anew too, unless it was matched when this one was there.
        """
        now = time.monotonic()
        self._put_off = {id_: until for id_, until in self._put_off.items() if until > now}
        async with self._database.transaction() as session:
            batch = await unmatched(session, but=self._put_off, limit=BATCH)
        if not batch:
            return False
        async with self._database.transaction() as session:
            await begin(session)  # nothing is being made: all that was made before is kept
            known_until = await database_now(session)
        await self._indexed()
        news: dict[UUID, datetime] = {}
        for entry_id, made_at in batch.items():
            for fitting in await self._match(entry_id, known_until):
                news[fitting] = max(made_at, news.get(fitting, made_at))
        async with self._database.transaction() as session:  # others have their turn, and know then
            ignorant = await ignorant_among(session, news)
        for entry_id in ignorant:
            await self._match(entry_id, known_until)
        return True

    async def _match(self, entry_id: UUID, known_until: datetime) -> set[UUID]:
        """Match an entry and return what it fits."""
        try:
            result = await self._keep(entry_id, known_until)
        except Exception as error:
            if _is_elsewhere(error):
                raise
            log.exception("matching_failed", entry_id=str(entry_id))
            result = None
        if result is None:  # it failed, or may not be shown: its own event comes
            self._put_off[entry_id] = time.monotonic() + AGAIN_S
            return set()
        return {
            UUID(match["entry_id"]) for match in result.matches if match["verdict"] != Verdict.NONE
        }

    async def _keep(self, entry_id: UUID, known_until: datetime) -> StoredResult | None:
        async with self._database.transaction() as session:
            result = await compute_result(session, self._engine, entry_id, knows_until=known_until)
            if result is not None:
                current = await load_current(session, [entry_id])
                if entry_id in current:
                    await tell_of(session, self._engine, current[entry_id].entry, result)
        return result


def _is_elsewhere(error: Exception) -> bool:
    """Tell whether the database or the index was away: no other entry would fare better."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, SQLAlchemyError | OSError | IndexNotReady)
