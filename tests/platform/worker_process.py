"""A worker as a process of its own that can be killed: ``python -m … DSN timers|reactions [N]``.

Its effects are journal events. With N it stops for good while it handles the Nth piece of
work, after the effect and before the commit, and says so on standard output.
"""

import asyncio
import sys
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import reactions, timers
from app.platform.access import SYSTEM
from app.platform.db import Database
from app.platform.journal import JournalEvent, NewEvent, append
from app.platform.reactions import Reaction
from app.shared.ids import MarketId


def effect(market_id: UUID, subject_id: UUID, at: datetime) -> NewEvent:
    return NewEvent(
        market_id=MarketId(market_id),
        subject="effect",
        subject_id=uuid5(subject_id, "effect"),
        type="effect.made",
        market_at=at,
        actor=SYSTEM,
        public={"of": subject_id},
    )


@dataclass
class Work:
    """Makes effects, and hangs in one of them."""

    hang_at: int
    handled: int = 0

    async def make(self, session: AsyncSession, event: NewEvent) -> None:
        await append(session, event)
        self.handled += 1
        if self.handled == self.hang_at:
            print("hanging", flush=True)  # noqa: T201 - what the test waits for
            await asyncio.sleep(3600)

    async def on_timer(self, session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await self.make(session, effect(UUID(int=0), subject_id, now))

    async def on_event(self, session: AsyncSession, event: JournalEvent) -> None:
        await self.make(session, effect(event.market_id, event.subject_id, event.market_at))


async def main(dsn: str, what: str, hang_at: int) -> None:
    database = Database(dsn, pool_size=2)
    work = Work(hang_at)
    reaction = Reaction("copy", frozenset({"lot.moved"}), work.on_event)
    await reactions.register(database, [reaction])
    print("ready", flush=True)  # noqa: T201
    while True:
        if what == "timers":
            busy = await timers.run_one(database, {"test.fire": work.on_timer})
        else:
            busy = await reactions.run_one(database, reaction)
        if not busy:
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0))
