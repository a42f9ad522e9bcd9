"""Bodies and views of engagements."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.demands.domain.delivery import CostKind, CostLine, CostReport, Delivery, Measured
from app.demands.domain.engagement import Engagement, EngagementStatus
from app.demands.domain.failure import RiskRule, StopCause
from app.demands.domain.milestone import MilestoneStatus
from app.demands.domain.settling import StopTerms
from app.demands.domain.statement import LineKind
from app.demands.schemas.demands import Figure, FigureView
from app.demands.service.delivering import NewDelivery
from app.demands.service.stopping import ShownCost
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
from app.shared.ids import FileId
from app.shared.money import Money

Place = Annotated[int, Field(ge=1, le=50, description="The milestone: 1 is the first")]
FileIds = Annotated[list[UUID], Field(max_length=20)]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Words = Annotated[str, Field(max_length=2_000)]


class MeasuredJson(Body):
    """A measured value of one of the demand's targets, in the target's unit."""

    target: Line
    value: Figure
    unit: Line | Literal[""]
    test_method: Line

    def to_domain(self) -> Measured:
        """Return the domain's value, to the last digit."""
        return Measured(self.target, Decimal(self.value), self.unit, self.test_method)


Values = Annotated[list[MeasuredJson], Field(max_length=50)]


class CostLineJson(Body):
    """What was spent for one kind of cost."""

    kind: CostKind
    amount: PositiveMoney


class CostReportJson(Body):
    """What was spent on a milestone; the lines sum to the total."""

    total: PositiveMoney
    lines: list[CostLineJson] = Field(min_length=1, max_length=4)


class DeliveryBody(Body):
    """What the solver hands in. ``costs`` exactly where the funding is not a lump sum."""

    milestone: Place
    text: Paragraph
    files: FileIds = Field(default_factory=list)
    values: Values = Field(default_factory=list)
    costs: CostReportJson | None = None

    def to_domain(self) -> NewDelivery:
        """Return the domain's value."""
        costs = self.costs
        return NewDelivery(
            text=self.text,
            files=tuple(FileId(file_id) for file_id in dict.fromkeys(self.files)),
            values=tuple(value.to_domain() for value in self.values),
            costs=None
            if costs is None
            else CostReport(
                costs.total, tuple(CostLine(line.kind, line.amount) for line in costs.lines)
            ),
        )


class ReportBody(Body):
    """The named third party's report on what was delivered last."""

    milestone: Place
    text: Paragraph
    files: FileIds = Field(min_length=1, max_length=20)
    values: Values = Field(default_factory=list)


class AcceptanceBody(Body):
    """A milestone is accepted."""

    milestone: Place
    reason: Reason | None = None


class RefusalBody(Body):
    """A milestone is refused, or demanded when it is overdue; the reason says what to mend."""

    milestone: Place
    reason: Reason


class CutBody(Body):
    """A route of a race is cut."""

    reason: Reason


class ShownCostJson(Body):
    """A cost of what was not accepted, with its evidence."""

    kind: CostKind
    amount: PositiveMoney
    note: Line
    file_id: UUID


class CostsBody(Body):
    """All that the solver shows of its costs; replaces what it showed before."""

    costs: list[ShownCostJson] = Field(max_length=100)

    def to_domain(self) -> list[ShownCost]:
        """Return the domain's values."""
        return [ShownCost(it.kind, it.amount, it.note, FileId(it.file_id)) for it in self.costs]


class StopBody(Body):
    """How to settle and stop.

    ``costs_accepted`` is a part of the costs that the solver has shown, nothing if left out.
    ``poster_bp`` is the poster's part of the loss, only where the risk is shared reasonably.
    """

    cause: Literal["failure", "poster", "solver"]
    ground: Reason
    costs_accepted: PositiveMoney | None = None
    poster_bp: int | None = Field(default=None, ge=0, le=10_000)

    def to_domain(self, currency: str) -> StopTerms:
        """Return the domain's value."""
        return StopTerms(
            cause=StopCause(self.cause),
            ground=self.ground,
            costs=self.costs_accepted or Money(0, currency),
            poster_bp=self.poster_bp,
        )


class ConfirmationBody(Body):
    """The hash of the proposal that is confirmed."""

    hash: Hash


class EngagedMilestoneView(View):
    """A milestone as contracted, and where it stands."""

    id: UUID
    place: int
    title: str
    due_on: date
    deliverable: str
    metric: str
    share_bp: int
    amount: MoneyJson
    status: MilestoneStatus
    delivered_at: UtcView | None
    decide_by_at: UtcView | None
    decided_at: UtcView | None
    reason: str | None
    remedy_due_at: UtcView | None
    released_at: UtcView | None


class EngagementSummary(View):
    """An engagement in a list."""

    id: UUID
    number: str
    demand_id: UUID
    proposal_id: UUID
    rank: int
    poster_id: UUID
    solver_id: UUID
    status: EngagementStatus
    price: MoneyJson
    earned: MoneyJson
    released: MoneyJson
    returned: MoneyJson
    owed: MoneyJson
    deal_id: UUID | None
    opened_at: UtcView
    sign_by_at: UtcView
    signed_at: UtcView | None
    ended_at: UtcView | None


class HandedFileView(View):
    """A file as it was handed in."""

    file_id: UUID
    name: str
    sha256: str


class MeasuredView(View):
    """A measured value."""

    target: str
    value: FigureView
    unit: str
    test_method: str


class CostLineView(View):
    """What was spent for one kind of cost."""

    kind: CostKind
    amount: MoneyJson


class CostReportView(View):
    """What was spent on a milestone."""

    total: MoneyJson
    lines: list[CostLineView]


class ReportView(View):
    """A third party's report."""

    by: str
    text: str
    files: list[HandedFileView]
    values: list[MeasuredView]
    reported_at: UtcView


class DeliveryView(View):
    """One delivery of a milestone."""

    milestone_id: UUID
    number: int
    text: str
    files: list[HandedFileView]
    values: list[MeasuredView]
    costs: CostReportView | None
    delivered_at: UtcView
    report: ReportView | None


class EngagementView(EngagementSummary):
    """A whole engagement; ``proposal`` and ``outcome`` say how it is, or was, settled."""

    failure_risk_rule: RiskRule
    poster_risk_bp: int | None
    lump_sum: bool
    third_party: str | None
    racing: bool
    reason: str | None
    costs: list[dict[str, Any]]
    costs_shown: MoneyJson
    proposal: dict[str, Any] | None
    outcome: dict[str, Any] | None
    milestones: list[EngagedMilestoneView]


class EngagementDetail(EngagementView):
    """A whole engagement with what was delivered."""

    deliveries: list[DeliveryView]

    @classmethod
    def whole(cls, engagement: Engagement, deliveries: Sequence[Delivery]) -> Self:
        """Build the view."""
        plain = EngagementView.model_validate(engagement).model_dump()
        told = [DeliveryView.model_validate(delivery).model_dump() for delivery in deliveries]
        return cls.model_validate(plain | {"deliveries": told})


class StatementLineView(View):
    """One line of a statement."""

    kind: LineKind
    amount: MoneyJson
    source: str
    at: UtcView | None
    milestone: int | None
    entry_id: UUID | None


class StatementView(View):
    """Who is owed what of an engagement; sums and the lines behind them."""

    engagement_id: UUID
    price: MoneyJson
    earned: MoneyJson
    released: MoneyJson
    returned: MoneyJson
    owed: MoneyJson
    in_escrow: MoneyJson
    finished: bool
    lines: list[StatementLineView]
