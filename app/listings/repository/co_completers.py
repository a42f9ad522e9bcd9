"""Who completed results together."""

from collections.abc import Collection

from sqlalchemy import cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.models import AchievementRow
from app.shared.ids import AchievementId, MarketId


async def find_co_completers(
    session: AsyncSession,
    market_id: MarketId,
    names: Collection[str],
    *,
    other_than: AchievementId,
) -> frozenset[str]:
    """Return the names that stand beside one of these names in another result of the market.

    Args:
        names: As on record; the same spelling is looked for.
        other_than: The result whose completers they are.
    """
    if not names:
        return frozenset()
    person = func.jsonb_array_elements(AchievementRow.completers, type_=JSONB)
    found = await session.scalars(
        select(person["name"].astext)
        .where(
            AchievementRow.market_id == market_id,
            AchievementRow.id != other_than,
            or_(
                *(
                    AchievementRow.completers.contains(cast([{"name": name}], JSONB))
                    for name in sorted(names)
                )
            ),
        )
        .distinct()
    )
    return frozenset(found) - frozenset(names)
