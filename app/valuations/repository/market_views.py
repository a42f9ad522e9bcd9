"""Market views in the database: append-only versions, of which the latest lives."""

from collections.abc import Sequence

from sqlalchemy import select, true
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.shared.ids import AchievementId, MarketId, PartyId
from app.shared.money import Money
from app.valuations.domain.market_views import (
    Horizon,
    MarketView,
    MarketViewRaced,
    Opinion,
    Stance,
)
from app.valuations.models import MarketViewRow


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)


def _view(row: MarketViewRow) -> MarketView:
    return MarketView(
        id=row.id,
        version=row.version,
        market_id=MarketId(row.market_id),
        achievement_id=AchievementId(row.achievement_id),
        owner_id=PartyId(row.owner_id),
        party_id=PartyId(row.party_id),
        opinion=Opinion(
            stance=Stance(row.stance),
            price_low=_money(row.price_low_minor, row.currency),
            price_high=_money(row.price_high_minor, row.currency),
            horizon=None if row.horizon is None else Horizon(row.horizon),
            reasons=row.reasons,
        ),
        content_version=row.content_version,
        stated_at=row.stated_at,
        stated_by=row.stated_by,
    )


async def insert_view(session: AsyncSession, view: MarketView) -> None:
    """Insert a version.

    Raises:
        MarketViewRaced: The version is taken; the unique index decides.
    """
    opinion = view.opinion
    low, high = opinion.price_low, opinion.price_high
    made = await session.scalar(
        insert(MarketViewRow)
        .values(
            id=view.id,
            version=view.version,
            market_id=view.market_id,
            achievement_id=view.achievement_id,
            owner_id=view.owner_id,
            party_id=view.party_id,
            stance=str(opinion.stance),
            price_low_minor=None if low is None else low.amount_minor,
            price_high_minor=None if high is None else high.amount_minor,
            currency=None if low is None else low.currency,
            horizon=None if opinion.horizon is None else str(opinion.horizon),
            reasons=opinion.reasons,
            content_version=view.content_version,
            stated_at=view.stated_at,
            stated_by=view.stated_by,
        )
        .on_conflict_do_nothing()
        .returning(MarketViewRow.version)
    )
    if made is None:
        raise MarketViewRaced("Read your party's living view and state it again.")


async def find_living(
    session: AsyncSession, achievement_id: AchievementId, *, party_id: PartyId | None = None
) -> Sequence[MarketView]:
    """Return the living views of a result, one a party, oldest view first.

    Args:
        party_id: Only this party's.
    """
    latest = (
        select(MarketViewRow)
        .where(
            MarketViewRow.achievement_id == achievement_id,
            true() if party_id is None else MarketViewRow.party_id == party_id,
        )
        .ext(distinct_on(MarketViewRow.party_id))
        .order_by(MarketViewRow.party_id, MarketViewRow.version.desc())
    )
    views = [_view(row) for row in await session.scalars(latest)]
    return sorted(views, key=lambda view: view.id)
