"""Conversion tracking 转化跟踪: what becomes of a result after its deal took effect."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.settlement.domain.schedule import months_later
from app.shared.calendar import SHANGHAI
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import DealId, FileId, MarketId, PartyId
from app.shared.transitions import advance

EVERY_MONTHS: Final = 6  # default: half-yearly
YEARS: Final = 3  # default; S1 speaks of three to five years of own implementation
YEARS_OWN_USE: Final = 5
YEARS_MAX: Final = 20
MILESTONES_MAX: Final = 20


class ConversionStatus(StrEnum):
    """How far a result has come at its buyer's."""

    PLANNED = "planned"  # nothing was reported yet
    RUNNING = "running"
    PAUSED = "paused"
    CONVERTED = "converted"  # it is in use or on sale
    FAILED = "failed"  # given up, at least for now
    ENDED = "ended"  # the tracking period is over


class ConversionTrigger(StrEnum):
    """What a report says, or the clock."""

    PROGRESS = "progress"
    PAUSE = "pause"
    CONVERT = "convert"
    FAIL = "fail"
    END = "end"  # by the timer only


_S = ConversionStatus
_T = ConversionTrigger

TRANSITIONS: Final[Mapping[tuple[ConversionStatus, ConversionTrigger], ConversionStatus]] = {
    (_S.PLANNED, _T.PROGRESS): _S.RUNNING,
    (_S.PLANNED, _T.PAUSE): _S.PAUSED,
    (_S.PLANNED, _T.CONVERT): _S.CONVERTED,
    (_S.PLANNED, _T.FAIL): _S.FAILED,
    (_S.PLANNED, _T.END): _S.ENDED,
    (_S.RUNNING, _T.PROGRESS): _S.RUNNING,
    (_S.RUNNING, _T.PAUSE): _S.PAUSED,
    (_S.RUNNING, _T.CONVERT): _S.CONVERTED,
    (_S.RUNNING, _T.FAIL): _S.FAILED,
    (_S.RUNNING, _T.END): _S.ENDED,
    (_S.PAUSED, _T.PROGRESS): _S.RUNNING,
    (_S.PAUSED, _T.CONVERT): _S.CONVERTED,
    (_S.PAUSED, _T.FAIL): _S.FAILED,
    (_S.PAUSED, _T.END): _S.ENDED,
    # What is on sale goes on, or is taken off it; what was given up may be taken up again.
    (_S.CONVERTED, _T.PROGRESS): _S.CONVERTED,
    (_S.CONVERTED, _T.FAIL): _S.FAILED,
    (_S.CONVERTED, _T.END): _S.ENDED,
    (_S.FAILED, _T.PROGRESS): _S.RUNNING,
    (_S.FAILED, _T.END): _S.ENDED,
}


class MilestoneKind(StrEnum):
    """Steps from a result to a market."""

    PILOT = "pilot"  # 中试
    PRODUCT = "product"  # 产品定型
    CERTIFICATION = "certification"  # 检测认证
    MASS_PRODUCTION = "mass_production"  # 量产
    FIRST_SALE = "first_sale"  # 首次销售
    OTHER = "other"


MILESTONE_LABELS: Final[Mapping[MilestoneKind, str]] = {
    MilestoneKind.PILOT: "中试",
    MilestoneKind.PRODUCT: "产品定型",
    MilestoneKind.CERTIFICATION: "检测认证",
    MilestoneKind.MASS_PRODUCTION: "量产",
    MilestoneKind.FIRST_SALE: "首次销售",
    MilestoneKind.OTHER: "其他",
}


class FailureReason(StrEnum):
    """Why a conversion failed."""

    TECHNOLOGY = "technology"  # 技术不成熟
    MARKET = "market"  # 市场需求不足
    FUNDING = "funding"  # 资金不足
    CAPACITY = "capacity"  # 设备或人员不足
    APPROVAL = "approval"  # 未获许可或认证
    PARTNER = "partner"  # 合作方原因
    OTHER = "other"


