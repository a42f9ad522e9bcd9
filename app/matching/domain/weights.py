"""Weights 权重: how much each factor counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# In the order in which people are told.
FACTORS: Final = ("field", "readiness", "price", "mode", "ip", "due", "region")


@dataclass(frozen=True, slots=True)
class Weights:
    """What the text and each structured factor weigh; together 1.

    Attributes:
        text: Of the text score, which the calibration splits further.
        factors: By name, all of `FACTORS`.
    """

    version: str
    text: float
    factors: Mapping[str, float]


# Policy, not measured: no public set has structured facts. The market's own feedback is compared
# with other weights before they are switched.
DEFAULT: Final = Weights(
    version="default-2026-11",
    text=0.75,
    factors={
        "field": 0.07,
        "readiness": 0.05,
        "price": 0.05,
        "mode": 0.025,
        "ip": 0.02,
        "due": 0.02,
        "region": 0.015,
    },
)
