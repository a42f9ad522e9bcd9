"""A market's versions of weights: what they must be, and when they may be used."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.matching.domain.comparing import Comparison, Measures
from app.matching.domain.market_weights import (
    JUDGEMENTS_MIN,
    WEIGHTS_TRANSITIONS,
    Shares,
    StoredComparison,
    WeightsInvalid,
    WeightsNotCompared,
    WeightsStatus,
    WeightsTrigger,
    check_compared,
    check_shares,
    shares_of,
)
from app.matching.domain.weights import DEFAULT, FACTORS
from app.shared.ids import new_id
from app.shared.transitions import TransitionRefused, advance

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
EVEN = Shares(text_bp=7_200, factors_bp=dict.fromkeys(FACTORS, 400))
S, T = WeightsStatus, WeightsTrigger


@pytest.mark.parametrize("state", WeightsStatus)
@pytest.mark.parametrize("trigger", WeightsTrigger)
def test_every_state_with_every_trigger(state: WeightsStatus, trigger: WeightsTrigger) -> None:
    # MT51
    follows = {
        (S.PROPOSED, T.ACTIVATE): S.ACTIVE,
        (S.RETIRED, T.ACTIVATE): S.ACTIVE,
        (S.ACTIVE, T.RETIRE): S.RETIRED,
    }
    if (state, trigger) in follows:
        found = advance(WEIGHTS_TRANSITIONS, state=state, trigger=trigger)
        assert found is follows[state, trigger]
    else:
        with pytest.raises(TransitionRefused):
            advance(WEIGHTS_TRANSITIONS, state=state, trigger=trigger)


def test_the_default_is_the_whole_and_survives_basis_points() -> None:
    # MT46
    shares = shares_of(DEFAULT)
    check_shares(shares)
    again = shares.weights(DEFAULT.version)
    assert again.text == pytest.approx(DEFAULT.text)
    assert again.factors == pytest.approx(DEFAULT.factors)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(EVEN, text_bp=7_201),
        replace(EVEN, text_bp=7_199),
        Shares(text_bp=0, factors_bp={**EVEN.factors_bp, "field": 7_600}),
        Shares(text_bp=8_000, factors_bp={**EVEN.factors_bp, "field": -400}),
        Shares(text_bp=7_600, factors_bp=dict.fromkeys(FACTORS[1:], 400)),
        Shares(text_bp=6_800, factors_bp={**EVEN.factors_bp, "colour": 400}),
    ],
)
def test_what_is_not_the_whole_or_not_every_factor_is_refused(wrong: Shares) -> None:
    # MT46
    check_shares(EVEN)
    with pytest.raises(WeightsInvalid):
        check_shares(wrong)


NOTHING = Measures(None, None, None)
GOOD = StoredComparison(
    id=new_id(),
    baseline=DEFAULT.version,
    newest=2,
    seed=1,
    compared_at=NOW,
    comparison=Comparison(
        judgements=JUDGEMENTS_MIN,
        results=4,
        pairs=1,
        candidate=NOTHING,
        baseline=NOTHING,
        gain={},
    ),
)


@pytest.mark.parametrize(
    ("found", "active", "newest", "missing"),
    [
        (None, DEFAULT.version, 2, ["comparison"]),
        (GOOD, "market-1", 2, ["comparison_after_newest_weights"]),
        (GOOD, DEFAULT.version, 3, ["comparison_after_newest_weights"]),
        (
            replace(
                GOOD,
                comparison=replace(GOOD.comparison, judgements=JUDGEMENTS_MIN - 1, pairs=0),
            ),
            DEFAULT.version,
            2,
            ["judgements", "good_and_rejected_in_one_result"],
        ),
    ],
)
def test_all_that_a_switch_lacks_is_named(
    found: StoredComparison | None, active: str, newest: int, missing: list[str]
) -> None:
    # MT49
    check_compared(GOOD, active=DEFAULT.version, newest=2)
    with pytest.raises(WeightsNotCompared) as refused:
        check_compared(found, active=active, newest=newest)
    assert refused.value.fields["missing"] == missing
    assert refused.value.fields["judgements_min"] == JUDGEMENTS_MIN
