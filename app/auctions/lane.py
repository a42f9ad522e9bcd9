"""The bid path: a lane an auction in each process, one transaction for all bids waiting.

N waiting bids cost one lock and one commit, so a hot lot does not collapse; several processes
need no leader, because the auction's row lock orders them. While a transaction runs, further
bids gather for the next one. A transaction takes the bids of as many lanes as fit, so that a
thousand quiet lots do not need a commit each; a lot whose row somebody else has locked is left to
a transaction of its own.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.answers import key_id, to_store
from app.auctions.repository import auctions as repository
from app.auctions.repository.auctions import Auction, AuctionUnknown
from app.auctions.service.place_bids import judge_bids
from app.auctions.service.trail import BidCommand
from app.auctions.vault import Vault
from app.platform import idempotency
from app.platform.db import Database
from app.platform.idempotency import Answer, KeyReused
from app.platform.problems import Busy, database_is_away
from app.platform.signing import Signer
from app.platform.telemetry import BID_BATCH, BIDS

TRANSACTIONS_MAX: Final = 2  # the second works while the database answers the first
WAITING_MAX: Final = 4  # further transactions that wait for one lot's row each
GATHER_MS: Final = 4
WAIT_MAX_S: Final = 12  # longer than the database's lock timeout

Claim = tuple[str, str]  # caller and idempotency key
Told = Answer | KeyReused | AuctionUnknown


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A command in its lane and whom to tell."""

    auction_id: UUID
    command: BidCommand
    key: str
    request_print: bytes
    told: asyncio.Future[Answer]

    @property
    def claim(self) -> Claim:
        """Caller and idempotency key; the keys of bids are a space of their own.

        Another route holds its key while it waits for the auction's row, which the lane has. In
        one space with it, a bidder could make the lane wait, and deadlock, at will.
        """
        return f"bids of {self.command.actor}", self.key


@dataclass
class _Lane:
    waiting: deque[Waiting] = field(default_factory=deque)
    busy: bool = False  # a transaction holds some of its bids: the next must not overtake them


