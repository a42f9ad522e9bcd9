"""Selection terms 遴选规则参数: how long a market takes to select results, as dated data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from app.markets.domain.policy import PolicyInThePast, PolicyOutOfRange
from app.shared.calendar import DayUnit, Duration
from app.shared.ids import MarketId, SelectionTermsId

SPANS: Final = ("first_check", "expert_selection", "mending")
# A reminder goes out 30 days before the end, so a shelf life is well above that.
RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "shelf_life_days": (60, 3_650),
    "experts_min": (1, 15),
    "gate_score_min": (0, 100),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionTerms:
    """What holds for all results of a market, whoever owns them.

    Attributes:
        first_check: Time of the exchange for the first check 初审.
        expert_selection: Time of the experts and of the decision on their opinions 专家遴选.
        mending: Time of the owner to mend what was returned.
        shelf_life_days: Calendar days after which a result that nobody confirmed goes stale.
        experts_min: Opinions without which the experts' round is not decided.
        gate_score_min: Score of the quality gate without which nothing is submitted, 0..100;
            0 lets the gate inform only.
    """

    first_check: Duration
    expert_selection: Duration
    mending: Duration
    shelf_life_days: int
    experts_min: int
    gate_score_min: int

    def __post_init__(self) -> None:
        for field, (minimum, maximum) in RANGES.items():
            if not minimum <= getattr(self, field) <= maximum:
                raise PolicyOutOfRange(
                    "The value is out of range.", field=field, minimum=minimum, maximum=maximum
                )

    def as_json(self) -> dict[str, Any]:
        """Return the stored form: durations as ``{"count": 20, "unit": "working_day"}``."""
        spans: dict[str, Duration] = {name: getattr(self, name) for name in SPANS}
        plain: dict[str, Any] = {
            name: {"count": span.count, "unit": str(span.unit)} for name, span in spans.items()
        }
        return plain | {name: getattr(self, name) for name in RANGES}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the stored form back."""
        values: dict[str, Any] = {
            name: Duration(data[name]["count"], DayUnit(data[name]["unit"])) for name in SPANS
        }
        return cls(**values | {name: data[name] for name in RANGES})


# All numbers are `default`: no law sets them, and exchanges differ.
DEFAULT: Final = SelectionTerms(
    first_check=Duration(5, DayUnit.WORKING_DAY),
    expert_selection=Duration(20, DayUnit.WORKING_DAY),
    mending=Duration(10, DayUnit.WORKING_DAY),
    shelf_life_days=365,
    experts_min=3,
    gate_score_min=0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionPolicy:
    """Selection terms of a market from a day on; never changed.

    Attributes:
        version: 1, 2, … in the order of entry; 0 is the default of a market that entered none.
        effective_on: First day in Asia/Shanghai; ``None`` for the default, which always held.
    """

    market_id: MarketId
    terms: SelectionTerms
    id: SelectionTermsId | None = None
    version: int = 0
    effective_on: date | None = None


def select_terms(
    entered: Iterable[SelectionPolicy], *, market_id: MarketId, on: date
) -> SelectionPolicy:
    """Return the terms in effect on a day: the latest begun, of equals the latest entered.

    Args:
        entered: Those of one market, in any order; without one begun the default holds.

    Source: markets/README.md, M6.
    """
    begun = [
        (policy.effective_on, policy.version, policy)
        for policy in entered
        if policy.effective_on is not None and policy.effective_on <= on
    ]
    if not begun:
        return SelectionPolicy(market_id=market_id, terms=DEFAULT)
    return max(begun, key=lambda place: place[:2])[2]


def check_new_terms(*, effective_on: date, today: date) -> None:
    """Refuse terms that would rewrite the past.

    Args:
        today: The market's present day in Asia/Shanghai.

    Raises:
        PolicyInThePast: Names the first possible day.

    Source: markets/README.md, M3.
    """
    if effective_on < today:
        raise PolicyInThePast(
            "Deadlines that were set under the old terms stay.",
            field="effective_on",
            minimum=today,
        )
