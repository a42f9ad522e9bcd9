"""Uncertain inputs: a named distribution, its central value, and its quantiles.

An input is JSON: ``{"distribution": "pert", "low": "0.02", "mode": "0.03", "high": "0.06"}``,
every parameter a decimal string. Draws are quantiles of uniform numbers, so that a simulation
depends on nothing but the generator's stream, which NumPy keeps stable for PCG64.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.shared.findings import Findings
from app.valuations.domain.arithmetic import EXACT

Floats = NDArray[np.float64]
Distribution = Mapping[str, Any]

PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "fixed": ("value",),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "pert": ("low", "mode", "high"),
    "normal": ("mean", "sd", "low", "high"),  # truncated to low … high
    "lognormal": ("median", "sigma", "low", "high"),  # sigma of the logarithm; truncated
}
_CENTRE: Final = {"triangular": "mode", "pert": "mode", "normal": "mean", "lognormal": "median"}
_POINTS: Final = 4097  # of a tabulated distribution function
_BELL_REACH: Final = 10.0  # deviations; beyond lies less than 1e-22 of a normal


def is_distribution(value: object) -> bool:
    """Tell whether a part of a method's inputs is an uncertain (or fixed) number."""
    return isinstance(value, Mapping) and "distribution" in value


def central(given: Distribution) -> Decimal:
    """Return what a point value is computed with: mode, mean, median or the middle."""
    kind = given["distribution"]
    if kind == "fixed":
        return Decimal(given["value"])
    if kind == "uniform":
        return EXACT.divide(Decimal(given["low"]) + Decimal(given["high"]), Decimal(2))
    return Decimal(given[_CENTRE[kind]])


def support(given: Distribution) -> tuple[Decimal, Decimal]:
    """Return the least and the greatest value that can be drawn."""
    if given["distribution"] == "fixed":
        value = Decimal(given["value"])
        return value, value
    return Decimal(given["low"]), Decimal(given["high"])


def check_distribution(given: Distribution, where: str, findings: Findings) -> bool:
    """Note every fault of a distribution; return whether it has none."""
    before = len(findings.errors)
    kind = str(given["distribution"])
    if kind not in PARAMETERS:
        findings.add(
            where, rule="distribution", message=f"'{kind}' is unknown.", kinds=list(PARAMETERS)
        )
        return False
    names = PARAMETERS[kind]
    if given.keys() - {"distribution"} != set(names):
        findings.add(
            where,
            rule="parameters",
            message=f"A {kind} input has exactly the parameters {', '.join(names)}.",
            parameters=list(names),
        )
        return False
    values = {name: _decimal(given[name]) for name in names}
    wrong = [name for name, value in values.items() if value is None]
    for name in wrong:
        findings.add(f"{where}.{name}", rule="number", message="Give a decimal number as text.")
    if not wrong:
        _check_order({name: Decimal(given[name]) for name in names}, kind, where, findings)
    return len(findings.errors) == before


def _decimal(text: object) -> Decimal | None:
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        return None
    fits = value.is_finite() and abs(value.adjusted()) <= 18 and len(value.as_tuple().digits) <= 30
    return value if fits else None


def _check_order(values: dict[str, Decimal], kind: str, where: str, findings: Findings) -> None:
    if kind == "fixed":
        return
    low, high = values["low"], values["high"]
    findings.require(low < high, where, rule="order", message="low lies below high.")
    centre = _CENTRE.get(kind)
    if centre is not None:
        findings.require(
            low <= values[centre] <= high,
            f"{where}.{centre}",
            rule="order",
            message=f"{centre} lies between low and high.",
        )
    for name in {"sd", "sigma"} & values.keys():
        findings.require(
            values[name] > 0, f"{where}.{name}", rule="positive", message=f"{name} is positive."
        )
    if kind == "lognormal":
        findings.require(
            low > 0, f"{where}.low", rule="positive", message="A lognormal is positive."
        )


def quantile(given: Distribution, shares: Floats) -> Floats:
    """Return the quantiles of a distribution at shares between 0 and 1.

    PERT is the beta distribution with alpha = 1 + 4(mode - low)/(high - low) and
    beta = 1 + 4(high - mode)/(high - low), whose mean is (low + 4 mode + high)/6; source:
    Malcolm, Roseboom, Clark, Fazar, Operations Research 7 (1959).
    """
    number = {name: float(value) for name, value in given.items() if name != "distribution"}
    match given["distribution"]:
        case "fixed":
            return np.full_like(shares, number["value"])
        case "uniform":
            return number["low"] + shares * (number["high"] - number["low"])
        case "triangular":
            return _triangular(number["low"], number["mode"], number["high"], shares)
        case "pert":
            return _pert(number["low"], number["mode"], number["high"], shares)
        case "normal":
            mean, sd = number["mean"], number["sd"]
            return _truncated(mean, sd, number["low"], number["high"], shares)
        case _:
            mean, sd = np.log(number["median"]), number["sigma"]
            low, high = np.log(number["low"]), np.log(number["high"])
            draws = np.exp(_truncated(mean, sd, low, high, shares))
            # A logarithm and back may pass a bound by its last bit.
            return np.clip(draws, number["low"], number["high"])


def _triangular(low: float, mode: float, high: float, shares: Floats) -> Floats:
    span = high - low
    rising = low + np.sqrt(shares * span * (mode - low))
    falling = high - np.sqrt((1 - shares) * span * (high - mode))
    return np.where(shares * span < mode - low, rising, falling)


def _pert(low: float, mode: float, high: float, shares: Floats) -> Floats:
    span = high - low
    before, after = 4 * (mode - low) / span, 4 * (high - mode) / span
    unit = _tabulated(lambda x: x**before * (1 - x) ** after, 0, 1, shares)
    return low + span * unit


def _truncated(mean: float, sd: float, low: float, high: float, shares: Floats) -> Floats:
    """Return quantiles of a normal between two bounds that have its mean between them.

    Bounds far away would leave the table no place on the bell itself, so it ends where nothing
    is left to draw.
    """
    reach = _BELL_REACH * sd
    return _tabulated(_bell(mean, sd), max(low, mean - reach), min(high, mean + reach), shares)


def _bell(mean: float, sd: float) -> Callable[[Floats], Floats]:
    return lambda x: np.exp(-0.5 * ((x - mean) / sd) ** 2)


def _tabulated(
    density: Callable[[Floats], Floats], low: float, high: float, shares: Floats
) -> Floats:
    """Invert the distribution function that a density has between two bounds."""
    places = np.linspace(low, high, _POINTS)
    heights = density(places)
    areas = np.concatenate(([0.0], np.cumsum(heights[1:] + heights[:-1])))
    return np.interp(shares, areas / areas[-1], places)
