"""Bodies and views of match wishes."""

from typing import Annotated, Self

from pydantic import Field

from app.matching.domain.entry import Readiness
from app.matching.domain.wish import Conditions
from app.matching.domain.wishes import EntryWishes, KeptWishes
from app.platform.schema import Body, MoneyJson, PositiveMoney, View
from app.shared.ids import MarketId

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="A name of /v1/codes")]
Region = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="GB/T 2260")]


class WishedReadiness(Body, View):
    """A level of a scale of the code table ``readiness_scale``."""

    scale: Code
    level: int = Field(ge=1, le=100)

    def value(self) -> Readiness:
        """Return the domain's value."""
        return Readiness(self.scale, self.level)


class WishedConditions(Body):
    """What admits no exception: what does not state it is kept out."""

    technology_fields: list[Code] = Field(default=[], max_length=20, description="One of them")
    regions: list[Region] = Field(
        default=[], max_length=50, description="Inside one of them; a province holds its cities"
    )
    modes: list[Code] = Field(
        default=[],
        max_length=20,
        description="One of them: `conversion_mode` of what a demand looks for, "
        "`cooperation_mode` of what an achievement looks for",
    )
    readiness_min: WishedReadiness | None = Field(
        default=None, description="Of a demand: at least this level, of this scale"
    )
    price_max: PositiveMoney | None = Field(
        default=None, description="Of a demand: a price idea of at most this"
    )
    own_market_only: bool = Field(default=False, description="Offered at the entry's exchange")

    def conditions(self, market_id: MarketId) -> Conditions:
        """Return the domain's value.

        Args:
            market_id: Of who asks.
        """
        least = self.readiness_min
        return Conditions(
            technology_fields=tuple(self.technology_fields),
            regions=tuple(self.regions),
            modes=tuple(self.modes),
            readiness_min=None if least is None else least.value(),
            price_max=self.price_max,
            market_id=market_id if self.own_market_only else None,
        )


class WishesBody(Body):
    """What the party asks of matches beyond the record; empty and null ask nothing."""

    readiness: WishedReadiness | None = Field(
        default=None, description="Of a demand: the level that it would like to see"
    )
    region: Region | None = Field(
        default=None, description="Where it would like its partner, instead of its own region"
    )
    conditions: WishedConditions = Field(default_factory=WishedConditions)

    def wishes(self, market_id: MarketId) -> EntryWishes:
        """Return the domain's value.

        Args:
            market_id: Of the entry.
        """
        return EntryWishes(
            readiness=None if self.readiness is None else self.readiness.value(),
            region=self.region,
            conditions=self.conditions.conditions(market_id),
        )


class WishedConditionsView(View):
    """What admits no exception."""

    technology_fields: list[str]
    regions: list[str]
    modes: list[str]
    readiness_min: WishedReadiness | None
    price_max: MoneyJson | None
    own_market_only: bool

    @classmethod
    def of(cls, asked: Conditions) -> Self:
        """Return the view of conditions."""
        return cls(
            technology_fields=list(asked.technology_fields),
            regions=list(asked.regions),
            modes=list(asked.modes),
            readiness_min=_view(asked.readiness_min),
            price_max=asked.price_max,
            own_market_only=asked.market_id is not None,
        )


class WishesView(View):
    """Wishes with their version; 0 where nothing was ever wished."""

    version: int
    readiness: WishedReadiness | None
    region: str | None
    conditions: WishedConditionsView

    @classmethod
    def of(cls, kept: KeptWishes) -> Self:
        """Return the view of kept wishes."""
        wishes = kept.wishes
        return cls(
            version=kept.version,
            readiness=_view(wishes.readiness),
            region=wishes.region,
            conditions=WishedConditionsView.of(wishes.conditions),
        )


def _view(readiness: Readiness | None) -> WishedReadiness | None:
    return None if readiness is None else WishedReadiness.model_validate(readiness)
