"""Weights compared on judged matches: scored as shown, fair to both, told again by the seed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.domain.comparing import Comparison, JudgedMatch, compare_weights, rescore
from app.matching.domain.feedback import snapshot_of
from app.matching.domain.market_weights import Shares
from app.matching.domain.weights import DEFAULT, FACTORS, Weights
from app.shared.ids import MarketId, PartyId, new_id
from tests.matching.shown import Shown, result_of

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
MARKET, PARTY = MarketId(new_id()), PartyId(new_id())
PART = st.floats(0, 1, allow_subnormal=False)
VALUES = st.dictionaries(st.sampled_from(FACTORS), PART)


@st.composite
def all_weights(draw: st.DrawFn) -> Weights:
    cuts = sorted(draw(st.lists(st.integers(1, 10_000), min_size=7, max_size=7)))
    text_bp, *ends = *cuts, 10_000
    factors = [end - start for start, end in zip(cuts, ends, strict=True)]
    shares = Shares(text_bp=text_bp, factors_bp=dict(zip(FACTORS, factors, strict=True)))
    return shares.weights("market-1")


@given(all_weights(), PART, st.none() | PART, VALUES)
def test_a_match_rescored_by_its_own_weights_has_the_score_that_was_shown(
    weights: Weights, coverage: float, semantic: float | None, values: dict[str, float]
) -> None:
    # MT47: what a side did not state weighs nothing again
    shown = Shown(new_id(), PARTY, coverage, semantic, values)
    result = result_of([shown], market_id=MARKET, party_id=PARTY, computed_at=NOW, weights=weights)
    kept = snapshot_of(result, shown.entry_id)
    judged = JudgedMatch(
        result_id=result.id,
        shown_id=shown.entry_id,
        grade=1,
        text_score=kept.text_score,
        values=kept.values,
    )
    assert rescore(judged, weights) == pytest.approx(kept.score, abs=1e-9)


RESULTS = [UUID(int=number) for number in range(1, 5)]
JUDGED = st.lists(
    st.builds(
        JudgedMatch,
        result_id=st.sampled_from(RESULTS),
        shown_id=st.uuids(),
        grade=st.integers(0, 4),
        text_score=st.integers(0, 8).map(lambda eighths: eighths / 8),
        values=VALUES,
    ),
    max_size=20,
    unique_by=lambda match: match.shown_id,
)


@settings(max_examples=15)  # a thousand draws each
@given(JUDGED, all_weights(), all_weights(), st.integers(0, 2**31 - 1))
def test_both_sides_are_treated_alike(
    matches: list[JudgedMatch], one: Weights, other: Weights, seed: int
) -> None:
    # MT48
    forth = compare_weights(matches, one, other, seed=seed)
    back = compare_weights(matches, other, one, seed=seed)
    assert (forth.candidate, forth.baseline) == (back.baseline, back.candidate)
    for name, gain in forth.gain.items():
        mirrored = back.gain[name]
        assert (gain.low, gain.high) == pytest.approx((-mirrored.high, -mirrored.low))
    same = compare_weights(matches, one, one, seed=seed)
    assert same.candidate == same.baseline
    assert all((gain.low, gain.high) == (0, 0) for gain in same.gain.values())
    assert compare_weights(matches, one, other, seed=seed) == forth


@settings(max_examples=15)
@given(JUDGED, all_weights())
def test_pairs_are_counted_as_a_naive_reader_counts(
    matches: list[JudgedMatch], weights: Weights
) -> None:
    # MT47
    wins, pairs = 0.0, 0
    for good, bad in product(matches, matches):
        if good.result_id == bad.result_id and good.grade > 0 == bad.grade:
            pairs += 1
            mine, theirs = rescore(good, weights), rescore(bad, weights)
            wins += 1 if mine > theirs else 0.5 if mine == theirs else 0
    found = compare_weights(matches, weights, DEFAULT, seed=1)
    assert (found.pairs, found.judgements) == (pairs, len(matches))
    assert found.results == len({match.result_id for match in matches})
    if pairs:
        assert found.candidate.pairwise == pytest.approx(wins / pairs)
    else:
        assert found.candidate.pairwise is None


def story(count: int) -> list[JudgedMatch]:
    """Return results whose price tells what people take, where the text misleads."""
    found = []
    for _ in range(count):
        good = JudgedMatch(
            result_id=new_id(), shown_id=new_id(), grade=2, text_score=0.5, values={"price": 1.0}
        )
        found += [
            good,
            replace(good, shown_id=new_id(), grade=0, text_score=0.55, values={"price": 0.0}),
        ]
    return found


def by_price() -> Comparison:
    factors = dict.fromkeys(FACTORS, 0) | {"price": 5_000}
    candidate = Shares(text_bp=5_000, factors_bp=factors).weights("market-1")
    words_only = Shares(text_bp=10_000, factors_bp=dict.fromkeys(FACTORS, 0)).weights("market-2")
    return compare_weights(story(15), candidate, words_only, seed=7)


def test_weights_that_see_what_people_take_are_told_apart() -> None:
    # MT47
    found = by_price()
    assert (found.judgements, found.results, found.pairs) == (30, 15, 15)
    assert (found.candidate.pairwise, found.baseline.pairwise) == (1.0, 0.0)
    assert found.candidate.ndcg == 1.0
    assert found.baseline.ndcg == pytest.approx(0.6309, abs=1e-4)  # 1 / log2(3)
    assert found.candidate.precision == found.baseline.precision == 0.5
    assert (found.gain["pairwise"].low, found.gain["pairwise"].high) == (1.0, 1.0)


def test_an_unjudged_market_compares_to_nothing() -> None:
    found = compare_weights([], DEFAULT, DEFAULT, seed=1)
    empty: Sequence[object] = (found.candidate.pairwise, found.baseline.ndcg, found.pairs)
    assert empty == (None, None, 0)
    assert found.gain == {}
