"""Timers: something is due for a subject at a market moment.

A timer publishes what the stored deadline has already decided; late workers change nothing
but the moment of publication. One transaction claims, handles and removes a timer, so a
worker that is killed leaves it to the next one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import DateTime, Index, String, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from app.platform.db import Base, Database, insert_rows
from app.shared.ids import MarketId, new_id

ATTEMPTS_MAX: Final = 8  # with doubling back-off from a second: parked after about 4 minutes

log = structlog.get_logger()

TimerHandler = Callable[[AsyncSession, UUID, datetime], Awaitable[None]]


class Timer(Base):
    """A due act; at most one of a kind for a subject."""

    __tablename__ = "timers"
    __table_args__ = (
        Index("uq_timers_subject_kind", "subject_id", "kind", unique=True),
        Index("ix_timers_due", "due_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[UUID]
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(String(2000))


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed timer, as plain values: a rolled-back savepoint cannot expire them."""

    id: UUID
    kind: str
    subject_id: UUID
    due_at: datetime
    attempts: int


async def schedule(
    session: AsyncSession,
    *,
    market_id: MarketId,
    kind: str,
    subject_id: UUID,
    due_at: datetime,
    keep: bool = False,
) -> None:
    """Set the subject's timer of this kind, moving an earlier setting.

    Args:
        kind: ``<module>.<act>``; a handler of this name is registered in the worker.
        due_at: Market moment, aware UTC.
        keep: Leave an earlier setting as it is. One that is being handled is waited for.
    """
    statement = insert(Timer).values(
        id=new_id(),
        market_id=market_id,
        kind=kind,
        subject_id=subject_id,
        due_at=due_at,
        attempts=0,
    )
    if keep:
        statement = statement.on_conflict_do_nothing(index_elements=["subject_id", "kind"])
    else:
        statement = statement.on_conflict_do_update(
            index_elements=["subject_id", "kind"],
            set_={"due_at": due_at, "attempts": 0, "retry_at": None, "parked_at": None},
        )
    await session.execute(statement)


async def schedule_new(
    session: AsyncSession,
    *,
    market_id: MarketId,
    kind: str,
    subject_ids: Sequence[UUID],
    due_at: datetime,
) -> None:
    """Set timers of one kind and moment for subjects that are new; at least one."""
    rows = [
        {
            "id": new_id(),
            "market_id": market_id,
            "kind": kind,
            "subject_id": subject_id,
            "due_at": due_at,
            "attempts": 0,
        }
        for subject_id in subject_ids
    ]
    await insert_rows(session, Timer, rows)


_NO_LATER = (
    "ON CONFLICT (subject_id, kind) DO UPDATE SET due_at = least(timers.due_at, excluded.due_at)"
)


async def schedule_no_later(
    session: AsyncSession, *, kind: str, dues: Sequence[tuple[MarketId, UUID, datetime]]
) -> None:
    """Set timers of one kind, each of a market and a subject, or move later settings forward.

    Each is held to the end of the transaction: no worker takes it before what it is set for is
    committed. One that is being handled is waited for, and set anew.
    """
    rows = [
        {
            "id": new_id(),
            "market_id": market_id,
            "kind": kind,
            "subject_id": subject_id,
            "due_at": due_at,
            "attempts": 0,
        }
        for market_id, subject_id, due_at in sorted(dues, key=lambda due: due[1])
    ]
    if rows:
        await insert_rows(session, Timer, rows, after=_NO_LATER)


_FREE = "SELECT id FROM timers WHERE kind = :kind AND subject_id = :subject FOR UPDATE SKIP LOCKED"
_CANCEL = text(f"DELETE FROM timers WHERE id IN ({_FREE})")
_IN_HAND = text(f"""
    SELECT EXISTS (SELECT FROM timers WHERE kind = :kind AND subject_id = :subject)
       AND NOT EXISTS ({_FREE})
""")


