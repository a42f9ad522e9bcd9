"""The board costs one statement however long it is."""

import httpx

from app.platform.db import Database
from tests.demands.test_endpoints import Board, done
from tests.queries import counted
from tests.world import World


async def test_a_list_is_one_statement(
    client: httpx.AsyncClient, world: World, rolled_back: Database
) -> None:
    board = Board(client, world)
    for _ in range(3):
        await board.reviewed()
    with counted(rolled_back) as sent:
        assert len(done(await board.get("demands"))["items"]) == 3
    assert len(sent) == 1
