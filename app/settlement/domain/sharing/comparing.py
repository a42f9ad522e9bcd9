"""What if: several schemes on the same figures, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.settlement.domain.sharing.awards import (
    Income,
    PersonStanding,
    Plan,
    Standing,
    standing,
)
from app.settlement.domain.sharing.dividing import Division, Person, check_persons, divide
from app.settlement.domain.sharing.floors import Floor, FloorFinding, measure
from app.settlement.domain.sharing.income import (
    SharingFiguresMissing,
    check_costs,
    check_size,
    net_income,
)
from app.settlement.domain.sharing.schemes import Basis, Scheme, SharingCurrencyDiffers
from app.shared.errors import RuleBroken
from app.shared.money import Money

PROFIT_YEARS: Final = range(3, 6)  # 促进科技成果转化法 45（三）: three to five years on end


class ProfitYearsOutOfRange(RuleBroken):
    """The law shares the profit of three to five years; ``minimum``, ``maximum``."""

    code = "profit_years_out_of_range"
    title_zh = "应填写投产后连续三至五年的营业利润"
    title_en = "Give the operating profit of three to five years"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A scheme on the figures.

    Attributes:
        standing: Fen, or shares.
        floors: The minima that bind the unit, met or broken.
    """

    scheme: Scheme
    standing: Standing
    floors: tuple[FloorFinding, ...]


def check_plan(plan: Plan, *, currency: str) -> None:
    """Refuse a plan that cannot be evaluated.

    Args:
        currency: Of the deal, or of the figures.

    Raises:
        SharingBasisUnknown: The scheme does not know the basis, or a deal does not have it.
        SharingFiguresMissing: Shares are to be divided and their number is not stated.
        SharingCurrencyDiffers: The tiers or a cost are in another currency.
        FiscalMoneyNotCost: A cost is research money of the state.
        SharingPersonsInvalid: Nothing can be divided among the persons.

    Invariants: ST134, ST136.
    """
    plan.scheme.tiers(plan.basis)
    if plan.basis is Basis.SHARES and plan.shares_total is None:
        raise SharingFiguresMissing("Say how many shares the unit got.", field="shares_total")
    if plan.scheme.currency not in {None, currency}:
        raise SharingCurrencyDiffers(
            "The scheme's tiers are in another currency.",
            field="scheme",
            scheme=plan.scheme.name,
            accepted=plan.scheme.currency,
        )
    check_costs(plan.costs, plan.tax, currency=currency)
    check_persons(plan.persons, plan.scheme.groups, plan.grant_mode)


def compare(
    plan: Plan,
    schemes: Sequence[Scheme],
    incomes: Sequence[Income],
    *,
    currency: str,
    floors: Sequence[Floor],
    profits: Sequence[Money] = (),
) -> list[Outcome]:
    """Evaluate each scheme on a plan's figures.

    Args:
        plan: Its own scheme is not looked at.
        floors: Those that bind the unit on this basis.
        profits: Of each year, of the basis operating profit; a loss shares nothing.

    Raises:
        See `check_plan`; ProfitYearsOutOfRange.
    """
    outcomes = []
    for scheme in schemes:
        tried = replace(plan, scheme=scheme)
        check_plan(tried, currency=currency)
        if plan.basis is Basis.OPERATING_PROFIT:
            known = _of_profits(tried, profits)
        else:
            known = standing(tried, incomes, ())
        findings = measure(floors, known.division, plan.persons, net_by_law=known.net_by_law)
        outcomes.append(Outcome(scheme, known, findings))
    return outcomes


def _of_profits(plan: Plan, profits: Sequence[Money]) -> Standing:
    """Divide each year's profit by itself, as the law does, and add up."""
    if len(profits) not in PROFIT_YEARS:
        raise ProfitYearsOutOfRange(
            "Give one profit a year, in order.",
            field="profits",
            minimum=PROFIT_YEARS.start,
            maximum=PROFIT_YEARS.stop - 1,
        )
    check_size(profits, field="profits")
    years = [
        divide(
            max(0, profit.amount_minor),
            tiers=plan.scheme.tiers(plan.basis),
            groups=plan.scheme.groups,
            persons=plan.persons,
            mode=plan.grant_mode,
        )
        for profit in profits
    ]
    return _standing_of(plan.persons, years)


def _standing_of(persons: Sequence[Person], years: Sequence[Division]) -> Standing:
    whole = Division(
        total=sum(year.total for year in years),
        owners=tuple(map(sum, zip(*(year.owners for year in years), strict=True))),
        persons=tuple(map(sum, zip(*(year.persons for year in years), strict=True))),
        pools={pool: sum(year.pools[pool] for year in years) for pool in years[0].pools},
        groups={name: sum(year.groups[name] for year in years) for name in years[0].groups},
    )
    each = tuple(
        PersonStanding(person, owner, total, 0)
        for person, owner, total in zip(persons, whole.owners, whole.persons, strict=True)
    )
    return Standing(None, whole.total, whole, each)


# A million yuan, or as many shares: large enough that rounding hides no basis point.
_REFERENCE: Final = 100_000_000


def judge(plan: Plan, known: Standing, floors: Sequence[Floor]) -> tuple[FloorFinding, ...]:
    """Return what a plan gives against the minima of law; before any income, of a reference sum.

    Invariant: ST133.
    """
    if known.division.total:
        return measure(floors, known.division, plan.persons, net_by_law=known.net_by_law)
    total = _REFERENCE
    if plan.basis is Basis.NET_INCOME:
        nothing = Money(0, plan.tax.currency)
        reference = Money(_REFERENCE, plan.tax.currency)
        net = net_income(reference, plan.scheme.deductions, costs=nothing, tax=nothing).net
        total = net.amount_minor
    division = divide(
        total,
        tiers=plan.scheme.tiers(plan.basis),
        groups=plan.scheme.groups,
        persons=plan.persons,
        mode=plan.grant_mode,
    )
    return measure(floors, division, plan.persons, net_by_law=_REFERENCE)
