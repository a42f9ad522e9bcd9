"""Views of the price statistics; every figure says how it is made."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field

from app.insight.domain.figures import Competition, Figures, GroupBy, Prices
from app.insight.domain.lots import CURRENCY, Lot, Method, Outcome
from app.platform.schema import MoneyJson, UtcView, View
from app.shared.ids import ListingId
from app.shared.money import Money

Rate = Annotated[Decimal, Field(examples=["0.3743"])]


def rate(basis_points: int | None) -> Decimal | None:
    """Return a share of four decimals."""
    return None if basis_points is None else Decimal(basis_points).scaleb(-4)


def _yuan(minor: int) -> Money:
    return Money(minor, CURRENCY)


class AppraisedView(View):
    """From appraisal over start to deal 评估价—起始价—成交价, where all three are known."""

    deals: int = Field(description="Priced deals whose notice states a base price 基准价格")
    without: int = Field(description="Priced deals whose notice states none: not in this chain")
    appraisal: MoneyJson = Field(description="Sum of the base prices")
    start: MoneyJson = Field(description="Sum of the starts of the same deals")
    price: MoneyJson = Field(description="Sum of the prices of the same deals")
    start_ratio_median: Rate | None = Field(
        description="Median of start / base price of each deal, by nearest rank"
    )
    price_ratio_median: Rate | None = Field(
        description="Median of price / base price of each deal, by nearest rank"
    )


class PricesView(View):
    """What lots came to; only priced deals enter sums and rates, and it is told who is not in."""

    lots: int = Field(description="All that ended in the period, sold or not")
    outcomes: dict[Outcome, int] = Field(
        description="Of these lots: sold; defaulted (the buyer failed and nobody took its place);"
        " failed (nobody bought); withdrawn; terminated"
    )
    priced: int = Field(description="Deals that stand, in CNY, with a known amount: in the sums")
    unknown_amounts: int = Field(
        description="Deals whose contract does not name its whole amount, for a royalty comes on"
        " top of the price: in no sum"
    )
    other_currencies: int = Field(description="Deals in another currency: in no sum")
    defaults: int = Field(
        description="Deals of these lots that ended in default: in no sum. A lot that a next"
        " bidder bought counts once, with the deal that stands"
    )
    resold: int = Field(
        description="Deals that stand of what an earlier buyer defaulted on: by a next bidder or"
        " in a re-run. They are in the sums, the defaults are not"
    )
    start: MoneyJson = Field(description="Sum of the starts 起始价 of the priced deals")
    price: MoneyJson = Field(description="Sum of their prices 成交价")
    premium_rate: Rate | None = Field(
        description="(sum of prices - sum of starts) / sum of starts 增值率, half up to four"
        " decimals; null without a priced deal"
    )
    premium_rate_median: Rate | None = Field(
        description="Median of the premium rates of the single deals, by nearest rank: of n in"
        " order the one in place ceil(n/2); null where two methods are added up"
    )
    appraised: AppraisedView

    @classmethod
    def of(cls, prices: Prices) -> Self:
        """Build the view."""
        return cls(
            lots=prices.lots,
            outcomes={
                outcome: prices.outcomes.get(outcome, 0)
                for outcome in Outcome
                if outcome is not Outcome.RUNNING
            },
            priced=prices.priced,
            unknown_amounts=prices.unknown_amounts,
            other_currencies=prices.other_currencies,
            defaults=prices.defaults,
            resold=prices.resold,
            start=_yuan(prices.start_minor),
            price=_yuan(prices.price_minor),
            premium_rate=prices.premium,
            premium_rate_median=rate(prices.premium_median_bp),
            appraised=AppraisedView(
                deals=prices.appraised,
                without=prices.priced - prices.appraised,
                appraisal=_yuan(prices.appraised_minor),
                start=_yuan(prices.appraised_start_minor),
                price=_yuan(prices.appraised_price_minor),
                start_ratio_median=rate(prices.start_ratio_median_bp),
                price_ratio_median=rate(prices.price_ratio_median_bp),
            ),
        )


class BiddersView(View):
    """How many lots had this many bidders."""

    bidders: int
    lots: int


class CameView(View):
    """Who came before the bidding; for the market's staff."""

    registered: int = Field(description="Registrations 受让登记 of these lots")
    qualified: int = Field(description="Admitted ones")
    deposited: int = Field(description="Those whose deposit came")
    bid: int = Field(description="Those who then have bid; on two lots counts twice")


