"""What other modules may use of valuations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor, Owner
from app.shared.ids import AchievementId, MarketId, PartyId
from app.shared.money import Money
from app.valuations.domain.computing import recompute
from app.valuations.domain.conclusion import Report
from app.valuations.domain.evaluation import Evaluation, EvaluationSubject
from app.valuations.domain.market_views import (
    Horizon,
    MarketSummary,
    MarketView,
    Opinion,
    Stance,
)
from app.valuations.domain.recusal import (
    Expert,
    ExpertMustRecuse,
    RecusalGround,
    RecusalKind,
    Subject,
    find_recusals,
    require_no_recusal,
)
from app.valuations.domain.valuation import (
    SignedValuation,
    Valuation,
    ValuationStatus,
    ValuationSubject,
)
from app.valuations.repository import comparables, evaluations, valuations
from app.valuations.service import evaluating, evaluating_reading, market_viewing, valuing_reading
from app.valuations.service.recusing import expert_facts, subject_facts
from app.valuations.service.valuing import open_valuation

__all__ = [
    "Evaluation",
    "EvaluationSubject",
    "Expert",
    "ExpertMustRecuse",
    "Horizon",
    "MarketSummary",
    "MarketView",
    "Opinion",
    "RecusalGround",
    "RecusalKind",
    "Report",
    "SignedValuation",
    "Stance",
    "Subject",
    "Valuation",
    "ValuationStatus",
    "ValuationSubject",
    "deal_prices",
    "evaluations_of",
    "expert_facts",
    "find_recusals",
    "get_valuation",
    "market_evaluation_of",
    "open_evaluation",
    "open_valuation",
    "owner_of_evaluation",
    "owner_of_valuation",
    "recompute",
    "require_no_recusal",
    "state_market_view",
    "subject_facts",
    "valuations_of",
]


async def open_evaluation(
    session: AsyncSession,
    actor: Actor,
    *,
    subject: EvaluationSubject,
    scheme: str | None,
    purpose: str,
    due_at: datetime,
    now: datetime,
) -> Evaluation:
    """Open an evaluation of a result, freezing the facts gathered of it.

    Args:
        scheme: A scheme's code; ``None`` takes the one for the result's kind.
        due_at: When the conclusion is wanted, aware.

    Raises:
        SchemeUnknown, SchemeDoesNotFit, DeadlineTooEarly, EvaluationRunning: See each.
    """
    case = await evaluating.open_evaluation(
        session,
        actor,
        subject=subject,
        scheme_code=scheme,
        purpose=purpose,
        due_at=due_at,
        now=now,
    )
    return case.evaluation


async def state_market_view(
    session: AsyncSession,
    actor: Actor,
    *,
    achievement_id: AchievementId,
    owner_id: PartyId,
    completers: Sequence[str],
    content_version: int,
    opinion: Opinion,
    now: datetime,
) -> MarketView:
    """Take what the actor's party would do with a result that it may see.

    Raises:
        PartyNotVerified, MarketViewTooNear, MarketViewInvalid, MarketViewRaced: See each.
    """
    return await market_viewing.state_view(
        session,
        actor,
        achievement_id=achievement_id,
        owner_id=owner_id,
        completers=completers,
        content_version=content_version,
        opinion=opinion,
        now=now,
    )


async def evaluations_of(session: AsyncSession, achievement_id: AchievementId) -> Sequence[Report]:
    """Return the signed reports of a result's concluded evaluations, oldest first.

    Whoever asks: the caller answers for whom it shows those that are not published.
    """
    return await evaluations.reports_of(session, achievement_id)


async def market_evaluation_of(
    session: AsyncSession, achievement_id: AchievementId
) -> MarketSummary:
    """Return what the market says of a result in sum; for its owner and staff."""
    return await market_viewing.sum_up(session, achievement_id)


async def deal_prices(
    session: AsyncSession, market_id: MarketId, *, technology_field: str, currency: str
) -> Sequence[Money]:
    """Return what a market's latest comparable deals of a field came to, without whose they were.

    Args:
        technology_field: A name of the code table.
        currency: Deals in another one are left out.
    """
    return await comparables.prices(
        session, market_id, technology_field=technology_field, currency=currency
    )


async def owner_of_evaluation(session: AsyncSession, evaluation_id: UUID) -> Owner | None:
    """Return an evaluation's market and the owner of its result."""
    return await evaluating_reading.owner_of(session, evaluation_id)


async def valuations_of(
    session: AsyncSession, achievement_id: AchievementId
) -> Sequence[tuple[Valuation, SignedValuation]]:
    """Return a result's signed valuations, also revoked and superseded ones, oldest first.

    Whoever asks: the caller answers for whom it shows them.
    """
    return await valuations.signed_of(session, achievement_id)


async def get_valuation(session: AsyncSession, valuation_id: UUID) -> Valuation | None:
    """Return a valuation, whoever asks."""
    return await valuations.find(session, valuation_id)


async def owner_of_valuation(session: AsyncSession, valuation_id: UUID) -> Owner | None:
    """Return a valuation's market, and the owner of its result beside its author."""
    return await valuing_reading.owner_of(session, valuation_id)
