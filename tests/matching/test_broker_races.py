"""Real commits: two brokers reach for the same pair, and a timer for what its broker touches."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.demands.domain.demand import DemandStatus
from app.matching.domain.entry import EntryKind
from app.matching.service import brokering, deriving
from app.platform import timers
from app.platform.runtime import Runtime
from tests.demands.board import Board, Json, done, refusal, terms
from tests.listings.factories import achievement_body
from tests.matching.desk import Pair, suggest
from tests.world import START, World

pytestmark = pytest.mark.concurrency


@pytest.fixture
async def pair(own_client: httpx.AsyncClient, own_world: World, own_runtime: Runtime) -> Pair:
    board, transaction = Board(own_client, own_world), own_runtime.database.transaction
    body = achievement_body()
    shelved = done(await board.post("achievements", "seller_staff", body))
    path = f"achievements/{shelved['id']}/review"
    done(await board.post(path, "operator", {"accepted": True, "reason": None}))
    demand = await board.submitted()
    async with transaction() as session:
        await board.put_in(session, demand["id"], DemandStatus.REVIEWED)
    done(await board.post(f"demands/{demand['id']}/posting", "operator", {"terms": terms()}))
    ids = {EntryKind.DEMAND: UUID(demand["id"]), EntryKind.ACHIEVEMENT: UUID(shelved["id"])}
    async with transaction() as session:
        change = await deriving.keep(session, {kind: {id_} for kind, id_ in ids.items()})
        known = {entry.kind: (entry.id, entry.party_id, entry.revision) for entry in change.entries}
        await suggest(
            session,
            market_id=own_world.market_id,
            demand=known[EntryKind.DEMAND],
            achievement=known[EntryKind.ACHIEVEMENT],
        )
    return Pair(ids[EntryKind.DEMAND], ids[EntryKind.ACHIEVEMENT])


async def journaled(runtime: Runtime, kind: str) -> int:
    query = text("SELECT count(*) FROM journal_events WHERE type = :kind")
    async with runtime.database.transaction() as session:
        return int(await session.scalar(query, {"kind": kind}) or 0)


async def test_of_two_brokers_one_gets_a_pair_and_a_timer_waits_for_its_act(
    pair: Pair, own_client: httpx.AsyncClient, own_world: World, own_runtime: Runtime
) -> None:
    """MT71, MT77"""
    board = Board(own_client, own_world)
    rivals = (own_world.other_buyer, own_world.third_buyer) * 3
    answers = await asyncio.gather(
        *(board.post("match-cases", "broker", pair.body, party_id=party) for party in rivals)
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    for answer in answers:
        if answer.status_code == 409:
            assert refusal(answer, 409, "match_pair_taken")["state"] == "taken"
    case: Json = next(done(answer) for answer in answers if answer.status_code == 201)
    assert await journaled(own_runtime, "match_case.taken") == 1
    assert await journaled(own_runtime, "match_result.judged") == 1

    # Its time is up just as its broker arranges a meeting: one of both comes first.
    async with own_runtime.database.transaction() as session:
        await own_world.later(session, days=30)
    body = {"starts_at": (START + timedelta(days=33)).isoformat(), "place": "线上会议"}
    broker = {"party_id": case["broker_id"]}
    arranged, _ = await asyncio.gather(
        board.post(f"match-cases/{case['id']}/meeting", "broker", body, **broker),
        run_idle(own_runtime),
    )
    seen = done(await board.get(f"match-cases/{case['id']}", "operator"))
    if arranged.status_code == 200:
        assert seen["status"] == "meeting_arranged"
        assert seen["lapses_at"] is not None
    else:
        refusal(arranged, 409, "transition_refused")
        assert seen["status"] == "released"


async def run_idle(runtime: Runtime) -> None:
    assert brokering.IDLE in runtime.timer_handlers
    while await timers.run_one(runtime.database, runtime.timer_handlers):
        pass
