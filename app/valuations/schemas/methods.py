"""Bodies of the methods' inputs: every number is a distribution, ``fixed`` where it is certain."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Line, Reason

Number = Annotated[
    str,
    Field(
        pattern=r"^-?\d{1,13}(\.\d{1,10})?$",
        description="A decimal number as text",
        examples=["0.035"],
    ),
]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_-]*$")]


class Quantity(Body):
    """A number or how it is distributed.

    fixed: value; uniform: low, high; triangular and pert: low, mode, high; normal: mean, sd and
    the bounds low, high; lognormal: median, sigma of the logarithm, and the bounds low, high.
    """

    distribution: Literal["fixed", "uniform", "triangular", "pert", "normal", "lognormal"]
    value: Number | None = None
    low: Number | None = None
    mode: Number | None = None
    high: Number | None = None
    mean: Number | None = None
    sd: Number | None = None
    median: Number | None = None
    sigma: Number | None = None


Quantities = Annotated[list[Quantity], Field(min_length=1, max_length=30)]
Timing = Literal["end_of_year", "mid_year"]
Amortisation = Annotated[
    int, Field(ge=0, le=20, description="Years of the tax amortisation benefit; 0 leaves it out")
]


class CostItem(Body):
    """An outlay and the index that brings it to present prices."""

    name: Line
    amount: Quantity
    price_index: Quantity


class CostInputs(Body):
    """Cost approach; rates are shares of 1."""

    basis: Literal["reproduction", "replacement"]
    items: list[CostItem] = Field(min_length=1, max_length=50)
    developer_profit: Quantity
    functional: Quantity
    economic: Quantity
    used_years: Quantity
    remaining_years: Quantity
    share: Quantity
    opportunity_cost: Quantity


class Adjustment(Body):
    """A named difference: ``relative`` multiplies by 1 + value, ``absolute`` adds the value."""

    name: Line
    way: Literal["relative", "absolute"]
    value: Quantity
    reason: Reason


class QuotedComparable(Body):
    """A deal with its source, date and terms; with an id it is one of ``/v1/comparables``."""

    name: Line
    comparable_id: UUID | None = None
    cited: Line
    dealt_on: date
    terms: Reason
    price: Quantity
    weight: Quantity
    adjustments: list[Adjustment] = Field(max_length=10)


class MarketInputs(Body):
    """Market approach."""

    comparables: list[QuotedComparable] = Field(min_length=1, max_length=30)


class RoyaltyInputs(Body):
    """Relief from royalty; one revenue a year from the day of valuation."""

    revenue: Quantities
    revenue_factor: Quantity
    royalty_rate: Quantity
    maintenance_rate: Quantity
    tax_rate: Quantity
    discount_rate: Quantity
    timing: Timing
    amortisation_years: Amortisation


class Charge(Body):
    """A contributory asset and the return after tax that it asks a year."""

    name: Line
    value: Quantity
    return_rate: Quantity


class EarningsInputs(Body):
    """Multi-period excess earnings."""

    revenue: Quantities
    revenue_factor: Quantity
    margin: Quantity
    charges: list[Charge] = Field(max_length=20)
    tax_rate: Quantity
    discount_rate: Quantity
    timing: Timing
    amortisation_years: Amortisation


class Scenario(Body):
    """A course of events with its probability, investment and yearly flows before tax."""

    name: Line
    probability: Quantity
    investment: Quantity
    cash_flows: Quantities


class ScenarioInputs(Body):
    """Scenario DCF; probabilities are fixed and sum to 1."""

    scenarios: list[Scenario] = Field(min_length=1, max_length=10)
    tax_rate: Quantity
    discount_rate: Quantity
    timing: Timing


class Stage(Body):
    """A stage, decided at a step of the lattice; step 0 is the day of valuation."""

    name: Line
    step: int = Field(ge=0, le=48)
    cost: Quantity
    success_probability: Quantity


class OptionInputs(Body):
    """Staged real option; rates are continuously compounded."""

    market_value: Quantity
    volatility: Quantity
    risk_free_rate: Quantity
    delay_rate: Quantity
    stages: list[Stage] = Field(min_length=1, max_length=8)
    steps_per_year: int = Field(ge=1, le=12)


class _Method(Body):
    """What every method has.

    Attributes:
        weight_bp: In the reconciliation, basis points; 0 shows the method without counting it.
    """

    code: Code
    weight_bp: int = Field(ge=0, le=10_000)
    weight_reason: Reason


class CostMethod(_Method):
    """成本法."""

    kind: Literal["cost"]
    inputs: CostInputs


class MarketMethod(_Method):
    """市场法."""

    kind: Literal["market"]
    inputs: MarketInputs


class RoyaltyMethod(_Method):
    """收益法: 许可费节省."""

    kind: Literal["relief_from_royalty"]
    inputs: RoyaltyInputs


class EarningsMethod(_Method):
    """收益法: 多期超额收益."""

    kind: Literal["excess_earnings"]
    inputs: EarningsInputs


class ScenarioMethod(_Method):
    """收益法: 情景现金流折现."""

    kind: Literal["scenario_dcf"]
    inputs: ScenarioInputs


class OptionMethod(_Method):
    """收益法: 分阶段实物期权."""

    kind: Literal["staged_option"]
    inputs: OptionInputs


MethodBody = Annotated[
    CostMethod | MarketMethod | RoyaltyMethod | EarningsMethod | ScenarioMethod | OptionMethod,
    Field(discriminator="kind"),
]
