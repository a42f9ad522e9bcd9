"""Bodies and views of evaluations."""

from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Instant, Paragraph, Reason, UtcView, View
from app.shared.ids import MembershipId
from app.shared.panels import Appointment, Departure, Seat
from app.valuations.domain.conclusion import Report
from app.valuations.domain.evaluation import Evaluation, EvaluationStatus
from app.valuations.domain.report import Conclusion
from app.valuations.domain.scheme import Scheme, Value
from app.valuations.domain.scoring import Score, Sheet
from app.valuations.service.evaluating_reading import Sight

Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_-]*$")]
SEATS_MAX = 51


class SchemeRef(View):
    """Which scheme an evaluation follows."""

    code: str
    version: int
    title_zh: str
    title_en: str
    confirmed: bool
    content_hash: str


class IndicatorView(View):
    """What experts score; ``default`` and unconfirmed: not seen in the standard's text."""

    code: str
    label_zh: str
    label_en: str
    description_zh: str
    description_en: str
    weight_bp: int
    source: str
    confirmed: bool


class ValuePartView(View):
    """One of the five values with its indicators; weights in basis points."""

    value: Value
    weight_bp: int
    indicators: list[IndicatorView]


class OutlierRuleView(View):
    """Scores beyond ``mads`` median absolute deviations, ``floor`` to ``cap`` points, stand out."""

    mads: int
    floor: int
    cap: int
    source: str


class LevelView(View):
    """A level of conclusions and the lowest total that it fits."""

    code: str
    label_zh: str
    label_en: str
    floor: int


class SchemeView(SchemeRef):
    """A scheme whole."""

    kind: str
    source: str
    scale_min: int
    scale_max: int
    experts_min: int
    quorum: int
    explain_days: int
    outliers: OutlierRuleView
    levels: list[LevelView]
    values: list[ValuePartView]


class SchemeList(View):
    """The latest version of each scheme."""

    items: list[SchemeView]


class SeatBody(Body):
    """An expert for a seat, by membership."""

    membership_id: UUID
    chair: bool = False


class PanelBody(Body):
    """The whole panel: odd, with one chair."""

    seats: list[SeatBody] = Field(min_length=1, max_length=SEATS_MAX)

    def appointments(self) -> tuple[Appointment, ...]:
        """Return the domain's values."""
        return tuple(
            Appointment(membership_id=MembershipId(seat.membership_id), chair=seat.chair)
            for seat in self.seats
        )


class ReplacementBody(Body):
    """Who takes over a seat, and why."""

    seat: int = Field(ge=1, le=SEATS_MAX)
    membership_id: UUID
    reason: Reason


class DeadlineBody(Body):
    """Until when scores are taken."""

    due_at: Instant


class DeclarationBody(Body):
    """An interest in the result, or ``null`` for none."""

    interest: Reason | None = Field(description="null declares that there is none")


class ScoreBody(Body):
    """A score with its reason."""

    points: int = Field(ge=-1_000_000, le=1_000_000)
    comment: Paragraph


class SheetBody(Body):
    """All scores by indicator code; handed in once."""

    scores: dict[Code, ScoreBody] = Field(max_length=200)

    def sheet(self) -> Sheet:
        """Return the domain's value."""
        return {code: Score(score.points, score.comment) for code, score in self.scores.items()}


class ExplanationBody(Body):
    """Why a score lies far off."""

    seat: int = Field(ge=1, le=SEATS_MAX)
    indicator: Code
    text: Paragraph


class ExplanationsBody(Body):
    """Explanations of one or more outliers; of two for one score the later counts."""

    explanations: list[ExplanationBody] = Field(min_length=1, max_length=200)

    def texts(self) -> dict[tuple[int, str], str]:
        """Return the texts by seat and indicator."""
        return {(item.seat, item.indicator): item.text for item in self.explanations}


class ConclusionBody(Body):
    """The chair's conclusion; ``level`` is one of the scheme's."""

    level: Code
    text: Paragraph

    def conclusion(self) -> Conclusion:
        """Return the domain's value."""
        return Conclusion(level=self.level, text=self.text)


class CancellationBody(Body):
    """Why an evaluation ends without a conclusion."""

    reason: Reason


class ExpertView(View):
    """An expert who can be appointed."""

    membership_id: UUID
    name: str
    unit_id: UUID
    unit_name: str


