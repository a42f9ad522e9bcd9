"""The field and the sharing."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shared.sealing.shamir import interpolate, split

KEYS = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize(
    ("left", "right", "product"),
    [(0x57, 0x83, 0xC1), (0x57, 0x13, 0xFE), (0x53, 0xCA, 0x01), (1, 0xFF, 0xFF), (0, 7, 0)],
)
def test_field_is_that_of_fips_197(left: int, right: int, product: int) -> None:
    # A line through the origin with slope ``left``: its value at ``right`` is their product.
    assert split(b"\0", [bytes([left])], 255)[right - 1] == bytes([product])


@settings(deadline=None)
@given(KEYS, st.lists(KEYS, min_size=1, max_size=4), st.integers(0, 4))
def test_every_enough_shares_give_the_secret_and_all_shares(
    key: bytes, coefficients: list[bytes], spare: int
) -> None:
    threshold = len(coefficients) + 1
    shares = dict(enumerate(split(key, coefficients, threshold + spare), start=1))
    for chosen in combinations(shares, threshold):
        points = {index: shares[index] for index in chosen}
        assert interpolate(points, 0) == key
        assert all(interpolate(points, index) == share for index, share in shares.items())


@settings(deadline=None)
@given(KEYS, KEYS, st.lists(KEYS, min_size=1, max_size=3))
def test_too_few_shares_fit_every_secret(key: bytes, guess: bytes, rest: list[bytes]) -> None:
    # AU60: one share fewer than the threshold lies on a polynomial to any secret whatever.
    shares = split(key, rest, len(rest))
    points = {0: guess, **dict(enumerate(shares, start=1))}
    others = [interpolate(points, index) for index in range(5, 5 + len(points))]
    again = dict(enumerate(others, start=5))
    assert interpolate(again, 0) == guess
    assert [interpolate(again, index) for index in range(1, len(shares) + 1)] == shares
