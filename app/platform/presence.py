"""Presence: whether the exchange was there, by the database's clock.

Each API process gives a sign of life once a second; any one of them is enough. Where the signs
are further apart than `ABSENCE_MIN`, no bid could be taken: an absence, kept for ever. Whoever
has to decide about a deadline asks for them, since nobody may win because the machine was away.
"""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Final, Self

import structlog
from sqlalchemy import CheckConstraint, DateTime, Index, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.clock import MarketClock, MarketUnknown
from app.platform.db import Base, Database
from app.shared.ids import MarketId

BEAT_S: Final = 1.0
RETRY_S: Final = 0.2  # a broken connection must not look like an absence
TRIAL_S: Final = 5.0
ABSENCE_MIN: Final = timedelta(seconds=2)

Absence = tuple[datetime, datetime]  # half-open, aware UTC

log = structlog.get_logger()


class Presence(Base):
    """The last sign of life of any API process; one row, made by the first sign ever."""

    __tablename__ = "presence"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True, autoincrement=False)
    last_beat_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AbsenceRow(Base):
    """A time without signs of life that is over; never updated, never deleted."""

    __tablename__ = "absences"
    __table_args__ = (
        CheckConstraint("from_at < until_at", name="period"),
        Index("ix_absences_until_at", "until_at"),
    )

    from_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    until_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


_ABSENCES = text("""
    SELECT from_at, until_at FROM absences WHERE from_at < :until AND until_at > :since
    UNION ALL
    SELECT last_beat_at, now.at
    FROM presence, (SELECT clock_timestamp() AS at) AS now
    WHERE now.at - last_beat_at > :absence_min AND last_beat_at < :until AND now.at > :since
    ORDER BY 1
""")


async def absences(session: AsyncSession, *, since: datetime, until: datetime) -> list[Absence]:
    """Return the absences that overlap a period of the database's clock, in order, uncut.

    One that still runs ends now. There is none before the first sign of life ever, so a market
    that is run without API processes has none at all.

    Args:
        since, until: Half-open, aware UTC.
    """
    period = {"since": since, "until": until, "absence_min": ABSENCE_MIN}
    return [(row[0], row[1]) for row in await session.execute(_ABSENCES, period)]


async def absences_in_market(
    session: AsyncSession, market_id: MarketId, *, since: datetime, until: datetime
) -> list[Absence]:
    """Return the absences that overlap a period of a market's time, in market time.

    They are cut at its begin. What lies before a sandbox clock was last moved has no place in
    its present time.

    Raises:
        MarketUnknown: No such market.
    """
    clock = await session.get(MarketClock, market_id, populate_existing=True)
    if clock is None:
        raise MarketUnknown("No market has this id.", market_id=str(market_id))
    ahead, begin = clock.ahead, since - clock.ahead
    if clock.moved_at is not None:
        begin = max(begin, clock.moved_at)
    found = await absences(session, since=begin, until=until - ahead)
    return [(max(start, begin) + ahead, end + ahead) for start, end in found]


class Heartbeat:
    """Gives signs of life while its block runs; a database that is away does not end it.

    It has a connection of its own: a process whose pool is busy with bids is not away. A sign
    is one statement, so a process that is halted never holds the row before the others.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, pool_size=1)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_failure: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._database.close()

    async def _run(self) -> None:
        away = False
        while True:
            try:
                async with asyncio.timeout(TRIAL_S):
                    await self.beat()
            except (SQLAlchemyError, OSError) as failure:
                if not away:
                    log.warning("presence_not_told", error=repr(failure)[:500])
                away = True
                await asyncio.sleep(RETRY_S)
            else:
                if away:
                    log.info("presence_told_again")
                away = False
                await asyncio.sleep(BEAT_S)

    async def beat(self) -> None:
        """Give one sign of life.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError: The database is away.
        """
        engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(
                text("SELECT presence_beat(:absence_min)"), {"absence_min": ABSENCE_MIN}
            )
