"""Bodies and views of reviews, presentations and objections to results."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.demands.domain.objection import (
    DemandObjection,
    DemandObjectionGround,
    DemandObjectionStatus,
    Reopening,
    may_read_objector,
)
from app.demands.domain.presentation import PresentationState, PresentationTrigger
from app.demands.domain.ranking import Fate
from app.demands.domain.review import ReviewStatus
from app.demands.domain.scoring import Score, Sheet
from app.demands.repository.results import Place
from app.demands.service.objecting import NewDemandObjection
from app.demands.service.review_reading import Shown, Sight
from app.platform.schema import (
    Body,
    Instant,
    Line,
    MoneyJson,
    Paragraph,
    Reason,
    UtcView,
    View,
)
from app.shared.access import Viewer
from app.shared.ids import FileId, MembershipId, ProposalId
from app.shared.panels import Appointment, Departure

SEATS_MAX = 51
ProposalCode = Annotated[
    str, StringConstraints(min_length=1, max_length=20, pattern=r"^[0-9A-Z]+$")
]


class ReviewSeatBody(Body):
    """An expert for a seat, by membership."""

    membership_id: UUID
    chair: bool = False


class ReviewPanelBody(Body):
    """The whole panel: odd, with one chair."""

    seats: list[ReviewSeatBody] = Field(min_length=1, max_length=SEATS_MAX)

    def appointments(self) -> tuple[Appointment, ...]:
        """Return the domain's values."""
        return tuple(
            Appointment(membership_id=MembershipId(seat.membership_id), chair=seat.chair)
            for seat in self.seats
        )


class ReviewReplacementBody(Body):
    """Who takes over a seat, and why."""

    seat: int = Field(ge=1, le=SEATS_MAX)
    membership_id: UUID
    reason: Reason


class ReviewDeclarationBody(Body):
    """An interest in poster or proposals, or ``null`` for none."""

    interest: Reason | None = Field(description="null declares that there is none")


class ReviewDeadlineBody(Body):
    """Until when scores are taken."""

    due_at: Instant


class ReviewReasonBody(Body):
    """Why."""

    reason: Reason


class ReviewScoreBody(Body):
    """Points of 100 with their reason."""

    points: int = Field(ge=-1_000_000, le=1_000_000)
    reason: Paragraph


class ReviewSheetBody(Body):
    """A whole sheet: every admitted proposal on every published criterion."""

    scores: dict[UUID, dict[Line, ReviewScoreBody]] = Field(
        max_length=5_000, description="By the proposal's id and the criterion's name"
    )

    def sheet(self) -> Sheet:
        """Return the domain's value."""
        return {
            ProposalId(proposal_id): {
                name: Score(points=score.points, reason=score.reason)
                for name, score in scores.items()
            }
            for proposal_id, scores in self.scores.items()
        }


class RoutesBody(Body):
    """What the panel calls each proposal's route, by code."""

    routes: dict[ProposalCode, Line] = Field(min_length=1, max_length=5_000)


class PresentationsBody(Body):
    """When the presentations begin and how long each lasts, with its questions."""

    starts_at: Instant
    minutes: int = Field(ge=5, le=480)


class PresentationMoveBody(Body):
    """What becomes of a proposal's presentation."""

    code: ProposalCode
    act: PresentationTrigger


class PresentationView(View):
    """A presentation, by the proposal's code."""

    code: str
    place: int
    starts_at: UtcView
    state: PresentationState
    called_at: UtcView | None
    ended_at: UtcView | None


class PresentationList(View):
    """All presentations of the present review in drawn order."""

    items: list[PresentationView]


class ReviewSeatView(View):
    """A seat of the panel."""

    number: int
    name: str
    unit_name: str
    chair: bool
    declared_at: UtcView | None
    handed_in_at: UtcView | None
    digest: str | None
    departure: Departure | None
    reason: str | None


class ReviewScoreView(View):
    """Points with their reason."""

    points: int
    reason: str


class RankingView(View):
    """What the rules made of a proposal; points of 100 with four decimals, half up."""

    code: str
    rank: int
    price: MoneyJson | None
    total: str | None
    contributions: dict[str, str]
    route: str | None
    fate: Fate

    @classmethod
    def of(cls, place: Place) -> Self:
        """Return the view of a place in the ranking."""
        return cls.model_validate(place)


class OwnResultView(View):
    """What a proposer learns of its own proposal; the reasons without names."""

    code: str
    rank: int
    fate: Fate
    total: str | None
    points: dict[str, str]
    contributions: dict[str, str]
    reasons: dict[str, list[ReviewScoreView]]


