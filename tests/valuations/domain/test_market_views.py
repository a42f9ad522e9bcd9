"""Market views: what may be said, and what is told of them in sum."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shared.money import Money
from app.valuations.domain.market_views import (
    Horizon,
    MarketViewInvalid,
    Opinion,
    Stance,
    check_opinion,
    quantile,
    summarise,
)


def opinion(low: int | None = 100, high: int | None = None, **changes: Any) -> Opinion:
    given: dict[str, Any] = {
        "stance": Stance.BUY,
        "price_low": None if low is None else Money(low),
        "price_high": None if low is None else Money(high or low),
        "horizon": Horizon.NOW,
        "reasons": "与现有产线匹配。",
    }
    return Opinion(**given | changes)


FITS = [
    opinion(),
    opinion(100, 200, stance=Stance.INVEST),
    opinion(None, stance=Stance.WAIT, horizon=None),
    opinion(100, stance=Stance.WAIT, horizon=Horizon.LATER),
    opinion(None, stance=Stance.NO, horizon=None),
]
FAULTS = [
    (opinion(200, 100), [("price_low", "order")]),
    (opinion(price_high=None), [("price_high", "range")]),
    (opinion(price_low=None), [("price_low", "range"), ("price_low", "willing")]),
    (opinion(None), [("price_low", "willing")]),
    (opinion(horizon=None), [("horizon", "willing")]),
    (opinion(stance=Stance.NO), [("stance", "unwilling")]),
    (opinion(price_low=Money(1, "USD")), [("price_low", "currency")]),
]


@pytest.mark.parametrize("fits", FITS)
def test_a_view_that_agrees_with_itself_is_taken(fits: Opinion) -> None:
    """EV13"""
    check_opinion(fits)


@pytest.mark.parametrize(("faulty", "expected"), FAULTS)
def test_every_contradiction_is_told(faulty: Opinion, expected: list[tuple[str, str]]) -> None:
    """EV13"""
    with pytest.raises(MarketViewInvalid) as refused:
        check_opinion(faulty)
    errors = refused.value.fields["errors"]
    assert [(error["field"], error["rule"]) for error in errors] == expected  # type: ignore[attr-defined]


def test_prices_are_told_from_three_parties_on() -> None:
    """EV14"""
    no = opinion(None, stance=Stance.NO, horizon=None)
    few = summarise([opinion(100), opinion(300), no, no])
    assert (few.parties, few.priced, few.median, few.lower_quartile) == (4, 2, None, None)
    assert (few.stances[Stance.NO], few.stances[Stance.INVEST]) == (2, 0)
    assert few.horizons[Horizon.NOW] == 2
    enough = summarise([opinion(100), opinion(300, 501), opinion(150, 151), no])
    assert (enough.priced, enough.median) == (3, Money(151))  # 150.5 half up
    assert (enough.lower_quartile, enough.upper_quartile) == (Money(125), Money(276))
    assert summarise([]).parties == 0


@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=9), st.fractions(0, 1))
def test_quantiles_lie_between_neighbours(values: list[int], share: Fraction) -> None:
    """EV14"""
    ordered = sorted(map(Fraction, values))
    found = quantile(ordered, share)
    assert ordered[0] <= found <= ordered[-1]
    assert quantile(ordered, Fraction(0)) == ordered[0]
    assert quantile(ordered, Fraction(1)) == ordered[-1]
    below = sum(value <= found for value in ordered)
    assert below >= share * (len(ordered) - 1)
