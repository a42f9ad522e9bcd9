"""Account sides, limits and the legs of a movement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.domain.accounts import (
    LIMITED,
    NORMAL_SIDE,
    AccountKey,
    InsufficientFunds,
    Purpose,
    Side,
    check_limit,
)
from app.ledger.domain.entries import (
    REVERSIBLE,
    AmountNotPositive,
    Entry,
    EntryKind,
    NotReversible,
    reversal,
    transfer,
)
from app.ledger.domain.holds import TRANSITIONS, HoldState, HoldTrigger, closing_entry_id
from app.ledger.domain.trial import TrialLine, totals
from app.shared.ids import EntryId, HoldId, MarketId, PartyId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

MARKET = MarketId(new_id())
BANK = AccountKey(MARKET, Purpose.BANK, "CNY")
FUNDS = AccountKey(MARKET, Purpose.FUNDS, "CNY", party_id=PartyId(new_id()))
HELD = AccountKey(MARKET, Purpose.HELD, "CNY", party_id=FUNDS.party_id)


def entry(kind: EntryKind, minor: int = 100) -> Entry:
    return Entry(
        id=EntryId(new_id()),
        market_id=MARKET,
        kind=kind,
        legs=transfer(debit=FUNDS, credit=HELD, amount=Money(minor)),
        reference="why",
    )


def test_every_purpose_has_a_side_and_only_the_bank_has_no_limit() -> None:
    assert set(NORMAL_SIDE) == set(Purpose)
    assert frozenset(Purpose) - LIMITED == {Purpose.BANK}
    assert BANK.side is Side.DEBIT
    assert FUNDS.side is Side.CREDIT


@given(minor=st.integers(-(10**15), 10**15))
def test_a_sum_is_read_on_the_normal_side(minor: int) -> None:
    assert BANK.shown(minor) == Money(minor)
    assert FUNDS.shown(minor) == Money(-minor)


@given(available=st.integers(0, 10**12), change=st.integers(-(10**12), 10**12))
def test_a_limited_account_is_never_taken_below_zero(available: int, change: int) -> None:
    """G3"""
    if available + change >= 0:
        check_limit(FUNDS, available=Money(available), change=Money(change))
    else:
        with pytest.raises(InsufficientFunds) as refusal:
            check_limit(FUNDS, available=Money(available), change=Money(change))
        assert refusal.value.fields["available"] == Money(available)
        assert refusal.value.fields["needed"] == Money(-change)
    check_limit(BANK, available=Money(available), change=Money(change))


@given(minor=st.integers(1, 10**15))
def test_the_legs_of_a_movement_sum_to_zero(minor: int) -> None:
    """G1"""
    legs = transfer(debit=BANK, credit=FUNDS, amount=Money(minor))
    assert sum(leg.amount_minor for leg in legs) == 0
    assert legs[0].account == BANK
    assert legs[0].amount_minor == minor


@pytest.mark.parametrize("minor", [0, -1])
def test_a_movement_of_nothing_is_refused(minor: int) -> None:
    with pytest.raises(AmountNotPositive):
        transfer(debit=BANK, credit=FUNDS, amount=Money(minor))


@pytest.mark.parametrize("kind", list(EntryKind))
def test_reversal_mirrors_every_leg_or_is_refused(kind: EntryKind) -> None:
    """G7"""
    booked = entry(kind)
    if kind not in REVERSIBLE:
        with pytest.raises(NotReversible) as refusal:
            reversal(booked, reversal_id=EntryId(new_id()), reason="error")
        assert "receipt" in refusal.value.fields["accepted"]  # type: ignore[operator]
        return
    undone = reversal(booked, reversal_id=EntryId(new_id()), reason="error")
    assert undone.reverses_id == booked.id
    assert {leg.account: leg.amount_minor for leg in undone.legs} == {
        leg.account: -leg.amount_minor for leg in booked.legs
    }


def test_content_tells_every_difference_and_ignores_the_order_of_legs() -> None:
    """G4"""
    first = entry(EntryKind.HOLD)
    same = Entry(
        id=first.id,
        market_id=MARKET,
        kind=EntryKind.HOLD,
        legs=tuple(reversed(first.legs)),
        reference="why",
    )
    assert same.content == first.content
    others = [
        entry(EntryKind.RELEASE),
        entry(EntryKind.HOLD, 101),
        Entry(id=first.id, market_id=MARKET, kind=first.kind, legs=first.legs),
        Entry(
            id=first.id,
            market_id=MarketId(new_id()),
            kind=first.kind,
            legs=first.legs,
            reference="why",
        ),
        Entry(
            id=first.id,
            market_id=MARKET,
            kind=first.kind,
            legs=first.legs,
            reference="why",
            subject_id=new_id(),
        ),
    ]
    assert len({first.content, *(other.content for other in others)}) == len(others) + 1


@pytest.mark.parametrize("trigger", list(HoldTrigger))
@pytest.mark.parametrize("state", list(HoldState))
def test_every_state_and_trigger_of_a_hold(state: HoldState, trigger: HoldTrigger) -> None:
    """G6"""
    if state is HoldState.HELD:
        assert (
            advance(TRANSITIONS, state=state, trigger=trigger)
            is {
                HoldTrigger.CAPTURE: HoldState.POSTED,
                HoldTrigger.RELEASE: HoldState.VOIDED,
                HoldTrigger.FORFEIT: HoldState.FORFEITED,
            }[trigger]
        )
    else:
        with pytest.raises(TransitionRefused):
            advance(TRANSITIONS, state=state, trigger=trigger)


def test_a_hold_ends_under_one_id_a_trigger() -> None:
    hold_id = HoldId(new_id())
    ids = {closing_entry_id(hold_id, trigger) for trigger in HoldTrigger for _ in range(2)}
    assert len(ids) == len(HoldTrigger)
    assert hold_id not in ids


def test_totals_are_per_currency() -> None:
    """G2"""
    lines = [
        TrialLine(Purpose.FUNDS, 2, Money(-30)),
        TrialLine(Purpose.BANK, 1, Money(30)),
        TrialLine(Purpose.BANK, 1, Money(5, "USD")),
    ]
    assert totals(lines) == (Money(0), Money(5, "USD"))
