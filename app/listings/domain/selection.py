"""Selection 遴选: experts' opinions, what they decide, and the deadlines of both sides."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.shared.calendar import (
    SHANGHAI,
    CalendarHorizonExceeded,
    Duration,
    WorkingCalendar,
    period_end,
)
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import AchievementId, OpinionId, PartyId, UserId

# How long before it goes stale the owner is reminded, and how soon one that could not go stale
# because it was on offer is looked at again.
REMINDER: Final = timedelta(days=30)
LOOK_AGAIN: Final = timedelta(days=7)


class SelectionVote(StrEnum):
    """What an expert advises."""

    RECOMMEND = "recommend"  # 推荐入库
    MEND = "mend"  # 修改后再审
    REJECT = "reject"  # 不予入库


class FirstCheckOutcome(StrEnum):
    """What the first check 初审 comes to."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    RETURN = "return"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What an expert gave, once.

    Attributes:
        score: 0..100.
    """

    vote: SelectionVote
    score: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An expert asked to judge one submission of an achievement.

    Attributes:
        submitted_at: Which submission: a later one is judged anew.
        expert_name: As on record when appointed.
        due_at: Until when the opinion is in time; ``None`` where the working days are unknown.
        opinion: ``None`` until it is given.
    """

    id: OpinionId
    achievement_id: AchievementId
    submitted_at: datetime
    user_id: UserId
    party_id: PartyId
    expert_name: str
    appointed_at: datetime
    due_at: datetime | None
    opinion: Opinion | None = None
    given_at: datetime | None = None


class ExpertsNotAppointable(RuleBroken):
    """Some of the named cannot judge this result; ``errors`` says who and why."""

    code = "experts_not_appointable"
    title_zh = "所选专家中有人不能参加本次评审"
    title_en = "Some of these experts cannot judge this result"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class OpinionGiven(Conflict):
    """An opinion is given once."""

    code = "opinion_given"
    title_zh = "专家意见已提交，不能重复提交"
    title_en = "The opinion was given already"


class OpinionLate(Conflict):
    """The time for opinions is over."""

    code = "opinion_late"
    title_zh = "已超过专家意见提交期限"
    title_en = "The time for opinions is over"


class OpinionsMissing(Conflict):
    """The market's terms ask for more opinions before the experts' round is decided."""

    code = "opinions_missing"
    title_zh = "专家意见数量不足，暂不能作出决定"
    title_en = "There are too few opinions to decide"


class MendingOver(Conflict):
    """The time to mend what was returned is over."""

    code = "mending_over"
    title_zh = "修改期限已过，不能再次提交"
    title_en = "The time to mend it is over"


def check_mended_in_time(achievement: Achievement, *, now: datetime) -> None:
    """Refuse what was returned and comes back too late; the stored deadline decides.

    Raises:
        MendingOver: When it was due.

    Invariant: LS41.
    """
    returned = achievement.status is AchievementStatus.RETURNED
    if returned and achievement.due_at is not None and now >= achievement.due_at:
        raise MendingOver("Collect it anew.", due_at=achievement.due_at)


def check_in_time(appointment: Appointment, *, now: datetime) -> None:
    """Refuse an opinion that was given already or comes too late.

    Raises:
        OpinionGiven: When it was given.
        OpinionLate: When it was due.

    Invariant: LS42.
    """
    if appointment.opinion is not None:
        raise OpinionGiven("An opinion is given once.", given_at=appointment.given_at)
    if appointment.due_at is not None and now >= appointment.due_at:
        raise OpinionLate("Ask the exchange for more time.", due_at=appointment.due_at)


def check_opinions(opinions: Collection[Opinion], *, experts_min: int) -> None:
    """Refuse a decision on too few opinions.

    Raises:
        OpinionsMissing: Names how many there are and must be.

    Invariant: LS43.
    """
    if len(opinions) < experts_min:
        raise OpinionsMissing(
            "Wait for the experts, or appoint others.", given=len(opinions), minimum=experts_min
        )


def is_against_advice(opinions: Collection[Opinion]) -> bool:
    """Tell whether an acceptance goes against at least half of the experts.

    Such an acceptance states its reason, as every refusal does.
    """
    recommended = sum(opinion.vote is SelectionVote.RECOMMEND for opinion in opinions)
    return bool(opinions) and recommended * 2 <= len(opinions)


def told_opinions(opinions: Collection[Opinion]) -> Sequence[dict[str, Any]]:
    """Return opinions as the owner reads them: without names, in an order that tells none."""
    ordered = sorted(opinions, key=lambda opinion: (-opinion.score, opinion.reason))
    return [
        {"vote": str(opinion.vote), "score": opinion.score, "reason": opinion.reason}
        for opinion in ordered
    ]


def was_decided(achievement: Achievement) -> bool:
    """Tell whether the present submission was decided, so that its owner reads the opinions."""
    submitted, reviewed = achievement.submitted_at, achievement.reviewed_at
    return submitted is not None and reviewed is not None and reviewed >= submitted


def may_judge(
    appointments: Collection[Appointment], achievement: Achievement, user_id: UUID
) -> bool:
    """Tell whether a user judges the present submission, and so reads all of its content.

    Invariant: LS44.
    """
    return achievement.status is AchievementStatus.SELECTING and any(
        appointment.user_id == user_id and appointment.submitted_at == achievement.submitted_at
        for appointment in appointments
    )


def deadline_after(
    now: datetime, duration: Duration, *, calendar: WorkingCalendar
) -> datetime | None:
    """Return the end of a period of selection, or ``None`` where the working days are unknown.

    These are the exchange's own terms and nobody's right: past the horizon a result is taken
    without a deadline rather than refused, and no deadline is guessed.

    Invariant: LS41. Source: default.
    """
    try:
        return period_end(start=now, duration=duration, calendar=calendar)
    except CalendarHorizonExceeded:
        return None


def shelf_end(now: datetime, *, days: int) -> datetime:
    """Return when an entry goes stale: 24:00 in Shanghai of the last calendar day.

    Days off are days here and do not move the end: nobody must act on a certain day, the owner
    may confirm on any day before, and a year ahead the working days are not known.

    Invariant: LS46. Source: default.
    """
    last = now.astimezone(SHANGHAI).date() + timedelta(days=days)
    return datetime.combine(last + timedelta(days=1), time.min, SHANGHAI)
