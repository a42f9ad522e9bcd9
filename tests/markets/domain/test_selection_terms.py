"""Selection terms: which hold on a day, stored form, ranges."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.markets.domain.policy import PolicyInThePast, PolicyOutOfRange
from app.markets.domain.selection_terms import (
    DEFAULT,
    RANGES,
    SPANS,
    SelectionPolicy,
    SelectionTerms,
    check_new_terms,
    select_terms,
)
from app.shared.calendar import DayUnit, Duration
from app.shared.ids import MarketId, SelectionTermsId, new_id

FIRST = date(2026, 1, 1)
MARKET = MarketId(new_id())
durations = st.builds(Duration, st.integers(1, 1000), st.sampled_from(DayUnit))
terms = st.builds(
    SelectionTerms,
    **dict.fromkeys(SPANS, durations),
    **{name: st.integers(*span) for name, span in RANGES.items()},
)


def policy(version: int, effective_on: date) -> SelectionPolicy:
    return SelectionPolicy(
        id=SelectionTermsId(new_id()),
        market_id=MARKET,
        version=version,
        effective_on=effective_on,
        terms=DEFAULT,
    )


@given(days=st.lists(st.integers(0, 40), max_size=12), on=st.integers(-5, 45))
def test_selection_agrees_with_entering_one_after_the_other(days: list[int], on: int) -> None:
    # M6; the oracle takes over each entry unless one of a later day has begun.
    entered = [policy(n, FIRST + timedelta(days=day)) for n, day in enumerate(days, start=1)]
    day = FIRST + timedelta(days=on)
    holds: SelectionPolicy | None = None
    for item in entered:
        assert item.effective_on is not None
        if item.effective_on <= day and (
            holds is None or holds.effective_on is None or item.effective_on >= holds.effective_on
        ):
            holds = item
    found = select_terms(reversed(entered), market_id=MARKET, on=day)
    if holds is None:
        assert (found.version, found.effective_on, found.terms) == (0, None, DEFAULT)
    else:
        assert found == holds


@given(terms)
def test_the_stored_form_is_read_back(some: SelectionTerms) -> None:
    assert SelectionTerms.from_json(some.as_json()) == some


@pytest.mark.parametrize(("field", "span"), RANGES.items())
def test_numbers_out_of_range_are_refused(field: str, span: tuple[int, int]) -> None:
    for value in (span[0] - 1, span[1] + 1):
        changes: Mapping[str, int] = {field: value}
        with pytest.raises(PolicyOutOfRange) as refused:
            replace(DEFAULT, **changes)  # type: ignore[arg-type]
        assert (refused.value.fields["minimum"], refused.value.fields["maximum"]) == span


def test_terms_do_not_reach_into_the_past() -> None:
    check_new_terms(effective_on=FIRST, today=FIRST)
    with pytest.raises(PolicyInThePast):
        check_new_terms(effective_on=FIRST, today=FIRST + timedelta(days=1))
