"""Bodies and views of diagnosis, mergers and splits."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.diagnosis import (
    DiagnosisOpinion,
    DiagnosisOutcome,
    DiagnosisSeat,
    Verdict,
)
from app.demands.domain.reshaping import (
    PARTS_MAX,
    Part,
    Reshaping,
    ReshapingKind,
    ReshapingStatus,
)
from app.demands.schemas.demands import DemandView
from app.demands.service.deciding import Decision
from app.demands.service.diagnosing import DiagnosisSeen
from app.demands.service.reshaping import Answer
from app.platform.schema import Body, Instant, Line, Reason, UtcView, View
from app.shared.ids import DemandId, PartyId


class DiagnosisExpertsBody(Body):
    """Experts to ask, by the memberships in which they act for their units."""

    membership_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]
    due_at: Instant = Field(description="An opinion is in time before it")


class DiagnosisOpinionBody(Body):
    """An expert's opinion; it is given once."""

    verdict: Verdict
    score: int = Field(ge=0, le=100)
    reason: Reason
    merge_into: UUID | None = Field(default=None, description="Exactly with `merge`")
    parts: list[Line] = Field(
        default=[], max_length=PARTS_MAX, description="Titles, exactly with `split`"
    )

    def plain(self) -> DiagnosisOpinion:
        """Return the domain's value."""
        return DiagnosisOpinion(
            verdict=self.verdict,
            score=self.score,
            reason=self.reason,
            merge_into=None if self.merge_into is None else DemandId(self.merge_into),
            parts=tuple(self.parts),
        )


class PartBody(Body):
    """A part of a split."""

    title: Line
    targets: list[Annotated[int, Field(ge=0, le=49)]] = Field(
        max_length=50, description="Which of the demand's targets it takes, from 0"
    )


class DecisionBody(Body):
    """The exchange's decision; all but a clearance says why."""

    outcome: DiagnosisOutcome
    reason: Reason | None = None
    due_at: Instant | None = Field(default=None, description="With `return`: mended before it")
    merge_into: UUID | None = Field(default=None, description="With `merge`")
    parts: list[PartBody] = Field(default=[], max_length=20, description="With `split`: 2 to 6")

    def plain(self) -> Decision:
        """Return the service's value."""
        return Decision(
            outcome=self.outcome,
            reason=self.reason,
            due_at=self.due_at,
            merge_into=None if self.merge_into is None else DemandId(self.merge_into),
            parts=tuple(Part(part.title, tuple(part.targets)) for part in self.parts),
        )


class ConsentBody(Body):
    """A poster's answer to a merger or a split; who declines says why."""

    reshaping_id: UUID
    consents: bool
    reason: Reason | None = None

    def plain(self) -> Answer:
        """Return the service's value."""
        return Answer(reshaping_id=self.reshaping_id, consents=self.consents, reason=self.reason)


class PartView(View):
    """A part of a split."""

    title: str
    targets: list[int]


class ReshapingView(View):
    """What posters are asked, as one of them or the exchange sees it."""

    id: UUID
    kind: ReshapingKind
    status: ReshapingStatus
    explanation: str = Field(description="The exchange's words")
    parts: list[PartView]
    asked_at: UtcView
    ended_at: UtcView | None
    answered: bool = Field(description="Whether the demand's poster has consented")
    waits_for: int = Field(description="How many consents are missing")
    reason: str | None = Field(description="Why it was declined")
    demand_id: UUID | None = Field(description="What is merged or split; of the own side only")
    into: UUID | None = Field(description="Of the own side only, until all consented")

    @classmethod
    def of(cls, reshaping: Reshaping, demand: Demand, *, staff: bool) -> Self:
        """Return what the poster of ``demand``, or the staff, may read.

        Before all have consented, nothing of the other side's demand is told, not its id.
        """
        party: PartyId = demand.party_id
        whole = staff or reshaping.status is ReshapingStatus.DONE
        return cls(
            id=reshaping.id,
            kind=reshaping.kind,
            status=reshaping.status,
            explanation=reshaping.explanation,
            parts=[PartView.model_validate(part) for part in reshaping.parts],
            asked_at=reshaping.asked_at,
            ended_at=reshaping.ended_at,
            answered=party in reshaping.consented,
            waits_for=len(reshaping.waits_for),
            reason=reshaping.reason,
            demand_id=(reshaping.demand_id if whole or reshaping.demand_id == demand.id else None),
            into=reshaping.into if whole or reshaping.into == demand.id else None,
        )


class DecisionView(View):
    """What was decided, and what posters are now asked."""

    demand: DemandView
    asked: ReshapingView | None

    @classmethod
    def of(cls, demand: Demand, asked: Reshaping | None) -> Self:
        """Return the view for the staff."""
        return cls(
            demand=DemandView.of_seen(demand, near=True, restricted=True),
            asked=None if asked is None else ReshapingView.of(asked, demand, staff=True),
        )


class DiagnosisOpinionView(View):
    """An opinion with what it names."""

    verdict: Verdict
    score: int
    reason: str
    merge_into: UUID | None
    parts: list[str]


class DiagnosisSeatView(View):
    """An expert who was asked; the opinion is null while it is closed."""

    id: UUID
    demand_id: UUID
    user_id: UUID
    party_id: UUID
    expert_name: str
    appointed_at: UtcView
    due_at: UtcView
    given_at: UtcView | None
    opinion: DiagnosisOpinionView | None

    @classmethod
    def of(cls, seat: DiagnosisSeat) -> Self:
        """Return the view of a seat."""
        return cls.model_validate(seat)


class DiagnosisSeatsView(View):
    """All experts who were asked to judge a submission."""

    experts: list[DiagnosisSeatView]


class DiagnosisTaskView(View):
    """A demand that an expert was asked to diagnose."""

    id: UUID
    demand_id: UUID
    title: str
    due_at: UtcView
    given_at: UtcView | None

    @classmethod
    def of(cls, seat: DiagnosisSeat, title: str) -> Self:
        """Return the view of a seat with the demand's title."""
        return cls(
            id=seat.id,
            demand_id=seat.demand_id,
            title=title,
            due_at=seat.due_at,
            given_at=seat.given_at,
        )


class DiagnosisView(View):
    """A demand's diagnosis, as far as it is for the caller."""

    demand_id: UUID
    status: DemandStatus
    due_at: UtcView | None
    demand: DemandView | None = Field(description="For an expert: all of it, while it judges")
    experts: list[DiagnosisSeatView] = Field(description="For staff all, for an expert itself")
    opinions: list[dict[str, Any]] | None = Field(
        description="Without names; for the poster once they have decided"
    )

    @classmethod
    def of(cls, seen: DiagnosisSeen) -> Self:
        """Return what a viewer may read of a diagnosis."""
        demand = seen.demand
        return cls(
            demand_id=demand.id,
            status=demand.status,
            due_at=demand.due_at,
            demand=(
                DemandView.of_seen(demand, near=False, restricted=True) if seen.judging else None
            ),
            experts=[DiagnosisSeatView.of(seat) for seat in seen.seats],
            opinions=None if seen.opinions is None else list(seen.opinions),
        )
