"""Bodies and views of demands."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, PlainSerializer

from app.demands.domain.content import (
    Acceptance,
    Answerer,
    Budget,
    BudgetKind,
    Confidentiality,
    DemandContent,
    Milestone,
    Target,
    TargetOperator,
    content_to_json,
)
from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.versions import DemandVersion
from app.demands.schemas.posting import PostingTermsView
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


class DemandBody(Body):
    """A demand as its poster states it."""

    title: Line
    technology_field: Code
    background: Paragraph = Field(description="What everybody reads")
    restricted_text: Paragraph | None = Field(
        default=None,
        description="Of a restricted demand: for those who accept its confidentiality",
    )
    targets: list[TargetJson] = Field(min_length=1, max_length=50)
    due_on: date
    budget: BudgetJson
    cooperation_mode: Code
    ip_ownership: Code = Field(description="Mandatory: the law fills it otherwise (民法典 859)")
    failure_risk_rule: Code = Field(
        description="Mandatory: the law fills it otherwise (民法典 858)"
    )
    poster_risk_bp: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="The poster's part of a loss in basis points, with `shared_by_ratio`",
    )
    who_may_answer: list[Answerer] = Field(min_length=1, max_length=3)
    confidentiality: Confidentiality
    milestones: list[MilestoneJson] = Field(min_length=1, max_length=50)
    acceptance: Acceptance = Acceptance.POSTER
    third_party: Line | None = Field(default=None, description="Who reports on milestones")
    lump_sum: bool = Field(default=False, description="No lines of spending are reported")

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
            restricted_text=self.restricted_text,
            poster_risk_bp=self.poster_risk_bp,
            acceptance=self.acceptance,
            third_party=self.third_party,
            lump_sum=self.lump_sum,
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


class NewDemand(DemandBody):
    """A new demand; a draft waits until it is submitted."""

    draft: bool = False


class ReasonBody(Body):
    """A decision with its reason."""

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
    number: str
    market_id: UUID
    party_id: UUID = Field(description="The poster")
    status: DemandStatus
    round: int = Field(description="How often it was posted")
    title: str
    technology_field: str
    due_on: date
    budget: BudgetView
    cooperation_mode: str
    confidentiality: Confidentiality
    edition_id: UUID | None
    posted_at: UtcView | None
    closes_at: UtcView | None = Field(description="Proposals are taken before it")

    @classmethod
    def of(cls, demand: Demand) -> Self:
        """Return the view of a demand."""
        return cls.model_validate({name: _member(demand, name) for name in cls.model_fields})


def _member(demand: Demand, name: str) -> object:
    content = demand.content.told
    return getattr(content if hasattr(content, name) else demand, name)


class DemandView(DemandSummary):
    """A whole demand."""

    version: int
    background: str
    restricted_text: str | None = Field(
        description="For the poster, the exchange, and who accepted the confidentiality"
    )
    targets: list[TargetView]
    ip_ownership: str
    failure_risk_rule: str
    poster_risk_bp: int | None
    who_may_answer: list[Answerer]
    milestones: list[MilestoneJson]
    acceptance: Acceptance
    third_party: str | None
    lump_sum: bool
    created_at: UtcView
    submitted_at: UtcView | None
    reviewed_at: UtcView | None
    due_at: UtcView | None
    reason: str | None
    terms: PostingTermsView | None
    terms_hash: str | None
    bidding: dict[str, Any] | None
    auction_id: UUID | None
    merged_into: UUID | None
    split_from: UUID | None
    ended_at: UtcView | None

    @classmethod
    def of_seen(cls, demand: Demand, *, near: bool, restricted: bool) -> Self:
        """Return what a reader sees.

        Args:
            near: The reader is the poster or the market's staff.
            restricted: It may read the restricted text.
        """
        seen = cls.of(demand)
        hidden: dict[str, object] = {} if near else dict.fromkeys(_NEAR)
        if restricted:
            hidden["restricted_text"] = demand.content.restricted_text
        return seen.model_copy(update=hidden)


# How a demand came onto the board is its poster's and the exchange's.
_NEAR: Final = ("due_at", "submitted_at", "reviewed_at", "merged_into", "split_from")


class DemandVersionView(View):
    """One content of a demand, as it was stored."""

    number: int
    content: dict[str, Any]
    content_hash: str = Field(description="SHA-256 of the content's RFC 8785 form")
    edited_at: UtcView
    edited_by: str

    @classmethod
    def of(cls, version: DemandVersion) -> Self:
        """Return the view of a version."""
        return cls(
            number=version.number,
            content=content_to_json(version.content),
            content_hash=version.content_hash,
            edited_at=version.edited_at,
            edited_by=version.edited_by,
        )
