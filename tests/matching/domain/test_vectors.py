"""Vectors: kept in bytes without losing what they point at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.matching.domain.vectors import CosineScale, Floats, cosines, pack


def directions(seed: int, count: int, dimensions: int) -> Floats:
    rows = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    lengths: Floats = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / lengths


@given(seed=st.integers(0, 2**32), dimensions=st.integers(256, 1024))
def test_stored_cosines_are_near_the_exact_ones(seed: int, dimensions: int) -> None:  # MT16
    vectors = directions(seed, 20, dimensions)
    stored = pack(vectors)
    assert {len(each) for each in stored} == {dimensions}
    exact = vectors @ vectors[0]
    assert cosines(stored[0], stored) == pytest.approx(exact, abs=0.005)


PARTS = st.floats(-1, 1, width=32).filter(lambda part: part == 0 or abs(part) > 1e-3)


@given(
    vector=arrays.arrays(np.float32, (1, 8), elements=PARTS).filter(np.any),
    factor=st.floats(0.0625, 64, width=32),
)
def test_only_the_direction_is_kept(vector: Floats, factor: float) -> None:
    twice = np.concatenate([vector, vector * np.float32(factor), -vector])
    once, longer, opposite = pack(twice)
    assert cosines(once, [longer, opposite]) == pytest.approx([1, -1], abs=0.02)
    assert max(abs(part) for part in np.frombuffer(once, np.int8).tolist()) == 127


def test_nothing_stored_has_no_cosines() -> None:
    assert cosines(pack(directions(1, 1, 384))[0], []).tolist() == []


def test_scale_runs_from_floor_over_span_and_stays_within() -> None:
    scale = CosineScale(floor=0.78, span=0.14)
    values = scale.values(np.array([-1, 0.78, 0.85, 0.92, 1], dtype=np.float32))
    assert values == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-5)
