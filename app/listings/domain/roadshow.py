"""Roadshows 路演: events of a market with an agenda, seats and a waiting list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.shared.errors import Conflict, RuleBroken
from app.shared.findings import Findings
from app.shared.ids import AchievementId, DemandId, MarketId, PartyId, RoadshowId


class RoadshowKind(StrEnum):
    """How one takes part."""

    ONLINE = "online"
    OFFLINE = "offline"
    HYBRID = "hybrid"


class RoadshowStatus(StrEnum):
    """Where a roadshow stands."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    HELD = "held"
    CANCELLED = "cancelled"


class RoadshowTrigger(StrEnum):
    """What moves a roadshow."""

    CHANGE = "change"
    ANNOUNCE = "announce"
    HOLD = "hold"
    CANCEL = "cancel"
    SIGN_UP = "sign_up"


_S = RoadshowStatus
_T = RoadshowTrigger

ROADSHOW_TRANSITIONS: Final[Mapping[tuple[RoadshowStatus, RoadshowTrigger], RoadshowStatus]] = {
    (_S.DRAFT, _T.CHANGE): _S.DRAFT,
    (_S.DRAFT, _T.ANNOUNCE): _S.ANNOUNCED,
    (_S.DRAFT, _T.CANCEL): _S.CANCELLED,
    (_S.ANNOUNCED, _T.CHANGE): _S.ANNOUNCED,
    (_S.ANNOUNCED, _T.SIGN_UP): _S.ANNOUNCED,  # also signing off and noting an interest
    (_S.ANNOUNCED, _T.HOLD): _S.HELD,
    (_S.ANNOUNCED, _T.CANCEL): _S.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem:
    """One item; shows an achievement or a demand, or is neither (an opening speech).

    Attributes:
        minutes: How long it takes, positive.
    """

    title: str
    speaker: str
    starts_at: datetime
    minutes: int
    achievement_id: AchievementId | None = None
    demand_id: DemandId | None = None

    @property
    def ends_at(self) -> datetime:
        """Return the moment at which it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadshowContent:
    """What is announced; ``link`` is told to who has a seat only."""

    title: str
    kind: RoadshowKind
    place: str | None
    link: str | None
    starts_at: datetime
    ends_at: datetime
    capacity: int
    agenda: tuple[AgendaItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roadshow:
    """An event of a market; ``version`` counts its contents from 1."""

    id: RoadshowId
    market_id: MarketId
    status: RoadshowStatus
    version: int
    content: RoadshowContent
    created_at: datetime
    reason: str | None = None


class SignupStatus(StrEnum):
    """What a party has."""

    SEATED = "seated"
    WAITING = "waiting"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signup:
    """A party's seats.

    Attributes:
        place: Order of arrival in its roadshow, from 1.
        attended: How many people came, ``None`` before it was recorded.
    """

    id: UUID
    roadshow_id: RoadshowId
    market_id: MarketId
    party_id: PartyId
    place: int
    seats: int
    status: SignupStatus
    signed_up_at: datetime
    attended: int | None = None


class RoadshowInvalid(RuleBroken):
    """The content breaks rules; ``errors`` names each fault."""

    code = "roadshow_invalid"
    title_zh = "路演信息不符合要求"
    title_en = "The roadshow's content breaks rules"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail, errors=errors)


class RoadshowChanged(Conflict):
    """``If-Match`` is missing or does not name the present version."""

    code = "roadshow_changed"
    title_zh = "路演信息已变更，请携带最新版本号"
    title_en = "Name the roadshow's present version in If-Match"


class RoadshowBegun(Conflict):
    """Signing up, announcing and changing end when it begins."""

    code = "roadshow_begun"
    title_zh = "路演已开始"
    title_en = "The roadshow has begun"


class RoadshowNotBegun(Conflict):
    """It is held, and attendance is recorded, once it has begun."""

    code = "roadshow_not_begun"
    title_zh = "路演尚未开始"
    title_en = "The roadshow has not begun"


class SeatsTaken(Conflict):
    """The new capacity is below the seats that are given."""

    code = "seats_taken"
    title_zh = "容量不能少于已确认席位"
    title_en = "More seats are given than would be left"


class AlreadySignedUp(Conflict):
    """A party signs up once."""

    code = "already_signed_up"
    title_zh = "本单位已报名"
    title_en = "Your party has signed up already"


class SeatsAboveCapacity(RuleBroken):
    """No party gets more seats than there are."""

    code = "seats_above_capacity"
    title_zh = "报名席位超过路演容量"
    title_en = "More seats than the roadshow has"


class SignupUnknown(Conflict):
    """The party has not signed up."""

    code = "signup_unknown"
    title_zh = "该单位未报名"
    title_en = "The party has not signed up"


def check_content(
    content: RoadshowContent,
    *,
    now: datetime,
    achievements: frozenset[UUID],
    demands: frozenset[UUID],
) -> None:
    """Refuse content that breaks a rule, naming all faults.

    Args:
        achievements: Those of its agenda that are accepted results of its market.
        demands: Those of its agenda that are demands of its market.

    Raises:
        RoadshowInvalid: Rules ``starts_in_the_past``, ``ends_before_start``, ``place_missing``,
            ``link_missing``, ``outside_the_event``, ``overlaps``, ``achievement_not_accepted``,
            ``demand_unknown``, ``one_subject``.

    Invariant: LS96.
    """
    findings = Findings()
    need = findings.require
    need(content.starts_at > now, "starts_at", rule="starts_in_the_past", message="Too late.")
    ends_late = content.ends_at > content.starts_at
    need(ends_late, "ends_at", rule="ends_before_start", message="It ends after it begins.")
    placed = content.kind is RoadshowKind.ONLINE or content.place is not None
    need(placed, "place", rule="place_missing", message="Say where.")
    linked = content.kind is RoadshowKind.OFFLINE or content.link is not None
    need(linked, "link", rule="link_missing", message="Say how to join.")
    over = content.starts_at
    for index, item in enumerate(content.agenda):
        where = f"agenda.{index}"
        inside = content.starts_at <= item.starts_at and item.ends_at <= content.ends_at
        need(inside, where, rule="outside_the_event", message="The item lies outside the event.")
        apart = item.starts_at >= over
        need(apart, where, rule="overlaps", message="It begins before the one before is over.")
        over = max(over, item.ends_at)
        both = item.achievement_id is not None and item.demand_id is not None
        need(not both, where, rule="one_subject", message="Show an achievement or a demand.")
        shown = item.achievement_id is None or item.achievement_id in achievements
        need(
            shown,
            f"{where}.achievement_id",
            rule="achievement_not_accepted",
            message="No accepted achievement of this market.",
        )
        known = item.demand_id is None or item.demand_id in demands
        need(
            known,
            f"{where}.demand_id",
            rule="demand_unknown",
            message="No demand of this market.",
        )
    if findings.errors:
        raise RoadshowInvalid(findings.summary(), errors=findings.errors)


def check_before_start(roadshow: Roadshow, now: datetime) -> None:
    """Refuse what must come before the beginning.

    Raises:
        RoadshowBegun: Names the beginning.
    """
    if now >= roadshow.content.starts_at:
        raise RoadshowBegun("It has begun.", starts_at=roadshow.content.starts_at)


def check_begun(roadshow: Roadshow, now: datetime) -> None:
    """Refuse what comes after the beginning.

    Raises:
        RoadshowNotBegun: Names the beginning.
    """
    if now < roadshow.content.starts_at:
        raise RoadshowNotBegun("Wait for it.", minimum=roadshow.content.starts_at)


def check_version(roadshow: Roadshow, seen: str | None) -> None:
    """Refuse a change that does not name the present version.

    Raises:
        RoadshowChanged: ``accepted`` is the present version's tag.
    """
    present = f'"{roadshow.version}"'
    if seen is None or seen.strip() != present:
        raise RoadshowChanged("Read it again.", field="If-Match", accepted=present)


def given(signups: Sequence[Signup]) -> int:
    """Return how many seats are given."""
    return sum(item.seats for item in signups if item.status is SignupStatus.SEATED)


def status_for(signups: Sequence[Signup], *, seats: int, capacity: int) -> SignupStatus:
    """Return what a party that signs up now gets: nobody passes who waits already.

    Raises:
        SeatsAboveCapacity: It would wait for ever.

    Invariant: LS97.
    """
    if seats > capacity:
        raise SeatsAboveCapacity("Ask for fewer seats.", field="seats", maximum=capacity)
    waits = any(item.status is SignupStatus.WAITING for item in signups)
    fits = given(signups) + seats <= capacity
    return SignupStatus.SEATED if fits and not waits else SignupStatus.WAITING


def moved_up(signups: Sequence[Signup], *, capacity: int) -> Sequence[Signup]:
    """Return those who get seats now, first come, first served, none passed over.

    Invariant: LS97.
    """
    free = capacity - given(signups)
    moved = []
    for item in sorted(signups, key=lambda signup: signup.place):
        if item.status is not SignupStatus.WAITING:
            continue
        if item.seats > free:
            break
        free -= item.seats
        moved.append(replace(item, status=SignupStatus.SEATED))
    return moved
