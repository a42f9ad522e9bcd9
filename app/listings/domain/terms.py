"""What makes a seller's terms acceptable: every fault at once."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from app.listings.domain.achievement import Achievement
from app.listings.domain.deposit import DepositUse
from app.listings.domain.listing import ListingTerms, PricingMode
from app.shared.errors import RuleBroken
from app.shared.findings import Findings
from app.shared.ids import PartyId
from app.shared.money import Money

if TYPE_CHECKING:  # only its type: the domain stays free of the module behind it
    from app.markets.public import PolicyTerms


class ListingInvalid(RuleBroken):
    """The terms break rules; ``errors`` names each field, rule and what would pass."""

    code = "listing_invalid"
    title_zh = "交易项目条款不符合要求"
    title_en = "The listing breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


def check_terms(
    terms: ListingTerms,
    achievement: Achievement,
    policy: "PolicyTerms",
    *,
    seller_id: PartyId,
    relisted: bool,
) -> None:
    """Refuse terms that break a rule, all of them at once.

    Args:
        relisted: Whether the achievement was offered at this base price before, and not sold.

    Raises:
        ListingInvalid: With one of these rules an error: conversion_mode_not_wanted,
            currency_differs, deposit_missing, deposit_not_expected, deposit_above_cap,
            base_price_missing, floor_below_base_price, buyer_missing, buyer_not_expected,
            buyer_is_seller, extensions_above_policy, reductions_above_extensions,
            reductions_not_falling, reductions_below_deposit, only_of_agreement, only_of_posted.

    Invariant: LS5. Source: rules.md A5, A6, L3, L4, L6, D2.
    """
    findings = Findings()
    findings.require(
        terms.conversion_mode in achievement.content.conversion_modes,
        "conversion_mode",
        rule="conversion_mode_not_wanted",
        message="The achievement is not offered in this way.",
        accepted=list(achievement.content.conversion_modes),
    )
    if _one_currency(terms, findings):
        _check_deposit(terms, policy, findings)
        _check_prices(terms, policy, findings, relisted=relisted)
    _check_buyer(terms, seller_id, findings)
    _check_extensions(terms, policy, findings)
    if findings.errors:
        raise ListingInvalid(findings.summary(), errors=findings.errors)


def _one_currency(terms: ListingTerms, findings: Findings) -> bool:
    currency = terms.floor.currency
    others: dict[str, Money | None] = {"deposit": terms.deposit, "base_price": terms.base_price}
    others |= {f"reductions.{place}": price for place, price in enumerate(terms.reductions)}
    for name, amount in others.items():
        findings.require(
            amount is None or amount.currency == currency,
            name,
            rule="currency_differs",
            message="All amounts of a listing are in the floor's currency.",
            accepted=currency,
        )
    return not any(error["rule"] == "currency_differs" for error in findings.errors)


def _check_deposit(terms: ListingTerms, policy: "PolicyTerms", findings: Findings) -> None:
    agreement = terms.pricing_mode is PricingMode.AGREEMENT
    findings.require(
        agreement or terms.deposit.amount_minor > 0,
        "deposit",
        rule="deposit_missing",
        message="Only an agreement goes without a deposit.",
    )
    findings.require(
        not agreement or terms.deposit.amount_minor == 0,
        "deposit",
        rule="deposit_not_expected",
        message="The buyer of an agreement is known and pays no deposit.",
    )
    findings.require(
        not agreement or terms.deposit_becomes is DepositUse.PRICE,
        "deposit_becomes",
        rule="deposit_not_expected",
        message="The buyer of an agreement is known and pays no deposit.",
        accepted=str(DepositUse.PRICE),
    )
    cap = terms.floor.share_bp(policy.deposit_cap_bp)
    findings.require(
        terms.deposit <= cap,
        "deposit",
        rule="deposit_above_cap",
        message="The deposit exceeds the policy's share of the floor.",
        maximum=cap,
    )


def lowest_floor(base: Money, policy: "PolicyTerms", *, relisted: bool) -> Money:
    """Return from which price on nobody's approval is asked.

    Args:
        base: The base price, or the filed appraisal.
        relisted: The achievement was offered at this base price before, and not sold.

    Source: rules.md L4.
    """
    if not relisted:
        return base
    # Rounded up: one fen below the share is below it.
    share = -(-base.amount_minor * policy.relisting_floor_bp // 10_000)
    return Money(share, base.currency)


def _check_prices(
    terms: ListingTerms, policy: "PolicyTerms", findings: Findings, *, relisted: bool
) -> None:
    base = terms.base_price
    findings.require(
        base is not None or not policy.base_price_required,
        "base_price",
        rule="base_price_missing",
        message="A seller of this class states a base price.",
    )
    if base is None or terms.approval is not None:
        return
    # What an extension lowers was offered at the base price before, as in a relisting.
    prices = [("floor", terms.floor, relisted)]
    prices += [(f"reductions.{n}", price, True) for n, price in enumerate(terms.reductions)]
    for name, price, before in prices:
        minimum = lowest_floor(base, policy, relisted=before)
        findings.require(
            price >= minimum,
            name,
            rule="floor_below_base_price",
            message="A price below this needs an approval on file.",
            minimum=minimum,
            or_else="approval",
        )


def _check_buyer(terms: ListingTerms, seller_id: PartyId, findings: Findings) -> None:
    agreement = terms.pricing_mode is PricingMode.AGREEMENT
    findings.require(
        terms.buyer_id is not None or not agreement,
        "buyer_id",
        rule="buyer_missing",
        message="An agreement names its buyer.",
    )
    findings.require(
        terms.buyer_id is None or agreement,
        "buyer_id",
        rule="buyer_not_expected",
        message="Only an agreement knows its buyer beforehand.",
    )
    findings.require(
        terms.buyer_id != seller_id,
        "buyer_id",
        rule="buyer_is_seller",
        message="The seller cannot buy what it sells.",
    )
    findings.require(
        terms.unit_notice is None or agreement,
        "unit_notice",
        rule="only_of_agreement",
        message="Only an agreement is published in the seller's unit.",
    )


def _check_extensions(terms: ListingTerms, policy: "PolicyTerms", findings: Findings) -> None:
    posted = terms.pricing_mode is PricingMode.POSTED
    for name, given in (("extensions", terms.extensions), ("reductions", terms.reductions)):
        findings.require(
            posted or not given,
            name,
            rule="only_of_posted",
            message="Only a posted listing is extended or reduced as announced.",
        )
    findings.require(
        terms.extensions <= policy.extensions_max,
        "extensions",
        rule="extensions_above_policy",
        message="The policy knows fewer extensions.",
        maximum=policy.extensions_max,
    )
    findings.require(
        len(terms.reductions) <= terms.extensions,
        "reductions",
        rule="reductions_above_extensions",
        message="Each reduction comes with an extension.",
        maximum=terms.extensions,
    )
    prices = (terms.floor, *terms.reductions)
    findings.require(
        all(
            price.currency != terms.deposit.currency or terms.deposit <= price
            for price in terms.reductions
        ),
        "reductions",
        rule="reductions_below_deposit",
        message="The deposit stays and is never more than the floor.",
        minimum=terms.deposit,
    )
    falling = len({price.currency for price in prices}) > 1 or all(
        later < earlier for earlier, later in pairwise(prices)
    )
    findings.require(
        falling and prices[-1].amount_minor > 0,
        "reductions",
        rule="reductions_not_falling",
        message="Each reduced floor lies below the one before and above zero.",
    )
