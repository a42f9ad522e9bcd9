"""The stages of a nation's year as processes of `bench_settlement.py` run them, with their cost.

The batched way is that of the service: a slice of the bank's statement a transaction, a page of
incomes, a slice of sharings, a part of the export. The naive one takes a contract at a time
through the same use cases, with its own transaction for each.
"""

import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import app.tables  # noqa: F401 - every module's
from app.permissions import scopes_of
from app.platform import reactions
from app.platform.access import Actor, Role
from app.platform.db import Database
from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.settlement.domain.registration_export import About
from app.settlement.domain.sharing.awards import Sharing, divide_plan
from app.settlement.domain.sharing.schemes import Pool
from app.settlement.repository.sharing import incomes_of_deals
from app.settlement.service import exporting
from app.settlement.service.exporting import ExportForm
from app.settlement.service.paying import record_payment, record_payments
from app.settlement.service.sharing.planning import open_sharing, open_sharings
from app.settlement.sharing_handlers import REACTIONS
from app.shared.ids import DealId, MarketId, PartyId
from scripts.settlement_filling import Line

STATEMENT: Final = 400  # lines of a bank's statement in one transaction
UNITS: Final = 250  # sharings in one
PART: Final = 1_000  # contracts in a part of the export, as many as the route gives
FORMS: Final = (ExportForm.XLSX, ExportForm.CSV, ExportForm.JSON)
EXPORTED_AT: Final = datetime(2026, 1, 15, tzinfo=UTC)
FIRST_DAY: Final = date(2025, 1, 1)
LAST_DAY: Final = date(2025, 12, 31)
Place = tuple[datetime, UUID]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Desk:
    """Where a process works: the database, the market, whose files go where."""

    url: str
    market_id: MarketId
    operator: PartyId
    folder: Path

    @property
    def actor(self) -> Actor:
        """The exchange's clerk."""
        role = Role.OPERATOR
        return Actor("user:clerk", role, self.operator, self.market_id, scopes_of(role))


@dataclass
class Spent:
    """What a stage took: seconds on the clock, and of the processor here and in the database."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


@dataclass
class Done:
    """What a process did in a round.

    Attributes:
        released: Movements to sellers; two lines of a deal in one slice make one.
        noted: Incomes; those of the next round may be among them.
        awards: Fen that persons get, and fen in the pools that they get them from.
    """

    stages: dict[str, Spent] = field(default_factory=dict)
    released: int = 0
    noted: int = 0
    persons: int = 0
    awards: tuple[int, int] = (0, 0)
    exported: int = 0
    ready: int = 0
    exported_bytes: int = 0
    after: Place | None = None
    peak_mb: int = 0


_RUNNER: Final = asyncio.Runner()
_OPEN: Final[dict[str, tuple[Database, int]]] = {}
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def _run(work: Coroutine[Any, Any, Value]) -> Value:
    """Run in this process's one loop: connections stay open from round to round."""
    return _RUNNER.run(work)


async def _database(desk: Desk) -> tuple[Database, int]:
    """Return the database and the process id of its one connection's server."""
    if desk.url not in _OPEN:
        database = Database(desk.url, pool_size=1, silence_s=None)
        async with database.transaction() as session:
            # A slow machine is no failure here.
            await session.execute(text("SET statement_timeout = 0"))
            await session.execute(text("SET idle_in_transaction_session_timeout = 0"))
            backend = await session.scalar(text("SELECT pg_backend_pid()"))
        _OPEN[desk.url] = database, int(backend or 0)
    return _OPEN[desk.url]


def _cpu_of(backend: int) -> float:
    told = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(told[11]) + int(told[12])) / _TICKS


@asynccontextmanager
async def _stage(desk: Desk, done: Done, name: str) -> AsyncIterator[Database]:
    database, backend = await _database(desk)
    wall, cpu = time.perf_counter(), _cpu_of(backend)
    yield database
    spent = Spent(time.perf_counter() - wall, _cpu_of(backend) - cpu)
    done.stages[name] = done.stages.get(name, Spent()) + spent
    done.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def warm_up(desk: Desk) -> None:
    """Connect."""
    _run(_database(desk))


def pay(desk: Desk, lines: Sequence[Line], *, naive: bool = False) -> Done:
    """Book a bank's statement: into escrow, on to the sellers, deals settled."""
    done = Done()
    _run(_pay(desk, lines, done, 1 if naive else STATEMENT))
    return done


async def _pay(desk: Desk, lines: Sequence[Line], done: Done, size: int) -> None:
    async with _stage(desk, done, "pay, release, settle") as database:
        for begin in range(0, len(lines), size):
            some = lines[begin : begin + size]
            done.released += len({line.deal_id for line in some})
            now = max(line.payment.received_at for line in some) + timedelta(hours=1)
            async with database.transaction() as session:
                if size == 1:
                    await record_payment(session, desk.actor, *some[0], now=now)
                else:
                    await record_payments(session, desk.actor, some, now=now)


