"""Wishes under real commits: two who change them at once, and a change while they are used."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.matching.domain.entry import EntryKind
from app.matching.domain.retrieval import Candidate
from app.matching.models import MatchEntryRow
from app.matching.service import deriving
from app.matching.service.keeping import compute_result
from app.platform.runtime import Runtime
from tests.demands.board import Board, done, refusal
from tests.matching.market import LOCATING, engine_without_model
from tests.matching.naive_index import NaiveIndex
from tests.matching.pushed import shelved
from tests.world import START, World

pytestmark = pytest.mark.concurrency


class Interrupted(NaiveIndex):
    """An index during whose search something else happens."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def search(self, weights: Mapping[str, float], *, limit: int) -> Sequence[Candidate]:
        self._meanwhile()
        return super().search(weights, limit=limit)


async def test_a_change_while_an_entry_is_matched_has_it_matched_again(
    own_client: httpx.AsyncClient, own_world: World, own_runtime: Runtime
) -> None:
    """MT107, MT108: of six changes at once one is made, and what was found without it is stale."""
    board, transaction = Board(own_client, own_world), own_runtime.database.transaction
    async with transaction() as session:
        entry = await shelved(session, own_world, "配电网断点定位", LOCATING)
        await deriving.keep(session, {EntryKind.ACHIEVEMENT: {entry.id}})
    path = f"achievements/{entry.id}/match-wishes"
    wished = {"conditions": {"regions": ["310000"]}}
    loop, changes = asyncio.get_running_loop(), list[asyncio.Future[list[httpx.Response]]]()

    def change() -> None:
        loop.call_soon_threadsafe(
            lambda: changes.append(
                asyncio.gather(
                    *(board.put(path, "seller_staff", wished, seen='"0"') for _ in range(6))
                )
            )
        )
        time.sleep(0.3)  # long enough for a change that does not wait

    index = Interrupted(change)
    index.put(UUID(int=1), ["定位"])
    engine = replace(engine_without_model(), indexes={EntryKind.DEMAND: index})
    async with transaction() as session:
        assert await compute_result(session, engine, entry.id, knows_until=START) is not None
    answers = await changes[0]
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    for answer in answers:
        if answer.status_code == 409:
            assert refusal(answer, 409, "match_wishes_changed")["accepted"] == '"1"'
    assert done(await board.get(path, "seller_staff"))["version"] == 1
    async with transaction() as session:
        kept = select(MatchEntryRow.matched_with).where(MatchEntryRow.id == entry.id)
        assert (await session.execute(kept)).scalar_one() is None
