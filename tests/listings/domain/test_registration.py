"""Registration, deposit and bidder codes: the rules."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.bidder_code import BIDDER_CODES, nth_bidder_code
from app.listings.domain.listing import (
    Listing,
    ListingStatus,
)
from app.listings.domain.notice import Notice, NoticeKind, NoticeStatus
from app.listings.domain.registration import (
    BankReceipt,
    DepositAmountWrong,
    DepositClosed,
    DepositLate,
    PayerNotTheBuyer,
    ReceivedInFuture,
    RegistrationClosed,
    SellerMayNotRegister,
    TermsNotAccepted,
    check_deposit,
    check_registration,
)
from app.shared.errors import DomainError
from app.shared.ids import NoticeId, PartyId, new_id
from app.shared.money import Money
from tests.listings.domain.values import BUYER, DISCLOSING, ENDS, NOW, OPENS, SELLER

NOTICE = Notice(
    id=NoticeId(new_id()),
    listing_id=DISCLOSING.id,
    seq=1,
    number="ZP-2026-000123-N1",
    kind=NoticeKind.OFFER,
    status=NoticeStatus.PUBLISHED,
    content={},
    content_hash="a" * 64,
    published_at=NOW,
    closes_at=ENDS,
)
TICK = timedelta(microseconds=1)


def register(
    listing: Listing = DISCLOSING,
    *,
    notice: Notice | None = NOTICE,
    party_id: PartyId = BUYER,
    terms_hash: str = NOTICE.content_hash,
    now: datetime = NOW,
) -> None:
    check_registration(
        listing=listing, notice=notice, party_id=party_id, terms_hash=terms_hash, now=now
    )


def test_a_buyer_registers_to_the_last_tick_of_the_disclosure() -> None:
    """LS7"""
    register()
    register(now=ENDS - TICK)


@pytest.mark.parametrize("late", [timedelta(0), TICK, timedelta(days=9)])
def test_the_stored_deadline_closes_registration_though_no_timer_has_run(
    late: timedelta,
) -> None:
    """LS7: the status still says disclosing."""
    with pytest.raises(RegistrationClosed) as refused:
        register(now=ENDS + late)
    assert refused.value.fields["disclosure_ends_at"] == ENDS


@pytest.mark.parametrize("status", sorted(set(ListingStatus) - {ListingStatus.DISCLOSING}))
def test_only_a_disclosing_listing_takes_registrations(status: ListingStatus) -> None:
    """LS7"""
    with pytest.raises(RegistrationClosed):
        register(replace(DISCLOSING, status=status))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"party_id": SELLER}, SellerMayNotRegister),
        ({"terms_hash": "b" * 64}, TermsNotAccepted),
        ({"notice": None}, RegistrationClosed),
    ],
)
def test_the_seller_and_unaccepted_terms_are_refused(
    changes: dict[str, Any], expected: type[DomainError]
) -> None:
    """LS8"""
    with pytest.raises(expected):
        register(**changes)


RECEIPT = BankReceipt(
    amount=DISCLOSING.deposit,
    payer_name="西溪智造(杭州)有限公司",
    bank_reference="ICBC-1",
    received_at=NOW,
)


def pay(listing: Listing = DISCLOSING, *, now: datetime = OPENS, **changes: Any) -> None:
    check_deposit(
        listing=listing,
        receipt=replace(RECEIPT, **changes),
        buyer_name="西溪智造\uff08杭州\uff09有限公司",
        before=listing.opens_at,
        now=now,
    )


@pytest.mark.parametrize("status", ["disclosing", "suspended", "closed"])
def test_a_deposit_in_time_is_taken_until_the_outcome(status: str) -> None:
    """LS10"""
    listing = replace(DISCLOSING, status=ListingStatus(status))
    pay(listing)
    pay(listing, received_at=OPENS - TICK)
    pay(listing, payer_name=" 西溪智造 (杭州)有限公司")


@pytest.mark.parametrize(
    ("changes", "expected", "field"),
    [
        ({"amount": Money(11_999_999)}, DepositAmountWrong, "accepted"),
        ({"amount": Money(12_000_001)}, DepositAmountWrong, "accepted"),
        ({"amount": Money(12_000_000, "USD")}, DepositAmountWrong, "accepted"),
        ({"payer_name": "西溪智造集团"}, PayerNotTheBuyer, "accepted"),
        ({"received_at": OPENS + TICK}, ReceivedInFuture, "maximum"),
        ({"received_at": OPENS}, DepositLate, "before"),
    ],
)
def test_wrong_money_is_refused_with_what_would_pass(
    changes: dict[str, Any], expected: type[DomainError], field: str
) -> None:
    """LS10"""
    with pytest.raises(expected) as refused:
        pay(**changes)
    assert field in refused.value.fields


@pytest.mark.parametrize("status", [ListingStatus.DRAFT, ListingStatus.SOLD, ListingStatus.FAILED])
def test_no_deposit_is_taken_after_the_outcome(status: ListingStatus) -> None:
    """LS10"""
    with pytest.raises(DepositClosed):
        pay(replace(DISCLOSING, status=status))


@given(st.integers(min_value=0, max_value=BIDDER_CODES - 1), st.data())
def test_different_numbers_have_different_codes(number: int, data: st.DataObject) -> None:
    """LS12"""
    other = data.draw(st.integers(min_value=0, max_value=BIDDER_CODES - 1))
    assert (nth_bidder_code(number) == nth_bidder_code(other)) == (number == other)
    assert not set(nth_bidder_code(number)) & set("IO01")


def test_codes_run_from_the_first_to_the_last() -> None:
    assert nth_bidder_code(0) == "AA222"
    assert nth_bidder_code(BIDDER_CODES - 1) == "ZZ999"
    for outside in (-1, BIDDER_CODES):
        with pytest.raises(ValueError, match="no such"):
            nth_bidder_code(outside)
