"""Bodies and answers of markets."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.markets.domain.policy import BASIS_POINTS, EXTENSIONS_MAX, SILENT, PolicyTerms
from app.markets.domain.selection_terms import DEFAULT, RANGES, SelectionPolicy, SelectionTerms
from app.platform.schema import Body, Instant, Line, UtcView, View
from app.shared.calendar import DayUnit, Duration


class MarketOut(View):
    """An exchange, or a sandbox of one."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    region_code: str
    edition: str
    sandbox: bool


class ClockView(View):
    """A market's present moment."""

    now: UtcView
    sandbox: bool


class AdvanceBody(Body):
    """Where a sandbox's clock shall go."""

    # A clock near the year 10000 would stop the market for good.
    advance_to: Instant = Field(lt=datetime(2100, 1, 1, tzinfo=UTC))


class AdvanceView(View):
    """Where the clock arrived and how many timers ran on the way."""

    now: UtcView
    timers_handled: int


class SpanBody(Body):
    """A length of time with its unit, which is never converted."""

    count: Annotated[int, Field(ge=1, le=1000)]
    unit: DayUnit

    def plain(self) -> Duration:
        """Return the domain's value."""
        return Duration(self.count, self.unit)


def _span(name: str) -> Any:
    """Return a field that falls back on what a silent policy means."""
    return Field(default=SpanBody(count=SILENT[name].count, unit=SILENT[name].unit))


class TermsBody(Body):
    """The numbers of a policy."""

    disclosure: SpanBody
    extension: SpanBody
    extensions_max: int = Field(ge=0, le=EXTENSIONS_MAX)
    deposit_cap_bp: int = Field(ge=0, le=BASIS_POINTS, description="Basis points of the floor")
    signing: SpanBody
    deposit_refund: SpanBody
    payment_due: SpanBody
    result_notice: SpanBody
    base_price_required: bool
    deposit_due: SpanBody = _span("deposit_due")
    objection_answer: SpanBody = _span("objection_answer")
    suspension_max: SpanBody = _span("suspension_max")
    resumed_min: SpanBody = _span("resumed_min")
    relisting_floor_bp: int = Field(
        default=9_000,
        ge=0,
        le=BASIS_POINTS,
        description="Basis points of the base price from which a relisting needs no approval",
    )
    unit_notice_required: bool = True
    earnest_share_bp: int = Field(
        default=2_000,
        ge=0,
        le=BASIS_POINTS,
        description="Basis points of the contract's value up to which a deposit counts as 定金",
    )

    def plain(self) -> PolicyTerms:
        """Return the domain's value."""
        return PolicyTerms(
            disclosure=self.disclosure.plain(),
            extension=self.extension.plain(),
            extensions_max=self.extensions_max,
            deposit_cap_bp=self.deposit_cap_bp,
            signing=self.signing.plain(),
            deposit_refund=self.deposit_refund.plain(),
            payment_due=self.payment_due.plain(),
            result_notice=self.result_notice.plain(),
            base_price_required=self.base_price_required,
            deposit_due=self.deposit_due.plain(),
            objection_answer=self.objection_answer.plain(),
            suspension_max=self.suspension_max.plain(),
            resumed_min=self.resumed_min.plain(),
            relisting_floor_bp=self.relisting_floor_bp,
            unit_notice_required=self.unit_notice_required,
            earnest_share_bp=self.earnest_share_bp,
        )


class PolicyBody(Body):
    """A policy that supersedes the present one from its day on."""

    seller_class: Line
    pricing_mode: Line
    effective_on: date = Field(description="First day in Asia/Shanghai, today or later")
    terms: TermsBody


class SpanView(View):
    """A length of time with its unit."""

    count: int
    unit: DayUnit


class TermsView(View):
    """The numbers of a policy."""

    disclosure: SpanView
    extension: SpanView
    extensions_max: int
    deposit_cap_bp: int
    signing: SpanView
    deposit_refund: SpanView
    payment_due: SpanView
    result_notice: SpanView
    base_price_required: bool
    deposit_due: SpanView
    objection_answer: SpanView
    suspension_max: SpanView
    resumed_min: SpanView
    relisting_floor_bp: int
    unit_notice_required: bool
    earnest_share_bp: int


class PolicyView(View):
    """One version of a policy."""

    id: UUID
    market_id: UUID
    seller_class: str
    pricing_mode: str
    version: int
    effective_on: date
    terms: TermsView


def _whole(name: str, **more: Any) -> Any:
    """Return a field with the range of the terms' number."""
    return Field(ge=RANGES[name][0], le=RANGES[name][1], **more)


def _default(span: Duration) -> Any:
    return Field(default=SpanBody(count=span.count, unit=span.unit))


class SelectionTermsNumbers(Body):
    """The numbers of selection terms; what is left out has its default."""

    first_check: SpanBody = _default(DEFAULT.first_check)
    expert_selection: SpanBody = _default(DEFAULT.expert_selection)
    mending: SpanBody = _default(DEFAULT.mending)
    shelf_life_days: int = _whole(
        "shelf_life_days", default=DEFAULT.shelf_life_days, description="Calendar days"
    )
    experts_min: int = _whole("experts_min", default=DEFAULT.experts_min)
    gate_score_min: int = _whole(
        "gate_score_min", default=DEFAULT.gate_score_min, description="0: the gate informs only"
    )

    def plain(self) -> SelectionTerms:
        """Return the domain's value."""
        return SelectionTerms(
            first_check=self.first_check.plain(),
            expert_selection=self.expert_selection.plain(),
            mending=self.mending.plain(),
            shelf_life_days=self.shelf_life_days,
            experts_min=self.experts_min,
            gate_score_min=self.gate_score_min,
        )


class SelectionTermsBody(Body):
    """Selection terms that supersede the present ones from their day on."""

    effective_on: date = Field(description="First day in Asia/Shanghai, today or later")
    terms: SelectionTermsNumbers


class SelectionTermsView(View):
    """The numbers of selection terms."""

    first_check: SpanView
    expert_selection: SpanView
    mending: SpanView
    shelf_life_days: int
    experts_min: int
    gate_score_min: int


class SelectionPolicyView(View):
    """One version of selection terms; version 0 is the default, which holds before all others."""

    id: UUID | None
    market_id: UUID
    version: int
    effective_on: date | None
    default: bool
    terms: SelectionTermsView

    @classmethod
    def of(cls, policy: SelectionPolicy) -> Self:
        """Return the view of a version."""
        return cls(
            id=policy.id,
            market_id=policy.market_id,
            version=policy.version,
            effective_on=policy.effective_on,
            default=policy.version == 0,
            terms=SelectionTermsView.model_validate(policy.terms),
        )


class SessionBody(Body):
    """A session to announce."""

    title: Line
    edition: Line = Field(description="Table `edition`")
    held_on: date


class SessionOut(View):
    """A session: lots sold on one day under one title."""

    id: UUID
    market_id: UUID
    title: str
    edition: str
    held_on: date


class CodeEntryView(View):
    """One value of a code table; ``confirmed`` is false where wording or number is not."""

    name: str
    code: str | None
    label_zh: str
    label_en: str | None
    parent: str | None
    confirmed: bool
    valid_from: date | None
    valid_to: date | None


class CodeTableView(View):
    """A code table with its version and source."""

    name: str
    version: str
    source: str
    entries: list[CodeEntryView]


class CodeTableSummary(View):
    """A code table without its entries."""

    name: str
    version: str
    source: str
    entry_count: int
    etag: str
