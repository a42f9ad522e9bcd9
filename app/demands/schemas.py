"""Bodies and views of demands."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, PlainSerializer

from app.demands.domain.demand import (
    Answerer,
    Budget,
    BudgetKind,
    Confidentiality,
    Demand,
    DemandContent,
    DemandStatus,
    Milestone,
    Target,
    TargetOperator,
)
from app.platform.schema import (
    Body,
    Line,
    MoneyJson,
    Paragraph,
    PositiveMoney,
    Reason,
    UtcView,
    View,
)

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="A name of /v1/codes")]
# A decimal string keeps the digits that were written: 0.50 is not 0.5 to a test engineer.
Figure = Annotated[
    str,
    Field(pattern=r"^-?[0-9]{1,20}(\.[0-9]{1,12})?$", examples=["0.8"]),
]
FigureView = Annotated[Decimal, PlainSerializer(lambda value: f"{value:f}", return_type=str)]


class TargetJson(Body):
    """A measurable aim; ``value_max`` is for ``between`` only."""

    name: Line
    operator: TargetOperator
    value: Figure
    value_max: Figure | None = None
    unit: Line | Literal[""] = Field(description="Empty for a dimensionless figure")
    test_method: Line


class BudgetJson(Body):
    """Money for the work: fixed has equal ends, open has none."""

    kind: BudgetKind
    low: PositiveMoney | None = None
    high: PositiveMoney | None = None


class MilestoneJson(Body, View):
    """A step with its proof and its part of the payment in basis points."""

    title: Line
    due_on: date
    deliverable: Line
    metric: Line
    share_bp: int = Field(ge=1, le=10_000)


class NewDemand(Body):
    """A demand as its poster states it."""

    title: Line
    technology_field: Code
    background: Paragraph
    targets: list[TargetJson] = Field(min_length=1, max_length=50)
    due_on: date
    budget: BudgetJson
    cooperation_mode: Code
    ip_ownership: Code = Field(description="Mandatory: the law fills it otherwise (民法典 859)")
    failure_risk_rule: Code = Field(
        description="Mandatory: the law fills it otherwise (民法典 858)"
    )
    who_may_answer: list[Answerer] = Field(min_length=1, max_length=3)
    confidentiality: Confidentiality
    milestones: list[MilestoneJson] = Field(min_length=1, max_length=50)

    def content(self) -> DemandContent:
        """Return the domain's value."""
        return DemandContent(
            title=self.title,
            technology_field=self.technology_field,
            background=self.background,
            targets=tuple(_target(item) for item in self.targets),
            due_on=self.due_on,
            budget=Budget(kind=self.budget.kind, low=self.budget.low, high=self.budget.high),
            cooperation_mode=self.cooperation_mode,
            ip_ownership=self.ip_ownership,
            failure_risk_rule=self.failure_risk_rule,
            who_may_answer=tuple(self.who_may_answer),
            confidentiality=self.confidentiality,
            milestones=tuple(Milestone(**item.model_dump()) for item in self.milestones),
        )


def _target(item: TargetJson) -> Target:
    return Target(
        name=item.name,
        operator=item.operator,
        value=Decimal(item.value),
        value_max=None if item.value_max is None else Decimal(item.value_max),
        unit=item.unit,
        test_method=item.test_method,
    )


class DemandReview(Body):
    """The exchange's decision; a refusal states its reason."""

    accepted: bool
    reason: Reason | None = None


class TargetView(View):
    """A measurable aim."""

    name: str
    operator: TargetOperator
    value: FigureView
    value_max: FigureView | None
    unit: str
    test_method: str


class BudgetView(View):
    """Money for the work."""

    kind: BudgetKind
    low: MoneyJson | None
    high: MoneyJson | None


class DemandSummary(View):
    """A demand in a list."""

    id: UUID
    market_id: UUID
    party_id: UUID = Field(description="The poster")
    status: DemandStatus
    submitted_at: UtcView
    title: str
    technology_field: str
    due_on: date
    budget: BudgetView
    cooperation_mode: str
    confidentiality: Confidentiality

    @classmethod
    def of(cls, demand: Demand) -> Self:
        """Return the view of a demand."""
        content = demand.content
        return cls.model_validate(
            {
                name: getattr(content if hasattr(content, name) else demand, name)
                for name in cls.model_fields
            }
        )


class DemandView(DemandSummary):
    """A whole demand."""

    background: str
    targets: list[TargetView]
    ip_ownership: str
    failure_risk_rule: str
    who_may_answer: list[Answerer]
    milestones: list[MilestoneJson]
    reviewed_at: UtcView | None
    refusal_reason: str | None