class CompetitionView(View):
    """Competition on the floor: lots that were sold, failed or are in default, no agreements."""

    lots: int
    distribution: list[BiddersView] = Field(description="Fewest bidders first, none included")
    median: int | None = Field(description="Bidders of the lot in place ceil(n/2)")
    came: CameView | None = Field(
        description="How many came is not public (LS9): operators and auditors who ask for their"
        " own market get it, others null"
    )

    @classmethod
    def of(cls, competition: Competition, *, inside: bool) -> Self:
        """Build the view."""
        came = CameView(
            registered=competition.registered,
            qualified=competition.qualified,
            deposited=competition.deposited,
            bid=competition.bidders,
        )
        return cls(
            lots=competition.lots,
            distribution=[
                BiddersView(bidders=number, lots=lots)
                for number, lots in sorted(competition.lots_by_bidders.items())
            ],
            median=competition.median,
            came=came if inside else None,
        )


class FiguresView(View):
    """The lots of one group, or all of them."""

    group: str | None = Field(
        description="Code of field, city, mode or class; 2026-03, 2026-Q1, 2026; `other` for"
        " small groups put together; null for all"
    )
    contested: PricesView = Field(description="Two or more bidders have bid")
    uncontested: PricesView = Field(
        description="One bidder or none has bid. In a falling price the first bid ends it, so"
        " these are here"
    )
    floor: PricesView = Field(description="Contested and uncontested added up; no medians")
    off_floor: PricesView = Field(
        description="Prices agreed between the two and publicly noticed 协议定价: found outside"
        " any bidding, never part of the floor's figures"
    )
    competition: CompetitionView

    @classmethod
    def of(cls, figures: Figures, *, inside: bool) -> Self:
        """Build the view."""
        return cls(
            group=figures.group,
            contested=PricesView.of(figures.of(Method.CONTESTED)),
            uncontested=PricesView.of(figures.of(Method.UNCONTESTED)),
            floor=PricesView.of(figures.floor),
            off_floor=PricesView.of(figures.of(Method.OFF_FLOOR)),
            competition=CompetitionView.of(figures.competition, inside=inside),
        )


class PriceStatisticsView(View):
    """The price statistics of a period."""

    by: GroupBy
    total: FiguresView = Field(description="All lots of the period, those without a group too")
    groups: list[FiguresView] = Field(description="In the order of their names")

    @classmethod
    def of(cls, by: GroupBy, found: tuple[Figures, Sequence[Figures]], *, inside: bool) -> Self:
        """Build the view."""
        total, groups = found
        return cls(
            by=by,
            total=FiguresView.of(total, inside=inside),
            groups=[FiguresView.of(item, inside=inside) for item in groups],
        )


class PriceLotView(View):
    """One lot that ended, with what is public of it: nothing of the buyer, nor of who came."""

    listing_id: ListingId
    number: str
    title: str
    technology_field: str
    seller_region: str | None
    seller_class: str | None
    pricing_mode: str
    outcome: Outcome
    method: Method
    bidders: int = Field(description="Who has bid; 0 of an agreement")
    appraisal: MoneyJson | None = Field(description="Base price 基准价格 of the notice")
    start: MoneyJson
    price: MoneyJson | None = Field(description="Of the deal that stands")
    premium_rate: Rate | None
    defaults: int
    ended_at: UtcView

    @classmethod
    def of(cls, listing_id: ListingId, lot: Lot) -> Self:
        """Build the view."""
        start = Money(lot.start_minor, lot.currency)
        price = None if lot.price_minor is None else Money(lot.price_minor, lot.currency)
        appraisal = lot.appraisal_minor
        assert lot.ended_at is not None  # running lots are in no cut
        return cls(
            listing_id=listing_id,
            number=lot.number,
            title=lot.title,
            technology_field=lot.technology_field,
            seller_region=lot.seller_region,
            seller_class=lot.seller_class,
            pricing_mode=lot.pricing_mode,
            outcome=lot.outcome,
            method=lot.method,
            bidders=lot.bidders,
            appraisal=None if appraisal is None else Money(appraisal, lot.currency),
            start=start,
            price=price,
            premium_rate=lot.premium_rate,
            defaults=lot.defaults,
            ended_at=lot.ended_at,
        )