class ReviewView(View):
    """A review as far as the caller may see it.

    Scores are nobody's, not even the exchange's, until all are in, or the exchange goes on after
    the deadline with a quorum; then panel and exchange read them.
    """

    number: int
    status: ReviewStatus
    begun_at: UtcView
    scores_due_at: UtcView | None
    opened_at: UtcView | None
    ended_at: UtcView | None
    reason: str | None
    seed_digest: str | None
    seed: str | None
    seats: list[ReviewSeatView]
    scores: dict[int, dict[UUID, dict[str, ReviewScoreView]]]
    routes: dict[str, str] | None
    ranking: list[RankingView]
    own: list[OwnResultView]

    @classmethod
    def of_sight(cls, sight: Sight) -> Self:
        """Return the view of what the caller sees."""
        review = sight.review
        return cls(
            number=review.number,
            status=review.status,
            begun_at=review.begun_at,
            scores_due_at=review.scores_due_at,
            opened_at=review.opened_at,
            ended_at=review.ended_at,
            reason=review.reason,
            seed_digest=review.seed_digest,
            seed=review.seed,
            seats=[ReviewSeatView.model_validate(seat) for seat in sight.seats],
            scores={number: _scores(sheet) for number, sheet in sight.sheets.items()},
            routes=None if review.routes is None or not sight.sheets else dict(review.routes),
            ranking=[RankingView.of(place) for place in sight.ranking],
            own=[OwnResultView.model_validate(dict(own)) for own in sight.own],
        )


def _scores(sheet: Sheet) -> dict[UUID, dict[str, ReviewScoreView]]:
    return {
        proposal_id: {name: ReviewScoreView.model_validate(it) for name, it in scores.items()}
        for proposal_id, scores in sheet.items()
    }


class JudgedProposalView(View):
    """A proposal as the panel reads it; the price only where it may be known."""

    id: UUID
    code: str
    price: MoneyJson | None
    content: dict[str, Any]

    @classmethod
    def of(cls, shown: Shown) -> Self:
        """Return the view of what an expert is shown."""
        proposal = shown.proposal
        content = dict(proposal.content)
        if not shown.with_price:
            content.pop("price_deviation", None)
        return cls(
            id=proposal.id,
            code=proposal.code,
            price=proposal.price if shown.with_price else None,
            content=content,
        )


class DemandObjectionBody(Body):
    """What somebody objects; without signing in, say who you are and how to answer."""

    ground: DemandObjectionGround
    text: Paragraph
    evidence: Paragraph
    files: list[UUID] = Field(default=[], max_length=20, description="Files of the caller's party")
    name: Line | None = None
    contact: Line | None = None

    def new(self) -> NewDemandObjection:
        """Return the use case's value."""
        return NewDemandObjection(
            ground=self.ground,
            text=self.text,
            evidence=self.evidence,
            files=tuple(FileId(file_id) for file_id in self.files),
            name=self.name,
            contact=self.contact,
        )


class ReopeningBody(Body):
    """How the proposals are judged anew."""

    same_panel: bool = False
    excluded: dict[ProposalCode, Reason] = Field(
        default={}, max_length=200, description="Reasons by the code of what is judged no more"
    )


class DemandObjectionDecision(Body):
    """The decision, which is published with its reason; ``reopening`` upholds the objection."""

    reason: Reason
    reopening: ReopeningBody | None = Field(description="null rejects the objection")

    def plain(self) -> Reopening | None:
        """Return the domain's value."""
        how = self.reopening
        return None if how is None else Reopening(same_panel=how.same_panel, excluded=how.excluded)


class DemandObjectionView(View):
    """An objection; who objects, and its words, are for the exchange and itself."""

    id: UUID
    demand_id: UUID
    ground: DemandObjectionGround
    status: DemandObjectionStatus
    filed_at: UtcView
    decide_by_at: UtcView | None
    decision: str | None
    decided_at: UtcView | None
    party_id: UUID | None
    name: str | None
    contact: str | None
    text: str | None
    evidence: str | None
    files: list[UUID] | None

    @classmethod
    def of(cls, objection: DemandObjection, viewer: Viewer) -> Self:
        """Return what a viewer may read of an objection."""
        view = cls.model_validate(objection)
        if may_read_objector(viewer, objection):
            return view
        closed = ("party_id", "name", "contact", "text", "evidence", "files")
        return view.model_copy(update=dict.fromkeys(closed))
