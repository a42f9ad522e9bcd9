"""Innovation vouchers as pure rules: caps, region, days, and one use."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settlement.domain.voucher import (
    VOUCHER_TRANSITIONS,
    Programme,
    Voucher,
    VoucherAmountTooHigh,
    VoucherClaimTooEarly,
    VoucherProgrammeInvalid,
    VoucherStatus,
    VoucherTrigger,
    VoucherUse,
    VoucherUseRefused,
    check_issue,
    check_programme,
    claim,
    free,
    lies_in,
    redeem,
    redemption_entry_id,
    reserve,
    settle,
    usable,
    year_of,
)
from app.shared.ids import DealId, MarketId, PartyId, VoucherId, VoucherProgrammeId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

NOON = datetime(2026, 3, 23, 4, tzinfo=UTC)
TODAY = date(2026, 3, 23)
PROGRAMME = Programme(
    id=VoucherProgrammeId(new_id()),
    market_id=MarketId(new_id()),
    name="科技创新券（测试）",
    issuer="测试省科技厅",
    region_code="330000",
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
    cap=Money.parse("50000.00"),
    year_cap=Money.parse("80000.00"),
    share_bp=5_000,
    uses=(VoucherUse.FEE,),
)
VOUCHER = Voucher(
    id=VoucherId(new_id()),
    programme_id=PROGRAMME.id,
    market_id=PROGRAMME.market_id,
    number="CXQ-2026-0001",
    holder_id=PartyId(new_id()),
    status=VoucherStatus.ISSUED,
    face=Money.parse("50000.00"),
    expires_on=date(2026, 6, 30),
    issued_at=NOON,
)
DEAL = DealId(new_id())


@pytest.mark.parametrize(
    ("region", "programme", "fits"),
    [
        ("330106", "330000", True),
        ("330106", "330100", True),
        ("330106", "330106", True),
        ("330106", "330110", False),
        ("320106", "330000", False),
        (None, "330000", False),
        ("110000", "110000", True),
    ],
)
def test_the_region_is_a_prefix_of_gb_t_2260(
    region: str | None, programme: str, fits: bool
) -> None:
    """ST110"""
    assert lies_in(region, programme) is fits


def most(**changes: Any) -> Money:
    asked: dict[str, Any] = {
        "use": VoucherUse.FEE,
        "whole": Money.parse("20000.00"),
        "owed": Money.parse("20000.00"),
        "used_this_year": Money(0),
        "used_beside": Money(0),
        "holder_region": "330106",
        "today": TODAY,
    }
    voucher = replace(VOUCHER, **changes.pop("voucher", {}))
    programme = replace(PROGRAMME, **changes.pop("programme", {}))
    return usable(voucher, programme, **asked | changes)


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ({}, "10000.00"),  # half of it
        ({"whole": Money.parse("0.03"), "owed": Money(3)}, "0.01"),  # rounded down
        ({"owed": Money.parse("9000.00")}, "9000.00"),
        ({"voucher": {"face": Money.parse("8000.00")}}, "8000.00"),
        ({"used_this_year": Money.parse("75000.00")}, "5000.00"),
        ({"used_this_year": Money.parse("80000.00")}, "0.00"),
        ({"used_beside": Money.parse("4000.00")}, "6000.00"),
        ({"used_beside": Money.parse("11000.00")}, "0.00"),
    ],
)
def test_the_lowest_of_face_share_year_and_debt_decides(
    changes: dict[str, Any], amount: str
) -> None:
    """ST112"""
    assert most(**changes) == Money.parse(amount)


@given(
    face=st.integers(1, 10**7),
    share=st.integers(1, 10_000),
    whole=st.integers(1, 10**9),
    spent=st.integers(0, 8_000_000),
)
def test_no_cap_is_ever_passed(face: int, share: int, whole: int, spent: int) -> None:
    """ST112"""
    found = most(
        voucher={"face": Money(face, "CNY")},
        programme={"share_bp": share},
        whole=Money(whole, "CNY"),
        owed=Money(whole, "CNY"),
        used_this_year=Money(spent, "CNY"),
    ).amount_minor
    assert 0 <= found <= min(face, whole, 8_000_000 - spent)
    assert found * 10_000 <= whole * share


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"use": VoucherUse.PRICE}, "use"),
        ({"today": date(2025, 12, 31)}, "not_begun"),
        ({"today": date(2026, 7, 1)}, "expired"),
        ({"holder_region": "320106"}, "region"),
        ({"whole": Money.parse("1.00", "USD")}, "currency"),
    ],
)
def test_a_use_outside_the_programme_is_refused(changes: dict[str, Any], rule: str) -> None:
    """ST110, ST111"""
    with pytest.raises(VoucherUseRefused) as refused:
        most(**changes)
    assert refused.value.fields["rule"] == rule


def test_the_last_day_is_a_day_of_use() -> None:
    """ST111"""
    assert most(today=date(2026, 6, 30)) == Money.parse("10000.00")


def test_a_voucher_is_issued_within_its_programme() -> None:
    """ST110, ST111, ST112"""
    face, last = Money.parse("50000.00"), date(2026, 12, 31)
    check_issue(PROGRAMME, face=face, expires_on=last, holder_region="330106")
    with pytest.raises(VoucherAmountTooHigh):
        check_issue(PROGRAMME, face=face + Money(1), expires_on=last, holder_region="330106")
    with pytest.raises(VoucherUseRefused, match="region"):
        check_issue(PROGRAMME, face=face, expires_on=last, holder_region="440106")
    with pytest.raises(VoucherUseRefused, match="within"):
        check_issue(PROGRAMME, face=face, expires_on=date(2027, 1, 1), holder_region="330106")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"valid_to": date(2025, 12, 31)}, "dates_reversed"),
        ({"year_cap": Money.parse("49999.99")}, "year_cap_below_cap"),
        ({"year_cap": Money.parse("90000.00", "USD")}, "currency_differs"),
    ],
)
def test_a_programme_that_contradicts_itself_is_refused(changes: dict[str, Any], rule: str) -> None:
    check_programme(PROGRAMME)
    with pytest.raises(VoucherProgrammeInvalid) as refused:
        check_programme(replace(PROGRAMME, **changes))
    assert refused.value.fields["rule"] == rule


@pytest.mark.parametrize(("state", "trigger"), list(product(VoucherStatus, VoucherTrigger)))
def test_vouchers_move_as_the_table_says(state: VoucherStatus, trigger: VoucherTrigger) -> None:
    """ST113"""
    expected = {
        ("issued", "reserve"): "reserved",
        ("reserved", "free"): "issued",
        ("reserved", "redeem"): "redeemed",
        ("redeemed", "undo"): "issued",
        ("redeemed", "undo_part"): "redeemed",
        ("redeemed", "claim"): "claimed",
        ("claimed", "settle"): "settled",
    }.get((str(state), str(trigger)))
    if expected is None:
        with pytest.raises(TransitionRefused):
            advance(VOUCHER_TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(VOUCHER_TRANSITIONS, state=state, trigger=trigger) == expected


def reserved(amount: str = "10000.00") -> Voucher:
    return reserve(
        VOUCHER,
        deal_id=DEAL,
        charge_number=1,
        amount=Money.parse(amount),
        maximum=Money.parse("10000.00"),
        now=NOON,
    )


def test_a_voucher_is_used_once_from_reservation_to_the_issuers_money() -> None:
    """ST113, ST115"""
    held = reserved()
    assert (held.used, held.round) == (Money.parse("10000.00"), 1)
    with pytest.raises(VoucherAmountTooHigh):
        reserved("10000.01")
    used = redeem(held, now=NOON)
    with pytest.raises(VoucherClaimTooEarly):
        claim(used, deal_over=False, now=NOON)
    asked = claim(used, deal_over=True, now=NOON)
    paid = settle(asked, bank_reference="B-9", now=NOON)
    assert (paid.status, paid.bank_reference) == (VoucherStatus.SETTLED, "B-9")


def test_nothing_left_is_no_use() -> None:
    """ST112"""
    with pytest.raises(VoucherAmountTooHigh):
        reserve(VOUCHER, deal_id=DEAL, charge_number=1, amount=Money(0), maximum=Money(0), now=NOON)


def test_each_round_of_a_freed_voucher_books_under_ids_of_its_own() -> None:
    """ST114"""
    held = reserved()
    assert replace(free(held), round=0) == VOUCHER
    again = reserve(
        free(redeem(held, now=NOON), VoucherTrigger.UNDO),
        deal_id=DEAL,
        charge_number=2,
        amount=Money(1),
        maximum=Money(1),
        now=NOON,
    )
    assert again.round == 2
    assert redemption_entry_id(held, "redemption") != redemption_entry_id(again, "redemption")


def test_the_year_is_shanghais() -> None:
    """ST112"""
    assert year_of(datetime(2025, 12, 31, 16, tzinfo=UTC)) == 2026