class Lanes:
    """All lanes of this process; a lane exists while something waits or runs in it.

    Args:
        batch_max: Most bids in one transaction.
        queue_max: Most bids waiting for one auction.
        wait_max_s: Longest time until a bidder is told to ask again.
    """

    def __init__(
        self,
        *,
        database: Database,
        signer: Signer,
        vault: Vault,
        batch_max: int,
        queue_max: int,
        wait_max_s: int = WAIT_MAX_S,
    ) -> None:
        self._database = database
        self._signer = signer
        self._vault = vault
        self._batch_max = batch_max
        self._queue_max = queue_max
        self._wait_max_s = wait_max_s
        self._lanes: dict[UUID, _Lane] = {}
        self._ready: deque[UUID] = deque()  # lanes with bids and no transaction, oldest first
        self._runners: set[asyncio.Task[None]] = set()
        self._alone: set[asyncio.Task[None]] = set()
        self._last_size = 0
        self._may_wait = asyncio.Semaphore(WAITING_MAX)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self._runners and not self._alone and not self._lanes

    async def submit(
        self, auction_id: UUID, command: BidCommand, *, key: str, request_print: bytes
    ) -> Answer:
        """Queue a command and return its stored answer, committed.

        Raises:
            Busy: The queue is full, or there was no answer in time. Whether the bid counts,
                the same key tells.
            KeyReused: The key answers another request.
            AuctionUnknown: There is no such auction.
        """
        lane = self._lanes.setdefault(auction_id, _Lane())
        if len(lane.waiting) >= self._queue_max:
            raise Busy("Too many bids wait; retry with the same key.", retry_after_s=1)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        waiting = Waiting(auction_id, command, key, request_print, future)
        lane.waiting.append(waiting)
        if len(lane.waiting) == 1 and not lane.busy:
            self._ready.append(auction_id)
        self._start_runner()
        try:
            async with asyncio.timeout(self._wait_max_s):
                return await future
        except TimeoutError:
            raise Busy("No answer in time; retry with the same key.", retry_after_s=2) from None

    def _start_runner(self) -> None:
        # One that has just ended is still in the set, but looks at no lane any more.
        running = sum(not runner.done() for runner in self._runners)
        if running < TRANSACTIONS_MAX and self._ready:
            self._start(self._run(), self._runners)

    def _start(self, work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(self._stopped)

    async def _run(self) -> None:
        while self._ready:
            await self._gather()
            batch = self._take()
            locked: set[UUID] = set()
            try:
                locked = await self._decide(batch, last_try=False)
            finally:
                self._finish([it for it in batch if it.auction_id not in locked])
            for auction_id in locked:
                lot = [it for it in batch if it.auction_id == auction_id]
                self._start(self._wait_for(lot), self._alone)

    async def _gather(self) -> None:
        """Let more bids come in while bids come in heaps: those just answered bid again.

        A full transaction costs hardly more than a small one. Who bids alone never waits.
        """
        waiting = sum(len(self._lanes[auction_id].waiting) for auction_id in self._ready)
        if self._last_size > 1 and waiting < self._batch_max:
            await asyncio.sleep(GATHER_MS / 1000)

    async def _wait_for(self, lot: list[Waiting]) -> None:
        """Decide one lot's bids when its row is free, while all others go on."""
        try:
            async with self._may_wait:
                await self._decide(lot, last_try=False)
        finally:
            self._finish(lot)
        self._start_runner()

    def _finish(self, batch: Sequence[Waiting]) -> None:
        for waiting in batch:
            # Still untold only where the process is stopping: nobody waits for ever.
            _tell(waiting, Busy("Retry with the same key.", retry_after_s=1))
        self._release({waiting.auction_id for waiting in batch})

    def _stopped(self, runner: asyncio.Task[None]) -> None:
        if runner.cancelled():
            for lane in self._lanes.values():
                for waiting in lane.waiting:
                    _tell(waiting, Busy("Retry with the same key.", retry_after_s=1))
            self._lanes.clear()
            self._ready.clear()

    def _take(self) -> list[Waiting]:
        """Return the next transaction's bids: whole lanes while they fit, the oldest first."""
        batch: list[Waiting] = []
        while self._ready and len(batch) < self._batch_max:
            auction_id = self._ready.popleft()
            lane = self._lanes[auction_id]
            lane.busy = True
            while lane.waiting and len(batch) < self._batch_max:
                batch.append(lane.waiting.popleft())
        return batch

    def _release(self, auctions: set[UUID]) -> None:
        for auction_id in auctions:
            lane = self._lanes.get(auction_id)
            if lane is None:
                continue
            lane.busy = False
            if lane.waiting:
                self._ready.append(auction_id)
            else:
                del self._lanes[auction_id]

    async def _decide(self, batch: list[Waiting], *, last_try: bool) -> set[UUID]:
        """Tell each command its answer; return the lots of several that are locked."""
        BID_BATCH.observe(len(batch))
        self._last_size = len(batch)
        try:
            answers = await self._transact(batch)
        except Exception as failure:  # noqa: BLE001 - told to each bidder, never swallowed
            if last_try or database_is_away(failure):
                for waiting in batch:
                    _tell(waiting, failure)
                return set()
            # One bid that fails must not harm its neighbours; and the second look finds a key
            # that another process's lane claimed for another lot since the first.
            for waiting in batch:
                await self._decide([waiting], last_try=len(batch) == 1)
            return set()
        locked = set()
        for waiting, answer in zip(batch, answers, strict=True):
            if answer is None:
                locked.add(waiting.auction_id)
                continue
            if isinstance(answer, Answer):
                BIDS.labels("accepted" if answer.status == 201 else "refused").inc()
            _tell(waiting, answer)
        return locked

    async def _transact(self, batch: Sequence[Waiting]) -> list[Told | None]:
        """Lock, fold repeats, judge, store effect and answers, commit.

        Of several lots none is waited for: ``None`` is the answer where one was not to be had.
        """
        lots = {waiting.auction_id for waiting in batch}
        several = len(lots) > 1
        async with self._database.transaction() as session:
            auctions = await repository.lock_many(session, lots, wait=not several)
            had = [waiting for waiting in batch if waiting.auction_id in auctions]
            told = await self._told_before(session, had)
            first = {waiting.claim: waiting for waiting in reversed(had)}
            fresh = [it for it in had if it.claim not in told and first[it.claim] is it]
            told |= await self._judge(session, auctions, fresh)
        missing = None if several else AuctionUnknown("There is no such auction.")
        return [
            _answer_to(waiting, told) if waiting.auction_id in auctions else missing
            for waiting in batch
        ]

    async def _told_before(
        self, session: AsyncSession, batch: Sequence[Waiting]
    ) -> dict[Claim, tuple[bytes, Answer]]:
        """Return the stored answers of repeated keys, ready to be signed anew."""
        if not batch:
            return {}
        told = await idempotency.find_many(session, {waiting.claim for waiting in batch})
        for waiting in batch:
            printed, answer = told.get(waiting.claim, (None, None))
            if answer is not None and printed == waiting.request_print:
                await self._signer.load(session, key_id(answer))
        return told

    async def _judge(
        self, session: AsyncSession, auctions: Mapping[UUID, Auction], fresh: Sequence[Waiting]
    ) -> dict[Claim, tuple[bytes, Answer]]:
        if not fresh:
            return {}
        by_lot: dict[UUID, list[Waiting]] = {}
        for waiting in fresh:
            by_lot.setdefault(waiting.auction_id, []).append(waiting)
        asked = [
            (auctions[auction_id], [waiting.command for waiting in lot])
            for auction_id, lot in by_lot.items()
        ]
        outcomes = await judge_bids(session, self._vault, asked)
        kid = await self._signer.active_kid(session)
        decided = {
            waiting.claim: (
                waiting.request_print,
                to_store(waiting.auction_id, waiting.command, outcome, kid),
            )
            for lot, results in zip(by_lot.values(), outcomes, strict=True)
            for waiting, outcome in zip(lot, results, strict=True)
        }
        await idempotency.store_many(session, decided)
        return decided


def _answer_to(waiting: Waiting, told: Mapping[Claim, tuple[bytes, Answer]]) -> Answer | KeyReused:
    printed, answer = told[waiting.claim]
    if printed != waiting.request_print:
        return KeyReused("Use a fresh key for a different bid.", field="Idempotency-Key")
    return answer


def _tell(waiting: Waiting, result: Told | Exception) -> None:
    if waiting.told.done():  # told before, or the bidder has hung up; its key tells the truth
        return
    if isinstance(result, Answer):
        waiting.told.set_result(result)
    else:
        waiting.told.set_exception(result)
