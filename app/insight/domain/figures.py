"""Figures of the price statistics: sums first, medians beside them, each kind of finding apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.insight.domain.lots import CURRENCY, Method, Outcome
from app.shared.errors import RuleBroken
from app.shared.money import Money, premium_rate

SMALL: Final = 5  # a cell of fewer deals does not stand alone where buyers could be guessed
REST: Final = "other"


class GroupBy(StrEnum):
    """What figures are told apart by."""

    FIELD = "field"
    SELLER_REGION = "seller_region"  # the seller's city
    BUYER_REGION = "buyer_region"  # the buyer's city; of sold lots only
    PRICING_MODE = "pricing_mode"
    SELLER_CLASS = "seller_class"
    MONTH = "month"  # of the end, in Asia/Shanghai
    QUARTER = "quarter"
    YEAR = "year"


class PeriodTooFine(RuleBroken):
    """Who bought is not public, so buyers' regions are told of whole past years only."""

    code = "period_too_fine"
    title_zh = "受让方地区统计仅按单个市场已结束的完整年度公开"
    title_en = "Buyers' regions are public for one whole past year of one market at a time"


def check_buyer_regions(
    first: date | None, last: date | None, *, today: date, filtered: bool, one_market: bool
) -> None:
    """Refuse a cut that tells, beside another one, where a single buyer sits.

    One whole calendar year of one market that is over, without a filter: two such cuts share no
    deal, so no difference of two of them is a deal.

    Raises:
        PeriodTooFine: Names an accepted period.

    Invariant: IN8.
    """
    year = today.year - 1 if first is None else first.year
    whole = (first, last) == (date(year, 1, 1), date(year, 12, 31))
    if not whole or filtered or year >= today.year or not one_market:
        past = min(year, today.year - 1)
        raise PeriodTooFine(
            "Ask for one whole past year of one market, unfiltered.",
            field="from" if one_market else "market_id",
            accepted={"from": date(past, 1, 1), "to": date(past, 12, 31)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What lots of one method came to; amounts in fen, of priced deals only.

    Attributes:
        outcomes: Ended lots by what became of them.
        unknown_amounts: Sold lots whose contract names no amount; in no sum.
        other_currencies: Sold lots in another currency; in no sum.
        resold: Sold lots of what an earlier buyer defaulted on: next bidders and re-runs.
        defaults: Deals that ended in default; in no sum.
        priced: Deals in the sums.
        start_minor, price_minor: Of the priced deals.
        premium_median_bp: Median of the single premium rates, by nearest rank.
        appraised: Priced deals whose notice states an appraisal; the rest of ``priced`` states
            none.
        appraised_minor, appraised_start_minor, appraised_price_minor: Sums over the appraised.
        start_ratio_median_bp, price_ratio_median_bp: Medians of start and price to appraisal.
    """

    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    unknown_amounts: int = 0
    other_currencies: int = 0
    resold: int = 0
    defaults: int = 0
    priced: int = 0
    start_minor: int = 0
    price_minor: int = 0
    premium_median_bp: int | None = None
    appraised: int = 0
    appraised_minor: int = 0
    appraised_start_minor: int = 0
    appraised_price_minor: int = 0
    start_ratio_median_bp: int | None = None
    price_ratio_median_bp: int | None = None

    @property
    def lots(self) -> int:
        """All that ended, sold or not."""
        return sum(self.outcomes.values())

    @property
    def premium(self) -> Decimal | None:
        """(Σ price − Σ start) / Σ start, four decimals; ``None`` of none (IN4)."""
        if not self.priced:
            return None
        return premium_rate(
            start=Money(self.start_minor, CURRENCY), deal=Money(self.price_minor, CURRENCY)
        )

    def __add__(self, other: "Prices") -> "Prices":
        """Return both together; without medians, which cannot be added."""
        counts = {
            name: getattr(self, name) + getattr(other, name)
            for name in self.__dataclass_fields__
            if name != "outcomes" and not name.endswith("median_bp")
        }
        outcomes = {
            outcome: self.outcomes.get(outcome, 0) + other.outcomes.get(outcome, 0)
            for outcome in {*self.outcomes, *other.outcomes}
        }
        return Prices(outcomes=outcomes, **counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Competition:
    """Who took part in the lots on the floor that came to their end: sold, failed, in default.

    Attributes:
        lots_by_bidders: How many lots had 0, 1, 2, … bidders.
        registered, qualified, deposited: Sums over these lots.
    """

    lots_by_bidders: Mapping[int, int] = field(default_factory=dict)
    registered: int = 0
    qualified: int = 0
    deposited: int = 0

    @property
    def lots(self) -> int:
        """How many lots these are."""
        return sum(self.lots_by_bidders.values())

    @property
    def bidders(self) -> int:
        """Sum of the bidders of all lots; who bids on two lots counts twice."""
        return sum(number * lots for number, lots in self.lots_by_bidders.items())

    @property
    def median(self) -> int | None:
        """Bidders of the lot in place ⌈n/2⌉ by bidders; ``None`` of none (IN5)."""
        place, seen = (self.lots + 1) // 2, 0
        for number in sorted(self.lots_by_bidders):
            seen += self.lots_by_bidders[number]
            if seen >= place:
                return number
        return None

    def __add__(self, other: "Competition") -> "Competition":
        """Return both together."""
        lots = {
            number: self.lots_by_bidders.get(number, 0) + other.lots_by_bidders.get(number, 0)
            for number in {*self.lots_by_bidders, *other.lots_by_bidders}
        }
        return Competition(
            lots_by_bidders=lots,
            registered=self.registered + other.registered,
            qualified=self.qualified + other.qualified,
            deposited=self.deposited + other.deposited,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the lots of one group came to.

    Attributes:
        group: Its name; ``None`` for all lots.
        methods: Each `Method` apart.
    """

    group: str | None
    methods: Mapping[Method, Prices]
    competition: Competition

    @property
    def floor(self) -> Prices:
        """Contested and uncontested together: the exchange's own finding of prices (IN4)."""
        return self.of(Method.CONTESTED) + self.of(Method.UNCONTESTED)

    def of(self, method: Method) -> Prices:
        """Return the figures of one method, also if there are none."""
        return self.methods.get(method, Prices())

    @property
    def sold(self) -> int:
        """Deals that stand."""
        return sum(prices.outcomes.get(Outcome.SOLD, 0) for prices in self.methods.values())


def merge_small(groups: Sequence[Figures]) -> Sequence[Figures]:
    """Return the groups with those of fewer than `SMALL` deals put together as `REST`.

    Until that has as many itself, the next smallest joins it; so the sums stay whole and no cell
    of a guessable size is told.

    Invariant: IN8.
    """
    ordered = sorted(groups, key=lambda item: (item.sold, item.group or ""))
    count = sum(1 for item in ordered if item.sold < SMALL)
    while 0 < count < len(ordered) and sum(item.sold for item in ordered[:count]) < SMALL:
        count += 1
    small, large = ordered[:count], ordered[count:]
    if not small:
        return groups
    rest = Figures(
        group=REST,
        methods={method: sum((item.of(method) for item in small), Prices()) for method in Method},
        competition=sum((item.competition for item in small), Competition()),
    )
    told = [rest] if rest.sold >= SMALL else []
    return [*sorted(large, key=lambda item: item.group or ""), *told]
