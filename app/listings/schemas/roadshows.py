"""Bodies and views of roadshows."""

from typing import Self
from uuid import UUID

from pydantic import Field

from app.listings.domain.roadshow import (
    AgendaItem,
    Roadshow,
    RoadshowContent,
    RoadshowKind,
    RoadshowStatus,
    SignupStatus,
)
from app.platform.schema import Body, Instant, Line, Reason, UtcView, View
from app.shared.ids import AchievementId, DemandId


class AgendaItemBody(Body):
    """An item of the agenda; it shows an achievement or a demand, or neither."""

    title: Line
    speaker: Line
    starts_at: Instant
    minutes: int = Field(ge=1, le=600)
    achievement_id: UUID | None = None
    demand_id: UUID | None = None

    def item(self) -> AgendaItem:
        """Return the domain's value."""
        shown, demand = self.achievement_id, self.demand_id
        return AgendaItem(
            title=self.title,
            speaker=self.speaker,
            starts_at=self.starts_at,
            minutes=self.minutes,
            achievement_id=None if shown is None else AchievementId(shown),
            demand_id=None if demand is None else DemandId(demand),
        )


class RoadshowBody(Body):
    """A roadshow as it is planned."""

    title: Line
    kind: RoadshowKind
    place: Line | None = None
    link: Line | None = Field(default=None, description="For who has a seat only")
    starts_at: Instant
    ends_at: Instant
    capacity: int = Field(ge=1, le=100_000)
    agenda: list[AgendaItemBody] = Field(min_length=1, max_length=100)

    def content(self) -> RoadshowContent:
        """Return the domain's value."""
        return RoadshowContent(
            title=self.title,
            kind=self.kind,
            place=self.place,
            link=self.link,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            capacity=self.capacity,
            agenda=tuple(item.item() for item in self.agenda),
        )


class CancellationBody(Body):
    """Why a roadshow does not take place."""

    reason: Reason


class AgendaItemView(View):
    """An item of the agenda."""

    title: str
    speaker: str
    starts_at: UtcView
    ends_at: UtcView
    minutes: int
    achievement_id: UUID | None
    demand_id: UUID | None


class RoadshowView(View):
    """A roadshow; the link is null for who has no seat."""

    id: UUID
    market_id: UUID
    status: RoadshowStatus
    version: int
    title: str
    kind: RoadshowKind
    place: str | None
    link: str | None
    starts_at: UtcView
    ends_at: UtcView
    capacity: int
    agenda: list[AgendaItemView]
    reason: str | None

    @classmethod
    def of(cls, roadshow: Roadshow, *, seated: bool) -> Self:
        """Return the view of a roadshow."""
        content = roadshow.content
        told = {
            name: getattr(content if hasattr(content, name) else roadshow, name)
            for name in cls.model_fields
        }
        return cls.model_validate(told if seated else told | {"link": None})


class SignupBody(Body):
    """Seats for the caller's party."""

    seats: int = Field(default=1, ge=1, le=1000)


class AttendanceBody(Body):
    """How many people of a party came."""

    party_id: UUID
    people: int = Field(ge=0, le=1000)


class InterestBody(Body):
    """An item of the agenda, by its number from 1."""

    item: int = Field(ge=1, le=100)


class SignupView(View):
    """A party's seats, or its place in the waiting list."""

    id: UUID
    roadshow_id: UUID
    party_id: UUID
    place: int
    seats: int
    status: SignupStatus
    signed_up_at: UtcView
    attended: int | None


class InterestView(View):
    """A party's interest in an item."""

    item: int
    party_id: UUID
    achievement_id: UUID | None
    noted_at: UtcView
