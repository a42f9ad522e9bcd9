"""Bodies and views of matchmaking days."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.matching.domain.matchmaking import (
    INVITED_MAX,
    SLOTS_MAX,
    TABLES_MAX,
    Day,
    DayStatus,
    Setting,
    Slot,
)
from app.matching.domain.scheduling import Method, Without
from app.matching.schemas.matches import BasisView
from app.matching.schemas.wishes import Code
from app.matching.service.day_reading import DaySeen
from app.matching.service.matchmaking import Wanted
from app.platform.schema import Body, Instant, Line, Reason, UtcView, View
from app.shared.ids import PartyId


class SlotBody(Body):
    """When one round of meetings takes place."""

    starts_at: Instant
    ends_at: Instant


class AwayBody(Body):
    """When a party cannot come."""

    party_id: UUID
    slots: list[Annotated[int, Field(ge=1)]] = Field(
        min_length=1, max_length=SLOTS_MAX, description="Numbers of slots, from 1"
    )


class DayBody(Body):
    """A matchmaking day: invited is what is named, and all on offer of the fields named."""

    title: Line
    held_on: date
    place: Line
    slots: list[SlotBody] = Field(min_length=1, max_length=SLOTS_MAX)
    tables: int = Field(ge=1, le=TABLES_MAX, description="Meetings in one slot at most")
    meetings_max: int | None = Field(
        default=None, ge=1, le=SLOTS_MAX, description="Of one party; null: one in every slot"
    )
    demand_ids: list[UUID] = Field(default=[], max_length=INVITED_MAX)
    achievement_ids: list[UUID] = Field(default=[], max_length=INVITED_MAX)
    technology_fields: list[Code] = Field(default=[], max_length=20)
    away: list[AwayBody] = Field(default=[], max_length=2 * INVITED_MAX)

    def wanted(self) -> Wanted:
        """Return the domain's value."""
        away: dict[PartyId, frozenset[int]] = {}
        for item in self.away:
            party = PartyId(item.party_id)
            away[party] = away.get(party, frozenset()) | {slot - 1 for slot in item.slots}
        setting = Setting(
            slots=tuple(Slot(slot.starts_at, slot.ends_at) for slot in self.slots),
            tables=self.tables,
            meetings_max=self.meetings_max,
            demands=tuple(dict.fromkeys(self.demand_ids)),
            achievements=tuple(dict.fromkeys(self.achievement_ids)),
            away=away,
        )
        return Wanted(
            title=self.title,
            held_on=self.held_on,
            place=self.place,
            setting=setting,
            fields=self.technology_fields,
        )


class DayCancellationBody(Body):
    """Why a day does not take place."""

    reason: Reason


class SlotView(View):
    """When one round of meetings takes place."""

    starts_at: UtcView
    ends_at: UtcView


class AwayView(View):
    """When a party cannot come."""

    party_id: UUID
    slots: list[int]


class SettingView(View):
    """Whom a day invites."""

    demand_ids: list[UUID]
    achievement_ids: list[UUID]
    meetings_max: int | None
    away: list[AwayView]

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """Return the view of a setting."""
        return cls(
            demand_ids=list(setting.demands),
            achievement_ids=list(setting.achievements),
            meetings_max=setting.meetings_max,
            away=[
                AwayView(party_id=party, slots=sorted(slot + 1 for slot in slots))
                for party, slots in setting.away.items()
            ],
        )


class InvitedView(View):
    """An invited entry; what is gone has neither party nor revision."""

    id: UUID
    title: str | None
    party_id: UUID | None
    party_name: str | None
    revision: int | None


class PointsView(View):
    """What one factor gives to a score."""

    name: str
    points_bp: int
    note_zh: str
    note_en: str


class MeetingView(View):
    """A meeting with its reason."""

    slot: int
    table: int
    starts_at: UtcView
    ends_at: UtcView
    demand: InvitedView
    achievement: InvitedView
    score_bp: int
    verdict: str
    why_zh: str
    why_en: str
    points: list[PointsView]


class WithoutView(View):
    """An invited entry without a meeting, and why."""

    entry: InvitedView
    why: Without
    why_zh: str
    why_en: str


class PartView(View):
    """What of a published plan the caller may read."""

    meetings: list[MeetingView]
    without: list[WithoutView]


class CeilingView(View):
    """What no schedule exceeds."""

    demands_served: int
    score_bp: int


class PlanView(PartView):
    """A plan that waits to be published."""

    method: Method
    optimal: bool = Field(
        description="Proven: none serves more demands, or as many with a higher score"
    )
    demands_served: int
    score_bp: int
    ceiling: CeilingView
    basis: BasisView


class DaySummary(View):
    """What everybody may know of a day."""

    id: UUID
    market_id: UUID
    status: DayStatus
    title: str
    held_on: date
    place: str
    tables: int
    slots: list[SlotView]
    version: int = Field(description="Of the published plan; 0: none yet")
    reason: str | None

    @classmethod
    def of(cls, day: Day, **more: Any) -> Self:
        """Return the view of a day."""
        return cls(
            id=day.id,
            market_id=day.market_id,
            status=day.status,
            title=day.title,
            held_on=day.held_on,
            place=day.place,
            tables=day.setting.tables,
            slots=[SlotView.model_validate(slot) for slot in day.setting.slots],
            version=day.version,
            reason=day.reason,
            **more,
        )


class DayView(DaySummary):
    """A day with what of its plan the caller may read; setting and draft are for the staff."""

    content_hash: str | None
    published_at: UtcView | None
    schedule: PartView | None
    setting: SettingView | None
    draft: PlanView | None

    @classmethod
    def seen(cls, seen: DaySeen) -> Self:
        """Return the view of a day for one viewer."""
        day, plan = seen.day, seen.plan
        draft = day.plan if seen.staff else None
        return cls.of(
            day,
            content_hash=None if plan is None else plan.content_hash,
            published_at=None if plan is None else plan.published_at,
            schedule=None if seen.part is None else PartView.model_validate(dict(seen.part)),
            setting=SettingView.of(day.setting) if seen.staff else None,
            draft=None if draft is None else PlanView.model_validate(dict(draft)),
        )
