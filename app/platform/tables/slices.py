"""Work through the rows of a table in slices of a transaction each."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.db import Database
from app.shared.tables.form import RawRow

WORKERS: Final = 2  # connections of one import

Judged = TypeVar("Judged")


async def in_slices(
    database: Database,
    rows: Sequence[RawRow],
    read: Callable[[Sequence[RawRow]], Judged],
    keep: Callable[[AsyncSession, Judged], Awaitable[None]],
    *,
    size: int,
) -> None:
    """Read rows in threads and keep them, a slice a transaction, two slices at a time.

    Args:
        read: Pure; runs in a thread.
        keep: Stores what was read, in a transaction of its own.
        size: Rows of a slice; one transaction of them must not take a second.

    Raises:
        Exception: Whatever ended a slice; the slices before it are kept. The other slice that
            was under way is finished first.
    """
    slices = iter([rows[at : at + size] for at in range(0, len(rows), size)])

    async def work() -> None:
        # Each slice is one worker's: while the database keeps it, the other reads the next.
        for part in slices:
            judged = await asyncio.to_thread(read, part)
            async with database.transaction() as session:
                await keep(session, judged)

    for ended in await asyncio.gather(*(work() for _ in range(WORKERS)), return_exceptions=True):
        if ended is not None:
            raise ended
