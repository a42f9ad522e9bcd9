"""Demands 技术需求: the record that is posted for others to answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from app.shared.access import Viewer
from app.shared.errors import RuleBroken
from app.shared.ids import DemandId, MarketId, PartyId
from app.shared.money import Money

SHARES_BP: Final = 10_000


class DemandStatus(StrEnum):
    """Where a demand stands, up to the posting 发榜."""

    SUBMITTED = "submitted"
    POSTED = "posted"
    REFUSED = "refused"


class DemandTrigger(StrEnum):
    """What moves a demand."""

    POST = "post"
    REFUSE = "refuse"


DEMAND_TRANSITIONS: Final[Mapping[tuple[DemandStatus, DemandTrigger], DemandStatus]] = {
    (DemandStatus.SUBMITTED, DemandTrigger.POST): DemandStatus.POSTED,
    (DemandStatus.SUBMITTED, DemandTrigger.REFUSE): DemandStatus.REFUSED,
}


class Confidentiality(StrEnum):
    """Who may read the demand once it is posted."""

    PUBLIC = "public"
    RESTRICTED = "restricted"


class TargetOperator(StrEnum):
    """How a measured value is compared."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EQUAL = "equal"
    BETWEEN = "between"


class BudgetKind(StrEnum):
    """How firmly the money is stated."""

    FIXED = "fixed"
    RANGE = "range"
    OPEN = "open"


class Answerer(StrEnum):
    """Who may answer.

    Source: rules.md section 4: open to legal entities and natural persons.
    """

    ORGANISATION = "organisation"
    PERSON = "person"
    CONSORTIUM = "consortium"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A measurable aim.

    Attributes:
        value_max: Upper end, for ``between`` only.
        unit: As written on the instrument; empty for a dimensionless figure.
    """

    name: str
    operator: TargetOperator
    value: Decimal
    value_max: Decimal | None
    unit: str
    test_method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Money for the work: fixed has equal ends, open has none."""

    kind: BudgetKind
    low: Money | None
    high: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A step with its proof and its part of the payment.

    Attributes:
        due_on: Day in Asia/Shanghai.
        share_bp: Part of the price in basis points; all milestones sum to 10,000.
    """

    title: str
    due_on: date
    deliverable: str
    metric: str
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandContent:
    """What the poster states; code names are those of ``/v1/codes``.

    Attributes:
        ip_ownership, failure_risk_rule: Mandatory, because the law fills them otherwise.

    Source: rules.md section 4; 民法典 858, 859.
    """

    title: str
    technology_field: str
    background: str
    targets: tuple[Target, ...]
    due_on: date
    budget: Budget
    cooperation_mode: str
    ip_ownership: str
    failure_risk_rule: str
    who_may_answer: tuple[Answerer, ...]
    confidentiality: Confidentiality
    milestones: tuple[Milestone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A submitted demand.

    Attributes:
        party_id: Its poster.
        refusal_reason: Set when it was refused.
    """

    id: DemandId
    market_id: MarketId
    party_id: PartyId
    status: DemandStatus
    content: DemandContent
    submitted_at: datetime
    reviewed_at: datetime | None = None
    refusal_reason: str | None = None


def may_see(viewer: Viewer, demand: Demand) -> bool:
    """Tell whether the viewer may know that this demand exists.

    Invariant: DM2.
    """
    if viewer.staff_of == demand.market_id or viewer.party_id == demand.party_id:
        return True
    return (
        demand.status is DemandStatus.POSTED
        and demand.content.confidentiality is Confidentiality.PUBLIC
    )


class DemandInvalid(RuleBroken):
    """The content breaks rules; ``errors`` names each field, rule and what would pass."""

    code = "demand_invalid"
    title_zh = "需求信息不符合要求"
    title_en = "The demand breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class RefusalReasonMissing(RuleBroken):
    """A refusal without a reason helps nobody."""

    code = "refusal_reason_missing"
    title_zh = "拒绝发榜时必须说明理由"
    title_en = "A refusal states its reason"


def require_reason(*, accepted: bool, reason: str | None) -> None:
    """Refuse a refusal without a reason.

    Raises:
        RefusalReasonMissing: Not accepted and no reason is given.
    """
    if not accepted and reason is None:
        raise RefusalReasonMissing(
            "Say why, so that the poster can mend it.", field="reason", characters_min=2
        )
