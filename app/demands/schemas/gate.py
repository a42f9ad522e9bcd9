"""What the gate of demands says."""

from typing import Any, Self

from pydantic import Field

from app.demands.domain.gate import DemandGateReport
from app.demands.domain.gate_rules import DemandComplaint
from app.demands.service.gate import Checked
from app.platform.schema import MoneyJson, View


class DemandGateItemView(View):
    """One thing that is looked for."""

    rule: str
    field: str = Field(description="Where to mend it")
    places: list[str] = Field(description="Where exactly it was found; empty if passed")
    complaint: DemandComplaint = Field(description="Why demands stay unanswered")
    weight: int = Field(description="Points of 100")
    passed: bool
    message_zh: str = Field(description="What is wrong where it is not passed")
    message_en: str
    mend_zh: str
    example_zh: str = Field(description="What a good one looks like")


class FieldPricesView(View):
    """What past deals of the field came to: quartiles and count, nobody's name."""

    count: int
    low: MoneyJson
    middle: MoneyJson
    high: MoneyJson


class DemandGateView(View):
    """What keeps a demand from being answered well; the score sums the weights passed."""

    score: int = Field(ge=0, le=100)
    lost: dict[DemandComplaint, int] = Field(description="Points lost to each complaint")
    prices: FieldPricesView | None = Field(
        description="Null where fewer than five deals of the field and currency are known"
    )
    items: list[DemandGateItemView]

    @classmethod
    def of(cls, report: DemandGateReport) -> Self:
        """Return the view of a report."""
        return cls(
            score=report.score,
            lost=dict(report.lost()),
            prices=(
                None if report.prices is None else FieldPricesView.model_validate(report.prices)
            ),
            items=[
                DemandGateItemView(
                    rule=item.rule.name,
                    field=item.rule.field,
                    places=list(item.places),
                    complaint=item.rule.complaint,
                    weight=item.rule.weight,
                    passed=item.passed,
                    message_zh=item.rule.message_zh,
                    message_en=item.rule.message_en,
                    mend_zh=item.rule.mend_zh,
                    example_zh=item.rule.example_zh,
                )
                for item in report.items
            ],
        )


class DemandCheckView(View):
    """What a content would meet; nothing was stored."""

    faults: list[dict[str, Any]] = Field(description="With any of them it would be refused")
    gate: DemandGateView

    @classmethod
    def of(cls, checked: Checked) -> Self:
        """Return the view of a check."""
        return cls(faults=checked.faults, gate=DemandGateView.of(checked.report))
