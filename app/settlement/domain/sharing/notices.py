"""Award notices 奖励公示: published inside the unit, open to objections, decided by the unit.

Source: rules.md S6; 浙江省促进科技成果转化条例 39.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from app.settlement.domain.sharing.awards import (
    Plan,
    Sharing,
    SharingStatus,
    SharingTrigger,
    Standing,
)
from app.settlement.domain.sharing.dividing import Choice, GrantMode, Option, Person
from app.settlement.domain.sharing.schemes import Basis
from app.shared.calendar import SHANGHAI, DayUnit, Duration, WorkingCalendar, period_end
from app.shared.canonical import digest
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.jsonable import jsonable
from app.shared.money import Money

NOTICE_DAYS_MIN: Final = 15


class AwardNoticeTooShort(RuleBroken):
    """The notice runs at least 15 days; ``minimum`` names them."""

    code = "award_notice_too_short"
    title_zh = "公示期不得少于十五日"
    title_en = "The award notice is too short"


class OwnershipSharesMissing(RuleBroken):
    """The result's completers were given ownership: the sharing must say how much of it."""

    code = "ownership_shares_missing"
    title_zh = "成果已赋权，须填写各完成人的所有权份额"
    title_en = "Say which shares of ownership were granted"


class OwnershipNotGranted(RuleBroken):
    """The achievement says nothing of ownership granted before the conversion."""

    code = "ownership_not_granted"
    title_zh = "成果信息中没有赋权"
    title_en = "No ownership was granted before the conversion"


class SharingOptionNeedless(RuleBroken):
    """Only who was given ownership before the conversion chooses between it and the award."""

    code = "sharing_option_needless"
    title_zh = "该人员未获先赋权份额，无需选择"
    title_en = "This person has nothing to choose between"


class SharingOptionInFuture(RuleBroken):
    """A choice is recorded after it was made."""

    code = "sharing_option_in_future"
    title_zh = "选择日期晚于当前日期"
    title_en = "The choice lies in the future"


class AwardNoticeMissing(NotFound):
    """The sharing has no notice yet."""

    code = "award_notice_missing"
    title_zh = "尚未公示"
    title_en = "There is no award notice yet"


class SharingObjectionsClosed(Conflict):
    """The notice's period is over; ``maximum`` says since when."""

    code = "sharing_objections_closed"
    title_zh = "奖励公示期已满，不再接受异议"
    title_en = "The award notice is no longer open to objections"


class SharingObjectionUnknown(NotFound):
    """The sharing has no objection of this number."""

    code = "sharing_objection_unknown"
    title_zh = "没有该异议"
    title_en = "There is no such objection"


class SharingObjectionDecided(Conflict):
    """It was decided before."""

    code = "sharing_objection_decided"
    title_zh = "该异议已有处理结果"
    title_en = "The objection is decided already"


