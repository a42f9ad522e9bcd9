"""What price terms must hold: every fault with what would be accepted."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.settlement.domain.schedule import deadline
from app.settlement.domain.terms import (
    Deferral,
    Guarantee,
    GuaranteeKind,
    HolderKind,
    Instalment,
    Milestone,
    PriceTerms,
    Royalty,
    ShareHolder,
    TermsKind,
    Tier,
    lump_sum,
)
from app.settlement.domain.terms_checks import TermsInvalid, check_terms
from app.shared.ids import FileId, new_id
from app.shared.money import AMOUNT_MINOR_MAX, Money
from tests.settlement.domain.test_schedule import ROYALTY, STAKE

TODAY = date(2026, 3, 23)
FIRST = date(2026, 3, 30)
PRICE = Money(1_000_000_00)
YEAR = TODAY + timedelta(days=365)
FAR = TODAY + timedelta(days=60 * 365)


def guarantee(minor: int = 700_000_00, expires_on: date = YEAR) -> Guarantee:
    return Guarantee(
        kind=GuaranteeKind.BANK_GUARANTEE,
        guarantor="之江商业银行",
        amount=Money(minor),
        expires_on=expires_on,
        document_id=FileId(new_id()),
    )


def instalments(first_bp: int = 3_000, first: date = FIRST, last: date = YEAR) -> PriceTerms:
    return PriceTerms(
        kind=TermsKind.INSTALMENTS,
        price=PRICE,
        instalments=(
            Instalment(share_bp=first_bp, due_on=first),
            Instalment(share_bp=10_000 - first_bp, due_on=last),
        ),
        interest_bp=345,
        guarantee=guarantee(),
    )


def royalty(**changes: Any) -> PriceTerms:
    found: Royalty = replace(ROYALTY, **changes)
    return PriceTerms(kind=TermsKind.ROYALTY, price=PRICE, royalty=found)


MILESTONES = PriceTerms(
    kind=TermsKind.MILESTONES,
    price=PRICE,
    milestones=(
        Milestone(title="中试", acceptance="中试报告", expected_on=FIRST, share_bp=4_000),
        Milestone(title="投产", acceptance="验收证书", expected_on=YEAR, share_bp=6_000),
    ),
)
LATER = PriceTerms(
    kind=TermsKind.USE_FIRST_PAY_LATER,
    price=PRICE,
    deferral=Deferral(trigger="产品取得注册证"),
    royalty=ROYALTY,
    guarantee=guarantee(expires_on=date(2029, 1, 1)),
)
SHARES = PriceTerms(kind=TermsKind.SHARE_INVESTMENT, price=PRICE, shares=STAKE)


def check(terms: PriceTerms, seller_class: str = "state_owned_enterprise") -> None:
    check_terms(
        terms,
        price=PRICE,
        seller_class=seller_class,
        agreed_on=TODAY,
        pay_by_at=deadline(FIRST),
        today=TODAY,
    )


@pytest.mark.parametrize(
    "terms", [lump_sum(PRICE), instalments(), royalty(), MILESTONES, LATER, SHARES]
)
def test_sound_terms_pass(terms: PriceTerms) -> None:
    """ST67"""
    check(terms)
    check(terms, "university")


@pytest.mark.parametrize(
    ("terms", "field", "rule", "accepted"),
    [
        (lump_sum(Money(1)), "price", "price_differs", {"price": PRICE}),
        (
            royalty(minimum_a_year=Money(AMOUNT_MINOR_MAX)),
            "royalty.minimum_a_year",
            "minimum_too_large",
            {"maximum": Money(AMOUNT_MINOR_MAX // 10 // ROYALTY.years)},
        ),
        (replace(lump_sum(PRICE), pay_on=date.max), "pay_on", "day_too_far", {"maximum": FAR}),
        (
            royalty(starts_on=date(9_990, 1, 1), years=30),
            "royalty.starts_on",
            "day_too_far",
            {"maximum": FAR},
        ),
        (
            royalty(starts_on=TODAY - timedelta(days=1)),
            "royalty.starts_on",
            "day_passed",
            {"minimum": TODAY},
        ),
        (replace(MILESTONES, milestones=()), "milestones", "part_missing", {}),
        (
            replace(lump_sum(PRICE), royalty=ROYALTY),
            "royalty",
            "part_not_expected",
            {"parts": ["pay_on"]},
        ),
        (replace(LATER, guarantee=None), "guarantee", "part_missing", {}),
        (
            replace(LATER, deferral=None, royalty=None),
            "deferral",
            "part_missing",
            {"parts": ["milestones", "deferral", "royalty"]},
        ),
        (replace(LATER, deferral=Deferral()), "deferral", "one_trigger_or_day", {}),
        (
            replace(LATER, deferral=Deferral(due_on=YEAR, trigger="投产")),
            "deferral",
            "one_trigger_or_day",
            {},
        ),
        (
            replace(MILESTONES, milestones=MILESTONES.milestones[:1]),
            "milestones",
            "shares_not_whole",
            {"sum": 10_000},
        ),
        (
            replace(
                SHARES,
                shares=replace(
                    STAKE,
                    holders=(ShareHolder(name="甲", kind=HolderKind.UNIT, share_bp=9_999),),
                ),
            ),
            "shares.holders",
            "shares_not_whole",
            {"sum": 10_000},
        ),
        (instalments(first=FIRST, last=FIRST), "instalments", "days_not_rising", {}),
        (
            replace(lump_sum(PRICE), pay_on=TODAY - timedelta(days=1)),
            "pay_on",
            "day_passed",
            {"minimum": TODAY},
        ),
        (
            royalty(tiers=(Tier(rate_bp=1, up_to=Money(5)),)),
            "royalty.tiers",
            "last_tier_open",
            {},
        ),
        (
            royalty(
                tiers=(
                    Tier(rate_bp=1, up_to=Money(5)),
                    Tier(rate_bp=1, up_to=Money(5)),
                    Tier(rate_bp=1),
                )
            ),
            "royalty.tiers",
            "tiers_not_rising",
            {},
        ),
        (
            royalty(cap=Money(2_000_000_00, "USD")),
            "royalty.cap",
            "currency_differs",
            {"currency": "CNY"},
        ),
        (
            royalty(minimum_a_year=Money(600_000_00), cap=PRICE),
            "royalty.minimum_a_year",
            "minimum_above_cap",
            {"maximum": Money(500_000_00)},
        ),
        (royalty(cap=Money(1)), "royalty.cap", "cap_below_price", {"minimum": PRICE}),
        (
            replace(instalments(), guarantee=guarantee(expires_on=YEAR - timedelta(days=1))),
            "guarantee.expires_on",
            "guarantee_expires_early",
            {"minimum": YEAR},
        ),
        (
            instalments(first_bp=2_999),
            "instalments.0.share_bp",
            "first_instalment_low",
            {"minimum": 3_000},
        ),
        (
            instalments(first=FIRST + timedelta(days=1)),
            "instalments.0.due_on",
            "first_payment_late",
            {"maximum": FIRST},
        ),
        (
            replace(lump_sum(PRICE), pay_on=FIRST + timedelta(days=1)),
            "pay_on",
            "first_payment_late",
            {"maximum": FIRST},
        ),
        (
            replace(
                instalments(last=YEAR + timedelta(days=1)),
                guarantee=guarantee(expires_on=YEAR + timedelta(days=1)),
            ),
            "instalments.1.due_on",
            "rest_late",
            {"maximum": YEAR},
        ),
        (
            replace(instalments(), guarantee=guarantee(699_999_99)),
            "guarantee",
            "rest_not_secured",
            {"minimum": Money(700_000_00)},
        ),
        (replace(instalments(), interest_bp=0), "interest_bp", "no_interest", {"minimum": 1}),
    ],
)
def test_each_fault_names_its_field_and_what_would_pass(
    terms: PriceTerms, field: str, rule: str, accepted: dict[str, object]
) -> None:
    """ST67"""
    with pytest.raises(TermsInvalid) as refused:
        check(terms)
    found = {(error["field"], error["rule"]): error for error in errors_of(refused.value)}
    assert (field, rule) in found
    assert found[field, rule]["accepted"] == accepted


def errors_of(refusal: TermsInvalid) -> list[dict[str, Any]]:
    errors = refusal.fields["errors"]
    assert isinstance(errors, list)
    return errors


@pytest.mark.parametrize("seller_class", ["university", "government_institute", "private"])
def test_other_sellers_agree_freely_on_the_days(seller_class: str) -> None:
    """ST67"""
    free = replace(instalments(first_bp=100, last=YEAR + timedelta(days=900)), guarantee=None)
    check(replace(free, interest_bp=0), seller_class)
    with pytest.raises(TermsInvalid):
        check(free)
