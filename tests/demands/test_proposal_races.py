"""Proposals at the very deadline, two versions at once, two ways into one round (DM35, DM36)."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from app.demands.repository import proposals
from app.demands.service.deadline import close_demand
from app.platform.runtime import Runtime
from app.shared.ids import DemandId
from tests.demands.board import Board, done
from tests.demands.proposing import CLOSES_AT, committed, plain
from tests.world import World

pytestmark = pytest.mark.concurrency


async def test_at_the_deadline_a_proposal_is_opened_or_refused_and_never_lost(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """DM35, DM36"""
    board = Board(own_client, own_world)
    demand = await committed(board, own_runtime, {})
    path, moment = f"demands/{demand['id']}", datetime.fromisoformat(CLOSES_AT)
    lead, member = str(own_world.seller), own_world.other_seller
    # Two ways into one round at once: exactly one of them is taken.
    consents = board.put(
        f"{path}/consortium", "seller_staff", {"lead_party_id": lead}, party_id=member
    )
    alone = board.post(f"{path}/proposals", "seller_staff", plain(), party_id=member)
    answers = [answer.status_code for answer in await asyncio.gather(consents, alone)]
    assert sorted(answers) in ([200, 409], [201, 409]), answers
    # Two versions at once: one after the other.
    two = await asyncio.gather(
        *(
            board.post(f"{path}/proposals", "seller_staff", plain(f"{amount}.00"))
            for amount in (700_001, 700_002)
        )
    )
    assert sorted(done(answer)["version"] for answer in two) == [1, 2]
    async with own_runtime.database.transaction() as session:
        await own_world.at(session, moment - timedelta(milliseconds=400))

    async def close() -> None:
        await asyncio.sleep(0.45)
        async with own_runtime.database.transaction() as session:
            await close_demand(session, own_runtime.box, UUID(demand["id"]), moment)

    async def keep_replacing(role: str, party: object, first: int) -> list[tuple[int, int]]:
        sent = []
        for amount in range(first, first + 400):
            who = {"party_id": party}
            answer = await board.post(f"{path}/proposals", role, plain(f"{amount}.00"), **who)
            sent.append((answer.status_code, amount))
            if answer.status_code != 201:
                assert answer.json()["code"] == "proposals_not_taken"
                break
        return sent

    runs = await asyncio.gather(
        keep_replacing("seller_staff", own_world.seller, 600_000),
        keep_replacing("buyer_staff", own_world.other_buyer, 800_000),
        close(),
    )
    async with own_runtime.database.transaction() as session:
        found = await proposals.of_round(session, DemandId(UUID(demand["id"])), 1)
    opened = {item.party_id: item for item in found}
    for party, sent in ((own_world.seller, runs[0]), (own_world.other_buyer, runs[1])):
        assert sent is not None
        taken = [amount for status, amount in sent if status == 201]
        assert sent[-1][0] == 409
        assert opened[party].status == "opened"
        price = opened[party].price
        if taken:
            assert price is not None
            assert price.amount_minor == taken[-1] * 100
