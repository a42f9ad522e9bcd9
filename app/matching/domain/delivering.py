"""When a subscription tells: at once or in digests, and never in its quiet hours 免打扰时段.

All hours are of Asia/Shanghai, which has no summer time: a day has 24 of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.shared.calendar import SHANGHAI
from app.shared.errors import RuleBroken

_DAY: Final = timedelta(days=1)
_MONDAY: Final = 0


class DigestInQuietHours(RuleBroken):
    """A digest's hour lies in the quiet hours of the same subscription."""

    code = "digest_in_quiet_hours"
    title_zh = "汇总发送时间不能落在免打扰时段内"
    title_en = "The digest's hour lies in the quiet hours"


class Delivery(StrEnum):
    """How often a subscription tells."""

    INSTANT = "instant"
    DAILY = "daily"
    WEEKLY = "weekly"  # on Mondays


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one full hour to another, the end left out; across midnight if it ends earlier.

    Equal hours are no quiet hours at all.
    """

    starts: int
    ends: int

    def hold(self, hour: int) -> bool:
        """Tell whether an hour of the day lies in them.

        Invariant: MT58.
        """
        if self.starts <= self.ends:
            return self.starts <= hour < self.ends
        return hour >= self.starts or hour < self.ends


@dataclass(frozen=True, slots=True)
class Plan:
    """When a subscription tells.

    Attributes:
        hour: Of a digest, 0 to 23.
    """

    delivery: Delivery
    hour: int
    quiet: QuietHours


def check_plan(plan: Plan) -> None:
    """Refuse a digest at an hour at which nothing may be told.

    Raises:
        DigestInQuietHours: Names the hours that are free.

    Invariant: MT57.
    """
    if plan.delivery is not Delivery.INSTANT and plan.quiet.hold(plan.hour):
        raise DigestInQuietHours(
            "Choose another hour or other quiet hours.",
            field="digest_hour",
            accepted=[hour for hour in range(24) if not plan.quiet.hold(hour)],
        )


def after_quiet(quiet: QuietHours, now: datetime) -> datetime:
    """Return the first moment from ``now`` on that lies in no quiet hours; aware UTC.

    Invariant: MT58.
    """
    if not quiet.hold(now.astimezone(SHANGHAI).hour):
        return now
    return _next(quiet.ends, now)


def due_at(plan: Plan, now: datetime) -> datetime:
    """Return when what is found now is told: ``now`` itself if at once; aware UTC.

    A digest takes what was found before its hour; what is found at that moment waits for the
    next one.

    Invariants: MT57, MT58.
    """
    if plan.delivery is Delivery.INSTANT:
        return after_quiet(plan.quiet, now)
    due = _next(plan.hour, now)
    while plan.delivery is Delivery.WEEKLY and due.astimezone(SHANGHAI).weekday() != _MONDAY:
        due += _DAY
    return due


def _next(hour: int, now: datetime) -> datetime:
    here = now.astimezone(SHANGHAI)
    due = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    return (due if due > here else due + _DAY).astimezone(UTC)
