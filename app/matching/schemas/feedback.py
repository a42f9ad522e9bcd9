"""Bodies and views of feedback on matches, and of its monthly figures."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.matching.domain.feedback import (
    Feedback,
    Judgement,
    RejectionReason,
    Side,
)
from app.matching.domain.match import Verdict
from app.matching.domain.precision import Figures, Month
from app.matching.schemas.matches import BasisView, basis_view
from app.platform.schema import Body, Reason, UtcView, View


class FeedbackBody(Body):
    """What is said of one match of the result."""

    entry_id: UUID = Field(description="An entry that the result showed")
    judgement: Judgement
    reason: RejectionReason | None = Field(
        default=None, description="Of a rejection, and of nothing else"
    )
    text: Reason | None = Field(default=None, description="Of a rejection; with `other` needed")


class FeedbackView(View):
    """One record of the log, with the match as it was shown."""

    id: UUID
    result_id: UUID
    entry_id: UUID = Field(description="Whose wish it was")
    shown_id: UUID = Field(description="What was shown to it")
    side: Side
    judgement: Judgement
    reason: RejectionReason | None
    text: str | None
    judged_at: UtcView
    deal_id: UUID | None
    rank: int
    score: float
    text_score: float
    verdict: Verdict
    values: dict[str, float | None]
    shown_revision: int
    basis: BasisView

    @classmethod
    def of(cls, feedback: Feedback) -> Self:
        """Return the view of a record."""
        said, shown = feedback.said, feedback.snapshot
        return cls(
            id=feedback.id,
            result_id=feedback.result_id,
            entry_id=feedback.entry_id,
            shown_id=feedback.shown_id,
            side=said.side,
            judgement=said.judgement,
            reason=said.reason,
            text=said.text,
            judged_at=feedback.judged_at,
            deal_id=feedback.deal_id,
            rank=shown.rank,
            score=shown.score,
            text_score=shown.text_score,
            verdict=shown.verdict,
            values=dict(shown.values),
            shown_revision=shown.revision,
            basis=basis_view(shown.basis),
        )


class PrecisionFigures(View):
    """How many of some judged matches were good ones."""

    judged: int
    relevant: int = Field(description="Accepted, met over, offered or dealt")
    rejected: int
    precision_bp: int | None = Field(description="Relevant of judged; null: none was judged")

    @classmethod
    def of(cls, figures: Figures) -> Self:
        """Return the view of figures."""
        return cls.model_validate(figures)


class MonthView(View):
    """The pairs first judged in one month, with what became of them since."""

    month: Annotated[str, Field(description="Of Asia/Shanghai", examples=["2026-11"])]
    total: PrecisionFigures
    by_verdict: dict[Verdict, PrecisionFigures]
    by_weights: dict[str, PrecisionFigures] = Field(description="By version of the weights")
    reasons: dict[RejectionReason, int]
    funnel: dict[Judgement, int] = Field(description="Pairs that came to each step or further")
    by_deals_alone: int = Field(
        description="Pairs that nobody judged and whose deal was found: only good ones can be"
    )


class PrecisionView(View):
    """Figures by month, newest first; months without a judged pair are left out."""

    months: list[MonthView]

    @classmethod
    def of(cls, months: list[Month]) -> Self:
        """Return the view of all months."""
        return cls(months=[MonthView.model_validate(month) for month in months])
