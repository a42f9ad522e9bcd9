"""Views of the board's statistics."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from app.demands.domain.facts import CURRENCY, NoTakeUp
from app.demands.domain.statistics import Figures, GroupBy
from app.demands.schemas.demands import FigureView
from app.platform.schema import MoneyJson, View
from app.shared.money import Money


class FiguresView(View):
    """What became of some postings."""

    group: str | None = Field(description="Its field, city, edition or month, if it has one")
    posted: int = Field(description="Postings; a demand posted anew counts again")
    demands: int = Field(description="Demands among them")
    amount: MoneyJson = Field(description="Sum of the budgets' upper ends, those in CNY")
    open_budgets: int = Field(description="Postings that name no amount")
    other_currencies: int = Field(description="Postings whose amount is in another currency")
    running: int = Field(description="Postings that are not decided yet")
    answered: int = Field(description="Postings with proposals, counted from their deadlines on")
    taken_up: int
    taken_up_amount: MoneyJson = Field(description="What those who took it up are paid, in CNY")
    take_up_rate_bp: int | None = Field(
        description="Taken up of the decided ones, in basis points, half up"
    )
    first_answer_days_median: FigureView | None = Field(
        description="From posting to first proposal, by nearest rank: of n the one in place"
        " ⌈n/2⌉; rounded half up to hundredths"
    )
    not_taken_up: dict[NoTakeUp, int] = Field(description="By reason, all reasons")

    @classmethod
    def of(cls, figures: Figures) -> Self:
        """Return the view of figures."""
        return cls(
            group=figures.group,
            posted=figures.posted,
            demands=figures.demands,
            amount=Money(figures.amount_minor, CURRENCY),
            open_budgets=figures.open_budgets,
            other_currencies=figures.other_currencies,
            running=figures.running,
            answered=figures.answered,
            taken_up=figures.taken_up,
            taken_up_amount=Money(figures.taken_minor, CURRENCY),
            take_up_rate_bp=figures.take_up_rate_bp,
            first_answer_days_median=figures.first_answer_days,
            not_taken_up=dict(figures.reasons),
        )


class StatisticsView(View):
    """The statistics of a period."""

    by: GroupBy
    total: FiguresView
    groups: list[FiguresView] = Field(description="In the order of their names")

    @classmethod
    def of(cls, by: GroupBy, found: tuple[Figures, Sequence[Figures]]) -> Self:
        """Return the view of all figures."""
        total, groups = found
        return cls(
            by=by, total=FiguresView.of(total), groups=[FiguresView.of(item) for item in groups]
        )
