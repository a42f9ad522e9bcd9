"""Staged real option for early results 分阶段实物期权: each stage may be the last.

At a stage its cost is paid only if what lies behind is worth it; then it succeeds or fails. The
value at the market moves on a binomial lattice, technical luck is not priced by the market and
enters by its probability.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from app.shared.findings import Findings
from app.valuations.domain.arithmetic import Value, exp, not_below_zero, sqrt
from app.valuations.domain.distributions import support

SOURCES: Final = (
    "Cox, Ross, Rubinstein, Option Pricing: A Simplified Approach, J. Financial Economics 7 (1979)",
    "Hull, Options, Futures, and Other Derivatives: binomial trees",
    "Damodaran on Valuation, ch. 12: a patent as an option, cost of delay as yield",
)
STEPS_MAX: Final = 48


def roll_back(nodes: Sequence[Value], up_probability: Value, discount: Value) -> list[Value]:
    """Return the expected values one step earlier.

    Args:
        nodes: Values by number of rises, lowest first.
        up_probability: Risk-neutral, of a rise.
        discount: Of one step.
    """
    rise, fall = up_probability * discount, (1 - up_probability) * discount
    return [low * fall + high * rise for low, high in pairwise(nodes)]


def staged_option(
    *,
    market_value: Value,
    volatility: Value,
    risk_free_rate: Value,
    delay_rate: Value,
    stages: Sequence[Mapping[str, Any]],
    steps_per_year: int,
) -> Value:
    """Return the value of the right to go through the stages or to stop before any.

    Args:
        market_value: Present value of the finished business if it were there today, before the
            stages' costs.
        volatility: Of that value, a year.
        risk_free_rate: Continuously compounded.
        delay_rate: What a year of waiting costs of it (as a dividend yield).
        stages: In order; each with ``step`` at which it is decided, ``cost`` and
            ``success_probability``.

    Source: see `SOURCES`.
    """
    step = Decimal(1) / steps_per_year if isinstance(market_value, Decimal) else 1 / steps_per_year
    up = exp(volatility * sqrt(step))
    down = 1 / up
    rise = (exp((risk_free_rate - delay_rate) * step) - down) / (up - down)
    discount = exp(-risk_free_rate * step)
    decided = {stage["step"]: stage for stage in stages}
    last = stages[-1]["step"]
    nodes = [market_value * down**last]
    for _ in range(last):
        nodes.append(nodes[-1] * up * up)
    for at in range(last, -1, -1):
        if at in decided:
            nodes = [_decide(node, decided[at]) for node in nodes]
        if at > 0:
            nodes = roll_back(nodes, rise, discount)
    return nodes[0]


def _decide(value: Value, stage: Mapping[str, Any]) -> Value:
    return not_below_zero(value * stage["success_probability"] - stage["cost"])


def committed_value(
    *,
    market_value: Value,
    risk_free_rate: Value,
    delay_rate: Value,
    stages: Sequence[Mapping[str, Any]],
    steps_per_year: int,
    **_: Any,
) -> Value:
    """Return the same project's value if every stage had to be paid while it succeeds.

    The option is worth no less, and no less than zero.
    """
    whole: Value = 0
    reached: Value = 1
    for stage in stages:
        years = Decimal(stage["step"]) / steps_per_year
        span = years if isinstance(market_value, Decimal) else float(years)
        whole = whole - reached * stage["cost"] * exp(-risk_free_rate * span)
        reached = reached * stage["success_probability"]
    return whole + reached * market_value * exp(-delay_rate * span)


def check_option(inputs: Mapping[str, Any], where: str, findings: Findings) -> None:
    """Note stages out of order and a lattice too coarse for its rates."""
    steps = [stage["step"] for stage in inputs["stages"]]
    findings.require(
        steps == sorted(set(steps)) and steps[-1] <= STEPS_MAX,
        f"{where}.stages",
        rule="stage_order",
        message="Stages are decided one after another, within the lattice.",
        steps_max=STEPS_MAX,
    )
    rate, delay = support(inputs["risk_free_rate"]), support(inputs["delay_rate"])
    drift = max(abs(rate[1] - delay[0]), abs(rate[0] - delay[1]))
    least = drift / Decimal(inputs["steps_per_year"]).sqrt()
    findings.require(
        support(inputs["volatility"])[0] > least,
        f"{where}.volatility",
        rule="lattice",
        message="The lattice needs a greater volatility or more steps a year.",
        above=str(round(least, 6)),
    )
