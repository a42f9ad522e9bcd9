"""The quality gate of demands 需求质量门: what keeps a demand unanswered or its result disputed.

It reads what the poster wrote and the prices of past deals; the same content has the same score
on the same day with the same deals, and every point is explained with its mend and an example.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from app.demands.domain.content import BudgetKind, Confidentiality, DemandContent
from app.demands.domain.gate_rules import DEMAND_RULES, DemandComplaint, DemandGateRule
from app.demands.domain.gate_texts import (
    filler_count,
    has_big_words_alone,
    has_number,
    is_dimensionless,
    names_a_test,
    plain,
    substance,
    tells_the_present,
)
from app.shared.money import Money

BACKGROUND_CHARACTERS_MIN: Final = 60
WORDS_MIN: Final = 10  # different words of substance that a match can hold on to
DEALS_MIN: Final = 5  # fewer deals tell a deal's price, not a field's
OUT_OF_LINE: Final = 2  # half the lower or twice the upper quartile, and beyond
DAYS_A_MILESTONE: Final = 30
SHARE_MAX_BP: Final = 8_000
METRIC_CHARACTERS_MIN: Final = 6
RESTRICTED_TIMES_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPrices:
    """What past deals of a field came to, without whose they were.

    Attributes:
        count: Deals known; at least `DEALS_MIN`.
        low, middle, high: The quartiles.
    """

    count: int
    low: Money
    middle: Money
    high: Money


@dataclass(frozen=True, slots=True)
class DemandGateItem:
    """One rule and where the content breaks it.

    Attributes:
        places: Dotted paths; empty where the rule is passed.
    """

    rule: DemandGateRule
    places: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.places


@dataclass(frozen=True, slots=True)
class DemandGateReport:
    """What the gate says of a content on a day.

    Attributes:
        score: Sum of the weights of the rules that are passed, 0..100.
        items: One a rule, in a fixed order.
        prices: What the budget was held against; ``None`` where too few deals are known.
    """

    score: int
    items: tuple[DemandGateItem, ...]
    prices: FieldPrices | None

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the names of the rules that are not passed, in order."""
        return tuple(item.rule.name for item in self.items if not item.passed)

    def lost(self) -> Mapping[DemandComplaint, int]:
        """Return the points lost to each complaint."""
        found = dict.fromkeys(DemandComplaint, 0)
        for item in self.items:
            if not item.passed:
                found[item.rule.complaint] += item.rule.weight
        return found

    def journaled(self) -> dict[str, Any]:
        """Return what is kept of the report at submission."""
        return {"score": self.score, "failed": self.failed}


def quartiles(prices: Sequence[Money]) -> FieldPrices | None:
    """Return the quartiles of prices of one currency, or ``None`` of fewer than `DEALS_MIN`.

    Between two neighbours the quartile lies in proportion, rounded down to a minor unit
    (the inclusive method: the extremes are the 0th and 4th).

    Invariant: DM21. Source: Hyndman & Fan (1996), definition 7.
    """
    if len(prices) < DEALS_MIN:
        return None
    ordered = sorted(price.amount_minor for price in prices)
    (currency,) = {price.currency for price in prices}

    def quarter(number: int) -> Money:
        place, rest = divmod((len(ordered) - 1) * number, 4)
        if not rest:
            return Money(ordered[place], currency)
        return Money(
            ordered[place] + (ordered[place + 1] - ordered[place]) * rest // 4,
            currency,
        )

    return FieldPrices(count=len(ordered), low=quarter(1), middle=quarter(2), high=quarter(3))


def assess_demand(
    content: DemandContent, *, today: date, prices: FieldPrices | None
) -> DemandGateReport:
    """Return what keeps a demand from being answered well.

    Args:
        today: In Asia/Shanghai.
        prices: Of the field, in the budget's currency.

    Invariant: DM20. Source: default; what is looked for is named in issue 5.
    """
    found: dict[str, Callable[[DemandContent], Iterator[str]]] = {
        **_CHECKS,
        "budget_out_of_line": lambda given: _out_of_line(given, prices),
        "due_too_near": lambda given: _due_too_near(given, today),
    }
    items = tuple(DemandGateItem(rule, tuple(found[rule.name](content))) for rule in DEMAND_RULES)
    score = sum(item.rule.weight for item in items if item.passed)
    return DemandGateReport(score, items, prices)


def assess_text(title: str, text: str) -> tuple[DemandGateRule, ...]:
    """Return which rules on a title and a background a text breaks that is no demand yet.

    Invariant: DM20.
    """
    broken = {name for name, is_broken in _OF_TEXT.items() if is_broken(title, text)}
    if has_big_words_alone(title) or has_big_words_alone(text):
        broken.add("words_without_number")
    return tuple(rule for rule in DEMAND_RULES if rule.name in broken)


