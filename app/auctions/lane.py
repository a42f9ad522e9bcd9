"""The bid path: a lane an auction in each process, one transaction for all bids waiting.

N waiting bids cost one lock and one commit, so a hot lot does not collapse; several processes
need no leader, because the auction's row lock orders them. While a transaction runs, further
bids gather for the next one.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions import repository
from app.auctions.answers import key_id, to_store
from app.auctions.service.place_bids import BidCommand, judge_bids
from app.platform import idempotency
from app.platform.db import Database
from app.platform.idempotency import Answer, KeyReused
from app.platform.problems import Busy, database_is_away
from app.platform.signing import Signer
from app.platform.telemetry import BID_BATCH, BIDS

Claim = tuple[str, str]  # caller and idempotency key


@dataclass(frozen=True, slots=True)
class Waiting:
    """A bid in the queue and whom to tell."""

    command: BidCommand
    key: str
    request_print: bytes
    told: asyncio.Future[Answer]

    @property
    def claim(self) -> Claim:
        """Caller and idempotency key."""
        return self.command.actor, self.key


class Lane:
    """The queue of one auction in this process; it runs only while bids wait."""

    def __init__(
        self,
        auction_id: UUID,
        *,
        database: Database,
        signer: Signer,
        batch_max: int,
        queue_max: int,
    ) -> None:
        self._auction_id = auction_id
        self._database = database
        self._signer = signer
        self._batch_max = batch_max
        self._queue_max = queue_max
        self._queue: deque[Waiting] = deque()
        self._runner: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return self._runner is None

    async def submit(self, command: BidCommand, *, key: str, request_print: bytes) -> Answer:
        """Queue a bid and return its stored answer, committed.

        Raises:
            Busy: The queue is full; nothing was decided.
            KeyReused: The key answers another request.
        """
        if len(self._queue) >= self._queue_max:
            raise Busy("Too many bids wait; retry with the same key.", retry_after_s=1)
        waiting = Waiting(command, key, request_print, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await waiting.told

    async def _run(self) -> None:
        batch: list[Waiting] = []
        try:
            while self._queue:
                size = min(len(self._queue), self._batch_max)
                batch = [self._queue.popleft() for _ in range(size)]
                await self._decide(batch, last_try=False)
        finally:
            self._runner = None
            # Somebody is left only where the process is stopping: nobody may wait for ever.
            for waiting in (*batch, *self._queue):
                _tell(waiting, Busy("Retry with the same key.", retry_after_s=1))
            self._queue.clear()

    async def _decide(self, batch: list[Waiting], *, last_try: bool) -> None:
        BID_BATCH.observe(len(batch))
        try:
            answers = await self._transact(batch)
        except Exception as failure:  # noqa: BLE001 - told to each bidder, never swallowed
            if last_try or database_is_away(failure):
                for waiting in batch:
                    _tell(waiting, failure)
                return
            # One bid that fails must not harm its neighbours; and the second look finds a key
            # that another route claimed since the first.
            for waiting in batch:
                await self._decide([waiting], last_try=len(batch) == 1)
            return
        for waiting in batch:
            answer = answers[waiting.claim, waiting.request_print]
            if isinstance(answer, Answer):
                BIDS.labels("accepted" if answer.status == 201 else "refused").inc()
            _tell(waiting, answer)

    async def _transact(
        self, batch: list[Waiting]
    ) -> dict[tuple[Claim, bytes], Answer | KeyReused]:
        """Lock, fold repeats, judge, store effect and answers, commit."""
        async with self._database.transaction() as session:
            auction = await repository.load(session, self._auction_id, lock=True)
            told = await idempotency.find_many(session, {waiting.claim for waiting in batch})
            for waiting in batch:
                printed, answer = told.get(waiting.claim, (None, None))
                if answer is not None and printed == waiting.request_print:
                    await self._signer.load(session, key_id(answer))
            first = {waiting.claim: waiting for waiting in reversed(batch)}
            fresh = [
                waiting
                for waiting in batch
                if waiting.claim not in told and first[waiting.claim] is waiting
            ]
            told |= await self._judge(session, auction, fresh)
        return {
            (waiting.claim, waiting.request_print): _answer_to(waiting, *told[waiting.claim])
            for waiting in batch
        }

    async def _judge(
        self, session: AsyncSession, auction: repository.Auction, fresh: list[Waiting]
    ) -> dict[Claim, tuple[bytes, Answer]]:
        if not fresh:
            return {}
        outcomes = await judge_bids(session, auction, [waiting.command for waiting in fresh])
        kid = await self._signer.active_kid(session)
        decided = {
            waiting.claim: (
                waiting.request_print,
                to_store(self._auction_id, waiting.command, outcome, kid),
            )
            for waiting, outcome in zip(fresh, outcomes, strict=True)
        }
        await idempotency.store_many(session, decided)
        return decided


def _answer_to(waiting: Waiting, printed: bytes, answer: Answer) -> Answer | KeyReused:
    if printed != waiting.request_print:
        return KeyReused("Use a fresh key for a different bid.", field="Idempotency-Key")
    return answer


def _tell(waiting: Waiting, result: Answer | Exception) -> None:
    if waiting.told.done():  # the bidder has hung up; its key will tell the truth later
        return
    if isinstance(result, Answer):
        waiting.told.set_result(result)
    else:
        waiting.told.set_exception(result)


class Lanes:
    """All lanes of this process; an idle lane is dropped."""

    def __init__(
        self, *, database: Database, signer: Signer, batch_max: int, queue_max: int
    ) -> None:
        self._make = (database, signer, batch_max, queue_max)
        self._lanes: dict[UUID, Lane] = {}

    def of(self, auction_id: UUID) -> Lane:
        """Return the auction's lane."""
        lane = self._lanes.get(auction_id)
        if lane is None:
            if len(self._lanes) > 1000:
                self._lanes = {key: kept for key, kept in self._lanes.items() if not kept.idle}
            database, signer, batch_max, queue_max = self._make
            lane = self._lanes[auction_id] = Lane(
                auction_id,
                database=database,
                signer=signer,
                batch_max=batch_max,
                queue_max=queue_max,
            )
        return lane
