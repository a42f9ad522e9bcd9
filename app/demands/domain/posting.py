"""What a posting 发榜 promises: how long, sealed how, judged how; frozen with its notice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from app.shared.calendar import DayUnit, Duration
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.sealing.holder import ShareHolder

WEIGHTS_BP: Final = 10_000

# No law sets these: they are what a posting promises when it says nothing else.
NOTICE_PERIOD: Final = Duration(5, DayUnit.WORKING_DAY)  # rules.md section 4, default
OBJECTION_ANSWER: Final = Duration(15, DayUnit.WORKING_DAY)  # default
REMEDY: Final = Duration(30, DayUnit.CALENDAR_DAY)  # default
ACCEPTANCE: Final = Duration(15, DayUnit.WORKING_DAY)  # default


class Sealing(StrEnum):
    """Who could read a proposal before the deadline."""

    PLAIN = "plain"  # encrypted at rest by the exchange, which opens all at the deadline
    THRESHOLD = "threshold"  # nobody: the key lies in shares with several holders


class DecisionWay(StrEnum):
    """How the winner is found 评审方式."""

    BEST_SCORE = "best_score"  # 综合评分
    PRICE_WEIGHTED = "price_weighted"  # 价格加权
    REVERSE_AUCTION = "reverse_auction"  # 反向竞价
    RACING = "racing"  # 赛马: several winners on different routes


@dataclass(frozen=True, slots=True)
class Criterion:
    """A published criterion of the review.

    Attributes:
        weight_bp: In basis points of the whole; criteria and price together are 10,000.
    """

    name: str
    weight_bp: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingTerms:
    """Terms of one round; a field that its way of deciding does not know is empty.

    Attributes:
        closes_at: Proposals are taken before it, aware UTC.
        questions_until: Questions are taken before it, at the latest until ``closes_at``.
        holders, threshold: Who opens threshold-sealed proposals together, and how many it takes.
        price_weight_bp: Weight of the price; 0 where it does not count.
        score_min: Points of 100 below which a proposal is not chosen.
        winners_max: 1, or more in a race.
        panel_min: Experts of the review at least, an odd number.
        presentation: Whether the proposers present before the panel.
        ceiling: No proposal above it is chosen; ``None``: the budget's upper end, if it has one.
        route_budgets: What each route of a race may cost, in the order of rank.
        notice_period: How long the result is open to objections.
        objection_answer: Time to decide an objection.
        acceptance_period: Time of the poster to accept or refuse what was delivered.
        remedy: Time to mend a milestone that was refused.

    Source: rules.md section 4; what the law leaves open is `default`.
    """

    closes_at: datetime
    questions_until: datetime
    sealing: Sealing
    decision: DecisionWay
    criteria: tuple[Criterion, ...]
    holders: tuple[ShareHolder, ...] = ()
    threshold: int | None = None
    price_weight_bp: int = 0
    score_min: int = 60
    winners_max: int = 1
    panel_min: int = 3
    presentation: bool = False
    ceiling: Money | None = None
    route_budgets: tuple[Money, ...] = ()
    notice_period: Duration = NOTICE_PERIOD
    objection_answer: Duration = OBJECTION_ANSWER
    acceptance_period: Duration = ACCEPTANCE
    remedy: Duration = REMEDY

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        told: dict[str, Any] = jsonable(self)
        return told

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the published form back."""
        values = dict(data)
        for name in ("closes_at", "questions_until"):
            values[name] = datetime.fromisoformat(values[name])
        for name in ("notice_period", "objection_answer", "acceptance_period", "remedy"):
            span = values[name]
            values[name] = Duration(span["count"], DayUnit(span["unit"]))
        values["sealing"] = Sealing(values["sealing"])
        values["decision"] = DecisionWay(values["decision"])
        values["criteria"] = tuple(Criterion(**item) for item in values["criteria"])
        values["holders"] = tuple(ShareHolder(**item) for item in values["holders"])
        values["route_budgets"] = tuple(_money(item) for item in values["route_budgets"])
        values["ceiling"] = None if values["ceiling"] is None else _money(values["ceiling"])
        return cls(**values)


def _money(told: Mapping[str, str]) -> Money:
    return Money.parse(told["amount"], told["currency"])
