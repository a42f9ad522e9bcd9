"""Work that one process of all hosts does at a time: whoever has the database's lock."""

import asyncio
import contextlib
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.platform.db import Database

# A host that fell silent leaves the work to another one after this; so ask more often.
SILENCE_MAX_S: Final = 60

_ASK: Final = text("SELECT pg_try_advisory_lock(hashtextextended(:work, 0))")
_RELEASE_AT_SILENCE: Final = text(f"SET idle_session_timeout = '{SILENCE_MAX_S}s'")


class Alone:
    """A process among those that would do some work; it ends with the process or `close`."""

    def __init__(self, url: str, work: str) -> None:
        self._database = Database(url, pool_size=1)
        self._work = work
        self._connection: AsyncConnection | None = None
        self._asking = asyncio.Lock()

    async def is_mine(self) -> bool:
        """Tell whether the work is this process's, taking it if it is nobody's.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError: The database is away, and the work with it.
        """
        async with self._asking:
            try:
                if self._connection is None:
                    engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
                    self._connection = await engine.connect()
                    await self._connection.execute(_RELEASE_AT_SILENCE)
                return bool(await self._connection.scalar(_ASK, {"work": self._work}))
            except (SQLAlchemyError, OSError):
                await self.close()
                raise

    async def close(self) -> None:
        """Leave the work to others."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):
                await connection.close()
        await self._database.close()
