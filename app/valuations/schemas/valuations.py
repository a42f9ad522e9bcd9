"""Bodies and views of valuations."""

from datetime import date
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import Field

from app.platform.schema import Body, Paragraph, PositiveMoney, Reason, UtcView, View
from app.shared.money import MINOR_DIGITS
from app.valuations.domain.valuation import (
    DRAWS_MAX,
    DRAWS_MIN,
    SEED_MAX,
    BasePrice,
    SignedValuation,
    Valuation,
    ValuationStatus,
)
from app.valuations.schemas.methods import MethodBody

_CURRENCIES: Final = "^(" + "|".join(MINOR_DIGITS) + ")$"
METHODS_MAX: Final = 6
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2199, 12, 31))]


class DocumentBody(Body):
    """Inputs and assumptions of a valuation.

    ``valuation_date`` 评估基准日; ``right_ends_on`` bounds the years of income; the ``seed`` is
    drawn by the server when left out and returned; methods' weights sum to 10,000.
    """

    value_type: str = Field(default="market_value", pattern=r"^(market_value|investment_value)$")
    currency: str = Field(default="CNY", pattern=_CURRENCIES)
    valuation_date: Day
    valid_until: Day
    right_ends_on: Day | None = None
    assumptions: Paragraph
    draws: int = Field(default=DRAWS_MAX, ge=DRAWS_MIN, le=DRAWS_MAX)
    seed: int | None = Field(default=None, ge=0, le=SEED_MAX)
    methods: list[MethodBody] = Field(min_length=1, max_length=METHODS_MAX)

    def document(self, seed: int) -> dict[str, Any]:
        """Return the stored form; what was left out stays out.

        Args:
            seed: Taken where the body has none.
        """
        told = self.model_dump(mode="json", exclude_none=True)
        return {**told, "seed": seed if self.seed is None else self.seed}


class BasePriceBody(Body):
    """The base price 基准价格 that a person chooses after seeing the range, and why."""

    price: PositiveMoney
    reason: Reason
    outside_reason: Reason | None = Field(
        default=None, description="Needed where the price lies outside the reconciled range"
    )

    def base_price(self) -> BasePrice:
        """Return the domain's value."""
        return BasePrice(price=self.price, reason=self.reason, outside_reason=self.outside_reason)


class SignatureBody(Body):
    """What is added to the draft when it is signed."""

    base_price: BasePriceBody


class RevocationBody(Body):
    """Why a signed valuation holds no longer."""

    reason: Reason


class TrialView(View):
    """Results that are not stored: the same as a draft's with the same document and seed."""

    document: dict[str, Any]
    results: dict[str, Any]


class ValuationSummary(View):
    """A valuation in a list."""

    id: UUID
    achievement_id: UUID
    market_id: UUID
    owner_id: UUID
    author_id: UUID
    title: str
    content_version: int
    content_hash: str
    status: ValuationStatus
    version: int
    purpose: str
    drafted_at: UtcView
    signed_at: UtcView | None
    ended_at: UtcView | None
    reason: str | None

    @classmethod
    def of(cls, valuation: Valuation) -> Self:
        """Return the view of a valuation."""
        return cls(**_summary(valuation))


def _summary(valuation: Valuation) -> dict[str, Any]:
    subject = valuation.subject
    return {
        "id": valuation.id,
        "achievement_id": subject.achievement_id,
        "market_id": subject.market_id,
        "owner_id": subject.owner_id,
        "author_id": valuation.author_id,
        "title": subject.title,
        "content_version": subject.content_version,
        "content_hash": subject.content_hash,
        "status": valuation.status,
        "version": valuation.version,
        "purpose": valuation.purpose,
        "drafted_at": valuation.drafted_at,
        "signed_at": valuation.signed_at,
        "ended_at": valuation.ended_at,
        "reason": valuation.reason,
    }


class ValuationView(ValuationSummary):
    """A valuation with inputs and results; both are null until the author gives inputs."""

    document: dict[str, Any] | None
    results: dict[str, Any] | None

    @classmethod
    def of(cls, valuation: Valuation) -> Self:
        """Return the view of a valuation."""
        return cls(
            **_summary(valuation),
            document=None if valuation.document is None else dict(valuation.document),
            results=None if valuation.results is None else dict(valuation.results),
        )


class SignedView(View):
    """A signed valuation: ``jws`` is the compact JWS over the RFC 8785 form of ``content``.

    ``status`` tells whether it still holds; what was signed never changes.
    """

    valuation_id: UUID
    status: ValuationStatus
    content: dict[str, Any]
    content_hash: str
    kid: str
    jws: str
    signed_at: UtcView

    @classmethod
    def of(cls, valuation: Valuation, signed: SignedValuation) -> Self:
        """Return the view of what was signed."""
        return cls(
            valuation_id=signed.valuation_id,
            status=valuation.status,
            content=dict(signed.content),
            content_hash=signed.content_hash,
            kid=signed.kid,
            jws=signed.jws,
            signed_at=signed.signed_at,
        )


class DifferenceView(View):
    """What a second computation gave otherwise."""

    where: str
    stored: Any
    recomputed: Any


class RecomputationView(View):
    """Whether a signed valuation computes again: formulas exactly, simulations to 0.01 %."""

    valuation_id: UUID
    holds: bool
    differences: list[DifferenceView]