class ConversionNotOpen(Conflict):
    """Tracking begins when the deal's contract takes effect or its price is settled (ST240)."""

    code = "conversion_not_open"
    title_zh = "合同生效后方可进行转化跟踪"
    title_en = "Tracking begins when the contract takes effect"


class MilestoneUnknown(NotFound):
    """The plan has no such milestone; ``accepted`` names those that it has."""

    code = "conversion_milestone_unknown"
    title_zh = "转化计划中没有该节点"
    title_en = "The plan has no such milestone"


class ReportUnfit(RuleBroken):
    """A report contradicts itself or the calendar; ``rule`` says how."""

    code = "conversion_report_unfit"
    title_zh = "进展报告不符合要求"
    title_en = "The report does not fit"


class ConversionPeriodUnfit(RuleBroken):
    """The period ends after today, and within twenty years of its beginning."""

    code = "conversion_period_unfit"
    title_zh = "跟踪期限不符合要求"
    title_en = "The tracking period does not fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A planned step.

    Attributes:
        number: 1, 2, … in the plan's order.
        reached_on: Day that a report names.
    """

    number: int
    kind: MilestoneKind
    planned_on: date
    note: str | None = None
    reached_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What is tracked of one deal.

    Attributes:
        version: Of the plan: 0 before there is one, then rises by one.
        every_months: Months between reminders, 1..12.
        opened_on, until_on: First and last day of the tracking, in Asia/Shanghai.
        reports: How many there are.
        last_report_at: Market moment of the last one.
        converted_on: Day of the first report that says so.
        failure_reason: Of the last failure, while it holds.
    """

    deal_id: DealId
    market_id: MarketId
    status: ConversionStatus
    version: int
    milestones: tuple[Milestone, ...]
    every_months: int
    opened_on: date
    until_on: date
    reports: int = 0
    last_report_at: datetime | None = None
    converted_on: date | None = None
    failure_reason: FailureReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One progress report; never changed.

    Attributes:
        number: 1, 2, … within its deal.
        says: `ConversionTrigger` but for ``END``.
        reported_on: The day that it speaks of.
        milestone: Number of the step that was reached that day.
        evidence: Files of the reporter's party.
    """

    number: int
    party_id: PartyId
    says: ConversionTrigger
    reported_on: date
    text: str
    milestone: int | None
    failure_reason: FailureReason | None
    evidence: tuple[FileId, ...]
    at: datetime


def open_conversion(
    deal_id: DealId, market_id: MarketId, *, own_use: bool, at: datetime
) -> Conversion:
    """Return a new tracking: half-yearly for three years, five if the seller uses it itself.

    Invariant: ST240. Source: rules.md S1 (three to five years); default.
    """
    day = at.astimezone(SHANGHAI).date()
    years = YEARS_OWN_USE if own_use else YEARS
    return Conversion(
        deal_id=deal_id,
        market_id=market_id,
        status=ConversionStatus.PLANNED,
        version=0,
        milestones=(),
        every_months=EVERY_MONTHS,
        opened_on=day,
        until_on=months_later(day, 12 * years),
    )


def set_period(
    conversion: Conversion, *, every_months: int, until_on: date, today: date
) -> Conversion:
    """Return the tracking with another period.

    Raises:
        TransitionRefused: It is over.
        ConversionPeriodUnfit: Names the range.
    """
    advance(TRANSITIONS, state=conversion.status, trigger=ConversionTrigger.END)
    last = months_later(conversion.opened_on, 12 * YEARS_MAX)
    if not today < until_on <= last:
        raise ConversionPeriodUnfit(
            "Name a day to come.",
            field="until_on",
            minimum=today + timedelta(days=1),
            maximum=last,
        )
    return replace(conversion, every_months=every_months, until_on=until_on)


def replan(
    conversion: Conversion, milestones: Sequence[tuple[MilestoneKind, date, str | None]]
) -> Conversion:
    """Return the tracking with a new plan; a step that was reached stays reached.

    Steps are the same when kind and note are.

    Raises:
        TransitionRefused: The period is over.

    Invariant: ST241.
    """
    advance(TRANSITIONS, state=conversion.status, trigger=ConversionTrigger.END)
    reached = {
        (step.kind, step.note): step.reached_on
        for step in conversion.milestones
        if step.reached_on is not None
    }
    planned = tuple(
        Milestone(
            number=number,
            kind=kind,
            planned_on=planned_on,
            note=note,
            reached_on=reached.get((kind, note)),
        )
        for number, (kind, planned_on, note) in enumerate(milestones, 1)
    )
    return replace(conversion, milestones=planned, version=conversion.version + 1)


def take_report(conversion: Conversion, report: Report, *, confirmed_on: date) -> Conversion:
    """Return the tracking after a report.

    Args:
        confirmed_on: Day of the deal, before which nothing can have been converted.

    Raises:
        TransitionRefused: The tracking period is over, or what was given up is said to be done
            without having been taken up again.
        ReportUnfit, MilestoneUnknown: See there.

    Invariants: ST242, ST243.
    """
    status = advance(TRANSITIONS, state=conversion.status, trigger=report.says)
    _check_report(report, confirmed_on)
    failed = report.says is ConversionTrigger.FAIL
    converted_on = conversion.converted_on
    if report.says is ConversionTrigger.CONVERT and converted_on is None:
        converted_on = report.reported_on
    return replace(
        conversion,
        status=status,
        milestones=_reach(conversion.milestones, report),
        reports=conversion.reports + 1,
        last_report_at=report.at,
        converted_on=converted_on,
        failure_reason=report.failure_reason if failed else None,
    )


def _check_report(report: Report, confirmed_on: date) -> None:
    today = report.at.astimezone(SHANGHAI).date()
    if not confirmed_on <= report.reported_on <= today:
        raise ReportUnfit(
            "Report of a day between the deal and today.",
            field="reported_on",
            rule="out_of_range",
            minimum=confirmed_on,
            maximum=today,
        )
    if (report.says is ConversionTrigger.FAIL) != (report.failure_reason is not None):
        raise ReportUnfit(
            "A failure has a reason, and nothing else has.",
            field="failure_reason",
            rule="reason_of_failure",
            accepted=list(FailureReason) if report.says is ConversionTrigger.FAIL else None,
        )


def _reach(milestones: tuple[Milestone, ...], report: Report) -> tuple[Milestone, ...]:
    if report.milestone is None:
        return milestones
    if report.milestone not in {step.number for step in milestones}:
        raise MilestoneUnknown(
            "Name a step of the present plan.",
            field="milestone",
            accepted=[step.number for step in milestones],
        )
    return tuple(
        replace(step, reached_on=step.reached_on or report.reported_on)
        if step.number == report.milestone
        else step
        for step in milestones
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What a reminder says.

    Attributes:
        overdue: Steps whose planned day has passed.
        missing_years: Years since the deal whose figures nobody stated.
        silent: No report came since the last reminder.
    """

    silent: bool
    overdue: tuple[Milestone, ...] = ()
    missing_years: tuple[int, ...] = field(default=())

    @property
    def needed(self) -> bool:
        """Whether there is anything to say."""
        return self.silent or bool(self.overdue) or bool(self.missing_years)


def remind(conversion: Conversion, *, years: Collection[int], now: datetime) -> Reminder:
    """Return what the two sides are reminded of.

    Args:
        years: Those whose figures are stated.

    Invariant: ST246.
    """
    today = now.astimezone(SHANGHAI).date()
    since = months_later(today, -conversion.every_months)
    last = conversion.last_report_at
    return Reminder(
        silent=last is None or last.astimezone(SHANGHAI).date() < since,
        overdue=tuple(
            step
            for step in conversion.milestones
            if step.reached_on is None and step.planned_on < today
        ),
        missing_years=tuple(
            year for year in range(conversion.opened_on.year, today.year) if year not in years
        ),
    )


def next_reminder(conversion: Conversion, *, after: date) -> date | None:
    """Return the first day of a reminder behind a day; ``None`` when the period is over.

    Counted from the beginning, so that short months do not shift the days.
    """
    step = 1
    while (day := months_later(conversion.opened_on, step * conversion.every_months)) <= after:
        step += 1
    return day if day <= conversion.until_on else None
