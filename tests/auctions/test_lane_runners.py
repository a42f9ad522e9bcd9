"""The lane's tasks: whatever ends at once, no command is left lying."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any, cast

from app.auctions.lane import Lanes, Told, Waiting
from app.auctions.service.trail import BidCommand
from app.platform.idempotency import Answer
from app.shared.ids import PartyId
from app.shared.money import Money

ANSWER = Answer(201, {}, b"{}")


class Gated(Lanes):
    """Lanes whose transactions all end at the same moment."""

    def __init__(self, gate: asyncio.Event) -> None:
        nothing = cast("Any", None)
        super().__init__(
            database=nothing, signer=nothing, vault=nothing, batch_max=1, queue_max=9, wait_max_s=2
        )
        self._gate = gate

    async def _transact(self, batch: Sequence[Waiting]) -> list[Told | None]:
        await self._gate.wait()
        return [ANSWER for _ in batch]


async def test_a_command_that_comes_as_all_runners_end_is_judged() -> None:
    """AU9: both transactions end in one turn of the loop, and a bid comes in that very turn."""
    gate = asyncio.Event()
    lanes = Gated(gate)
    party = PartyId(uuid.uuid4())
    command = BidCommand(party, Money(100), "user:1", None)

    def submit(key: str) -> asyncio.Task[Answer]:
        asked = lanes.submit(uuid.uuid4(), command, key=key, request_print=b"")
        return asyncio.create_task(asked)

    async def last() -> Answer:
        await gate.wait()
        return await lanes.submit(uuid.uuid4(), command, key="last", request_print=b"")

    first = [submit("one"), submit("two")]
    await asyncio.sleep(0.01)  # both runners wait for the gate
    late = asyncio.create_task(last())
    await asyncio.sleep(0.01)
    gate.set()
    assert await asyncio.gather(*first, late) == [ANSWER] * 3
    await asyncio.sleep(0)
    assert lanes.idle
