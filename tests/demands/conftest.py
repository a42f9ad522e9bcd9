"""The board that tests of demands speak to."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.runtime import Runtime
from tests.demands.board import Board
from tests.demands.reviews import Hall
from tests.world import World


@pytest.fixture
def board(client: httpx.AsyncClient, world: World) -> Board:
    return Board(client, world)


@pytest.fixture
def hall(board: Board, session: AsyncSession, shared_runtime: Runtime) -> Hall:
    return Hall(board, session, shared_runtime.timer_handlers)
