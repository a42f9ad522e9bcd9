"""Bodies and views of a market's weights."""

from collections.abc import Mapping
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.matching.domain.market_weights import (
    MarketWeights,
    Shares,
    StoredComparison,
    WeightsStatus,
    shares_of,
)
from app.matching.domain.weights import Weights
from app.matching.service.weighting import WeightsSeen
from app.platform.schema import Body, Reason, UtcView, View

ShareBp = Annotated[int, Field(ge=0, le=10_000)]


class WeightsBody(Body):
    """Weights in basis points; with the text's they sum to 10,000."""

    text_bp: ShareBp
    factors_bp: dict[str, ShareBp] = Field(
        max_length=20, description="Every factor that contributions name, beside the text's"
    )
    reason: Reason = Field(description="Why these")

    def shares(self) -> Shares:
        """Return the domain's value."""
        return Shares(text_bp=self.text_bp, factors_bp=self.factors_bp)


class ComparisonBody(Body):
    """How the comparison draws."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(
        description="Of the bootstrap: the same seed draws the same intervals again"
    )


class MeasuresView(View):
    """How well some weights order the judged matches, 0 to 1; null: nothing can tell."""

    pairwise: float | None = Field(
        description="Of a good and a rejected match of one result, how often the good one is higher"
    )
    ndcg: float | None = Field(description="nDCG@10 of the judged matches of a result")
    precision: float | None = Field(description="Good ones among a result's first three judged")


class IntervalView(View):
    """A 95 % confidence interval."""

    low: float
    high: float


class ComparisonView(View):
    """A version beside the weights that were in use, on what people judged."""

    id: UUID
    baseline_version: str
    seed: int
    compared_at: UtcView
    judgements: int
    results: int
    pairs: int
    candidate: MeasuresView
    baseline: MeasuresView
    gain: dict[str, IntervalView] = Field(description="Candidate less baseline, by measure")

    @classmethod
    def of(cls, stored: StoredComparison) -> Self:
        """Return the view of a kept comparison."""
        figures = stored.comparison
        return cls(
            id=stored.id,
            baseline_version=stored.baseline,
            seed=stored.seed,
            compared_at=stored.compared_at,
            judgements=figures.judgements,
            results=figures.results,
            pairs=figures.pairs,
            candidate=MeasuresView.model_validate(figures.candidate),
            baseline=MeasuresView.model_validate(figures.baseline),
            gain={name: IntervalView.model_validate(it) for name, it in figures.gain.items()},
        )


class ActiveWeightsView(View):
    """What new results are scored by; a market that has never switched has the default."""

    version: str
    text_bp: int
    factors_bp: dict[str, int]

    @classmethod
    def of(cls, weights: Weights) -> Self:
        """Return the view of weights in use."""
        shares = shares_of(weights)
        return cls(
            version=weights.version,
            text_bp=shares.text_bp,
            factors_bp=dict(shares.factors_bp),
        )


class WeightsView(View):
    """One version of a market's weights."""

    id: UUID
    number: int
    version: str
    status: WeightsStatus
    text_bp: int
    factors_bp: dict[str, int]
    reason: str
    proposed_at: UtcView
    activated_at: UtcView | None
    comparison: ComparisonView | None = Field(description="The latest one")

    @classmethod
    def of(
        cls, weights: MarketWeights, comparisons: Mapping[UUID, StoredComparison] | None = None
    ) -> Self:
        """Return the view of a version."""
        compared = (comparisons or {}).get(weights.id)
        return cls(
            id=weights.id,
            number=weights.number,
            version=weights.version,
            status=weights.status,
            text_bp=weights.shares.text_bp,
            factors_bp=dict(weights.shares.factors_bp),
            reason=weights.reason,
            proposed_at=weights.proposed_at,
            activated_at=weights.activated_at,
            comparison=None if compared is None else ComparisonView.of(compared),
        )


class WeightsPage(View):
    """What is in use, and a page of the market's versions, newest first."""

    active: ActiveWeightsView
    items: list[WeightsView]
    next: str | None

    @classmethod
    def of(cls, seen: WeightsSeen, *, following: str | None, limit: int) -> Self:
        """Return the view of a page."""
        return cls(
            active=ActiveWeightsView.of(seen.active),
            items=[WeightsView.of(item, seen.comparisons) for item in seen.versions[:limit]],
            next=following,
        )