def follow(
    desk: Desk,
    deal_ids: Sequence[UUID],
    *,
    incomes: int,
    after: Place | None,
    naive: bool = False,
) -> Done:
    """Note what paid deals earned, share it, and export their registration sheets.

    Args:
        incomes: How many wait to be noted.
        after: The last contract that is exported.
    """
    done = Done(after=after)
    _run(_follow(desk, deal_ids, incomes, done, naive=naive))
    return done


async def _follow(
    desk: Desk, deal_ids: Sequence[UUID], incomes: int, done: Done, *, naive: bool
) -> None:
    async with _stage(desk, done, "note incomes") as database:
        await _note(database, incomes, done, naive=naive)
    async with _stage(desk, done, "share") as database:
        size = 1 if naive else UNITS
        for begin in range(0, len(deal_ids), size):
            some = deal_ids[begin : begin + size]
            async with database.transaction() as session:
                await _share(session, desk, some, done)
    async with _stage(desk, done, "lint, export") as database:
        if naive:
            for deal_id in deal_ids:
                await _export_one(desk, database, deal_id, done)
        else:
            while done.exported < len(deal_ids):
                await _export_part(desk, database, len(deal_ids), done)


async def _note(database: Database, incomes: int, done: Done, *, naive: bool) -> None:
    """Let the worker's own reaction catch up."""
    known: Reaction = REACTIONS[0]

    def counted(
        react: Callable[[AsyncSession, Any], Awaitable[None]],
    ) -> Callable[[AsyncSession, Any], Awaitable[None]]:
        async def count(session: AsyncSession, told: JournalEvent | Sequence[JournalEvent]) -> None:
            await react(session, told)
            done.noted += 1 if isinstance(told, JournalEvent) else len(told)

        return count

    react_all = None if naive or known.react_all is None else counted(known.react_all)
    batch = 1 if naive else known.batch
    noting = replace(known, react=counted(known.react), react_all=react_all, batch=batch)
    await reactions.register(database, [noting])
    while done.noted < incomes:
        if not await reactions.run_one(database, noting):
            await asyncio.sleep(0.02)  # a payment beside it holds the journal's horizon back


async def _share(session: AsyncSession, desk: Desk, deal_ids: Sequence[UUID], done: Done) -> None:
    if len(deal_ids) == 1:
        opened = [await open_sharing(session, desk.actor, deal_ids[0], now=EXPORTED_AT)]
    else:
        opened = await open_sharings(session, desk.actor, deal_ids, now=EXPORTED_AT)
    known = await incomes_of_deals(session, [sharing.deal_id for sharing in opened])
    for sharing in opened:
        _count_awards(sharing, known[DealId(sharing.deal_id)], done)


def _count_awards(sharing: Sharing, incomes: Any, done: Done) -> None:
    division = divide_plan(sharing.plan, incomes)
    if sum(division.pools.values()) != division.total:
        raise RuntimeError(f"the pools of {sharing.number} are not its net income")
    done.persons += sum(1 for amount in division.persons if amount)
    persons, pools = done.awards
    done.awards = (
        persons + sum(division.persons) - sum(division.owners),
        pools + division.pools.get(Pool.AWARD, 0),
    )


async def _export_part(desk: Desk, database: Database, wanted: int, done: Done) -> None:
    async with database.transaction() as session:
        items, last = await exporting.part(
            session,
            desk.actor,
            seller_id=None,
            starts_on=FIRST_DAY,
            ends_on=LAST_DAY,
            after=done.after,
            limit=min(PART, wanted - done.exported),
            now=EXPORTED_AT,
        )
    for form in FORMS:
        content = exporting.write(items, form, _about())
        done.exported_bytes += len(content)
        (desk.folder / f"{items[0].number}.{form}").write_bytes(content)
    done.exported += len(items)
    done.ready += sum(item.report.ready for item in items)
    done.after = last


async def _export_one(desk: Desk, database: Database, deal_id: UUID, done: Done) -> None:
    async with database.transaction() as session:
        item = await exporting.one(session, desk.actor, deal_id, now=EXPORTED_AT)
    for form in FORMS:
        content = exporting.write_one(item, form, _about())
        done.exported_bytes += len(content)
        (desk.folder / f"{item.number}.{form}").write_bytes(content)
    done.exported += 1


def _about() -> About:
    return About(
        exchange="基准测试市场", made_at=EXPORTED_AT, starts_on=FIRST_DAY, ends_on=LAST_DAY
    )
