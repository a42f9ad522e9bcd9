"""What makes a seller's terms acceptable: every fault at once."""

from typing import TYPE_CHECKING, Any

from app.listings.domain.achievement import Achievement
from app.listings.domain.listing import OFFERED, ListingTerms, PricingMode
from app.shared.errors import RuleBroken
from app.shared.findings import Findings

if TYPE_CHECKING:  # only its type: the domain stays free of the module behind it
    from app.markets.public import PolicyTerms


class ListingInvalid(RuleBroken):
    """The terms break rules; ``errors`` names each field, rule and what would pass."""

    code = "listing_invalid"
    title_zh = "交易项目条款不符合要求"
    title_en = "The listing breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


def check_pricing_mode(mode: PricingMode, findings: Findings) -> None:
    """Note a pricing mode that this exchange does not operate."""
    findings.require(
        mode in OFFERED,
        "pricing_mode",
        rule="pricing_mode_not_offered",
        message="This exchange does not operate this pricing mode yet.",
        accepted=[str(offered) for offered in OFFERED],
    )


def check_terms(terms: ListingTerms, achievement: Achievement, policy: "PolicyTerms") -> None:
    """Refuse terms that break a rule, all of them at once.

    Raises:
        ListingInvalid: With one of these rules an error: pricing_mode_not_offered,
            conversion_mode_not_wanted, currency_differs, deposit_above_cap, base_price_missing,
            floor_below_base_price.

    Invariant: LS5. Source: rules.md A6, L4, D2.
    """
    findings = Findings()
    check_pricing_mode(terms.pricing_mode, findings)
    findings.require(
        terms.conversion_mode in achievement.content.conversion_modes,
        "conversion_mode",
        rule="conversion_mode_not_wanted",
        message="The achievement is not offered in this way.",
        accepted=list(achievement.content.conversion_modes),
    )
    _check_money(terms, policy, findings)
    if findings.errors:
        raise ListingInvalid(findings.summary(), errors=findings.errors)


def _check_money(terms: ListingTerms, policy: "PolicyTerms", findings: Findings) -> None:
    currency = terms.floor.currency
    others = {"deposit": terms.deposit, "base_price": terms.base_price}
    for name, amount in others.items():
        findings.require(
            amount is None or amount.currency == currency,
            name,
            rule="currency_differs",
            message="All amounts of a listing are in the floor's currency.",
            accepted=currency,
        )
    cap = terms.floor.share_bp(policy.deposit_cap_bp)
    if terms.deposit.currency == currency:
        findings.require(
            terms.deposit <= cap,
            "deposit",
            rule="deposit_above_cap",
            message="The deposit exceeds the policy's share of the floor.",
            maximum=cap,
        )
    base = terms.base_price
    findings.require(
        base is not None or not policy.base_price_required,
        "base_price",
        rule="base_price_missing",
        message="A seller of this class states a base price.",
    )
    if base is not None and base.currency == currency:
        findings.require(
            terms.floor >= base,
            "floor",
            rule="floor_below_base_price",
            message="The first price is not below the base price.",
            minimum=base,
        )
