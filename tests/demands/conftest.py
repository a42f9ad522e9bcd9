"""The board that tests of demands speak to."""

import httpx
import pytest

from tests.demands.board import Board
from tests.world import World


@pytest.fixture
def board(client: httpx.AsyncClient, world: World) -> Board:
    return Board(client, world)
