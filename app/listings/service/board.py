"""Read notices as other sites do."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.repository import board
from app.listings.repository.board import NoticeFilters, PostedNotice
from app.platform.access import ObjectUnknown
from app.shared.ids import NoticeId


async def read_notice(session: AsyncSession, notice_id: NoticeId) -> PostedNotice:
    """Return a notice.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await board.find(session, notice_id)
    if found is None:
        raise ObjectUnknown("There is no such notice.")
    return found


async def list_notices(
    session: AsyncSession, filters: NoticeFilters, *, before: NoticeId | None, limit: int
) -> Sequence[PostedNotice]:
    """Return notices, newest first."""
    return await board.find_page(session, filters, before=before, limit=limit)