async def cancel(session: AsyncSession, *, kind: str, subject_id: UUID) -> None:
    """Remove the subject's timer of this kind, if there is one.

    One that a worker has in hand stays, for the worker may be waiting for the caller's locks:
    its handler finds the subject as the caller leaves it, and nothing to do.
    """
    await session.execute(_CANCEL, {"kind": kind, "subject": subject_id})


async def is_in_hand(session: AsyncSession, *, kind: str, subject_id: UUID) -> bool:
    """Tell whether a worker has the subject's timer; else none gets it in this transaction."""
    found: bool = (
        await session.execute(_IN_HAND, {"kind": kind, "subject": subject_id})
    ).scalar_one()
    return found


_CLAIM = text("""
    SELECT t.id, t.kind, t.subject_id, t.due_at, t.attempts
    FROM timers t JOIN market_clocks c ON c.market_id = t.market_id
    WHERE t.due_at <= clock_timestamp() + c.ahead AND t.parked_at IS NULL
      AND (t.retry_at IS NULL OR t.retry_at <= clock_timestamp())
      AND NOT EXISTS (
          SELECT FROM timers e
          WHERE e.subject_id = t.subject_id AND (e.due_at, e.id) < (t.due_at, t.id)
      )
    ORDER BY t.due_at LIMIT 1
    FOR UPDATE OF t SKIP LOCKED FOR SHARE OF c SKIP LOCKED
""")


async def claim_due(session: AsyncSession) -> Due | None:
    """Claim one due timer of any market, or none.

    Only a subject's earliest timer is taken. Timers that another worker holds, and markets
    whose sandbox clock is being moved, are passed over.
    """
    row = (await session.execute(_CLAIM)).first()
    return None if row is None else Due(*row)


async def claim_until(session: AsyncSession, market_id: MarketId, until: datetime) -> Due | None:
    """Claim a sandbox's next timer due by ``until``; the caller holds the clock's lock.

    A parked timer stands in its own subject's way, not in the others'.
    """
    parked = aliased(Timer)
    timer = await session.scalar(
        select(Timer)
        .where(
            Timer.market_id == market_id,
            Timer.due_at <= until,
            ~select(parked.id)
            .where(parked.subject_id == Timer.subject_id, parked.parked_at.is_not(None))
            .exists(),
        )
        .order_by(Timer.due_at, Timer.id)
        .limit(1)
        .with_for_update(of=Timer)
    )
    return None if timer is None else _due(timer)


def _due(timer: Timer) -> Due:
    return Due(timer.id, timer.kind, timer.subject_id, timer.due_at, timer.attempts)


async def handle(session: AsyncSession, due: Due, handlers: Mapping[str, TimerHandler]) -> bool:
    """Run a claimed timer's handler and remove it; back off or park when it fails.

    The handler's *now* is the timer's ``due_at``. A handler may set the same timer anew.
    Returns whether it succeeded.
    """
    try:
        async with session.begin_nested():
            await session.execute(delete(Timer).where(Timer.id == due.id))
            await handlers[due.kind](session, due.subject_id, due.due_at)
    except Exception as failure:
        attempts = due.attempts + 1
        parked = attempts >= ATTEMPTS_MAX
        await session.execute(
            update(Timer)
            .where(Timer.id == due.id)
            .values(
                attempts=attempts,
                last_error=repr(failure)[:2000],
                retry_at=func.clock_timestamp() + text(f"interval '{2**attempts} seconds'"),
                parked_at=func.clock_timestamp() if parked else None,
            )
        )
        log.exception("timer_failed", kind=due.kind, subject_id=str(due.subject_id), parked=parked)
        return False
    return True


async def count_parked(session: AsyncSession) -> int:
    """Return how many timers were given up and wait for a person."""
    parked = select(func.count()).select_from(Timer).where(Timer.parked_at.is_not(None))
    return (await session.execute(parked)).scalar_one()


async def run_one(database: Database, handlers: Mapping[str, TimerHandler]) -> bool:
    """Handle one due timer in a transaction of its own; return whether there was one."""
    async with database.transaction() as session:
        due = await claim_due(session)
        if due is None:
            return False
        await handle(session, due, handlers)
        return True