class SharingObjectionStatus(StrEnum):
    """What became of an objection."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    MOOT = "moot"  # another one was upheld: there will be a new notice


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingObjection:
    """An objection of a person of the unit, filed by its staff.

    Attributes:
        number: From 1 within the sharing.
    """

    number: int
    name: str
    text: str
    status: SharingObjectionStatus
    filed_at: datetime
    decision: str | None = None
    decided_at: datetime | None = None


def check_ownership(plan: Plan, *, granted: bool | None) -> None:
    """Refuse a notice that passes over 赋权, or invents it.

    Args:
        granted: Whether the achievement says that ownership was granted; ``None`` where there is
            no achievement.

    Raises:
        OwnershipSharesMissing: It was, and the plan names no share.
        OwnershipNotGranted: It was not, and the plan has shares granted before the conversion.

    Invariant: ST139. Source: rules.md S5.
    """
    named = any(person.ownership_bp for person in plan.persons)
    if granted and not named:
        raise OwnershipSharesMissing(
            "Enter each completer's share of the ownership.",
            field="persons.ownership_bp",
            accepted="1 to 10000 basis points together, with a grant_mode",
        )
    if granted is False and named and plan.grant_mode is GrantMode.BEFORE_CONVERSION:
        raise OwnershipNotGranted(
            "State the grant in the achievement first.",
            field="grant_mode",
            accepted=[str(GrantMode.AFTER_CONVERSION), None],
        )


def choose(
    sharing: Sharing, number: int, choice: Choice, *, chosen_on: date, statement: str, today: date
) -> tuple[Plan, Option]:
    """Return the plan with a person's recorded choice.

    Raises:
        SharingOptionNeedless: There is nothing to choose between.
        SharingOptionInFuture: Names today.

    Invariant: ST140.
    """
    plan = sharing.plan
    person = plan.persons[number - 1]
    if not person.ownership_bp or plan.grant_mode is not GrantMode.BEFORE_CONVERSION:
        raise SharingOptionNeedless(
            "Only a share granted before the conversion replaces the award.", field="person"
        )
    if chosen_on > today:
        raise SharingOptionInFuture("Record it when made.", field="chosen_on", maximum=today)
    told = {
        "sharing": sharing.number,
        "deal_id": sharing.deal_id,
        "person": person.name,
        "ownership_bp": person.ownership_bp,
        "choice": choice,
        "chosen_on": chosen_on,
        "statement": statement,
    }
    option = Option(choice, chosen_on, digest(jsonable(told)))
    persons = list(plan.persons)
    persons[number - 1] = replace(person, option=option)
    return replace(plan, persons=tuple(persons)), option


def keep_options(plan: Plan, earlier: Sequence[Person]) -> Plan:
    """Return a new plan with the choices of persons whose share it leaves as it was."""
    made = {(one.name, one.ownership_bp): one.option for one in earlier}
    persons = (replace(one, option=made.get((one.name, one.ownership_bp))) for one in plan.persons)
    return replace(plan, persons=tuple(persons))


def publish(
    sharing: Sharing,
    known: Standing,
    facts: Mapping[str, Any],
    *,
    days: int,
    now: datetime,
    days_off: WorkingCalendar,
) -> Sharing:
    """Return the sharing under notice: its content is frozen with its hash.

    Args:
        facts: What the notice says of deal and unit.
        days: Calendar days, at least 15; the period ends on a working day.

    Raises:
        TransitionRefused: It is no draft.
        AwardNoticeTooShort: Names the minimum.
        CalendarHorizonExceeded: The period leaves the known working days.

    Invariant: ST141.
    """
    if days < NOTICE_DAYS_MIN:
        raise AwardNoticeTooShort("Run it longer.", field="days", minimum=NOTICE_DAYS_MIN)
    duration = Duration(days, DayUnit.CALENDAR_DAY)
    ends_at = period_end(start=now, duration=duration, calendar=days_off)
    content = jsonable(
        {
            "number": sharing.number,
            "version": sharing.version,
            **facts,
            **_figures(sharing, known),
            "published_at": now,
            "ends_at": ends_at,
        }
    )
    return sharing.moved(
        SharingTrigger.NOTICE,
        notice=content,
        notice_hash=digest(content),
        notice_ends_at=ends_at,
    )


def _figures(sharing: Sharing, known: Standing) -> dict[str, Any]:
    plan = sharing.plan
    shares = plan.basis is Basis.SHARES

    def told(quantity: int) -> object:
        return quantity if shares else Money(quantity, sharing.currency)

    return {
        "scheme": {
            "name": plan.scheme.name,
            "version": plan.scheme.version,
            "title_zh": plan.scheme.title_zh,
            "source": plan.scheme.source,
        },
        "basis": plan.basis,
        "gross": None if known.net is None else known.net.gross,
        "net": told(known.division.total),
        "pools": {pool: told(part) for pool, part in known.division.pools.items()},
        "persons": [
            {
                "number": number,
                "name": one.person.name,
                "role": one.person.role,
                "weight": one.person.weight,
                "ownership_bp": one.person.ownership_bp,
                "choice": None if one.person.option is None else one.person.option.choice,
                "quantity": told(one.total),
            }
            for number, one in enumerate(known.persons, start=1)
        ],
    }


def objected(sharing: Sharing, now: datetime) -> Sharing:
    """Return the sharing with one more open objection.

    Raises:
        SharingObjectionsClosed: The notice's stored end has passed.
        TransitionRefused: There is no notice to object to.

    Invariant: ST141.
    """
    ends_at = sharing.notice_ends_at
    if sharing.status is not SharingStatus.DRAFT and ends_at is not None and ends_at <= now:
        raise SharingObjectionsClosed("The period is over.", maximum=ends_at)
    return sharing.moved(SharingTrigger.OBJECT)


def decide(
    objections: Sequence[SharingObjection],
    number: int,
    *,
    upheld: bool,
    decision: str,
    now: datetime,
) -> tuple[list[SharingObjection], SharingTrigger]:
    """Return the objections that change, and what that does to the sharing.

    Raises:
        SharingObjectionUnknown: Names the last number.
        SharingObjectionDecided: It is not open any more.

    Invariant: ST141.
    """
    found = next((one for one in objections if one.number == number), None)
    if found is None:
        raise SharingObjectionUnknown(
            "Objections are numbered from 1.", field="number", maximum=len(objections)
        )
    if found.status is not SharingObjectionStatus.OPEN:
        raise SharingObjectionDecided("Read its decision.", decided_at=found.decided_at)
    status = SharingObjectionStatus.UPHELD if upheld else SharingObjectionStatus.REJECTED
    decided = replace(found, status=status, decision=decision, decided_at=now)
    others = [
        one
        for one in objections
        if one.status is SharingObjectionStatus.OPEN and one.number != number
    ]
    if not upheld:
        return [decided], SharingTrigger.REJECT if others else SharingTrigger.CLEAR
    moot = [replace(one, status=SharingObjectionStatus.MOOT, decided_at=now) for one in others]
    return [decided, *moot], SharingTrigger.UPHOLD


def day_in_shanghai(moment: datetime) -> date:
    """Return the calendar day of a moment."""
    return moment.astimezone(SHANGHAI).date()
