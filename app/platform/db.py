"""The database and the one transaction of a request, a timer or a delivery.

Nothing outside ``app/platform`` commits: a use case that could commit half of itself would.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import MetaData, TextClause, event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from app.platform.epoch import ensure_epoch
from app.platform.wakeups import Wakeups

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


# What a caller waits for at most before it is told to come back.
CONNECT_S = 5
POOL_WAIT_S = 10
LOCK_WAIT_S = 8
STATEMENT_S = 9
SILENCE_S = 10  # beyond the server's own limits: it, or the way to it, has fallen silent

TOUCHED = "touched"  # in a session's info: the subjects of the events that it has journaled


class Base(DeclarativeBase):
    """Base of all tables; relationships do not exist here, so nothing loads by surprise."""

    metadata = MetaData(naming_convention=NAMING)


class Database:
    """An engine with its pool; opening it connects nothing.

    Args:
        url: ``postgresql+asyncpg://…``.
        pool_size: Connections held by this process, no overflow beyond it.
        silence_s: How long a statement may go unanswered; ``None`` for bulk work of scripts.

    Attributes:
        wakeups: Told after each commit whose events were journaled.
    """

    def __init__(self, url: str, *, pool_size: int, silence_s: int | None = SILENCE_S) -> None:
        self.url = url
        self.wakeups = Wakeups(url)
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_S,
            pool_pre_ping=False,
            hide_parameters=True,  # an error's text goes into the log
            connect_args={
                "timeout": CONNECT_S,
                "command_timeout": silence_s,
                "server_settings": {
                    "application_name": "zhepai",
                    "timezone": "UTC",
                    "jit": "off",
                    "statement_timeout": f"{STATEMENT_S}s",
                    "lock_timeout": f"{LOCK_WAIT_S}s",
                    "idle_in_transaction_session_timeout": "30000",
                },
            },
        )
        event.listen(self.engine.sync_engine, "connect", _on_connect)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session whose work is committed on leaving, rolled back on an error."""
        async with self._sessions() as session:
            async with session.begin():
                yield session
            if touched := session.info.get(TOUCHED):
                self.wakeups.touch(*touched)

    async def close(self) -> None:
        """Close all connections."""
        await self.wakeups.close()
        await self.engine.dispose()


def _on_connect(connection: Any, _record: object) -> None:
    ensure_epoch(connection)


async def forbid_writes(session: AsyncSession) -> None:
    """Let the database refuse whatever would change anything in the rest of the transaction."""
    await session.execute(text("SET TRANSACTION READ ONLY"))


async def insert_rows(
    session: AsyncSession,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    after: str = "",
) -> None:
    """Insert many rows of equal keys in one statement, in order.

    They travel as one JSON parameter: on the bid path, binding every value of every row on its
    own costs more than all the rest of the statement.

    Args:
        after: ``ON CONFLICT …``.
    """
    statement = insert_from_json(table, tuple(rows[0]), after=after)
    await session.execute(statement, {"rows": rows_as_json(rows)})


def rows_as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the parameter ``rows`` of `insert_from_json`."""
    # Chinese as it is: escaped it takes twice the bytes, and the server twice the time to parse.
    return json.dumps(rows, default=_plain, ensure_ascii=False)


@cache
def insert_from_json(
    table: type[Base],
    names: tuple[str, ...],
    *,
    before: str = "",
    once: tuple[tuple[str, str], ...] = (),
    after: str = "",
) -> TextClause:
    """Return the statement that inserts its parameter ``rows``: those columns, in order.

    Args:
        before: ``WITH …``, what the same statement does as well.
        once: Further columns and the queries of their one value for all rows.
        after: ``ON CONFLICT …``, ``RETURNING …``.
    """
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = {column.name: column.type.compile(dialect) for column in table.__table__.columns}
    columns = ", ".join(names)
    record = ", ".join(f"{name} {types[name]}" for name in names)
    more = "".join(f", {name}" for name, _ in once)
    values = "".join(f", ({query})" for _, query in once)
    # Every part of the text is a name of our own tables.
    return text(
        f"{before}INSERT INTO {table.__tablename__} ({columns}{more}) SELECT {columns}{values} "
        f"FROM json_to_recordset(CAST(:rows AS json)) AS r({record}) {after}"
    )


def _plain(value: object) -> str:
    match value:
        case UUID():
            return str(value)
        case date():  # or a datetime, which is one
            return value.isoformat()
        case bytes():
            return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} has no column type here")


async def _request_session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


SessionDep = Annotated[AsyncSession, Depends(_request_session)]
