"""What price terms must hold: the parts of each kind, whole shares, and the policy of the seller.

Source: 民法典 846; 32号令 27-30 as default for state-owned enterprises; rules.md sections 2, 6.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from app.settlement.domain.royalty import SUM_MINOR_MAX
from app.settlement.domain.schedule import BASIS_POINTS, YEAR_DAYS, period_ends_on
from app.settlement.domain.terms import PriceTerms, Royalty, TermsKind
from app.shared.calendar import SHANGHAI
from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.shared.money import Money


class TermsInvalid(RuleBroken):
    """The price terms break rules; ``errors`` names each with what would be accepted."""

    code = "price_terms_invalid"
    title_zh = "价款支付方式不符合规则"
    title_en = "The price terms break rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRule:
    """What a class of sellers may agree; a policy value that an authority can change.

    Attributes:
        first_bp_min: Least first instalment, basis points of the price.
        rest_days_max: Calendar days from the contract to the last instalment.
    """

    first_bp_min: int
    rest_days_max: int
    source: str


# Universities and institutes set the manner of payment themselves (转化法 18).
RULES: Final[Mapping[str, PaymentRule]] = {
    "state_owned_enterprise": PaymentRule(
        first_bp_min=3_000, rest_days_max=YEAR_DAYS, source="32号令 28"
    )
}

_NEEDED: Final[Mapping[TermsKind, frozenset[str]]] = {
    TermsKind.LUMP_SUM: frozenset(),
    TermsKind.INSTALMENTS: frozenset({"instalments"}),
    TermsKind.ROYALTY: frozenset({"royalty"}),
    TermsKind.ENTRY_FEE_ROYALTY: frozenset({"royalty"}),
    TermsKind.MILESTONES: frozenset({"milestones"}),
    TermsKind.USE_FIRST_PAY_LATER: frozenset({"guarantee"}),
    TermsKind.SHARE_INVESTMENT: frozenset({"shares"}),
}
_ALLOWED: Final[Mapping[TermsKind, frozenset[str]]] = {
    TermsKind.LUMP_SUM: frozenset({"pay_on"}),
    TermsKind.INSTALMENTS: frozenset({"instalments", "interest_bp", "guarantee"}),
    TermsKind.ROYALTY: frozenset({"royalty", "guarantee"}),
    TermsKind.ENTRY_FEE_ROYALTY: frozenset({"royalty", "pay_on", "guarantee"}),
    TermsKind.MILESTONES: frozenset({"milestones", "guarantee"}),
    TermsKind.USE_FIRST_PAY_LATER: frozenset({"milestones", "deferral", "royalty", "guarantee"}),
    TermsKind.SHARE_INVESTMENT: frozenset({"shares"}),
}
_DAYS_AHEAD_MAX: Final = 60 * YEAR_DAYS
_PARTS: Final = (
    "pay_on",
    "instalments",
    "milestones",
    "deferral",
    "interest_bp",
    "royalty",
    "guarantee",
    "shares",
)


def check_terms(
    terms: PriceTerms,
    *,
    price: Money,
    seller_class: str | None,
    agreed_on: date,
    pay_by_at: datetime | None,
    today: date,
) -> None:
    """Refuse terms that contradict themselves or the policy of the seller's class.

    Args:
        price: As confirmed; the terms say how it is paid and never another.
        agreed_on: Day from which the policy's year counts.
        pay_by_at: The notice's deadline of the first payment; ``None`` once it is past.
        today: In Shanghai; no day of payment has passed.

    Raises:
        TermsInvalid: With these rules: price_differs, part_missing, part_not_expected,
            shares_not_whole, days_not_rising, day_passed, day_too_far, one_trigger_or_day,
            tiers_not_rising, last_tier_open, currency_differs, minimum_too_large,
            minimum_above_cap, cap_below_price, guarantee_expires_early,
            first_instalment_low, first_payment_late, rest_late, rest_not_secured, no_interest.

    Invariant: ST67.
    """
    _check_reach(terms, today)
    findings = Findings()
    findings.require(
        terms.price == price,
        "price",
        rule="price_differs",
        message="The price was confirmed.",
        price=price,
    )
    _check_parts(terms, findings)
    _check_shares(terms, findings)
    _check_days(terms, today, findings)
    if terms.royalty is not None:
        findings.require(
            terms.royalty.starts_on >= agreed_on,
            "royalty.starts_on",
            rule="day_passed",
            message="Nothing was used before it was sold.",
            minimum=agreed_on,
        )
    _check_money(terms, findings)
    if terms.royalty is not None:
        _check_royalty(terms, terms.royalty, findings)
    rule = RULES.get(seller_class or "")
    if rule is not None:
        _check_rule(terms, rule, agreed_on, pay_by_at, findings)
    if findings.errors:
        raise TermsInvalid(findings.summary(), errors=findings.errors)


def _check_reach(terms: PriceTerms, today: date) -> None:
    """Refuse days from which no schedule can be reckoned; nothing else is looked at then."""
    latest = today + timedelta(days=_DAYS_AHEAD_MAX)
    royalty = terms.royalty
    starts = [] if royalty is None else [("royalty.starts_on", royalty.starts_on)]
    findings = Findings()
    for where, day in (*_dated(terms), *starts):
        findings.require(
            day <= latest,
            where,
            rule="day_too_far",
            message="No contract reaches so far.",
            maximum=latest,
        )
    if findings.errors:
        raise TermsInvalid(findings.summary(), errors=findings.errors)


def _check_parts(terms: PriceTerms, findings: Findings) -> None:
    for part in _PARTS:
        there = bool(getattr(terms, part))
        findings.require(
            there or part not in _NEEDED[terms.kind],
            part,
            rule="part_missing",
            message=f"'{terms.kind}' needs it.",
        )
        findings.require(
            not there or part in _ALLOWED[terms.kind],
            part,
            rule="part_not_expected",
            message=f"'{terms.kind}' does not know it.",
            parts=sorted(_ALLOWED[terms.kind]),
        )
    if terms.kind is TermsKind.USE_FIRST_PAY_LATER:
        findings.require(
            bool(terms.milestones) + bool(terms.deferral) <= 1
            and bool(terms.milestones or terms.deferral or terms.royalty),
            "deferral",
            rule="part_missing",
            message="Pay by milestones, or at a day or trigger, or out of a royalty.",
            parts=["milestones", "deferral", "royalty"],
        )
    deferral = terms.deferral
    if deferral is not None:
        findings.require(
            (deferral.due_on is None) != (deferral.trigger is None),
            "deferral",
            rule="one_trigger_or_day",
            message="Name a day or a trigger, not both.",
        )


def _check_shares(terms: PriceTerms, findings: Findings) -> None:
    holders = () if terms.shares is None else terms.shares.holders
    for where, parts in (
        ("instalments", [part.share_bp for part in terms.instalments]),
        ("milestones", [part.share_bp for part in terms.milestones]),
        ("shares.holders", [part.share_bp for part in holders]),
    ):
        findings.require(
            not parts or sum(parts) == BASIS_POINTS,
            where,
            rule="shares_not_whole",
            message=f"The shares sum to {sum(parts)} basis points.",
            sum=BASIS_POINTS,
        )


def _check_days(terms: PriceTerms, today: date, findings: Findings) -> None:
    for where, days in (
        ("instalments", [part.due_on for part in terms.instalments]),
        ("milestones", [part.expected_on for part in terms.milestones]),
    ):
        findings.require(
            days == sorted(days) and (where == "milestones" or len(set(days)) == len(days)),
            where,
            rule="days_not_rising",
            message="Later parts have later days.",
        )
    for where, day in _dated(terms):
        findings.require(
            day >= today, where, rule="day_passed", message="The day has passed.", minimum=today
        )


def _dated(terms: PriceTerms) -> Iterable[tuple[str, date]]:
    for index, instalment in enumerate(terms.instalments):
        yield f"instalments.{index}.due_on", instalment.due_on
    for index, milestone in enumerate(terms.milestones):
        yield f"milestones.{index}.expected_on", milestone.expected_on
    if terms.pay_on is not None:
        yield "pay_on", terms.pay_on
    if terms.deferral is not None and terms.deferral.due_on is not None:
        yield "deferral.due_on", terms.deferral.due_on
    if terms.shares is not None:
        yield "shares.register_by_on", terms.shares.register_by_on
    if terms.guarantee is not None:
        yield "guarantee.expires_on", terms.guarantee.expires_on


def _check_money(terms: PriceTerms, findings: Findings) -> None:
    amounts: list[tuple[str, Money | None]] = []
    if terms.guarantee is not None:
        amounts.append(("guarantee.amount", terms.guarantee.amount))
    if terms.royalty is not None:
        amounts.append(("royalty.minimum_a_year", terms.royalty.minimum_a_year))
        amounts.append(("royalty.cap", terms.royalty.cap))
        amounts += [
            (f"royalty.tiers.{index}.up_to", tier.up_to)
            for index, tier in enumerate(terms.royalty.tiers)
        ]
    for where, amount in amounts:
        findings.require(
            amount is None or amount.currency == terms.price.currency,
            where,
            rule="currency_differs",
            message="The deal has one currency.",
            currency=terms.price.currency,
        )
    if terms.guarantee is not None:
        _check_expiry(terms, terms.guarantee.expires_on, findings)


def _check_expiry(terms: PriceTerms, expires_on: date, findings: Findings) -> None:
    """Refuse a guarantee that ends before the last planned day of what it secures."""
    days = [day for where, day in _dated(terms) if where != "guarantee.expires_on"]
    if terms.royalty is not None:
        last = period_ends_on(terms.royalty, terms.royalty.periods)
        days.append(last + timedelta(days=terms.royalty.pay_days))
    latest = max(days, default=expires_on)
    findings.require(
        expires_on >= latest,
        "guarantee.expires_on",
        rule="guarantee_expires_early",
        message="It ends before the last payment is due.",
        minimum=latest,
    )


def _check_royalty(terms: PriceTerms, royalty: Royalty, findings: Findings) -> None:
    bounds = [tier.up_to for tier in royalty.tiers]
    findings.require(
        bool(bounds) and bounds[-1] is None and None not in bounds[:-1],
        "royalty.tiers",
        rule="last_tier_open",
        message="The last tier, and no other, has no upper end.",
    )
    minors = [bound.amount_minor for bound in bounds if bound is not None]
    findings.require(
        all(low < high for low, high in zip([0, *minors], minors, strict=False)),
        "royalty.tiers",
        rule="tiers_not_rising",
        message="Each tier ends above the one before.",
    )
    cap, minimum = royalty.cap, royalty.minimum_a_year
    findings.require(
        minimum is None or minimum.amount_minor * royalty.years <= SUM_MINOR_MAX,
        "royalty.minimum_a_year",
        rule="minimum_too_large",
        message="The guaranteed years bring more than can be booked.",
        maximum=Money(SUM_MINOR_MAX // royalty.years, terms.price.currency),
    )
    if cap is None:
        return
    if minimum is not None:
        findings.require(
            minimum.amount_minor * royalty.years <= cap.amount_minor,
            "royalty.minimum_a_year",
            rule="minimum_above_cap",
            message="The guaranteed years bring more than the cap.",
            maximum=Money(cap.amount_minor // royalty.years, cap.currency),
        )
    if terms.kind is TermsKind.ROYALTY:
        findings.require(
            cap.amount_minor >= terms.price.amount_minor,
            "royalty.cap",
            rule="cap_below_price",
            message="The price is guaranteed, the cap lies below it.",
            minimum=terms.price,
        )


def _check_rule(
    terms: PriceTerms,
    rule: PaymentRule,
    agreed_on: date,
    pay_by_at: datetime | None,
    findings: Findings,
) -> None:
    """Hold the seller's class to its policy, where the price is paid on days."""
    first = terms.instalments[0].due_on if terms.instalments else terms.pay_on
    if first is not None and pay_by_at is not None:
        first_by = (pay_by_at.astimezone(SHANGHAI) - timedelta(microseconds=1)).date()
        findings.require(
            first <= first_by,
            "instalments.0.due_on" if terms.instalments else "pay_on",
            rule="first_payment_late",
            message=f"The first payment is due with the contract's effect ({rule.source}).",
            maximum=first_by,
        )
    if not terms.instalments:
        return
    findings.require(
        terms.instalments[0].share_bp >= rule.first_bp_min,
        "instalments.0.share_bp",
        rule="first_instalment_low",
        message=f"The first instalment is too small ({rule.source}).",
        minimum=rule.first_bp_min,
    )
    latest = agreed_on + timedelta(days=rule.rest_days_max)
    findings.require(
        terms.instalments[-1].due_on <= latest,
        f"instalments.{len(terms.instalments) - 1}.due_on",
        rule="rest_late",
        message=f"The rest is due within a year ({rule.source}).",
        maximum=latest,
    )
    rest = terms.price - terms.price.share_bp(terms.instalments[0].share_bp)
    secured = terms.guarantee
    findings.require(
        secured is not None and secured.amount.amount_minor >= rest.amount_minor,
        "guarantee",
        rule="rest_not_secured",
        message=f"The rest is secured ({rule.source}).",
        minimum=rest,
    )
    findings.require(
        terms.interest_bp > 0,
        "interest_bp",
        rule="no_interest",
        message=f"The rest bears interest ({rule.source}).",
        minimum=1,
    )