def _where(found: bool, place: str) -> Iterator[str]:
    if found:
        yield place


def _units(content: DemandContent) -> Iterator[str]:
    for index, target in enumerate(content.targets):
        yield from _where(
            not plain(target.unit) and not is_dimensionless(target.name), f"targets.{index}.unit"
        )


def _tests(content: DemandContent) -> Iterator[str]:
    for index, target in enumerate(content.targets):
        yield from _where(not names_a_test(target.test_method), f"targets.{index}.test_method")


def _big_words(content: DemandContent) -> Iterator[str]:
    yield from _where(has_big_words_alone(content.title), "title")
    yield from _where(has_big_words_alone(content.background), "background")
    yield from _where(has_big_words_alone(content.restricted_text or ""), "restricted_text")
    for index, milestone in enumerate(content.milestones):
        for name in ("deliverable", "metric"):
            text = getattr(milestone, name)
            yield from _where(has_big_words_alone(text), f"milestones.{index}.{name}")


def _is_vague(*texts: str) -> bool:
    words, total = substance(texts)
    return len(words) < WORDS_MIN or filler_count(texts) * 2 > total


# What is looked for in a title and a background alone.
_OF_TEXT: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "background_too_short": lambda _, text: len(plain(text)) < BACKGROUND_CHARACTERS_MIN,
    "present_state_missing": lambda _, text: not tells_the_present(text),
    "background_not_measured": lambda _, text: not has_number(text),
    "text_not_concrete": _is_vague,
}


def _of_text(name: str) -> Callable[[DemandContent], Iterator[str]]:
    broken = _OF_TEXT[name]
    return lambda content: _where(broken(content.title, content.background), "background")


def _open_budget(content: DemandContent) -> Iterator[str]:
    yield from _where(content.budget.kind is BudgetKind.OPEN, "budget")


def _out_of_line(content: DemandContent, prices: FieldPrices | None) -> Iterator[str]:
    low, high = content.budget.low, content.budget.high
    if prices is None or low is None or high is None or low.currency != prices.low.currency:
        return
    # In minor units: twice the largest amount is none that could be booked.
    too_low = high.amount_minor * OUT_OF_LINE < prices.low.amount_minor
    yield from _where(too_low, "budget.high")
    yield from _where(low.amount_minor > prices.high.amount_minor * OUT_OF_LINE, "budget.low")


def _due_too_near(content: DemandContent, today: date) -> Iterator[str]:
    needed = timedelta(days=DAYS_A_MILESTONE * max(1, len(content.milestones)))
    yield from _where(content.due_on - today < needed, "due_on")


def _disordered(content: DemandContent) -> Iterator[str]:
    days = [milestone.due_on for milestone in content.milestones]
    for index in range(1, len(days)):
        yield from _where(days[index] <= days[index - 1], f"milestones.{index}.due_on")


def _pays_nearly_all(content: DemandContent) -> Iterator[str]:
    for index, milestone in enumerate(content.milestones):
        yield from _where(milestone.share_bp > SHARE_MAX_BP, f"milestones.{index}.share_bp")


def _vague_metric(content: DemandContent) -> Iterator[str]:
    for index, milestone in enumerate(content.milestones):
        told = plain(milestone.metric)
        vague = len(told) < METRIC_CHARACTERS_MIN and not has_number(told)
        yield from _where(vague, f"milestones.{index}.metric")


def _thin(content: DemandContent) -> Iterator[str]:
    hidden, told = len(plain(content.restricted_text)), len(plain(content.background))
    yield from _where(hidden > told * RESTRICTED_TIMES_MAX, "background")


def _nothing_hidden(content: DemandContent) -> Iterator[str]:
    if content.confidentiality is Confidentiality.PUBLIC:
        return
    hidden, _ = substance((content.restricted_text or "",))
    told, _ = substance((content.title, content.background))
    yield from _where(not hidden - told, "restricted_text")


_CHECKS: Final[Mapping[str, Callable[[DemandContent], Iterator[str]]]] = {
    "target_unit_missing": _units,
    "target_test_missing": _tests,
    "words_without_number": _big_words,
    **{name: _of_text(name) for name in _OF_TEXT},
    "budget_open": _open_budget,
    "milestones_disordered": _disordered,
    "milestone_pays_nearly_all": _pays_nearly_all,
    "milestone_metric_vague": _vague_metric,
    "public_part_too_thin": _thin,
    "restricted_part_empty": _nothing_hidden,
}
