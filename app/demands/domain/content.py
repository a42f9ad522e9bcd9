"""What the poster of a demand states 需求内容: targets, money, time, rights, risk, milestones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from app.shared.jsonable import jsonable
from app.shared.money import Money

SHARES_BP: Final = 10_000


class Confidentiality(StrEnum):
    """Whether the demand has a part that only those read who accept its confidentiality."""

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


class Acceptance(StrEnum):
    """Who says that a milestone is reached 验收方式."""

    POSTER = "poster"
    THIRD_PARTY = "third_party"  # the poster, on the report of a named third party


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
        background: For everybody.
        restricted_text: For those who accept the demand's confidentiality; of a restricted
            demand only.
        ip_ownership, failure_risk_rule: Mandatory, because the law fills them otherwise.
        poster_risk_bp: The poster's part of a loss in basis points; exactly with the rule
            ``shared_by_ratio``.
        third_party: Who reports on a milestone; exactly where a third party does.
        lump_sum: The solver reports no lines of its spending 经费包干.

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
    restricted_text: str | None = None
    poster_risk_bp: int | None = None
    acceptance: Acceptance = Acceptance.POSTER
    third_party: str | None = None
    lump_sum: bool = False

    @property
    def told(self) -> "DemandContent":
        """What everybody may read of it."""
        return replace(self, restricted_text=None)


def content_to_json(content: DemandContent) -> dict[str, Any]:
    """Return the stored form of a content."""
    told: dict[str, Any] = jsonable(content)
    return told


def content_from_json(data: Mapping[str, Any]) -> DemandContent:
    """Read the stored form back."""
    budget = data["budget"]
    values = dict(data) | {
        "targets": tuple(target_from_json(item) for item in data["targets"]),
        "due_on": date.fromisoformat(data["due_on"]),
        "budget": Budget(
            kind=BudgetKind(budget["kind"]),
            low=_money(budget["low"]),
            high=_money(budget["high"]),
        ),
        "who_may_answer": tuple(Answerer(name) for name in data["who_may_answer"]),
        "confidentiality": Confidentiality(data["confidentiality"]),
        "milestones": tuple(milestone_from_json(item) for item in data["milestones"]),
        "acceptance": Acceptance(data["acceptance"]),
    }
    return DemandContent(**values)


def target_from_json(item: Mapping[str, Any]) -> Target:
    """Read a target's stored form back, to the last digit."""
    upper = item["value_max"]
    return Target(
        name=item["name"],
        operator=TargetOperator(item["operator"]),
        value=Decimal(item["value"]),
        value_max=None if upper is None else Decimal(upper),
        unit=item["unit"],
        test_method=item["test_method"],
    )


def milestone_from_json(item: Mapping[str, Any]) -> Milestone:
    """Read a milestone's stored form back."""
    return Milestone(**{**item, "due_on": date.fromisoformat(item["due_on"])})


def _money(told: Mapping[str, str] | None) -> Money | None:
    return None if told is None else Money.parse(told["amount"], told["currency"])
