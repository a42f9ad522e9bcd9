"""Bodies and views of the broker's desk."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.matching.domain.cases import Case, CaseStatus, CaseTrigger, Suggestion
from app.matching.domain.entry import EntryKind
from app.matching.domain.feedback import Judgement, RejectionReason
from app.matching.domain.match import Verdict
from app.matching.schemas.matches import ContributionView, GapView, TermView
from app.matching.service.brokering import Step
from app.matching.service.case_reading import CaseSeen
from app.platform.schema import Body, Instant, Line, PositiveMoney, Reason, UtcView, View

Note = Annotated[Reason | None, Field(description="For the broker alone, and the market's staff")]


class PairBody(Body):
    """A pair of the queue."""

    demand_id: UUID
    achievement_id: UUID


class TakeBody(PairBody):
    """A pair that is taken."""

    note: Note = None


class DismissBody(PairBody):
    """A pair that is of no use, and why."""

    reason: RejectionReason
    text: Reason | None = Field(default=None, description="Needed for `other`")


class MeetingBody(Body):
    """A meeting that both sides are told of."""

    starts_at: Instant
    place: Line = Field(description="Where, or how to join")
    message: Reason | None = Field(default=None, description="For both sides")
    note: Note = None

    def step(self) -> Step:
        """Return what is done."""
        return Step(
            trigger=CaseTrigger.ARRANGE,
            facts={"starts_at": self.starts_at, "place": self.place, "message": self.message},
            note=self.note,
            meeting_at=self.starts_at,
        )


class MeetingResultBody(Body):
    """What became of a meeting."""

    held: bool
    summary: Reason = Field(description="What was agreed, or why it was not held; for both sides")
    note: Note = None

    def step(self) -> Step:
        """Return what is done."""
        return Step(
            trigger=CaseTrigger.HOLD if self.held else CaseTrigger.MISS,
            facts={"summary": self.summary},
            note=self.note,
            judgement=Judgement.MEETING if self.held else None,
        )


class OfferBody(Body):
    """An offer that one side has made to the other."""

    by: EntryKind = Field(description="Whose side has made it")
    summary: Reason
    price: PositiveMoney | None = None
    note: Note = None

    def step(self) -> Step:
        """Return what is done."""
        return Step(
            trigger=CaseTrigger.OFFER,
            facts={"by": self.by, "summary": self.summary, "price": self.price},
            note=self.note,
            judgement=Judgement.OFFER,
        )


class WonBody(Body):
    """The two sides have signed."""

    outcome: Literal["won"]
    reference: Line = Field(description="Number of the contract, or of the deal at the exchange")
    note: Note = None

    def step(self) -> Step:
        """Return what is done."""
        return Step(
            trigger=CaseTrigger.WIN,
            facts={"reference": self.reference},
            note=self.note,
            judgement=Judgement.DEAL,
        )


class DeclinedBody(Body):
    """The two sides do not come together."""

    outcome: Literal["declined"]
    by: EntryKind | None = Field(default=None, description="Which side declined; null: both")
    reason: RejectionReason
    text: Reason | None = Field(default=None, description="Needed for `other`")
    note: Note = None

    def step(self) -> Step:
        """Return what is done."""
        return Step(
            trigger=CaseTrigger.DECLINE,
            facts={"by": self.by, "reason": self.reason, "text": self.text},
            note=self.note,
            judgement=Judgement.REJECTED,
            reason=self.reason,
            text=self.text,
        )


class ReleasedBody(Body):
    """The broker gives the pair back to the queue."""

    outcome: Literal["released"]
    text: Reason = Field(description="Why")
    note: Note = None

    def step(self) -> Step:
        """Return what is done."""
        facts = {"text": self.text}
        return Step(trigger=CaseTrigger.RELEASE, facts=facts, note=self.note)


OutcomeBody = Annotated[WonBody | DeclinedBody | ReleasedBody, Field(discriminator="outcome")]


class SideView(View):
    """One side of a pair."""

    id: UUID
    title: str
    party_id: UUID


class ReasonsView(View):
    """Why a pair was suggested, told from the side that found it."""

    found_by: EntryKind
    verdict: Verdict
    score: float
    text_score: float
    contributions: list[ContributionView]
    terms: list[TermView]
    gaps: list[GapView]

    @classmethod
    def of(cls, pair: Suggestion, match: Any) -> Self:
        """Return the view of a stored match."""
        return cls.model_validate({**match, "found_by": pair.found_by})


class SuggestionView(View):
    """A pair that may be taken."""

    market_id: UUID
    result_id: UUID
    demand: SideView
    achievement: SideView
    reasons: ReasonsView

    @classmethod
    def of(cls, pair: Suggestion) -> Self:
        """Return the view of a suggestion."""
        return cls(
            market_id=pair.market_id,
            result_id=pair.result_id,
            demand=demand_side(pair),
            achievement=achievement_side(pair),
            reasons=ReasonsView.of(pair, pair.match),
        )


def demand_side(pair: Suggestion) -> SideView:
    """Return the side that seeks."""
    return SideView(id=pair.demand_id, title=pair.demand_title, party_id=pair.demand_party_id)


def achievement_side(pair: Suggestion) -> SideView:
    """Return the side that offers."""
    return SideView(
        id=pair.achievement_id, title=pair.achievement_title, party_id=pair.achievement_party_id
    )


class CaseSummary(View):
    """A case in a list."""

    id: UUID
    market_id: UUID
    broker_id: UUID
    status: CaseStatus
    demand: SideView
    achievement: SideView
    opened_at: UtcView
    acted_at: UtcView
    meeting_at: UtcView | None
    lapses_at: UtcView | None = Field(description="Untouched until then it is given back")

    @classmethod
    def of(cls, case: Case, **more: Any) -> Self:
        """Return the view of a case."""
        return cls(
            id=case.id,
            market_id=case.market_id,
            broker_id=case.broker_id,
            status=case.status,
            demand=demand_side(case.pair),
            achievement=achievement_side(case.pair),
            opened_at=case.opened_at,
            acted_at=case.acted_at,
            meeting_at=case.meeting_at,
            lapses_at=case.lapses_at if case.is_open else None,
            **more,
        )


class ActView(View):
    """One act of a case; the note is null for whom it is not meant."""

    number: int
    what: str
    acted_at: UtcView
    facts: dict[str, Any]
    note: str | None


class CaseView(CaseSummary):
    """A case with its reasons and all that was done."""

    result_id: UUID
    party_names: dict[UUID, str]
    reasons: ReasonsView
    acts: list[ActView]

    @classmethod
    def seen(cls, seen: CaseSeen) -> Self:
        """Return the view of a case for one viewer."""
        acts = [ActView.model_validate(act) for act in seen.acts]
        if not seen.notes:
            acts = [act.model_copy(update={"note": None}) for act in acts]
        return cls.of(
            seen.case,
            result_id=seen.case.pair.result_id,
            party_names=dict(seen.names),
            reasons=ReasonsView.of(seen.case.pair, seen.match),
            acts=acts,
        )
