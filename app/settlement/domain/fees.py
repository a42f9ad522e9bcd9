"""Commission of the exchange and of brokers 交易服务费、佣金: dated policy, exact sums."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, Self

from app.settlement.domain.deal import Side
from app.shared.calendar import SHANGHAI
from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.shared.ids import MarketId
from app.shared.money import Money

BASIS_POINTS: Final = 10_000
SOURCES: Final = ("agreement", "posted", "auction", "demand")


class BrokerBasis(StrEnum):
    """What a broker's commission is a part of."""

    SHARE = "share"  # of the side's commission to the exchange, which keeps the rest
    RATE = "rate"  # of the price, on top of that commission


class FeePolicyInvalid(RuleBroken):
    """The terms contradict themselves; ``errors`` names each field and rule."""

    code = "fee_policy_invalid"
    title_zh = "收费标准不符合要求"
    title_en = "The fee policy breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class FeePolicyInThePast(RuleBroken):
    """Deals that were opened keep the fees they were opened under."""

    code = "fee_policy_in_the_past"
    title_zh = "收费标准不能追溯生效"
    title_en = "A fee policy cannot take effect in the past"


@dataclass(frozen=True, slots=True)
class Tier:
    """One band of a price 分档: ``rate_bp`` is asked of the part within it.

    Attributes:
        up_to_minor: Where the band ends, inclusive; ``None`` for the last.
    """

    up_to_minor: int | None
    rate_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule:
    """What one side pays for deals of some sources.

    Attributes:
        sources: Of `SOURCES`.
        tiers: Progressive 累进: each band of the price at its own rate.
        minimum_minor, cap_minor: Of the commission as a whole; ``None`` for no cap.
    """

    side: Side
    sources: tuple[str, ...]
    tiers: tuple[Tier, ...]
    minimum_minor: int = 0
    cap_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTerms:
    """What a broker that is named on a deal gets, and which side pays it.

    Attributes:
        value_bp: Basis points of the basis.
    """

    payer: Side
    basis: BrokerBasis
    value_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms:
    """What is frozen into a deal when it opens.

    Attributes:
        currency: Of all amounts; deals in another one bear no fee.
        rules: At most one a side and source.
        due_days: Calendar days to pay, from the day of the confirmation; days off do not move it.
        invoice_item: 开票项目, as the invoice names it.
        tax_rate_bp: 税率 of the invoice; to be checked by the exchange's own accountant.
    """

    currency: str
    rules: tuple[FeeRule, ...]
    due_days: int
    invoice_item: str
    tax_rate_bp: int
    broker: BrokerTerms | None = None

    def rule_of(self, side: Side, source: str) -> FeeRule | None:
        """Return what a side pays for a deal of a source, or ``None`` for nothing."""
        return next(
            (rule for rule in self.rules if rule.side is side and source in rule.sources), None
        )

    def due_at(self, confirmed_at: datetime) -> datetime:
        """Return when a fee is due: at 24:00 of its last day in Asia/Shanghai."""
        last = confirmed_at.astimezone(SHANGHAI).date() + timedelta(days=self.due_days + 1)
        return datetime.combine(last, time(), SHANGHAI)

    def as_json(self) -> dict[str, Any]:
        """Return the stored form."""
        broker = self.broker
        return {
            "currency": self.currency,
            "rules": [
                {
                    "side": str(rule.side),
                    "sources": list(rule.sources),
                    "tiers": [
                        {"up_to_minor": tier.up_to_minor, "rate_bp": tier.rate_bp}
                        for tier in rule.tiers
                    ],
                    "minimum_minor": rule.minimum_minor,
                    "cap_minor": rule.cap_minor,
                }
                for rule in self.rules
            ],
            "due_days": self.due_days,
            "invoice_item": self.invoice_item,
            "tax_rate_bp": self.tax_rate_bp,
            "broker": None
            if broker is None
            else {
                "payer": str(broker.payer),
                "basis": str(broker.basis),
                "value_bp": broker.value_bp,
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the stored form back."""
        broker = data["broker"]
        return cls(
            currency=data["currency"],
            rules=tuple(
                FeeRule(
                    side=Side(rule["side"]),
                    sources=tuple(rule["sources"]),
                    tiers=tuple(Tier(t["up_to_minor"], t["rate_bp"]) for t in rule["tiers"]),
                    minimum_minor=rule["minimum_minor"],
                    cap_minor=rule["cap_minor"],
                )
                for rule in data["rules"]
            ),
            due_days=data["due_days"],
            invoice_item=data["invoice_item"],
            tax_rate_bp=data["tax_rate_bp"],
            broker=None
            if broker is None
            else BrokerTerms(
                payer=Side(broker["payer"]),
                basis=BrokerBasis(broker["basis"]),
                value_bp=broker["value_bp"],
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePolicy:
    """Fee terms of a market from a day on; never changed.

    Attributes:
        version: 1, 2, … in the order of entry.
        effective_on: First day in Asia/Shanghai.
    """

    market_id: MarketId
    version: int
    effective_on: date
    terms: FeeTerms


def select_fees(entered: Iterable[FeePolicy], *, on: date) -> FeePolicy | None:
    """Return the policy in effect on a day, or ``None``: the market charges nothing then.

    Of those begun, the latest day's, of equals the highest version.

    Invariant: ST100.
    """
    begun = [policy for policy in entered if policy.effective_on <= on]
    return max(begun, key=lambda policy: (policy.effective_on, policy.version), default=None)


def check_fees(terms: FeeTerms, *, effective_on: date, today: date) -> None:
    """Refuse terms that contradict themselves, or would rewrite the past.

    Args:
        today: The market's present day in Asia/Shanghai.

    Raises:
        FeePolicyInThePast: Names the first possible day.
        FeePolicyInvalid: With the rules source_unknown, repeated, tiers_not_rising,
            last_tier_closed, tier_missing, cap_below_minimum.
    """
    if effective_on < today:
        raise FeePolicyInThePast(
            "Deals keep the fees they were opened under.", field="effective_on", minimum=today
        )
    findings = Findings()
    for number, rule in enumerate(terms.rules):
        _check_rule(rule, f"rules.{number}", findings)
    findings.unique(
        "rules", [f"{rule.side}/{source}" for rule in terms.rules for source in rule.sources]
    )
    if findings.errors:
        raise FeePolicyInvalid(findings.summary(), errors=findings.errors)


def _check_rule(rule: FeeRule, where: str, findings: Findings) -> None:
    for source in rule.sources:
        findings.require(
            source in SOURCES,
            f"{where}.sources",
            rule="source_unknown",
            message=f"Deals do not come from '{source}'.",
            values=list(SOURCES),
        )
    if not rule.tiers:
        findings.add(f"{where}.tiers", rule="tier_missing", message="Name a rate at least.")
        return
    ends = [tier.up_to_minor for tier in rule.tiers]
    findings.require(
        ends[-1] is None,
        f"{where}.tiers",
        rule="last_tier_closed",
        message="The last band must have no end.",
        up_to_minor=None,
    )
    inner = [0, *(end if end is not None else 0 for end in ends[:-1])]
    findings.require(
        all(earlier < later for earlier, later in pairwise(inner)),
        f"{where}.tiers",
        rule="tiers_not_rising",
        message="Each band but the last ends above the one before.",
    )
    findings.require(
        rule.cap_minor is None or rule.cap_minor >= rule.minimum_minor,
        f"{where}.cap_minor",
        rule="cap_below_minimum",
        message="The cap is at least the minimum.",
        minimum=rule.minimum_minor,
    )


@dataclass(frozen=True, slots=True)
class Band:
    """A line of the calculation: the part of a price in a tier, and its rate."""

    part_minor: int
    rate_bp: int


@dataclass(frozen=True, slots=True)
class Commission:
    """A commission with how it was found.

    Attributes:
        amount: Σ part × rate, rounded half up to the fen once, then within minimum and cap, and
            never above the price.
        limited_by: ``minimum``, ``cap`` or ``price`` where one of them decided.
    """

    amount: Money
    bands: tuple[Band, ...]
    limited_by: str | None = None


def half_up(numerator: int, denominator: int) -> int:
    """Return a non-negative quotient rounded half up 四舍五入."""
    return (2 * numerator + denominator) // (2 * denominator)


def compute_commission(rule: FeeRule, price: Money) -> Commission:
    """Return what a rule asks of a price, in whole minor units.

    Invariant: ST101.
    """
    bands = []
    below = 0
    for tier in rule.tiers:
        end = price.amount_minor if tier.up_to_minor is None else tier.up_to_minor
        part = max(min(end, price.amount_minor) - below, 0)
        if part:
            bands.append(Band(part, tier.rate_bp))
        below = max(below, end)
    exact = half_up(sum(band.part_minor * band.rate_bp for band in bands), BASIS_POINTS)
    amount, limited_by = exact, None
    if amount < rule.minimum_minor:
        amount, limited_by = rule.minimum_minor, "minimum"
    if rule.cap_minor is not None and amount > rule.cap_minor:
        amount, limited_by = rule.cap_minor, "cap"
    if amount > price.amount_minor:
        amount, limited_by = price.amount_minor, "price"
    return Commission(Money(amount, price.currency), tuple(bands), limited_by)


def brokers_part(terms: BrokerTerms, *, commission: Money, price: Money) -> Money:
    """Return what the broker gets: of the side's commission, or of the price.

    Rounded half up to the fen.
    """
    basis = commission if terms.basis is BrokerBasis.SHARE else price
    return Money(half_up(basis.amount_minor * terms.value_bp, BASIS_POINTS), price.currency)
