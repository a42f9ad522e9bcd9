"""Monthly precision 月度匹配准确率: how many of the judged matches were good ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from app.matching.domain.feedback import (
    FUNNEL,
    Judgement,
    Outcome,
    RejectionReason,
    Said,
    Side,
    outcome_of,
)
from app.matching.domain.match import Verdict
from app.shared.calendar import SHANGHAI

_WHOLE_BP: Final = 10_000

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """A pair with all that was said of it.

    Attributes:
        first_at: When it was first judged.
        verdict, weights: How it was shown then, and by which version of the weights.
        log: In its order, at least one.
    """

    first_at: datetime
    verdict: Verdict
    weights: str
    log: tuple[Said, ...]

    @property
    def month(self) -> str:
        """The month in Asia/Shanghai of the first judgement, ``2026-11``."""
        return f"{self.first_at.astimezone(SHANGHAI):%Y-%m}"


@dataclass(frozen=True, slots=True)
class Figures:
    """How good some judged pairs were.

    Attributes:
        judged: Pairs that were shown and judged.
        relevant: Those accepted, met over, offered or dealt.
    """

    judged: int
    relevant: int

    @property
    def rejected(self) -> int:
        """The others."""
        return self.judged - self.relevant

    @property
    def precision_bp(self) -> int | None:
        """Relevant of those judged, in basis points, half up; ``None`` of none."""
        if self.judged == 0:
            return None
        return (2 * self.relevant * _WHOLE_BP + self.judged) // (2 * self.judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The pairs first judged in one month, with what became of them since.

    Attributes:
        month: ``2026-11``, of Asia/Shanghai.
        by_verdict, by_weights: The same figures by how a pair was shown.
        reasons: How often each reason of a rejection was given.
        funnel: How many pairs have come to each step or further, whoever told of it.
        by_deals_alone: Pairs that nobody judged and whose deal was found in the journal: those
            can only be good ones.
    """

    month: str
    total: Figures
    by_verdict: Mapping[Verdict, Figures]
    by_weights: Mapping[str, Figures]
    reasons: Mapping[RejectionReason, int]
    funnel: Mapping[Judgement, int]
    by_deals_alone: int


def monthly(pairs: Iterable[JudgedPair]) -> list[Month]:
    """Return the figures of every month that has a judged pair, newest first.

    Invariant: MT50.
    """
    months: dict[str, list[JudgedPair]] = {}
    for pair in pairs:
        months.setdefault(pair.month, []).append(pair)
    return [_month(name, months[name]) for name in sorted(months, reverse=True)]


def _month(name: str, pairs: Sequence[JudgedPair]) -> Month:
    judged = [(pair, outcome_of(pair.log)) for pair in pairs]
    said = [item for pair in pairs for item in pair.log]
    reached = [FUNNEL.index(out.furthest) for _, out in judged if out.furthest is not None]
    return Month(
        month=name,
        total=_figures(out for _, out in judged),
        by_verdict=_split(judged, lambda pair: pair.verdict),
        by_weights=_split(judged, lambda pair: pair.weights),
        reasons=dict(Counter(item.reason for item in said if item.reason is not None)),
        funnel={step: sum(place >= at for place in reached) for at, step in enumerate(FUNNEL)},
        by_deals_alone=sum(all(item.side is Side.SYSTEM for item in pair.log) for pair in pairs),
    )


def _figures(outcomes: Iterable[Outcome]) -> Figures:
    relevant = [outcome.relevant for outcome in outcomes]
    return Figures(len(relevant), sum(relevant))


def _split(
    judged: Sequence[tuple[JudgedPair, Outcome]], key: Callable[[JudgedPair], Name]
) -> dict[Name, Figures]:
    parts: dict[Name, list[Outcome]] = {}
    for pair, outcome in judged:
        parts.setdefault(key(pair), []).append(outcome)
    return {name: _figures(parts[name]) for name in sorted(parts)}
