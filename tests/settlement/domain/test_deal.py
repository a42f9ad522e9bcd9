"""Deals: states, payments, names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settlement.domain.deal import (
    TRANSITIONS,
    Deal,
    DealStatus,
    DealTrigger,
    PriceBelowFloor,
    check_price,
    settle,
)
from app.settlement.domain.payment import (
    PayerDiffers,
    Payment,
    PaymentAboveOutstanding,
    PaymentCurrencyWrong,
    PaymentInFuture,
    PaymentRecorded,
    add_payment,
    check_payment,
    same_name,
)
from app.shared.errors import DomainError
from app.shared.ids import DealId, EntryId, ListingId, MarketId, PartyId, RegistrationId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

NOW = datetime(2026, 3, 23, 1, 0, tzinfo=UTC)


def deal(price: int = 1_230, paid: int = 100) -> Deal:
    return Deal(
        id=DealId(new_id()),
        number="ZP-D-2026-000001",
        market_id=MarketId(new_id()),
        listing_id=ListingId(new_id()),
        seller_id=PartyId(new_id()),
        buyer_id=PartyId(new_id()),
        registration_id=RegistrationId(new_id()),
        status=DealStatus.OPENED,
        start=Money(895),
        price=Money(price),
        deposit=Money(paid),
        paid=Money(paid),
        source="auction",
        source_id=new_id(),
        confirmed_at=NOW,
        sign_by_at=NOW + timedelta(days=3),
        pay_by_at=NOW + timedelta(days=5),
        released=Money(0),
        returned=Money(0),
    )


def payment(minor: int = 100, currency: str = "CNY") -> Payment:
    return Payment(
        id=EntryId(new_id()),
        amount=Money(minor, currency),
        payer_name="甬江（集团）有限公司",
        bank_reference="B1",
        received_at=NOW,
    )


def check(known: Deal, paid: Payment, **changes: object) -> None:
    given_facts = {
        "buyer_name": "甬江(集团) 有限公司",
        "known_references": frozenset({"B0"}),
        "owed": known.price - known.paid,
        "now": NOW,
    } | changes
    check_payment(known, paid, **given_facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("trigger", list(DealTrigger))
@pytest.mark.parametrize("state", list(DealStatus))
def test_every_state_and_trigger(state: DealStatus, trigger: DealTrigger) -> None:
    """ST5, ST23, ST24"""
    expected = {
        (DealStatus.OPENED, DealTrigger.RECEIVE): DealStatus.OPENED,
        (DealStatus.OPENED, DealTrigger.COMPLETE): DealStatus.PAID,
        (DealStatus.PAID, DealTrigger.SETTLE): DealStatus.SETTLED,
        (DealStatus.OPENED, DealTrigger.SIGN): DealStatus.OPENED,
        (DealStatus.SETTLED, DealTrigger.SIGN): DealStatus.SETTLED,
        (DealStatus.OPENED, DealTrigger.DEFAULT): DealStatus.DEFAULTED,
        (DealStatus.OPENED, DealTrigger.RECEIVE_BEYOND): DealStatus.OPENED,
        (DealStatus.PAID, DealTrigger.RECEIVE_BEYOND): DealStatus.PAID,
        (DealStatus.SETTLED, DealTrigger.RECEIVE_BEYOND): DealStatus.SETTLED,
        (DealStatus.PAID, DealTrigger.SIGN): DealStatus.PAID,
        (DealStatus.PAID, DealTrigger.DEFAULT): DealStatus.DEFAULTED,
        (DealStatus.OPENED, DealTrigger.CLOSE): DealStatus.SETTLED,
        (DealStatus.PAID, DealTrigger.CLOSE): DealStatus.SETTLED,
    }.get((state, trigger))
    if expected is None:
        with pytest.raises(TransitionRefused):
            advance(TRANSITIONS, state=state, trigger=trigger)
    else:
        assert advance(TRANSITIONS, state=state, trigger=trigger) is expected


def test_the_figures_of_the_2020_session() -> None:
    assert deal().premium_rate == Decimal("0.3743")
    assert deal().outstanding == Money(1_130)


@given(
    parts=st.lists(st.integers(1, 400), min_size=1, max_size=12),
    price=st.integers(896, 1_500),
)
def test_whatever_comes_in_the_price_is_never_exceeded(parts: list[int], price: int) -> None:
    """ST2"""
    known, accepted = deal(price), 0
    for minor in parts:
        try:
            check(known, payment(minor))
        except (PaymentAboveOutstanding, TransitionRefused):
            assert known.paid.amount_minor + minor > price
            continue
        known = add_payment(known, within_price=Money(minor), beyond=Money(0))
        accepted += minor
        assert (known.status is DealStatus.PAID) == (known.paid == known.price)
    assert known.paid == Money(100 + accepted)
    assert known.paid <= known.price


@pytest.mark.parametrize(
    ("changed", "refusal", "field", "told"),
    [
        ({"bank_reference": "B0"}, PaymentRecorded, "field", "bank_reference"),
        ({"payer_name": "第三方有限公司"}, PayerDiffers, "accepted", "甬江(集团) 有限公司"),
        ({"amount": Money(100, "USD")}, PaymentCurrencyWrong, "accepted", "CNY"),
        ({"amount": Money(1_131)}, PaymentAboveOutstanding, "maximum", Money(1_130)),
        ({"received_at": NOW + timedelta(seconds=1)}, PaymentInFuture, "maximum", NOW),
    ],
)
def test_money_that_is_not_the_deals_is_refused(
    changed: dict[str, object], refusal: type[DomainError], field: str, told: object
) -> None:
    """ST2, ST3, ST4"""
    check(deal(), payment())
    check(deal(), replace(payment(), amount=Money(1_130)))
    with pytest.raises(refusal) as refused:
        check(deal(), replace(payment(), **changed))  # type: ignore[arg-type]
    assert refused.value.fields[field] == told


def test_a_paid_deal_takes_no_more_and_is_settled_once() -> None:
    """ST5"""
    paid = add_payment(deal(), within_price=Money(1_130), beyond=Money(0))
    with pytest.raises(TransitionRefused):
        check(paid, payment(1))
    done = settle(paid, now=NOW)
    assert (done.status, done.settled_at) == (DealStatus.SETTLED, NOW)
    with pytest.raises(TransitionRefused):
        settle(done, now=NOW)
    with pytest.raises(TransitionRefused):
        settle(deal(), now=NOW)


def test_the_price_reaches_the_floor() -> None:
    check_price(price=Money(895), floor=Money(895))
    for price in (Money(894), Money(896, "USD")):
        with pytest.raises(PriceBelowFloor):
            check_price(price=price, floor=Money(895))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("甬江（集团）公司", "甬江(集团)公司", True),
        (" 甬江公司 ", "甬江 公司", True),
        ("甬江公司", "甬江分公司", False),
    ],
)
def test_spellings_of_a_registered_name(one: str, other: str, same: bool) -> None:
    """ST3"""
    assert same_name(one, other) is same
