"""Real commits: prize money that comes twice at once, and the worker that keeps the board."""

import asyncio

import httpx
import pytest

from app.demands.handlers import REACTIONS
from app.ledger import public as ledger
from app.platform import reactions
from app.platform.runtime import Runtime
from tests.demands.board import Board, done, refusal, terms
from tests.demands.test_challenges import announced, funded
from tests.eventually import eventually
from tests.world import World

pytestmark = pytest.mark.concurrency

KEPT = [item for item in REACTIONS if item.name in {"demands.board", "demands.statistics"}]


async def test_money_that_comes_twice_at_once_is_taken_once_and_the_worker_counts_a_posting(
    own_client: httpx.AsyncClient, own_world: World, own_runtime: Runtime
) -> None:
    """DM112, DM113, DM128"""
    board, world, database = Board(own_client, own_world), own_world, own_runtime.database
    event = await announced(board)
    async with database.transaction() as session:
        await funded(board, session, world.third_buyer, "250000.00")
        demand = await board.reviewed(session)
    path, sponsor = f"challenges/{event['id']}/funding", {"party_id": world.third_buyer}
    answers = await asyncio.gather(
        *(board.post(path, "buyer_staff", {"prize": 0}, **sponsor) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            refusal(answer, 409, "prize_funded")
    async with database.transaction() as session:
        left = await ledger.funds_of(session, market_id=world.market_id, party_id=world.third_buyer)
    assert str(left) == "150000.00"

    posting = f"demands/{demand['id']}/posting"
    done(await board.post(posting, "operator", {"terms": terms()}))
    await reactions.register(database, KEPT)

    async def known() -> bool:
        # The feed stops at the oldest transaction that runs, whoever runs it.
        for reaction in KEPT:
            await reactions.run_one(database, reaction)
        found = done(await board.get("demands?q=深孔镗削"))["items"]
        total = done(await board.get("demands/statistics?by=field"))["total"]
        return [item["id"] for item in found] == [demand["id"]] and (
            total["posted"],
            total["running"],
        ) == (1, 1)

    await eventually(known)
