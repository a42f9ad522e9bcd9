"""A process that books a bank's statement slice by slice and may be killed at any moment."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import app.tables  # noqa: F401 - every module's
from app.platform.access import Actor
from app.platform.db import Database
from app.platform.telemetry import configure_logging
from app.settlement.domain.payment import PaymentRecorded
from app.settlement.repository import references_of
from app.settlement.service.paying import record_payments
from app.shared.ids import DealId
from scripts.settlement_filling import Line

SLICE = 40


def settle(dsn: str, actor: Actor, lines: Sequence[Line]) -> None:
    """Book what is not booked yet."""
    configure_logging("WARNING")
    asyncio.run(_settle(dsn, actor, lines))


async def _settle(dsn: str, actor: Actor, lines: Sequence[Line]) -> None:
    database = Database(dsn, pool_size=1)
    for begin in range(0, len(lines), SLICE):
        some = lines[begin : begin + SLICE]
        if not await _booked(database, actor, some):
            # A killed one's commit was on its way; now it is there.
            assert await _booked(database, actor, some)
    await database.close()


async def _booked(database: Database, actor: Actor, lines: Sequence[Line]) -> bool:
    try:
        async with database.transaction() as session:
            known = await references_of(session, {DealId(line.deal_id) for line in lines})
            waiting = [
                line
                for line in lines
                if line.payment.bank_reference not in known[DealId(line.deal_id)]
            ]
            if waiting:
                now = max(line.payment.received_at for line in waiting) + timedelta(hours=1)
                await record_payments(session, actor, waiting, now=now)
    except PaymentRecorded:
        return False
    return True
