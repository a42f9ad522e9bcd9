"""Seeded Monte Carlo simulation of a method.

Every input's draws are quantiles of the uniform numbers of one PCG64 stream, inputs in the order
of their paths; the stream's seed is the valuation's seed with the method's place. PCG64's stream
is the same on every machine and in every version of NumPy that keeps it (NEP 19), so a result
recomputes up to the last bits of elementary functions.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from app.valuations.domain.arithmetic import to_money
from app.valuations.domain.distributions import Floats, quantile
from app.valuations.domain.methods import Inputs, Method, bind, quantities

GENERATOR: Final = "PCG64"
BINS: Final = 40
_PERCENTILES: Final = (0.1, 0.5, 0.9)
_SHOWN: Final = (0.005, 0.995)  # the histogram leaves the far tails out


def draw(inputs: Inputs, *, seed: int, place: int, draws: int) -> dict[str, Floats | float]:
    """Return the draws of every input by path; a fixed input is one number.

    Args:
        seed: Of the valuation.
        place: Of the method in the valuation, so that methods do not share a stream.
    """
    stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, place])))
    return {
        path: float(given["value"])
        if given["distribution"] == "fixed"
        else quantile(given, stream.random(draws))
        for path, given in quantities(inputs).items()
    }


def sample(method: Method, inputs: Inputs, *, seed: int, place: int, draws: int) -> Floats:
    """Return the values of a method at all draws."""
    drawn = draw(inputs, seed=seed, place=place, draws=draws)
    value = method.formula(**bind(inputs, lambda path, _given: drawn[path]))
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (draws,))


def summarise(values: Floats, currency: str) -> dict[str, Any]:
    """Return percentiles, mean, standard deviation and histogram of a sample.

    Percentiles are linear between neighbours; the deviation is the sample's own; amounts are
    half even to the minor unit.

    Raises:
        ValueOutOfRange: A value cannot be an amount.
    """
    low, middle, high = np.quantile(values, _PERCENTILES)
    return {
        "draws": len(values),
        "p10": to_money(low, currency),
        "p50": to_money(middle, currency),
        "p90": to_money(high, currency),
        "mean": to_money(np.mean(values), currency),
        "sd": to_money(np.std(values), currency),
        "histogram": _histogram(values, currency),
    }


def _histogram(values: Floats, currency: str) -> Mapping[str, Any]:
    low, high = np.quantile(values, _SHOWN)
    # What does not vary would fall to either side of an edge by its last bit.
    if high - low <= 1e-9 * max(abs(low), abs(high), 1):
        counts = [len(values)]
    else:
        counts = [int(count) for count in np.histogram(values, BINS, (low, high))[0]]
    return {"low": to_money(low, currency), "high": to_money(high, currency), "counts": counts}
