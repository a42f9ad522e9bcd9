"""Read the statistics: what everybody may know, and what a market's own staff sees beside it."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.insight.domain.cuts import Cut
from app.insight.domain.figures import Figures, GroupBy, check_buyer_regions, merge_small
from app.insight.repository import figures
from app.platform.clock import database_now, market_now
from app.shared.access import Viewer
from app.shared.calendar import SHANGHAI


async def read_prices(
    session: AsyncSession, viewer: Viewer, by: GroupBy, asked: Cut
) -> tuple[Figures, list[Figures]]:
    """Return the figures of a cut: all its lots, and each group.

    Raises:
        PeriodTooFine: Buyers' regions of anything but one whole past year of one market, asked by
            others than its staff.

    Invariants: IN7, IN8.
    """
    inside = sees_inside(viewer, asked)
    if by is GroupBy.BUYER_REGION and not inside:
        today = await _today(session, asked)
        check_buyer_regions(
            asked.first,
            asked.last,
            today=today,
            filtered=asked.is_filtered,
            one_market=asked.market_id is not None,
        )
    total, groups = await figures.count(session, by, asked)
    if by is GroupBy.BUYER_REGION and not inside:
        return total, list(merge_small(groups))
    return total, groups


async def _today(session: AsyncSession, asked: Cut) -> date:
    now = (
        await database_now(session)
        if asked.market_id is None
        else await market_now(session, asked.market_id)
    )
    return now.astimezone(SHANGHAI).date()


def sees_inside(viewer: Viewer, asked: Cut) -> bool:
    """Tell whether the viewer is the staff of the one market that is asked for (IN8)."""
    return asked.market_id is not None and viewer.staff_of == asked.market_id
