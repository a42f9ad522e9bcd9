"""Refuse terms that contradict each other or what is sold, all contradictions at once."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from app.auctions.domain.formats import RULES
from app.auctions.domain.formats.base import Fault, Range
from app.auctions.domain.terms import (
    PRICE_MAX_MINOR,
    Direction,
    Format,
    Kind,
    PriorityMode,
    Terms,
)
from app.shared.errors import RuleBroken
from app.shared.money import Money


class TermsContradict(RuleBroken):
    """The terms contradict each other or the listing; every contradiction is named."""

    code = "terms_contradict"
    title_zh = "竞价条款相互矛盾"
    title_en = "The bidding terms contradict each other"


_ALWAYS: Final = frozenset(
    {
        "format",
        "start",
        "direction",
        "kind",
        "priority_mode",
        "fault_tolerance_s",
        "resumption_notice_s",
        "standby_count",
        "silent_forfeits",
        "reserve",
        "reserve_secret",
    }
)
_COMMON_RANGES: Final[dict[str, Range]] = {
    "fault_tolerance_s": (1, 3600),
    "resumption_notice_s": (60, 86_400),
    "standby_count": (0, 5),
}
_PRIORITY_WINDOW: Final[Range] = (60, 7 * 24 * 3600)
_OPEN_FORMATS: Final = frozenset({Format.MULTIPLE_BIDS, Format.DYNAMIC})
_AUCTION_FORMATS: Final = _OPEN_FORMATS | {Format.DUTCH}
_MATCH_AFTER: Final = _OPEN_FORMATS | {Format.SEALED_FIRST, Format.ROUNDS}


def check_terms(terms: Terms, *, bound: Money, direction: Direction) -> None:
    """Refuse contradictory terms.

    Args:
        bound: What is announced as the worst price: a listing's floor, a demand's budget.
        direction: Which way bids go for what is sold or asked.

    Raises:
        TermsContradict: Lists every contradiction with its field and what would be accepted.

    Source: auctions/README.md, invariant AU1.
    """
    faults = [*_field_faults(terms), *_amount_faults(terms, bound), *_manner_faults(terms)]
    if terms.direction is not direction:
        faults.append(_fault("direction", "of_what_is_sold", direction))
    named = {fault["field"] for fault in faults}
    faults += [fault for fault in RULES[terms.format].faults(terms) if fault["field"] not in named]
    if faults:
        detail = "; ".join(f"{fault['field']}: {fault['rule']}" for fault in faults)
        raise TermsContradict(detail, faults=faults)


def _fault(field: str, rule: str, accepted: object) -> Fault:
    return {"field": field, "rule": rule, "accepted": accepted}


def _field_faults(terms: Terms) -> Iterator[Fault]:
    """Yield terms that the format lacks, does not know, or that are out of range."""
    rules = RULES[terms.format]
    known: dict[str, Range | None] = {**rules.needs, **rules.takes, **_COMMON_RANGES}
    if terms.priority_mode is PriorityMode.AFTER:
        known["priority_window_s"] = _PRIORITY_WINDOW
    for spec in fields(terms):
        value = getattr(terms, spec.name)
        needed = spec.name in rules.needs or (
            spec.name == "priority_window_s" and spec.name in known
        )
        if value is None:
            if needed:
                yield _fault(spec.name, "needed_by_format", _accepted(known[spec.name]))
        elif spec.name in known:
            span = known[spec.name]
            if span is not None and not span[0] <= value <= span[1]:
                yield _fault(spec.name, "within", _accepted(span))
        elif spec.name not in _ALWAYS:
            yield _fault(spec.name, "not_of_this_format", None)


def _accepted(span: Range | None) -> object:
    return None if span is None else {"at_least": span[0], "at_most": span[1]}


def _amount_faults(terms: Terms, bound: Money) -> Iterator[Fault]:
    given = {"start": terms.start, "step": terms.step, "reserve": terms.reserve}
    amounts = {name: amount for name, amount in given.items() if amount is not None}
    foreign = [name for name, amount in amounts.items() if amount.currency != bound.currency]
    if foreign:  # amounts of several currencies cannot be compared further
        yield from (_fault(name, "currency_of_listing", bound.currency) for name in foreign)
        return
    for name, amount in amounts.items():
        if not 0 < amount.amount_minor <= PRICE_MAX_MINOR:
            highest = Money(PRICE_MAX_MINOR, amount.currency)
            yield _fault(name, "above_zero_at_most", highest)
    # A Dutch reverse auction may begin below its step: it walks upwards.
    if terms.step is not None and terms.format is not Format.DUTCH and terms.step > terms.start:
        yield _fault("step", "at_most_start", terms.start)
    if terms.format is Format.DUTCH:
        if terms.reserve is not None and terms.reserve != bound:
            yield _fault("reserve", "equals_announced_price", bound)
        return
    if terms.start != bound:
        yield _fault("start", "equals_announced_price", bound)
    if terms.reserve is not None and terms.gain(terms.reserve, terms.start) < 0:
        yield _fault("reserve", "not_worse_than_start", terms.start)


def _manner_faults(terms: Terms) -> Iterator[Fault]:
    """Yield what the kind of bidding, the reserve and the priority mode forbid."""
    if terms.kind is Kind.AUCTION and terms.format not in _AUCTION_FORMATS:
        yield _fault("kind", "auction_is_open_outcry", Kind.ONLINE_BIDDING)
    if terms.reserve_secret and (terms.reserve is not None or terms.format is Format.DUTCH):
        yield _fault("reserve_secret", "either_published_or_secret", False)
    if terms.priority_mode is PriorityMode.INSIDE and terms.format not in _OPEN_FORMATS:
        yield _fault("priority_mode", "inside_open_formats_only", PriorityMode.ORDINARY)
    if terms.priority_mode is PriorityMode.AFTER and terms.format not in _MATCH_AFTER:
        yield _fault("priority_mode", "after_price_formats_only", PriorityMode.ORDINARY)
    if terms.window_s is not None and terms.fault_tolerance_s >= terms.window_s:
        yield _fault("fault_tolerance_s", "below_window", terms.window_s)
    if terms.format is Format.DUTCH and terms.standby_count:
        yield _fault("standby_count", "nobody_else_has_bid", 0)
