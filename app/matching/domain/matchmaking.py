"""Matchmaking days 对接日: who is invited, when and where, and what moves a day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.matching.domain.entry import EntryKind
from app.matching.domain.scheduling import Hall
from app.shared.calendar import SHANGHAI
from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import MarketId, PartyId
from app.shared.jsonable import jsonable

INVITED_MAX: Final = 200  # of each kind
SLOTS_MAX: Final = 24
TABLES_MAX: Final = 100


class DayStatus(StrEnum):
    """Where the preparation of a day stands; a published plan holds until the next one is."""

    DRAFT = "draft"
    PLANNED = "planned"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class DayTrigger(StrEnum):
    """What moves a day."""

    CHANGE = "change"
    PLAN = "plan"
    PUBLISH = "publish"
    CANCEL = "cancel"


_S, _T = DayStatus, DayTrigger

DAY_TRANSITIONS: Final[Mapping[tuple[DayStatus, DayTrigger], DayStatus]] = {
    (_S.DRAFT, _T.CHANGE): _S.DRAFT,
    (_S.DRAFT, _T.PLAN): _S.PLANNED,
    (_S.DRAFT, _T.CANCEL): _S.CANCELLED,
    (_S.PLANNED, _T.CHANGE): _S.DRAFT,
    (_S.PLANNED, _T.PLAN): _S.PLANNED,
    (_S.PLANNED, _T.PUBLISH): _S.PUBLISHED,
    (_S.PLANNED, _T.CANCEL): _S.CANCELLED,
    (_S.PUBLISHED, _T.CHANGE): _S.DRAFT,
    (_S.PUBLISHED, _T.PLAN): _S.PLANNED,  # entries have changed, or come and gone
    (_S.PUBLISHED, _T.CANCEL): _S.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Slot:
    """When meetings take place, one at each table."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a day offers and whom it invites.

    Attributes:
        slots: One after the other, all on the day.
        tables: Meetings in one slot at most.
        meetings_max: Of one party; ``None``: one in every slot.
        demands, achievements: Ids, each once.
        away: Slots, counted from 0, in which a party cannot come.
    """

    slots: tuple[Slot, ...]
    tables: int
    meetings_max: int | None
    demands: tuple[UUID, ...]
    achievements: tuple[UUID, ...]
    away: Mapping[PartyId, frozenset[int]] = field(default_factory=dict)

    @property
    def hall(self) -> Hall:
        """What the schedule is made for."""
        return Hall(
            slots=len(self.slots),
            tables=self.tables,
            meetings_max=self.meetings_max,
            away=self.away,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the stored form."""
        told: dict[str, Any] = jsonable(self)
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Setting":
        """Read the stored form back."""
        return cls(
            slots=tuple(
                Slot(*(datetime.fromisoformat(slot[name]) for name in ("starts_at", "ends_at")))
                for slot in told["slots"]
            ),
            tables=told["tables"],
            meetings_max=told["meetings_max"],
            demands=tuple(map(UUID, told["demands"])),
            achievements=tuple(map(UUID, told["achievements"])),
            away={PartyId(UUID(party)): frozenset(slots) for party, slots in told["away"].items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A matchmaking day of a market.

    Attributes:
        revision: Counts its settings from 1; what `If-Match` names.
        version: Of the plan that was published last; 0 before the first.
        plan: The schedule that waits to be published; see `domain.planning`.
    """

    id: UUID
    market_id: MarketId
    status: DayStatus
    title: str
    held_on: date
    place: str
    setting: Setting
    created_at: datetime
    revision: int = 1
    version: int = 0
    plan: Mapping[str, Any] | None = None
    reason: str | None = None

    @property
    def begins_at(self) -> datetime:
        """When its first slot begins."""
        return self.setting.slots[0].starts_at


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it was published."""

    day_id: UUID
    version: int
    content: Mapping[str, Any]
    content_hash: str
    published_at: datetime


class DayInvalid(RuleBroken):
    """The setting breaks rules; ``errors`` names each fault."""

    code = "matchmaking_day_invalid"
    title_zh = "对接日设置不符合要求"
    title_en = "The matchmaking day's setting breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class DayChanged(Conflict):
    """``If-Match`` is missing or old, or the setting changed while the plan was being made."""

    code = "matchmaking_day_changed"
    title_zh = "对接日设置已变更，请重新读取"
    title_en = "The matchmaking day has changed; read it again"


class DayBegun(Conflict):
    """Nothing is planned or changed once it has begun."""

    code = "matchmaking_day_begun"
    title_zh = "对接日已开始"
    title_en = "The matchmaking day has begun"


class PlanOutdated(Conflict):
    """An entry of the plan is not matchable any more, or its content has changed."""

    code = "matchmaking_plan_outdated"
    title_zh = "方案中的条目已变更或下架，请重新排期"
    title_en = "Entries of the plan have changed or are gone; plan again"


class PlanUnpublished(Conflict):
    """There is no published plan to print."""

    code = "matchmaking_plan_unpublished"
    title_zh = "对接日程尚未发布"
    title_en = "No plan of this day is published"


def check_revision(day: Day, seen: str | None) -> None:
    """Refuse a change that does not name the present revision.

    Raises:
        DayChanged: ``accepted`` is the present revision's tag.
    """
    present = f'"{day.revision}"'
    if seen is None or seen.strip() != present:
        raise DayChanged("Read it again.", field="If-Match", accepted=present)


def check_ahead(day: Day, now: datetime) -> None:
    """Refuse what must come before the day begins.

    Raises:
        DayBegun: Names the beginning.
    """
    if now >= day.begins_at:
        raise DayBegun("It has begun.", starts_at=day.begins_at)


def check_setting(
    setting: Setting,
    held_on: date,
    *,
    now: datetime,
    offered: Mapping[UUID, tuple[EntryKind, PartyId]],
) -> None:
    """Refuse a setting that breaks a rule, naming all faults.

    Args:
        offered: Kind and party of those invited entries that can be matched in this market now.

    Raises:
        DayInvalid: Rules ``in_the_past``, ``ends_before_start``, ``outside_the_day``,
            ``overlaps``, ``nobody_invited``, ``too_many``, ``not_matchable``, ``not_invited``,
            ``slot_unknown``.

    Invariant: MT84.
    """
    findings = Findings()
    need = findings.require
    need(
        setting.slots[0].starts_at > now,
        "slots.0",
        rule="in_the_past",
        message="The day lies in the past.",
    )
    over = setting.slots[0].starts_at
    for index, slot in enumerate(setting.slots):
        where = f"slots.{index}"
        last = slot.ends_at > slot.starts_at
        need(last, where, rule="ends_before_start", message="It ends after it begins.")
        inside = all(_lies_on(held_on, it) for it in (slot.starts_at, slot.ends_at))
        need(inside, where, rule="outside_the_day", message="It is on another day.")
        apart = slot.starts_at >= over
        need(apart, where, rule="overlaps", message="The slot before is not over.")
        over = max(over, slot.ends_at)
    _check_invited(findings, setting, offered)
    if findings.errors:
        raise DayInvalid(findings.summary(), errors=findings.errors)


def _lies_on(day: date, moment: datetime) -> bool:
    # By difference: a moment at the end of the calendar has no form in Shanghai.
    return timedelta(0) <= moment - datetime.combine(day, time(), SHANGHAI) < timedelta(days=1)


def _check_invited(
    findings: Findings, setting: Setting, offered: Mapping[UUID, tuple[EntryKind, PartyId]]
) -> None:
    need = findings.require
    invited = {EntryKind.DEMAND: setting.demands, EntryKind.ACHIEVEMENT: setting.achievements}
    for kind, entries in invited.items():
        where = f"{kind}_ids"
        need(bool(entries), where, rule="nobody_invited", message="Invite at least one.")
        few = len(entries) <= INVITED_MAX
        need(few, where, rule="too_many", message="Too many at once.", maximum=INVITED_MAX)
        for entry in entries:
            fits = entry in offered and offered[entry][0] is kind
            need(fits, where, rule="not_matchable", message=f"{entry} is not on offer here.")
    known = {party for _, party in offered.values()}
    for party, slots in setting.away.items():
        where = f"away.{party}"
        need(party in known, where, rule="not_invited", message="Nothing of it is invited.")
        there = all(slot < len(setting.slots) for slot in slots)
        need(there, where, rule="slot_unknown", message="There is no such slot.")
