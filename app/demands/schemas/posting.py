"""Bodies and views of postings and notices."""

from typing import Any, Self
from uuid import UUID

from pydantic import Field

from app.demands.domain.notice import DemandNotice, DemandNoticeKind
from app.demands.domain.posting import (
    ACCEPTANCE,
    NOTICE_PERIOD,
    OBJECTION_ANSWER,
    REMEDY,
    Criterion,
    DecisionWay,
    PostingTerms,
    Sealing,
)
from app.platform.schema import (
    Body,
    Instant,
    Line,
    MoneyJson,
    Paragraph,
    PositiveMoney,
    Reason,
    UtcView,
    View,
)
from app.shared.calendar import DayUnit, Duration
from app.shared.sealing.holder import ShareHolder


class DurationJson(Body, View):
    """A length of time as a rule states it."""

    count: int = Field(ge=1, le=366)
    unit: DayUnit

    @classmethod
    def of(cls, span: Duration) -> Self:
        """Return the view of a duration."""
        return cls(count=span.count, unit=span.unit)

    def to_domain(self) -> Duration:
        """Return the domain's value."""
        return Duration(self.count, self.unit)


class CriterionJson(Body, View):
    """A published criterion of the review."""

    name: Line
    weight_bp: int = Field(ge=1, le=10_000, description="Basis points of the whole")
    description: Paragraph


class HolderJson(Body, View):
    """Who keeps a share of the key of each sealed proposal."""

    name: Line
    public_key: str = Field(max_length=100, description="X25519, base64url without padding")


class PostingTermsBody(Body):
    """What a posting promises; what is left out is the default."""

    closes_at: Instant = Field(description="Proposals are taken before it")
    questions_until: Instant
    sealing: Sealing
    holders: list[HolderJson] = Field(default=[], max_length=9)
    threshold: int | None = Field(default=None, ge=2, le=9)
    decision: DecisionWay
    criteria: list[CriterionJson] = Field(max_length=20)
    price_weight_bp: int = Field(default=0, ge=0, le=10_000)
    score_min: int = Field(default=60, ge=0, le=100)
    winners_max: int = Field(default=1, ge=1, le=20)
    panel_min: int = Field(default=3, ge=3, le=15)
    presentation: bool = False
    ceiling: PositiveMoney | None = None
    route_budgets: list[PositiveMoney] = Field(default=[], max_length=20)
    notice_period: DurationJson = DurationJson.of(NOTICE_PERIOD)
    objection_answer: DurationJson = DurationJson.of(OBJECTION_ANSWER)
    acceptance_period: DurationJson = DurationJson.of(ACCEPTANCE)
    remedy: DurationJson = DurationJson.of(REMEDY)

    def to_domain(self) -> PostingTerms:
        """Return the domain's value."""
        return PostingTerms(
            closes_at=self.closes_at,
            questions_until=self.questions_until,
            sealing=self.sealing,
            holders=tuple(ShareHolder(it.name, it.public_key) for it in self.holders),
            threshold=self.threshold,
            decision=self.decision,
            criteria=tuple(
                Criterion(it.name, it.weight_bp, it.description) for it in self.criteria
            ),
            price_weight_bp=self.price_weight_bp,
            score_min=self.score_min,
            winners_max=self.winners_max,
            panel_min=self.panel_min,
            presentation=self.presentation,
            ceiling=self.ceiling,
            route_budgets=tuple(self.route_budgets),
            notice_period=self.notice_period.to_domain(),
            objection_answer=self.objection_answer.to_domain(),
            acceptance_period=self.acceptance_period.to_domain(),
            remedy=self.remedy.to_domain(),
        )


class PostingBody(Body):
    """The posting of a reviewed demand."""

    terms: PostingTermsBody
    edition_id: UUID | None = Field(default=None, description="An open edition that lists it")


class ExtensionBody(Body):
    """A later deadline."""

    closes_at: Instant
    questions_until: Instant
    reason: Reason


class PostingTermsView(View):
    """The terms of a posting."""

    closes_at: UtcView
    questions_until: UtcView
    sealing: Sealing
    holders: list[HolderJson]
    threshold: int | None
    decision: DecisionWay
    criteria: list[CriterionJson]
    price_weight_bp: int
    score_min: int
    winners_max: int
    panel_min: int
    presentation: bool
    ceiling: MoneyJson | None
    route_budgets: list[MoneyJson]
    notice_period: DurationJson
    objection_answer: DurationJson
    acceptance_period: DurationJson
    remedy: DurationJson


class DemandNoticeView(View):
    """A notice as published."""

    id: UUID
    seq: int
    number: str
    round: int
    kind: DemandNoticeKind
    content: dict[str, Any]
    content_hash: str = Field(description="SHA-256 of the RFC 8785 form of `content`")
    published_at: UtcView
    closes_at: UtcView | None

    @classmethod
    def of(cls, notice: DemandNotice) -> Self:
        """Return the view of a notice."""
        return cls.model_validate(
            {name: getattr(notice, name) for name in cls.model_fields if name != "content"}
            | {"content": dict(notice.content)}
        )
