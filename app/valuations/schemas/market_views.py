"""Views of what the market says of a result."""

from typing import Self
from uuid import UUID

from app.platform.schema import MoneyJson, UtcView, View
from app.valuations.domain.market_views import Horizon, MarketSummary, MarketView, Stance


class StatedView(View):
    """A party's living view; its version counts what it said before."""

    id: UUID
    version: int
    achievement_id: UUID
    party_id: UUID
    stance: Stance
    price_low: MoneyJson | None
    price_high: MoneyJson | None
    horizon: Horizon | None
    reasons: str
    content_version: int
    stated_at: UtcView

    @classmethod
    def of(cls, view: MarketView) -> Self:
        """Return the view of a market view."""
        opinion = view.opinion
        return cls(
            id=view.id,
            version=view.version,
            achievement_id=view.achievement_id,
            party_id=view.party_id,
            stance=opinion.stance,
            price_low=opinion.price_low,
            price_high=opinion.price_high,
            horizon=opinion.horizon,
            reasons=opinion.reasons,
            content_version=view.content_version,
            stated_at=view.stated_at,
        )


class StatedViews(View):
    """Living views, one a party."""

    items: list[StatedView]


class MarketEvaluation(View):
    """All living views of a result in sum, without names.

    Prices are told from three priced parties on: median and quartiles of the middles of their
    ranges, linear between neighbours, half up to a fen.
    """

    parties: int
    stances: dict[Stance, int]
    horizons: dict[Horizon, int]
    priced: int
    lower_quartile: MoneyJson | None
    median: MoneyJson | None
    upper_quartile: MoneyJson | None

    @classmethod
    def of(cls, summary: MarketSummary) -> Self:
        """Return the view of a sum."""
        return cls.model_validate(summary)
