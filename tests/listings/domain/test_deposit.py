"""Deposits as pure rules: the finding that costs one, 定金, what the journal tells of a life."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.listings.domain.deposit import (
    Deposit,
    DepositInDeal,
    DepositNotHeld,
    DepositState,
    check_judged,
    earnest_of,
)
from app.listings.domain.deposit_life import DepositLife, Told, tell_life
from app.shared.ids import DealId, ListingId, MarketId, PartyId, RegistrationId, new_id
from app.shared.money import Money

NOON = datetime(2026, 3, 20, 4, tzinfo=UTC)
AMOUNT = {"amount": "120000.00", "currency": "CNY"}
HELD = Deposit(
    registration_id=RegistrationId(new_id()),
    listing_id=ListingId(new_id()),
    market_id=MarketId(new_id()),
    party_id=PartyId(new_id()),
    amount=Money.parse("120000.00"),
    state=DepositState.HELD,
)


def test_a_finding_costs_only_what_is_held() -> None:
    """LS28"""
    assert check_judged(HELD) is HELD
    deal_id = DealId(new_id())
    for state in (DepositState.PRICE, DepositState.BOND):
        with pytest.raises(DepositInDeal) as refused:
            check_judged(replace(HELD, state=state, deal_id=deal_id))
        assert refused.value.fields["deal_id"] == deal_id
    for state in set(DepositState) - {DepositState.HELD, DepositState.PRICE, DepositState.BOND}:
        with pytest.raises(DepositNotHeld):
            check_judged(replace(HELD, state=state))
    with pytest.raises(DepositNotHeld):
        check_judged(None)


def test_a_refund_is_overdue_from_its_stored_moment_on() -> None:
    """LS26"""
    waits = replace(HELD, state=DepositState.RETURNING, refund_due_at=NOON)
    assert not waits.is_overdue(NOON - timedelta(microseconds=1))
    assert waits.is_overdue(NOON)
    paid = replace(waits, state=DepositState.RETURNED, refunded_at=NOON)
    assert not paid.is_overdue(NOON + timedelta(days=9))


@pytest.mark.parametrize(
    ("deposit", "value", "effective", "exceeds"),
    [
        ("120000.00", "600000.00", "120000.00", False),  # exactly a fifth
        ("120000.01", "600000.00", "120000.00", True),
        ("180000.00", "600000.00", "120000.00", True),  # 30 % of the floor, 民法典 586
        ("0.01", "0.04", "0.00", True),  # the share is rounded down
    ],
)
def test_a_deposit_counts_as_earnest_money_up_to_a_fifth(
    deposit: str, value: str, effective: str, exceeds: bool
) -> None:
    found = earnest_of(Money.parse(deposit), Money.parse(value), share_bp=2_000)
    assert (str(found.effective.as_json()["amount"]), found.exceeds) == (effective, exceeds)
    assert found.double == found.effective * 2


@given(st.integers(1, 10**15), st.integers(1, 10**15), st.integers(0, 10_000))
def test_earnest_money_never_passes_the_deposit_or_the_share(
    deposit: int, value: int, share_bp: int
) -> None:
    found = earnest_of(Money(deposit, "CNY"), Money(value, "CNY"), share_bp=share_bp)
    assert found.effective.amount_minor == min(deposit, value * share_bp // 10_000)


def told(kind: str, **restricted: object) -> Told:
    return Told(kind, NOON, "user:1", {"actor": "user:1", **restricted})


def test_a_life_is_what_the_journal_tells() -> None:
    """LS27"""
    assert tell_life([]) == DepositLife()
    deal_id, order_id = str(new_id()), str(new_id())
    life = tell_life(
        [
            told("registration.applied"),
            told("registration.qualified"),
            told(
                "registration.deposited",
                amount=AMOUNT,
                payer_name="西溪智造有限公司",
                bank_reference="ICBC-1",
                received_at="2026-03-19T02:00:00+00:00",
            ),
            told("registration.deposit_bound", amount=AMOUNT, deal_id=deal_id, becomes="price"),
            told(
                "registration.refund_ordered",
                amount=AMOUNT,
                order_id=order_id,
                due_at="2026-03-25T16:00:00+00:00",
            ),
            told("payment_order.failed", failure="账号已销户", executed_at=None),
        ]
    )
    assert life.arrival is not None
    assert life.arrival.received_at < life.arrival.booked_at == NOON
    assert life.conversion is not None
    assert (life.conversion.deal_id, life.conversion.becomes) == (deal_id, "price")
    assert life.refund is not None
    assert (life.refund.executed_at, life.refund.failed_at) == (None, NOON)
    assert life.refund.failure == "账号已销户"
    assert life.forfeiture is None


def test_a_loss_from_before_the_coded_grounds_has_its_words() -> None:
    """LS24, LS27"""
    life = tell_life(
        [
            told(
                "registration.forfeited",
                amount=AMOUNT,
                ground="逾期未签约",
                deal_id=None,
                forfeiture_terms="逾期不签约的，保证金不予退还。",
                notice_number="ZP-2026-000001-N1",
                accepted_terms_hash="0" * 64,
                accepted_by="user:2",
                accepted_at="2026-03-03T01:00:00+00:00",
            )
        ]
    )
    assert life.forfeiture is not None
    assert (life.forfeiture.ground, life.forfeiture.words) == (None, "逾期未签约")
    assert life.forfeiture.terms == "逾期不签约的，保证金不予退还。"
