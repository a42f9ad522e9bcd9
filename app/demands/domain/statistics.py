"""Figures of the board's statistics 榜单统计."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from app.demands.domain.facts import NoTakeUp
from app.shared.calendar import SHANGHAI

_DAY: Final = timedelta(days=1)
_WHOLE_BP: Final = 10_000


class GroupBy(StrEnum):
    """What figures are told apart by."""

    FIELD = "field"
    REGION = "region"  # the poster's city
    EDITION = "edition"
    MONTH = "month"  # of the posting, in Asia/Shanghai


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of some postings.

    Attributes:
        group: Field, city, edition or month ``2026-03``; ``None`` without one, or for all.
        posted: Postings; a demand posted anew counts again.
        demands: Demands among them.
        amount_minor: Sum of the upper ends of the budgets in CNY, in fen.
        open_budgets: Postings whose budget names no amount.
        other_currencies: Postings whose budget is not in CNY.
        running: Postings of which nobody knows yet whether they are taken up.
        answered: Postings that had proposals, known from their deadline on.
        taken_up: Postings of which somebody took the work.
        taken_minor: What those who took it are paid, in fen.
        first_answer: Median time from posting to first proposal by nearest rank: of n times in
            order the one in place ⌈n/2⌉.
        reasons: How many were not taken up, and why.
    """

    group: str | None
    posted: int
    demands: int
    amount_minor: int
    open_budgets: int
    other_currencies: int
    running: int
    answered: int
    taken_up: int
    taken_minor: int
    first_answer: timedelta | None
    reasons: Mapping[NoTakeUp, int]

    @property
    def take_up_rate_bp(self) -> int | None:
        """Taken up of those that are decided, in basis points, half up; ``None`` of none.

        Invariant: DM116.
        """
        decided = self.posted - self.running
        if decided == 0:
            return None
        return (2 * self.taken_up * _WHOLE_BP + decided) // (2 * decided)

    @property
    def first_answer_days(self) -> Decimal | None:
        """The median in days, half up to hundredths."""
        if self.first_answer is None:
            return None
        seconds = Decimal(self.first_answer // timedelta(microseconds=1))
        days = seconds / (_DAY // timedelta(microseconds=1))
        return days.quantize(Decimal("0.01"), ROUND_HALF_UP)


def period(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """Return the half-open period of days of Asia/Shanghai, both included."""
    return _start(first), None if last is None else _start(last + _DAY)


def _start(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, SHANGHAI)
