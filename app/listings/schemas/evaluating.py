"""Bodies and views of opening an evaluation and of market views."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Instant, Paragraph, PositiveMoney, Reason, UtcView, View
from app.valuations.public import Evaluation, Horizon, MarketView, Opinion, Stance

SchemeCode = Annotated[str, Field(min_length=1, max_length=60)]


class NewEvaluation(Body):
    """What an evaluation is for, and by when."""

    scheme: SchemeCode | None = Field(
        default=None, description="Of /v1/evaluation-schemes; left out: the one for the kind"
    )
    purpose: Reason
    due_at: Instant


class EvaluationOpened(View):
    """An opened evaluation; GET /v1/evaluations/{id} has the rest."""

    id: UUID
    achievement_id: UUID
    status: str
    scheme: str
    scheme_version: int
    content_version: int
    content_hash: str
    due_at: UtcView

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """Return the view of an evaluation."""
        subject = evaluation.subject
        return cls(
            id=evaluation.id,
            achievement_id=subject.achievement_id,
            status=str(evaluation.status),
            scheme=evaluation.scheme.code,
            scheme_version=evaluation.scheme.version,
            content_version=subject.content_version,
            content_hash=subject.content_hash,
            due_at=evaluation.due_at,
        )


class MarketViewBody(Body):
    """Whether the caller's party would buy, license or invest, at what price and when."""

    stance: Stance
    price_low: PositiveMoney | None = None
    price_high: PositiveMoney | None = None
    horizon: Horizon | None = None
    reasons: Paragraph

    def opinion(self) -> Opinion:
        """Return the domain's value."""
        return Opinion(
            stance=self.stance,
            price_low=self.price_low,
            price_high=self.price_high,
            horizon=self.horizon,
            reasons=self.reasons,
        )


class MarketViewStated(View):
    """A party's living view."""

    id: UUID
    version: int
    achievement_id: UUID
    content_version: int
    stated_at: UtcView

    @classmethod
    def of(cls, view: MarketView) -> Self:
        """Return the view of a market view."""
        return cls.model_validate(view)
