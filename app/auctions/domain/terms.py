"""What a notice promises about the bidding; frozen from then on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from app.shared.errors import RuleBroken
from app.shared.jsonable import jsonable
from app.shared.money import Money

FREE_PHASE_MIN_S: Final = 60
FREE_PHASE_MAX_S: Final = 90 * 24 * 3600
WINDOW_MIN_S: Final = 30
WINDOW_MAX_S: Final = 3600
STEPS_MAX: Final = 1000
PRICE_MAX_MINOR: Final = 10**15  # so that a price and its steps, and a session's sum, are bookable


class Format(StrEnum):
    """Bidding formats (竞价方式) by their names in the code table."""

    MULTIPLE_BIDS = "multiple_bids"  # 多次报价: free phase, then a window that bids restart


class TermsContradict(RuleBroken):
    """The terms contradict each other or the listing; every contradiction is named."""

    code = "terms_contradict"
    title_zh = "竞价条款相互矛盾"
    title_en = "The bidding terms contradict each other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Terms of a two-phase ascending auction.

    Attributes:
        start: Lowest first bid.
        step: An overbid exceeds the leader by a positive whole multiple of it.
        steps_max: Most steps one bid may add, ``None`` without a cap.
        reserve: Published lowest price that decides; ``None``: the start price.
        free_phase_s: Seconds of the free phase 自由竞价期.
        window_s: Seconds of the timed window 限时竞价期; each valid bid restarts all of it.
    """

    format: Format
    start: Money
    step: Money
    steps_max: int | None
    reserve: Money | None
    free_phase_s: int
    window_s: int

    @property
    def floor(self) -> Money:
        """Lowest price at which there is a deal."""
        return self.reserve if self.reserve is not None else self.start

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        result: dict[str, Any] = jsonable(self)
        return result

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the published form."""

        def money(value: Mapping[str, str] | None) -> Money | None:
            return None if value is None else Money.parse(value["amount"], value["currency"])

        start, step = money(data["start"]), money(data["step"])
        assert start is not None
        assert step is not None
        return cls(
            format=Format(data["format"]),
            start=start,
            step=step,
            steps_max=data["steps_max"],
            reserve=money(data["reserve"]),
            free_phase_s=data["free_phase_s"],
            window_s=data["window_s"],
        )


Fault = dict[str, object]


def check_terms(terms: Terms, *, listing_floor: Money) -> None:
    """Refuse contradictory terms.

    Raises:
        TermsContradict: Lists every contradiction with its field and what would be accepted.

    Source: auctions/README.md, invariant AU1.
    """
    faults = [
        *_amount_faults(terms, listing_floor),
        *_range_faults("free_phase_s", terms.free_phase_s, FREE_PHASE_MIN_S, FREE_PHASE_MAX_S),
        *_range_faults("window_s", terms.window_s, WINDOW_MIN_S, WINDOW_MAX_S),
        *_range_faults("steps_max", terms.steps_max, 1, STEPS_MAX),
    ]
    if faults:
        detail = "; ".join(f"{fault['field']}: {fault['rule']}" for fault in faults)
        raise TermsContradict(detail, faults=faults)


def _fault(field: str, rule: str, accepted: object) -> Fault:
    return {"field": field, "rule": rule, "accepted": accepted}


def _amount_faults(terms: Terms, listing_floor: Money) -> Iterator[Fault]:
    amounts = {"start": terms.start, "step": terms.step, "reserve": terms.reserve or terms.start}
    foreign = [name for name, sum_ in amounts.items() if sum_.currency != listing_floor.currency]
    if foreign:  # amounts of several currencies cannot be compared further
        yield from (_fault(name, "currency_of_listing", listing_floor.currency) for name in foreign)
        return
    if terms.start != listing_floor:
        yield _fault("start", "equals_listing_floor", listing_floor)
    for name, amount in amounts.items():
        if amount.amount_minor > PRICE_MAX_MINOR:
            yield _fault(name, "at_most", Money(PRICE_MAX_MINOR, amount.currency))
    if amounts["reserve"] < terms.start:
        yield _fault("reserve", "at_least_start", terms.start)
    if not 0 < terms.step.amount_minor <= terms.start.amount_minor:
        yield _fault("step", "above_zero_at_most_start", terms.start)


def _range_faults(field: str, value: int | None, low: int, high: int) -> Iterator[Fault]:
    if value is not None and not low <= value <= high:
        yield _fault(field, "within", {"at_least": low, "at_most": high})