class EvaluationSummary(View):
    """An evaluation in a list."""

    id: UUID
    achievement_id: UUID
    market_id: UUID
    owner_id: UUID
    title: str
    kind: str
    scheme: SchemeRef
    status: EvaluationStatus
    opened_at: UtcView
    due_at: UtcView
    scores_due_at: UtcView | None
    published: bool

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """Return the view of an evaluation."""
        return cls(**_summary(evaluation))


def _summary(evaluation: Evaluation) -> dict[str, Any]:
    subject = evaluation.subject
    return {
        "id": evaluation.id,
        "achievement_id": subject.achievement_id,
        "market_id": evaluation.market_id,
        "owner_id": evaluation.owner_id,
        "title": subject.title,
        "kind": subject.kind,
        "scheme": SchemeRef.model_validate(evaluation.scheme),
        "status": evaluation.status,
        "opened_at": evaluation.opened_at,
        "due_at": evaluation.due_at,
        "scores_due_at": evaluation.scores_due_at,
        "published": evaluation.published_at is not None,
    }


class SeatView(View):
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

    @classmethod
    def of(cls, seat: Seat) -> Self:
        """Return the view of a seat."""
        return cls.model_validate(seat)


class ScoreView(View):
    """A score with its reason."""

    points: int
    comment: str


class DispersionView(View):
    """How an indicator's scores lie, in points."""

    indicator: str
    count: int
    mean: Decimal
    median: Decimal
    minimum: int
    maximum: int
    deviation: Decimal
    coefficient: Decimal | None


class OutlierView(View):
    """A score that lies further from the median than the limit."""

    seat: int
    indicator: str
    points: int
    median: Decimal
    limit: Decimal


class ExplanationView(View):
    """What was said about an outlier; ``by_expert`` is false where the exchange noted silence."""

    seat: int
    indicator: str
    text: str
    by_expert: bool
    explained_at: UtcView


class EvaluationView(EvaluationSummary):
    """An evaluation as far as the caller may see it.

    Scores are nobody's but their author's until all are in, or the exchange goes on after the
    deadline; from then on the panel and the exchange read them. Others read how they lie once
    the evaluation is concluded.
    """

    purpose: str
    content_version: int
    content_hash: str
    content: dict[str, Any] | None
    scores_opened_at: UtcView | None
    explain_due_at: UtcView | None
    ended_at: UtcView | None
    reason: str | None
    seats: list[SeatView]
    own_scores: dict[str, ScoreView] | None
    scores: dict[int, dict[str, ScoreView]]
    dispersion: list[DispersionView]
    outliers: list[OutlierView]
    explanations: list[ExplanationView]

    @classmethod
    def of_sight(cls, sight: Sight) -> Self:
        """Return the view of what the caller sees."""
        evaluation = sight.evaluation
        own = sight.own_sheet
        return cls(
            **_summary(evaluation),
            purpose=evaluation.purpose,
            content_version=evaluation.subject.content_version,
            content_hash=evaluation.subject.content_hash,
            content=None if sight.content is None else dict(sight.content),
            scores_opened_at=evaluation.scores_opened_at,
            explain_due_at=evaluation.explain_due_at,
            ended_at=evaluation.ended_at,
            reason=evaluation.reason,
            seats=[SeatView.of(seat) for seat in sight.seats],
            own_scores=None if own is None else _scores(own),
            scores={number: _scores(sheet) for number, sheet in sight.sheets.items()},
            dispersion=[DispersionView.model_validate(item) for item in sight.dispersion],
            outliers=[OutlierView.model_validate(item) for item in sight.outliers],
            explanations=[ExplanationView.model_validate(item) for item in sight.explanations],
        )


def _scores(sheet: Sheet) -> dict[str, ScoreView]:
    return {code: ScoreView.model_validate(score) for code, score in sheet.items()}


class ReportView(View):
    """A signed report: ``jws`` is the compact JWS over the RFC 8785 form of ``content``."""

    evaluation_id: UUID
    content: dict[str, Any]
    content_hash: str
    kid: str
    jws: str
    concluded_at: UtcView

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return the view of a report."""
        return cls.model_validate(report)


def scheme_view(scheme: Scheme) -> SchemeView:
    """Return the view of a scheme."""
    return SchemeView.model_validate(scheme)
