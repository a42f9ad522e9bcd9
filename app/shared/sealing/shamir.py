"""Shamir's secret sharing over GF(256), byte by byte.

Each byte of the secret is the value at 0 of its own polynomial; holder ``i`` has the values at
``i``. Every 32-byte string is a possible share, so that reading one has no special cases.

Source: A. Shamir, How to Share a Secret, 1979; the field is the one of AES (FIPS 197, 0x11B).
"""

from collections.abc import Mapping, Sequence
from typing import Final

_REDUCTION: Final = 0x11B


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 0x100:
            left ^= _REDUCTION
        right >>= 1
    return product


_TIMES: Final = [bytes(_times(left, right) for right in range(256)) for left in range(256)]
_INVERSE: Final = bytes([0, *(row.index(1) for row in _TIMES[1:])])


def _scaled(values: bytes, factor: int) -> bytes:
    return values.translate(_TIMES[factor])


def _sum(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def split(secret: bytes, coefficients: Sequence[bytes], count: int) -> list[bytes]:
    """Return the shares of holders 1 to ``count``.

    Args:
        coefficients: Of x, x², …; random, as long as the secret, one fewer than the threshold.
    """
    shares = []
    for x in range(1, count + 1):
        value = bytes(len(secret))
        for coefficient in reversed([secret, *coefficients]):  # Horner's rule
            value = _sum(_scaled(value, x), coefficient)
        shares.append(value)
    return shares


def interpolate(points: Mapping[int, bytes], x: int) -> bytes:
    """Return the value at ``x`` of the lowest polynomial through the points.

    Args:
        points: Share by holder's position, at least one; positions are 1 to 255.
        x: A holder's position, or 0 for the secret.
    """
    total = bytes(len(next(iter(points.values()))))
    for position, value in points.items():
        weight = 1
        for other in points:
            if other != position:  # in this field minus is plus
                weight = _TIMES[weight][_TIMES[x ^ other][_INVERSE[position ^ other]]]
        total = _sum(total, _scaled(value, weight))
    return total
