"""What the routes of conversion tracking take and answer."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Line, MoneyJson, Reason, UtcView, View
from app.settlement.domain.outcomes import Outcome, OutcomeFigures, OutcomeStatus
from app.settlement.domain.tracking import (
    MILESTONES_MAX,
    Conversion,
    ConversionStatus,
    ConversionTrigger,
    FailureReason,
    MilestoneKind,
)
from app.shared.ids import PartyId
from app.shared.money import Money

EVIDENCE_MAX = 20


class MilestoneBody(Body):
    """A planned step; ``note`` says more, above all of ``other``."""

    kind: MilestoneKind
    planned_on: date
    note: Line | None = None


class PlanBody(Body):
    """The whole conversion plan, in its order; it replaces the present one."""

    milestones: Annotated[list[MilestoneBody], Field(min_length=1, max_length=MILESTONES_MAX)]


class PeriodBody(Body):
    """How often, and until when, the two sides are asked."""

    every_months: Annotated[int, Field(ge=1, le=12)]
    until_on: Annotated[date, Field(description="Last day of the tracking, after its first")]


class MilestoneView(View):
    """A planned step and the day on which it was reached."""

    number: int
    kind: MilestoneKind
    planned_on: date
    note: str | None
    reached_on: date | None


class ReportBody(Body):
    """How it goes on the day ``reported_on``.

    ``says``: ``progress``, ``pause``, ``convert`` (in use or on sale) or ``fail`` (given up, with
    its reason). ``milestone`` is the number of the planned step that was reached that day.
    """

    says: Literal["progress", "pause", "convert", "fail"]
    reported_on: date
    text: Reason
    milestone: Annotated[int, Field(ge=1, le=MILESTONES_MAX)] | None = None
    failure_reason: FailureReason | None = None
    evidence: Annotated[
        list[UUID],
        Field(
            max_length=EVIDENCE_MAX,
            description="Files of the caller's party",
            default_factory=list,
        ),
    ]


class ProgressView(View):
    """A progress report."""

    number: int
    party_id: PartyId
    says: ConversionTrigger
    reported_on: date
    text: str
    milestone: int | None
    failure_reason: FailureReason | None
    evidence: list[UUID]
    at: UtcView


class FiguresBody(Body):
    """What the year brought, in CNY; one figure at least, what is left out is not stated."""

    output: Annotated[MoneyJson | None, Field(description="New output value 新增产值")] = None
    sales: Annotated[MoneyJson | None, Field(description="New sales 新增销售收入")] = None
    profit: Annotated[
        MoneyJson | None, Field(description="New profit 新增利润; below zero a loss")
    ] = None
    tax: Annotated[MoneyJson | None, Field(description="New tax 新增税收")] = None
    exports: Annotated[
        MoneyJson | None, Field(description="Exports 出口额, a part of the sales")
    ] = None
    jobs: Annotated[int | None, Field(ge=0, le=1_000_000, description="New jobs 新增就业")] = None
    note: Reason | None = None

    def to_domain(self) -> OutcomeFigures:
        """Return the domain value."""
        names = OutcomeFigures.__dataclass_fields__
        return OutcomeFigures(**{name: getattr(self, name) for name in names})


class AnswerBody(Body):
    """What the other side says to the figures of ``version``: confirmed, unless disputed."""

    version: Annotated[int, Field(ge=1, le=1_000_000)]
    dispute: Annotated[Reason | None, Field(description="Why they are wrong")] = None


class OutcomeView(View):
    """A year's figures, who stated them, what the other side says."""

    year: int
    version: int
    party_id: PartyId
    output: MoneyJson | None
    sales: MoneyJson | None
    profit: MoneyJson | None
    tax: MoneyJson | None
    exports: MoneyJson | None
    jobs: int | None
    note: str | None
    stated_at: UtcView
    status: OutcomeStatus
    answered_at: UtcView | None
    dispute: str | None

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """Build the view."""
        own = {name: getattr(outcome, name) for name in _OF_OUTCOME}
        told: dict[str, Money | int | None] = {
            name: getattr(outcome.figures, name) for name in OutcomeFigures.__dataclass_fields__
        }
        return cls(**own, **told)


_OF_OUTCOME = (
    "year",
    "version",
    "party_id",
    "note",
    "stated_at",
    "status",
    "answered_at",
    "dispute",
)


class ConversionView(View):
    """The tracking of a deal, for its two sides and the exchange alone."""

    status: ConversionStatus
    version: int = Field(description="Of the plan; also the ETag")
    milestones: list[MilestoneView]
    every_months: int
    opened_on: date
    until_on: date
    reports: int
    last_report_at: UtcView | None
    converted_on: date | None
    failure_reason: FailureReason | None
    outcomes: list[OutcomeView]

    @classmethod
    def of(cls, conversion: Conversion, outcomes: Sequence[Outcome]) -> Self:
        """Build the view."""
        own = {name: getattr(conversion, name) for name in _OF_CONVERSION}
        return cls(outcomes=[OutcomeView.of(outcome) for outcome in outcomes], **own)


_OF_CONVERSION = (
    "status",
    "version",
    "milestones",
    "every_months",
    "opened_on",
    "until_on",
    "reports",
    "last_report_at",
    "converted_on",
    "failure_reason",
)
