"""Policies: selection, entry, stored form, defaults."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.markets.domain.defaults import PRICING_MODES, SELLER_CLASSES, default_terms
from app.markets.domain.policy import (
    DURATIONS,
    Policy,
    PolicyInThePast,
    PolicyMissing,
    PolicyOutOfRange,
    PolicyTerms,
    check_new_policy,
    select_policy,
)
from app.shared import codes
from app.shared.calendar import DayUnit, Duration
from app.shared.codes import CodeUnknown
from app.shared.ids import MarketId, PolicyId, new_id

FIRST = date(2026, 1, 1)
MARKET = MarketId(new_id())
durations = st.builds(Duration, st.integers(1, 1000), st.sampled_from(DayUnit))
terms = st.builds(
    PolicyTerms,
    **dict.fromkeys(DURATIONS, durations),
    extensions_max=st.integers(0, 100),
    deposit_cap_bp=st.integers(0, 10_000),
    base_price_required=st.booleans(),
)


def policy(version: int, effective_on: date) -> Policy:
    return Policy(
        id=PolicyId(new_id()),
        market_id=MARKET,
        seller_class="university",
        pricing_mode="posted",
        version=version,
        effective_on=effective_on,
        terms=default_terms("university", "posted"),
    )


@given(
    days=st.lists(st.integers(0, 40), max_size=12),
    on=st.integers(-5, 45),
    seed=st.randoms(use_true_random=False),
)
def test_selection_agrees_with_entering_one_after_the_other(  # M2
    days: list[int], on: int, seed: object
) -> None:
    entered = [policy(n, FIRST + timedelta(days=day)) for n, day in enumerate(days, start=1)]
    day = FIRST + timedelta(days=on)
    # Oracle: read the entries in order; a later one wins on every day from its own on, unless
    # one of a later day has begun.
    current: Policy | None = None
    for each in entered:
        if each.effective_on <= day and (
            current is None or each.effective_on >= current.effective_on
        ):
            current = each
    shuffled = entered[:]
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    if current is None:
        with pytest.raises(PolicyMissing):
            select_policy(shuffled, on=day)
    else:
        assert select_policy(shuffled, on=day) is current


@given(days=st.lists(st.integers(1, 40), min_size=1, max_size=8), ahead=st.integers(0, 20))
def test_a_policy_for_a_later_day_changes_no_earlier_day(days: list[int], ahead: int) -> None:
    # M2
    entered = [policy(n, FIRST + timedelta(days=day)) for n, day in enumerate(days, start=1)]
    new_day = FIRST + timedelta(days=max(days) + 1 + ahead)
    newest = policy(len(days) + 1, new_day)
    before = new_day - timedelta(days=1)
    assert select_policy([*entered, newest], on=before) is select_policy(entered, on=before)
    assert select_policy([*entered, newest], on=new_day) is newest


def test_new_policies_never_reach_back() -> None:  # M3
    keys = {"seller_class": "private", "pricing_mode": "bidding"}
    check_new_policy(**keys, effective_on=FIRST, today=FIRST)
    with pytest.raises(PolicyInThePast) as refusal:
        check_new_policy(**keys, effective_on=FIRST - timedelta(days=1), today=FIRST)
    assert refusal.value.fields["minimum"] == FIRST
    for wrong in ("seller_class", "pricing_mode"):
        with pytest.raises(CodeUnknown):
            check_new_policy(**{**keys, wrong: "x"}, effective_on=FIRST, today=FIRST)


@given(terms=terms)
def test_terms_survive_their_stored_form(terms: PolicyTerms) -> None:
    assert PolicyTerms.from_json(terms.as_json()) == terms


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("extensions_max", -1),
        ("extensions_max", 101),
        ("deposit_cap_bp", -1),
        ("deposit_cap_bp", 10_001),
    ],
)
def test_terms_out_of_range_are_refused(field: str, value: int) -> None:
    data = default_terms("private", "posted").as_json() | {field: value}
    with pytest.raises(PolicyOutOfRange) as refusal:
        PolicyTerms.from_json(data)
    assert refusal.value.fields["field"] == field


def test_defaults_cover_every_class_and_mode_of_the_code_tables() -> None:  # M1
    assert set(SELLER_CLASSES) == set(codes.table("seller_class").names)
    assert set(PRICING_MODES) == set(codes.table("pricing_mode").names)
    for seller_class, mode in product(SELLER_CLASSES, PRICING_MODES):
        assert default_terms(seller_class, mode).deposit_cap_bp == 3000


@pytest.mark.parametrize(
    ("seller_class", "mode", "disclosure", "base_price"),
    [
        ("university", "agreement", Duration(15, DayUnit.CALENDAR_DAY), False),
        ("government_institute", "agreement", Duration(15, DayUnit.CALENDAR_DAY), False),
        ("university", "bidding", Duration(15, DayUnit.CALENDAR_DAY), True),
        ("state_owned_enterprise", "posted", Duration(20, DayUnit.WORKING_DAY), True),
        ("state_owned_enterprise", "bidding", Duration(20, DayUnit.WORKING_DAY), True),
        ("private", "agreement", Duration(3, DayUnit.CALENDAR_DAY), False),
        ("private", "bidding", Duration(5, DayUnit.WORKING_DAY), False),
    ],
)
def test_default_periods(  # M1
    seller_class: str, mode: str, disclosure: Duration, *, base_price: bool
) -> None:
    found = default_terms(seller_class, mode)
    assert found.disclosure == disclosure
    assert found.base_price_required is base_price
