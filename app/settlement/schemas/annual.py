"""The unit's annual conversion report; every figure says how it is made."""

from datetime import date
from typing import Self

from pydantic import Field

from app.platform.schema import MoneyJson, View
from app.settlement.domain.annual import AnnualReport, Awards, Outcomes, Way, YearOfUnit
from app.shared.ids import DealId


class TallyView(View):
    """Contracts signed in the year, and money that came in it."""

    contracts: int = Field(description="Signed in the year; deals in default are none")
    amount: MoneyJson = Field(description="Sum of their prices, those known and in CNY")
    unknown_amounts: int = Field(description="With a royalty on top of the price: in no sum")
    other_currencies: int = Field(description="In another currency: in no sum")
    received: MoneyJson = Field(
        description="Arrived in the year, whenever its contract was signed, before the"
        " exchange's commission"
    )
    received_other: int = Field(description="Arrivals in another currency: in no sum")


class AwardsView(View):
    """Paid to persons in the year."""

    amount: MoneyJson = Field(description="In money, in CNY")
    persons: int = Field(description="Awards in money 人次: one a person and contract")
    shares: int = Field(description="Shares registered to persons")
    share_persons: int = Field(description="Awards in shares 人次")
    other_currencies: int = Field(description="Payments in another currency: in no sum")

    @classmethod
    def of(cls, awards: Awards) -> Self:
        """Build the view."""
        return cls.model_validate(awards)


class YieldView(View):
    """What conversions brought in the year, as stated by either side; null: nobody stated it."""

    stated: int = Field(description="Contracts of which the year was stated")
    confirmed: int = Field(description="Of these confirmed by the other side")
    disputed: int = Field(description="Of these disputed; they are in the sums")
    output: MoneyJson | None
    sales: MoneyJson | None
    profit: MoneyJson | None
    tax: MoneyJson | None
    exports: MoneyJson | None
    jobs: int | None

    @classmethod
    def of(cls, outcomes: Outcomes) -> Self:
        """Build the view."""
        sums = outcomes.sums
        return cls(
            stated=outcomes.stated,
            confirmed=outcomes.confirmed,
            disputed=outcomes.disputed,
            output=sums.output,
            sales=sums.sales,
            profit=sums.profit,
            tax=sums.tax,
            exports=sums.exports,
            jobs=sums.jobs,
        )


class LargestView(View):
    """One of the ten largest contracts."""

    deal_id: DealId
    number: str
    title: str
    way: Way
    signed_on: date
    price: MoneyJson


class YearView(View):
    """A unit's year; all days are of Asia/Shanghai."""

    year: int
    total: TallyView
    services: TallyView = Field(description="Development, consulting and service together")
    ways: dict[Way, TallyView] = Field(
        description="By the contract's type; share investment by the price terms; `unstated`"
        " where the contract's data name no type"
    )
    unsigned: int = Field(description="Deals confirmed in the year that are not signed yet")
    converted: int = Field(description="Different results of the signed contracts")
    empowered: dict[str, int] = Field(description="Of these by kind of 赋权")
    awards: AwardsView
    outcomes: YieldView
    largest: list[LargestView] = Field(description="At most ten, with a known amount in CNY")

    @classmethod
    def of(cls, year: YearOfUnit) -> Self:
        """Build the view."""
        return cls(
            year=year.year,
            total=TallyView.model_validate(year.total),
            services=TallyView.model_validate(year.services),
            ways={way: TallyView.model_validate(tally) for way, tally in year.ways.items()},
            unsigned=year.unsigned,
            converted=year.converted,
            empowered=dict(year.empowered),
            awards=AwardsView.of(year.awards),
            outcomes=YieldView.of(year.outcomes),
            largest=[LargestView.model_validate(item) for item in year.largest],
        )


class AnnualReportView(View):
    """A unit's year beside the year before."""

    unit: str
    present: YearView
    before: YearView

    @classmethod
    def of(cls, report: AnnualReport) -> Self:
        """Build the view."""
        return cls(
            unit=report.unit,
            present=YearView.of(report.present),
            before=YearView.of(report.before),
        )
