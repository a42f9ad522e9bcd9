"""Moving a sandbox's clock forward, one due timer after the other.

Each step is a transaction of its own: it takes the clock's lock, handles the earliest timer with
the clock at that timer's moment, and commits. Then the reactions to what the step journaled run,
so that whatever they set a timer for comes in its turn. A crash leaves the clock at the last
finished step; the same call goes on from there.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import reactions as reacting
from app.platform import timers
from app.platform.clock import ClockMovesForward, lock_sandbox, set_sandbox
from app.platform.db import Database
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.shared.errors import Unavailable
from app.shared.ids import MarketId

# A retry of a call whose answer was lost finds the clock a little past its aim.
RETRY_GRACE: Final = timedelta(minutes=10)

_DRAIN_MAX_S: Final = 10.0
_PAUSE_S: Final = 0.01


class SandboxBusy(Unavailable):
    """Something else in the database holds back the reactions; the clock stands in between."""

    code = "sandbox_busy"
    title_zh = "沙盒正忙，请重试以继续推进时钟"
    title_en = "The sandbox is busy: retry to go on"


async def advance(
    database: Database,
    *,
    market_id: MarketId,
    to: datetime,
    handlers: Mapping[str, TimerHandler],
    reactions: Sequence[Reaction],
) -> int:
    """Move a sandbox's clock to a moment through all that falls due; return the timers handled.

    Timers run in the order of their moments, also those that a step or a reaction sets on the
    way. One that fails is tried again at once and parked after `timers.ATTEMPTS_MAX` failures,
    with the alarm that parking gives; the clock then goes on without its subject.

    Args:
        to: Market moment, aware. Up to `RETRY_GRACE` behind the present it means "go on".

    Raises:
        MarketUnknown, NotASandbox: There is no such sandbox.
        ClockMovesForward: ``to`` is in the past; names the present.
        SandboxBusy: The reactions could not catch up in time; call again to go on.
    """
    await reacting.register(database, reactions)
    await _check_forward(database, market_id, to)
    handled = 0
    while True:
        await _drain(database, market_id, reactions)
        outcome = await _step(database, market_id, to, handlers, reactions)
        if outcome is None:
            return handled
        handled += outcome


async def _check_forward(database: Database, market_id: MarketId, to: datetime) -> None:
    async with database.transaction() as session:
        now = await lock_sandbox(session, market_id)
    if to < now - RETRY_GRACE:
        raise ClockMovesForward("Choose a later moment.", field="advance_to", minimum=now)


async def _step(
    database: Database,
    market_id: MarketId,
    to: datetime,
    handlers: Mapping[str, TimerHandler],
    reactions: Sequence[Reaction],
) -> bool | None:
    """Handle the next timer and return whether it succeeded, or arrive and return ``None``.

    Also ``False`` if a worker, for which this waited, left something to react to: it may set
    timers that come first.
    """
    async with database.transaction() as session:
        now = await lock_sandbox(session, market_id)
        due = await timers.claim_until(session, market_id, max(to, now))
        if await _behind(session, market_id, reactions):
            return False
        if due is None:
            if to > now:
                await set_sandbox(session, market_id, to)
            return None
        if due.due_at > now:
            await set_sandbox(session, market_id, due.due_at)
        return await timers.handle(session, due, handlers)


async def _drain(database: Database, market_id: MarketId, reactions: Sequence[Reaction]) -> None:
    """Run reactions until each has seen all that the market has journaled.

    A worker may hold a reaction's cursor, and an older transaction anywhere may still hide a
    committed event from the feed: both pass, so this waits for them.
    """
    give_up_at = time.monotonic() + _DRAIN_MAX_S
    while True:
        ran = False
        for reaction in await reacting.due(database, reactions):
            while await reacting.run_one(database, reaction):
                ran = True
        if ran:
            continue
        async with database.transaction() as session:
            behind = await _behind(session, market_id, reactions)
        if not behind:
            return
        if time.monotonic() > give_up_at:
            raise SandboxBusy("Reactions have not caught up.", behind=behind, retry_after_s=2)
        await asyncio.sleep(_PAUSE_S)


# Nobody can wait for the end of the transaction that asks: its own events do not count.
_BEHIND: Final = text("""
    SELECT cursor.name FROM reaction_cursors AS cursor
    JOIN unnest(CAST(:names AS text[]), CAST(:types AS text[])) AS wanted (name, types)
      ON wanted.name = cursor.name
    WHERE cursor.retry_at IS NULL AND EXISTS (
        SELECT FROM journal_events AS event
        WHERE event.market_id = :market_id
          AND event.type = ANY(string_to_array(wanted.types, ' '))
          AND (event.epoch, event.txid, event.seq) > (cursor.epoch, cursor.txid, cursor.seq)
          AND event.txid IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint
    )
    ORDER BY cursor.name
""")


async def _behind(
    session: AsyncSession, market_id: MarketId, reactions: Sequence[Reaction]
) -> Sequence[str]:
    """Return the reactions for which events of the market wait; not those after a failure."""
    found = await session.scalars(
        _BEHIND,
        {
            "names": [reaction.name for reaction in reactions],
            "types": [" ".join(sorted(reaction.types)) for reaction in reactions],
            "market_id": market_id,
        },
    )
    return found.all()
