"""Demands that were posted before, found by their words."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.facts import CURRENCY, NoTakeUp, Outcome
from app.demands.domain.past import PastDemand
from app.demands.models import DemandBoardRow, DemandFactsRow, DemandRow
from app.demands.repository.demands import to_demand
from app.platform.clock import MarketClock
from app.shared.ids import MarketId
from app.shared.money import Money

_B: Final = DemandBoardRow
_F: Final = DemandFactsRow
_OUTCOME: Final = (_F.outcome, _F.reason, _F.proposals, _F.taken_minor)


async def find_past(
    session: AsyncSession, tokens: Sequence[str], *, home: MarketId, limit: int
) -> Sequence[PastDemand]:
    """Return what everybody may know of and was posted before, by how many tokens it has.

    Args:
        tokens: Of `shared.words`; a demand with any of them is found.
        home: The asking market: what a sandbox holds is real in no other, nor others' in it.

    Invariant: DM2.
    """
    if not tokens:
        return []
    # A token holds letters, digits and points only, so none has to be escaped.
    asked = cast(cast(" | ".join(f"'{token}'" for token in tokens), Text), TSQUERY)
    ranked = (
        select(_B.demand_id, func.ts_rank(_B.words, asked).label("rank"))
        .where(
            _B.known,
            _B.status != str(DemandStatus.POSTED),
            _B.words.bool_op("@@")(asked),
            or_(_B.market_id == home, ~_is_sandbox(_B.market_id) & ~_is_sandbox(home)),
        )
        .order_by(text("rank DESC"), _B.demand_id.desc())
        .limit(limit)
        .subquery()  # the wide rows of those alone that are kept
    )
    found = await session.execute(
        select(DemandRow, *_OUTCOME)
        .join(ranked, ranked.c.demand_id == DemandRow.id)
        .outerjoin(_F, and_(_F.demand_id == DemandRow.id, _F.round == DemandRow.round))
        .order_by(ranked.c.rank.desc(), DemandRow.id.desc())
    )
    return [_past(to_demand(row), told) for row, *told in found]


def _is_sandbox(market_id: Any) -> ColumnElement[bool]:
    return select(1).where(MarketClock.market_id == market_id, MarketClock.sandbox).exists()


def _past(demand: Demand, told: Sequence[Any]) -> PastDemand:
    outcome, reason, proposals, taken_minor = told
    content = demand.content.told
    assert demand.posted_at is not None  # only what was posted has words
    texts = (
        content.title,
        content.background,
        *(target.name for target in content.targets),
        *(milestone.title for milestone in content.milestones),
    )
    return PastDemand(
        id=demand.id,
        number=demand.number,
        market_id=demand.market_id,
        party_id=demand.party_id,
        status=demand.status,
        title=content.title,
        text="\n".join(texts),
        technology_field=content.technology_field,
        posted_at=demand.posted_at,
        rounds=demand.round,
        outcome=None if outcome is None else Outcome(outcome),
        reason=None if reason is None else NoTakeUp(reason),
        proposals=proposals,
        taken=Money(taken_minor, CURRENCY) if taken_minor else None,
    )
