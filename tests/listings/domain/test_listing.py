"""Terms, notices, openings: the rules of a listing."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.achievement import AchievementStatus
from app.listings.domain.content import Secrecy
from app.listings.domain.listing import (
    AchievementNotListable,
    Approval,
    AuctionOpensTooEarly,
    Listing,
    ListingStatus,
    ListingTerms,
    PricingMode,
    UnitNotice,
    check_listable,
    may_see_listing,
    require_opening_after,
    terms_of,
)
from app.listings.domain.notice import NoticeKind, seal_notice, write_terms
from app.listings.domain.terms import ListingInvalid, check_terms, lowest_floor
from app.shared.access import Viewer
from app.shared.canonical import digest
from app.shared.ids import NoticeId, new_id
from app.shared.money import Money
from tests.listings.domain.values import (
    ACHIEVEMENT,
    BUYER,
    DISCLOSING,
    DRAFT,
    ENDS,
    MARKET,
    NOW,
    POLICY,
    SELLER,
    TERMS,
    content,
    terms,
)

UNIT = UnitNotice("https://zhilan.example.cn/notice/17", date(2026, 3, 1))
APPROVAL = Approval("之澜资〔2026〕8号", "之澜理工大学资产管理处", date(2026, 2, 20))
AGREED: dict[str, Any] = {
    "pricing_mode": PricingMode.AGREEMENT,
    "buyer_id": BUYER,
    "deposit": Money(0),
    "unit_notice": UNIT,
}
POSTED: dict[str, Any] = {
    "pricing_mode": PricingMode.POSTED,
    "extensions": 2,
    "reductions": (Money(58_000_000), Money(54_000_000)),
}


def check(asked: ListingTerms, policy: Any = POLICY, *, relisted: bool = False) -> None:
    check_terms(asked, ACHIEVEMENT, policy, seller_id=SELLER, relisted=relisted)


def faults(
    policy: Any = POLICY, *, relisted: bool = False, **changes: Any
) -> list[tuple[str, str]]:
    with pytest.raises(ListingInvalid) as refused:
        check(terms(**changes), policy, relisted=relisted)
    errors: Any = refused.value.fields["errors"]
    return [(error["field"], error["rule"]) for error in errors]


def test_sound_terms_are_accepted() -> None:
    check(TERMS)
    check(terms(base_price=None), replace(POLICY, base_price_required=False))
    check(terms(**AGREED))
    check(terms(**POSTED))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({**AGREED, "buyer_id": None}, [("buyer_id", "buyer_missing")]),
        ({**AGREED, "buyer_id": SELLER}, [("buyer_id", "buyer_is_seller")]),
        ({**AGREED, "extensions": 1}, [("extensions", "only_of_posted")]),
        ({"buyer_id": BUYER}, [("buyer_id", "buyer_not_expected")]),
        ({"unit_notice": UNIT}, [("unit_notice", "only_of_agreement")]),
        ({"deposit": Money(0)}, [("deposit", "deposit_missing")]),
        ({**POSTED, "extensions": 4}, [("extensions", "extensions_above_policy")]),
        ({**POSTED, "extensions": 1}, [("reductions", "reductions_above_extensions")]),
        (
            {**POSTED, "reductions": (Money(58_000_000), Money(58_000_000))},
            [("reductions", "reductions_not_falling")],
        ),
        (
            {**POSTED, "reductions": (Money(53_999_999),)},
            [("reductions.0", "floor_below_base_price")],
        ),
        ({**POSTED, "reductions": (Money(1, "USD"),)}, [("reductions.0", "currency_differs")]),
        (
            {"conversion_mode": "licence_ordinary"},
            [("conversion_mode", "conversion_mode_not_wanted")],
        ),
        ({"deposit": Money(18_000_001)}, [("deposit", "deposit_above_cap")]),
        ({"deposit": Money(1, "USD")}, [("deposit", "currency_differs")]),
        ({"base_price": None}, [("base_price", "base_price_missing")]),
        ({"base_price": Money(60_000_001)}, [("floor", "floor_below_base_price")]),
        ({"base_price": Money(1, "EUR")}, [("base_price", "currency_differs")]),
        (
            {"conversion_mode": "gift", "deposit": Money(60_000_000), "base_price": None},
            [
                ("conversion_mode", "conversion_mode_not_wanted"),
                ("deposit", "deposit_above_cap"),
                ("base_price", "base_price_missing"),
            ],
        ),
    ],
)
def test_each_fault_of_the_terms_is_named_all_at_once(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """LS5"""
    assert faults(**changes) == expected


@pytest.mark.parametrize(
    ("floor", "relisted", "approval", "fits"),
    [
        (60_000_000, False, None, True),
        (59_999_999, False, None, False),
        (54_000_000, True, None, True),
        (53_999_999, True, None, False),
        (53_999_999, True, APPROVAL, True),
        (1, False, APPROVAL, True),
    ],
)
def test_a_relisting_is_free_down_to_nine_tenths_and_needs_an_approval_below(
    floor: int, relisted: bool, approval: Approval | None, fits: bool
) -> None:
    """LS5"""
    changes: dict[str, Any] = {"floor": Money(floor), "deposit": Money(1), "approval": approval}
    small = replace(POLICY, deposit_cap_bp=10_000)
    if fits:
        check(terms(**changes), small, relisted=relisted)
    else:
        found = faults(small, relisted=relisted, **changes)
        assert found == [("floor", "floor_below_base_price")]


def test_nine_tenths_of_a_base_price_are_rounded_up() -> None:
    assert lowest_floor(Money(11), POLICY, relisted=True) == Money(10)


@given(
    floor=st.integers(min_value=1, max_value=10**12),
    deposit=st.integers(min_value=1, max_value=10**12),
    cap_bp=st.integers(min_value=0, max_value=10_000),
)
def test_a_deposit_passes_exactly_up_to_the_policys_share_of_the_floor(
    floor: int, deposit: int, cap_bp: int
) -> None:
    """LS5"""
    policy = replace(POLICY, deposit_cap_bp=cap_bp, base_price_required=False)
    asked = terms(floor=Money(floor), deposit=Money(deposit), base_price=None)
    # Half up without floats: the cap is floor(share + 1/2).
    fits = deposit <= (floor * cap_bp * 2 + 10_000) // 20_000
    if fits:
        check(asked, policy)
    else:
        with pytest.raises(ListingInvalid):
            check(asked, policy)


@pytest.mark.parametrize("status", AchievementStatus)
@pytest.mark.parametrize("secrecy", Secrecy)
def test_only_what_is_accepted_and_cleared_of_secrets_is_listed(
    status: AchievementStatus, secrecy: Secrecy
) -> None:
    achievement = replace(ACHIEVEMENT, status=status, content=content(secrecy=secrecy))
    if (status, secrecy) == (AchievementStatus.ACCEPTED, Secrecy.CLEARED):
        check_listable(achievement)
        return
    with pytest.raises(AchievementNotListable) as refused:
        check_listable(achievement)
    assert refused.value.fields["state"] == str(status)


def test_an_auction_opens_at_the_disclosures_end_at_the_earliest() -> None:
    """LS6"""
    require_opening_after(opens_at=ENDS, disclosure_ends_at=ENDS)
    with pytest.raises(AuctionOpensTooEarly) as refused:
        require_opening_after(opens_at=ENDS - timedelta(microseconds=1), disclosure_ends_at=ENDS)
    assert refused.value.fields["earliest"] == ENDS


@pytest.mark.parametrize("status", ListingStatus)
def test_a_draft_is_known_to_its_seller_and_the_staff_only(status: ListingStatus) -> None:
    """LS4"""
    published = status is not ListingStatus.DRAFT
    listing = replace(DISCLOSING, status=status, published_at=NOW if published else None)
    assert may_see_listing(Viewer(), listing) == published
    assert may_see_listing(Viewer(party_id=BUYER), listing) == published
    assert may_see_listing(Viewer(party_id=SELLER), listing)
    assert may_see_listing(Viewer(staff_of=MARKET), listing)


def written(listing: Listing) -> dict[str, Any]:
    return write_terms(
        listing,
        ACHIEVEMENT,
        kind=NoticeKind.OFFER,
        seller_name="之澜理工大学",
        calendar_version="2026",
    )


def test_a_notice_says_every_term_and_its_hash_is_recomputable() -> None:
    """LS3"""
    content = written(DISCLOSING)
    notice = seal_notice(
        NoticeId(new_id()), DISCLOSING, NoticeKind.OFFER, content, at=NOW, closes_at=ENDS
    )
    assert notice.number == "ZP-2026-000123-N1"
    assert notice.content_hash == digest(notice.content)
    assert notice.content["floor"] == {"amount": "600000.00", "currency": "CNY"}
    assert notice.content["disclosure_ends_at"] == ENDS.isoformat()
    assert notice.content["policy"] == POLICY.as_json()
    assert "completers" not in notice.content["achievement"]


@pytest.mark.parametrize(
    "change",
    [
        {"floor": Money(60_000_001)},
        {"deposit": Money(12_000_001)},
        {"base_price": None},
        {"contract_terms": "另一合同。"},
        {"payment_terms": "分期。"},
        {"buyer_conditions": "无。"},
        {"forfeiture_terms": "无。"},
        {"conversion_mode": "licence_exclusive"},
        {"opens_at": ENDS},
        {"bidding": {}},
        {"disclosure_ends_at": ENDS + timedelta(days=1)},
        {"extensions": 1},
        {"reductions": (Money(59_000_000),)},
        {"joint_purchase": True},
        {"notice_count": 1},
    ],
)
def test_no_term_changes_without_changing_the_hash(change: dict[str, Any]) -> None:
    """LS3"""

    assert digest(written(replace(DISCLOSING, **change))) != digest(written(DISCLOSING))


def test_a_draft_has_no_notice_to_write() -> None:
    with pytest.raises(ValueError, match="period is fixed"):
        written(DRAFT)


def test_the_terms_of_a_listing_are_those_it_was_drafted_with() -> None:
    assert terms_of(DRAFT) == TERMS
