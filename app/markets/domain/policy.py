"""Policies: the time limits and ceilings that an authority may change, as dated data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from app.shared import codes
from app.shared.calendar import DayUnit, Duration
from app.shared.errors import NotFound, RuleBroken
from app.shared.ids import MarketId, PolicyId

BASIS_POINTS: Final = 10_000
EXTENSIONS_MAX: Final = 100
DURATIONS: Final = (
    "disclosure",
    "extension",
    "signing",
    "deposit_refund",
    "payment_due",
    "result_notice",
    "deposit_due",
    "objection_answer",
    "suspension_max",
    "resumed_min",
)


# What a policy from before these fields means, and one that leaves them out.
SILENT: Final = {
    "deposit_due": Duration(3, DayUnit.WORKING_DAY),
    "objection_answer": Duration(15, DayUnit.WORKING_DAY),
    "suspension_max": Duration(30, DayUnit.CALENDAR_DAY),
    "resumed_min": Duration(10, DayUnit.WORKING_DAY),
}


class PolicyMissing(NotFound):
    """No policy was in effect on the day."""

    code = "policy_missing"
    title_zh = "当日没有生效的交易规则参数"
    title_en = "No policy was in effect on that day"


class PolicyInThePast(RuleBroken):
    """A policy cannot take effect before the market's present day."""

    code = "policy_in_the_past"
    title_zh = "规则参数不能追溯生效"
    title_en = "A policy cannot take effect in the past"


class PolicyOutOfRange(RuleBroken):
    """A number of the terms is outside its range."""

    code = "policy_out_of_range"
    title_zh = "规则参数超出允许范围"
    title_en = "A policy value is out of range"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerms:
    """What is frozen into a listing when its notice is published.

    Attributes:
        disclosure: First disclosure, or notice, period.
        extension: Length of one extension without a qualified buyer.
        extensions_max: Extensions at most; 0 for none.
        deposit_cap_bp: Highest deposit in basis points of the floor, 0..10_000.
        signing: Time for the winner to sign.
        deposit_refund: Time to return the others' deposits.
        payment_due: Time for payment after the contract takes effect.
        result_notice: Length of the result's publication.
        base_price_required: Whether listing or bidding needs a stated base price.
        deposit_due: Time for a qualified buyer to pay the deposit of a posted listing.
        objection_answer: Time for the seller's unit to decide an objection.
        suspension_max: Longest suspension of a disclosure.
        resumed_min: What remains at least of a disclosure that is resumed.
        relisting_floor_bp: From which share of the base price a relisting needs no approval.
        unit_notice_required: Whether an agreement is published in the seller's unit, too.
        earnest_share_bp: Share of the contract's value up to which a deposit has the effect of
            定金 (民法典 586).

    The last seven were not in the first policies: what these kept silent about is a default.
    """

    disclosure: Duration
    extension: Duration
    extensions_max: int
    deposit_cap_bp: int
    signing: Duration
    deposit_refund: Duration
    payment_due: Duration
    result_notice: Duration
    base_price_required: bool
    deposit_due: Duration = SILENT["deposit_due"]
    objection_answer: Duration = SILENT["objection_answer"]
    suspension_max: Duration = SILENT["suspension_max"]
    resumed_min: Duration = SILENT["resumed_min"]
    relisting_floor_bp: int = 9_000
    unit_notice_required: bool = True
    earnest_share_bp: int = 2_000

    def __post_init__(self) -> None:
        for field, ceiling in (
            ("extensions_max", EXTENSIONS_MAX),
            ("deposit_cap_bp", BASIS_POINTS),
            ("relisting_floor_bp", BASIS_POINTS),
            ("earnest_share_bp", BASIS_POINTS),
        ):
            if not 0 <= getattr(self, field) <= ceiling:
                raise PolicyOutOfRange(
                    "The value is out of range.", field=field, minimum=0, maximum=ceiling
                )

    def as_json(self) -> dict[str, Any]:
        """Return the stored form: durations as ``{"count": 20, "unit": "working_day"}``."""
        plain: dict[str, Any] = {
            name: {"count": span.count, "unit": str(span.unit)}
            for name in DURATIONS
            if isinstance(span := getattr(self, name), Duration)
        }
        return plain | {
            "extensions_max": self.extensions_max,
            "deposit_cap_bp": self.deposit_cap_bp,
            "base_price_required": self.base_price_required,
            "relisting_floor_bp": self.relisting_floor_bp,
            "unit_notice_required": self.unit_notice_required,
            "earnest_share_bp": self.earnest_share_bp,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the stored form back, also that of a policy from before some fields."""
        values: dict[str, Any] = {
            name: Duration(span["count"], DayUnit(span["unit"]))
            for name in DURATIONS
            if (span := data.get(name)) is not None
        }
        return cls(**values | {name: data[name] for name in _PLAIN if name in data})


_PLAIN: Final = (
    "extensions_max",
    "deposit_cap_bp",
    "base_price_required",
    "relisting_floor_bp",
    "unit_notice_required",
    "earnest_share_bp",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Terms of one seller class and pricing mode from a day on; never changed.

    Attributes:
        version: 1, 2, … within market, class and mode, in the order of entry.
        effective_on: First day in Asia/Shanghai.
    """

    id: PolicyId
    market_id: MarketId
    seller_class: str
    pricing_mode: str
    version: int
    effective_on: date
    terms: PolicyTerms


def select_policy(policies: Iterable[Policy], *, on: date) -> Policy:
    """Return the policy in effect on a day: the latest begun, of equals the latest entered.

    Args:
        policies: Of one market, seller class and pricing mode, in any order.

    Raises:
        PolicyMissing: None had begun.

    Source: markets/README.md, M2.
    """
    begun = [policy for policy in policies if policy.effective_on <= on]
    if not begun:
        raise PolicyMissing("Enter a policy that is in effect on the day.", on=on)
    return max(begun, key=lambda policy: (policy.effective_on, policy.version))


def check_new_policy(
    *, seller_class: str, pricing_mode: str, effective_on: date, today: date
) -> None:
    """Refuse a policy for unknown keys or one that would rewrite the past.

    Args:
        today: The market's present day in Asia/Shanghai.

    Raises:
        CodeUnknown: Names the accepted values.
        PolicyInThePast: Names the first possible day.

    Source: markets/README.md, M3.
    """
    codes.require("seller_class", seller_class, field="seller_class")
    codes.require("pricing_mode", pricing_mode, field="pricing_mode")
    if effective_on < today:
        raise PolicyInThePast(
            "What was published under the old policy stays under it.",
            field="effective_on",
            minimum=today,
        )
