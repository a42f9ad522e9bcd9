"""The board costs two statements however long it is: which demands, and what they show."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.db import Database
from tests.demands.board import Board, done
from tests.queries import counted


async def test_a_list_is_two_statements(
    board: Board, session: AsyncSession, rolled_back: Database
) -> None:
    for _ in range(3):
        await board.posted(session)
    with counted(rolled_back) as sent:
        assert len(done(await board.get("demands"))["items"]) == 3
    assert len(sent) == 2
