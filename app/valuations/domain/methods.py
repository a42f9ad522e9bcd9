"""The methods of valuation by name: formula, version, ranges of inputs, sources."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Any, Final

from app.shared.findings import Findings
from app.valuations.domain import cost, income, market_method, options
from app.valuations.domain.arithmetic import EXACT, Value
from app.valuations.domain.distributions import (
    Distribution,
    central,
    check_distribution,
    is_distribution,
    support,
)

Inputs = Mapping[str, Any]
Pick = Callable[[str, Distribution], Value]


class MethodKind(StrEnum):
    """A method of valuation."""

    COST = "cost"
    MARKET = "market"
    RELIEF_FROM_ROYALTY = "relief_from_royalty"
    EXCESS_EARNINGS = "excess_earnings"
    SCENARIO_DCF = "scenario_dcf"
    STAGED_OPTION = "staged_option"


UNCERTAIN_MAX: Final = 60  # default: their draws are held in memory together

_ANY: Final = ("-1e13", "1e13")
_AMOUNT: Final = ("0", "1e13")
_SHARE: Final = ("0", "1")
_RATE: Final = ("0", "1")
_FACTOR: Final = ("0", "10")

# By path without indexes; an input that no range names is a programming error.
_RANGES: Final[Mapping[str, tuple[str, str]]] = {
    "items.amount": _AMOUNT,
    "items.price_index": ("0.1", "10"),
    "developer_profit": ("0", "10"),
    "functional": _SHARE,
    "economic": _SHARE,
    "used_years": ("0", "50"),
    "remaining_years": ("0.01", "50"),
    "share": _SHARE,
    "opportunity_cost": _AMOUNT,
    "comparables.price": ("0.01", "1e13"),
    "comparables.weight": ("0.0001", "1000"),
    "comparables.adjustments.value": _ANY,
    "revenue": _AMOUNT,
    "revenue_factor": _FACTOR,
    "royalty_rate": _SHARE,
    "maintenance_rate": _SHARE,
    "margin": ("-1", "1"),
    "charges.value": _AMOUNT,
    "charges.return_rate": _RATE,
    "tax_rate": ("0", "0.6"),
    "discount_rate": ("0.001", "1"),
    "scenarios.probability": _SHARE,
    "scenarios.investment": _AMOUNT,
    "scenarios.cash_flows": _ANY,
    "market_value": _AMOUNT,
    "volatility": ("0.01", "3"),
    "risk_free_rate": ("0", "0.3"),
    "delay_rate": ("0", "0.5"),
    "stages.cost": _AMOUNT,
    "stages.success_probability": _SHARE,
}
_INDEX: Final = re.compile(r"\.\d+")


def _check_nothing(_inputs: Inputs, _where: str, _findings: Findings) -> None:
    """Ranges are all that this method asks."""


def _check_scenarios(inputs: Inputs, where: str, findings: Findings) -> None:
    chances = [item["probability"] for item in inputs["scenarios"]]
    fixed = all(chance["distribution"] == "fixed" for chance in chances)
    findings.require(
        fixed and sum(map(central, chances)) == 1,
        f"{where}.scenarios",
        rule="probabilities",
        message="The scenarios' probabilities are fixed and sum to 1.",
        sum="1",
    )


@dataclass(frozen=True, slots=True)
class Method:
    """A method.

    Attributes:
        version: Changes whenever the formula would give another value.
        formula: Takes the inputs by name, all decimals or all floats and arrays.
        check: Notes what ranges cannot tell.
        years: How many years of the right's remaining term the inputs use.
    """

    kind: MethodKind
    version: int
    label_zh: str
    formula: Callable[..., Value]
    sources: tuple[str, ...]
    check: Callable[[Inputs, str, Findings], None] = _check_nothing
    years: Callable[[Inputs], int] = lambda _inputs: 0


_K = MethodKind
METHODS: Final[Mapping[MethodKind, Method]] = {
    method.kind: method
    for method in (
        Method(_K.COST, 1, "成本法", cost.cost, cost.SOURCES),
        Method(
            _K.MARKET,
            1,
            "市场法",
            market_method.market,
            market_method.SOURCES,
            check=market_method.check_market,
        ),
        Method(
            _K.RELIEF_FROM_ROYALTY,
            1,
            "收益法(许可费节省)",
            income.relief_from_royalty,
            income.SOURCES,
            years=lambda inputs: len(inputs["revenue"]),
        ),
        Method(
            _K.EXCESS_EARNINGS,
            1,
            "收益法(多期超额收益)",
            income.excess_earnings,
            income.SOURCES,
            years=lambda inputs: len(inputs["revenue"]),
        ),
        Method(
            _K.SCENARIO_DCF,
            1,
            "收益法(情景现金流折现)",
            income.scenario_dcf,
            income.SOURCES,
            check=_check_scenarios,
            years=lambda inputs: max(len(item["cash_flows"]) for item in inputs["scenarios"]),
        ),
        Method(
            _K.STAGED_OPTION,
            1,
            "收益法(分阶段实物期权)",
            options.staged_option,
            options.SOURCES,
            check=options.check_option,
            years=lambda inputs: -(-inputs["stages"][-1]["step"] // inputs["steps_per_year"]),
        ),
    )
}


def bind(inputs: Any, pick: Pick, path: str = "") -> Any:
    """Return the inputs with every distribution replaced by what ``pick`` gives for its path."""
    if is_distribution(inputs):
        return pick(path, inputs)
    if isinstance(inputs, Mapping):
        prefix = f"{path}." if path else ""
        return {name: bind(item, pick, f"{prefix}{name}") for name, item in inputs.items()}
    if isinstance(inputs, list | tuple):
        return [bind(item, pick, f"{path}.{index}") for index, item in enumerate(inputs)]
    return inputs


def quantities(inputs: Inputs) -> dict[str, Distribution]:
    """Return all distributions of a method's inputs by path, paths sorted."""
    found: dict[str, Distribution] = {}
    bind(inputs, found.__setitem__)
    return dict(sorted(found.items()))


def point_value(method: Method, inputs: Inputs) -> Decimal:
    """Return the formula's value at the central values of all inputs, in decimals."""
    with localcontext(EXACT):
        value = method.formula(**bind(inputs, lambda _path, given: central(given)))
        return Decimal(value)


def check_inputs(method: Method, inputs: Inputs, where: str, findings: Findings) -> None:
    """Note every fault of a method's inputs."""
    found = quantities(inputs)
    uncertain = sum(given["distribution"] != "fixed" for given in found.values())
    fine = uncertain <= UNCERTAIN_MAX
    findings.require(
        fine,
        where,
        rule="uncertain_inputs",
        message="So many uncertain inputs are not simulated at once; fix the small ones.",
        maximum=UNCERTAIN_MAX,
    )
    for path, given in found.items():
        place = f"{where}.{path}"
        if not check_distribution(given, place, findings):
            fine = False
            continue
        low, high = _RANGES[_INDEX.sub("", path)]
        within = Decimal(low) <= support(given)[0] and support(given)[1] <= Decimal(high)
        fine = fine and within
        findings.require(
            within,
            place,
            rule="range",
            message=f"Its values lie between {low} and {high}.",
            minimum=low,
            maximum=high,
        )
    if fine:
        method.check(inputs, where, findings)
