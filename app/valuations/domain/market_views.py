"""Market evaluation 市场评价: who would buy or invest, at what price, when; and the sum of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import AchievementId, MarketId, PartyId
from app.shared.money import Money

CURRENCY: Final = "CNY"
PRICED_PARTIES_MIN: Final = 3  # fewer, and a price could be told to be somebody's


class Stance(StrEnum):
    """What a party would do with the result."""

    BUY = "buy"
    LICENSE = "license"
    INVEST = "invest"
    WAIT = "wait"  # interested, but not yet: the reasons say what is missing
    NO = "no"


class Horizon(StrEnum):
    """When it would do so."""

    NOW = "now"
    WITHIN_HALF_YEAR = "within_half_year"
    WITHIN_YEAR = "within_year"
    LATER = "later"


WILLING: Final = (Stance.BUY, Stance.LICENSE, Stance.INVEST)


class MarketViewInvalid(RuleBroken):
    """A market view contradicts itself; ``errors`` names each fault."""

    code = "market_view_invalid"
    title_zh = "市场评价内容不符合要求"
    title_en = "The market view breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class MarketViewTooNear(RuleBroken):
    """The owner, its kin, completers and the exchange are not the market."""

    code = "market_view_too_near"
    title_zh = "成果所有人及其关联方不得参与市场评价"
    title_en = "The owner and who stands near it are not the market"


class MarketViewRaced(Conflict):
    """Another view of the same party was stated at the same moment."""

    code = "market_view_raced"
    title_zh = "本单位刚刚提交了另一份市场评价，请核对后重试"
    title_en = "Your party stated another view at the same moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a party says of a result.

    Attributes:
        price_low, price_high: Bounds of what it would pay or invest; both or neither.
    """

    stance: Stance
    price_low: Money | None
    price_high: Money | None
    horizon: Horizon | None
    reasons: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketView:
    """A party's view in one version; its latest version is its living view.

    Attributes:
        content_version: The version of the result that it was stated on.
    """

    id: UUID
    version: int
    market_id: MarketId
    achievement_id: AchievementId
    owner_id: PartyId
    party_id: PartyId
    opinion: Opinion
    content_version: int
    stated_at: datetime
    stated_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSummary:
    """All living views of a result, without names.

    Attributes:
        stances, horizons: How many parties; values nobody chose are 0.
        priced: How many named a price.
        median, lower_quartile, upper_quartile: Of the middles of their price ranges, half up to
            a fen; ``None`` below `PRICED_PARTIES_MIN`.
    """

    parties: int
    stances: Mapping[Stance, int]
    horizons: Mapping[Horizon, int]
    priced: int
    lower_quartile: Money | None
    median: Money | None
    upper_quartile: Money | None


def check_opinion(opinion: Opinion) -> None:
    """Refuse an opinion that contradicts itself.

    Raises:
        MarketViewInvalid: Names every fault.

    Invariant: EV13.
    """
    faults = Findings()
    low, high = opinion.price_low, opinion.price_high
    willing = opinion.stance in WILLING
    faults.require(
        (low is None) == (high is None),
        "price_low" if low is None else "price_high",
        rule="range",
        message="A price range has both bounds.",
    )
    for field, price in (("price_low", low), ("price_high", high)):
        faults.require(
            price is None or price.currency == CURRENCY,
            field,
            rule="currency",
            message="Market views are compared in one currency.",
            currency=CURRENCY,
        )
    if low is not None and high is not None and low.currency == high.currency:
        faults.require(
            low <= high, "price_low", rule="order", message="The bounds are the wrong way round."
        )
    faults.require(
        not willing or (low is not None and opinion.horizon is not None),
        "price_low" if low is None else "horizon",
        rule="willing",
        message="Who would buy, license or invest says at what price and when.",
    )
    faults.require(
        opinion.stance is not Stance.NO or (low is None and opinion.horizon is None),
        "stance",
        rule="unwilling",
        message="Who would not take it names no price and no time.",
    )
    if faults.errors:
        raise MarketViewInvalid(faults.summary(), errors=faults.errors)


def require_distance(grounds: Sequence[str]) -> None:
    """Refuse a view of somebody too near the result.

    Raises:
        MarketViewTooNear: Names the grounds.

    Invariant: EV12.
    """
    if grounds:
        raise MarketViewTooNear("The market's view comes from others.", grounds=list(grounds))


def summarise(views: Sequence[Opinion]) -> MarketSummary:
    """Return the sum of living views, one a party, in any order.

    Prices below the smallest number of parties are not told, so that nobody's is deduced.

    Invariant: EV14.
    """
    stances = Counter(view.stance for view in views)
    horizons = Counter(view.horizon for view in views if view.horizon is not None)
    middles = sorted(
        Fraction(view.price_low.amount_minor + view.price_high.amount_minor, 2)
        for view in views
        if view.price_low is not None and view.price_high is not None
    )
    lower, middle, upper = (
        (_money(quantile(middles, Fraction(place, 4))) for place in (1, 2, 3))
        if len(middles) >= PRICED_PARTIES_MIN
        else (None, None, None)
    )
    return MarketSummary(
        parties=len(views),
        stances={stance: stances[stance] for stance in Stance},
        horizons={horizon: horizons[horizon] for horizon in Horizon},
        priced=len(middles),
        lower_quartile=lower,
        median=middle,
        upper_quartile=upper,
    )


def quantile(ordered: Sequence[Fraction], share: Fraction) -> Fraction:
    """Return a quantile, exactly: linear between neighbours.

    Args:
        ordered: Ascending, not empty.
        share: 0 to 1.

    Source: Hyndman & Fan (1996), definition 7.
    """
    place = share * (len(ordered) - 1)
    index = int(place)
    if index == place:
        return ordered[index]
    return ordered[index] + (place - index) * (ordered[index + 1] - ordered[index])


def _money(minor: Fraction) -> Money:
    exact = Decimal(minor.numerator) / minor.denominator  # denominators are 1, 2, 4 or 8
    return Money(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), CURRENCY)
