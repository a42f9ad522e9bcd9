"""Versions of a market's weights and the comparisons of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.comparing import Comparison, Interval, Measures
from app.matching.domain.market_weights import (
    MarketWeights,
    Shares,
    StoredComparison,
    WeightsStatus,
)
from app.matching.domain.weights import FACTORS
from app.matching.models import MatchComparisonRow, MatchWeightsRow
from app.platform.access import Owner
from app.shared.ids import MarketId

_W: Final = MatchWeightsRow.__table__
_C: Final = MatchComparisonRow.__table__


async def active(session: AsyncSession, market_id: MarketId) -> MarketWeights | None:
    """Return the version that a market has switched to; ``None``: it uses the default."""
    row = (
        await session.execute(
            select(_W).where(
                _W.c.market_id == market_id, _W.c.status == text(f"'{WeightsStatus.ACTIVE}'")
            )
        )
    ).one_or_none()
    return None if row is None else _weights(row)


async def find(session: AsyncSession, weights_id: UUID) -> MarketWeights | None:
    """Return a version."""
    row = (await session.execute(select(_W).where(_W.c.id == weights_id))).one_or_none()
    return None if row is None else _weights(row)


async def page(
    session: AsyncSession, market_id: MarketId, *, before: int | None, limit: int
) -> Sequence[MarketWeights]:
    """Return a market's versions, newest first."""
    statement = select(_W).where(_W.c.market_id == market_id)
    if before is not None:
        statement = statement.where(_W.c.number < before)
    rows = await session.execute(statement.order_by(_W.c.number.desc()).limit(limit))
    return [_weights(row) for row in rows]


_HOLD: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def hold(session: AsyncSession, market_id: MarketId) -> None:
    """Let a market's weights stay as they are until the transaction ends."""
    await session.execute(_HOLD, {"name": f"match_weights {market_id}"})


async def lock_all(session: AsyncSession, market_id: MarketId) -> Sequence[MarketWeights]:
    """Wait until nobody holds a market's weights, and return all versions in their order.

    Until the transaction ends nobody else can switch.
    """
    await session.execute(_LOCK, {"name": f"match_weights {market_id}"})
    rows = await session.execute(
        select(_W).where(_W.c.market_id == market_id).order_by(_W.c.number)
    )
    return [_weights(row) for row in rows]


async def newest_number(session: AsyncSession, market_id: MarketId) -> int:
    """Return the number of a market's newest version; 0 if it has none."""
    found = await session.scalar(select(func.max(_W.c.number)).where(_W.c.market_id == market_id))
    return found or 0


async def owner_of(session: AsyncSession, weights_id: UUID) -> Owner | None:
    """Return the market of a version; it belongs to no party."""
    market_id = await session.scalar(select(_W.c.market_id).where(_W.c.id == weights_id))
    return None if market_id is None else Owner(MarketId(market_id), frozenset())


async def add(session: AsyncSession, weights: MarketWeights) -> bool:
    """Write a new version; false if its number was taken just before."""
    added = await session.scalar(
        insert_or_not(MatchWeightsRow)
        .values(
            id=weights.id,
            market_id=weights.market_id,
            number=weights.number,
            status=str(weights.status),
            text_bp=weights.shares.text_bp,
            factors_bp=dict(weights.shares.factors_bp),
            reason=weights.reason,
            proposed_at=weights.proposed_at,
        )
        .on_conflict_do_nothing(constraint="uq_match_weights_number")
        .returning(MatchWeightsRow.id)
    )
    return added is not None


async def save_status(session: AsyncSession, weights: MarketWeights) -> None:
    """Write where a version stands; the caller has locked the market's."""
    await session.execute(
        update(MatchWeightsRow)
        .where(MatchWeightsRow.id == weights.id)
        .values(status=str(weights.status), activated_at=weights.activated_at, rematched_to=None)
    )


async def add_comparison(
    session: AsyncSession, weights_id: UUID, compared: StoredComparison
) -> None:
    """Keep a comparison."""
    await session.execute(
        insert(MatchComparisonRow).values(
            id=compared.id,
            weights_id=weights_id,
            baseline=compared.baseline,
            newest=compared.newest,
            seed=compared.seed,
            compared_at=compared.compared_at,
            figures=asdict(compared.comparison),
        )
    )


async def latest_comparisons(
    session: AsyncSession, weights_ids: Collection[UUID]
) -> dict[UUID, StoredComparison]:
    """Return the latest comparison of each version that has one."""
    rows = await session.execute(
        select(_C)
        .where(_C.c.weights_id.in_(weights_ids))
        .order_by(_C.c.weights_id, _C.c.id.desc())
        .ext(distinct_on(_C.c.weights_id))
    )
    return {row.weights_id: _comparison(row) for row in rows}


# In order of their ids; a weak lock, which lets whoever keeps pairs of the others go on: it holds
# one of them already.
_FORGET: Final = text("""
    WITH part AS (
        SELECT e.id FROM match_entries e
        WHERE e.market_id = (SELECT market_id FROM match_weights WHERE id = :weights_id)
          AND e.id > coalesce(
              (SELECT rematched_to FROM match_weights WHERE id = :weights_id),
              '00000000-0000-0000-0000-000000000000'
          )
          AND e.matched_with IS NOT NULL
        ORDER BY e.id LIMIT :size FOR NO KEY UPDATE
    ), marked AS (
        UPDATE match_entries SET matched_with = NULL FROM part
        WHERE match_entries.id = part.id
    )
    UPDATE match_weights SET rematched_to = (SELECT id FROM part ORDER BY id DESC LIMIT 1)
    WHERE id = :weights_id
    RETURNING (SELECT count(*) FROM part)
""")


async def forget_results(session: AsyncSession, weights_id: UUID, *, size: int) -> int:
    """Let the next entries of the weights' market count as not matched; return how many.

    Where it went to is kept with the weights, so that what was matched anew meanwhile stays.
    """
    marked: int = (
        await session.execute(_FORGET, {"weights_id": weights_id, "size": size})
    ).scalar_one()
    return marked


def _weights(row: Row[Any]) -> MarketWeights:
    return MarketWeights(
        id=row.id,
        market_id=MarketId(row.market_id),
        number=row.number,
        status=WeightsStatus(row.status),
        shares=Shares(
            text_bp=row.text_bp, factors_bp={name: row.factors_bp[name] for name in FACTORS}
        ),
        reason=row.reason,
        proposed_at=row.proposed_at,
        activated_at=row.activated_at,
    )


def _comparison(row: Row[Any]) -> StoredComparison:
    return StoredComparison(
        id=row.id,
        baseline=row.baseline,
        newest=row.newest,
        seed=row.seed,
        compared_at=row.compared_at,
        comparison=_figures(row.figures),
    )


def _figures(told: Mapping[str, Any]) -> Comparison:
    return Comparison(
        judgements=told["judgements"],
        results=told["results"],
        pairs=told["pairs"],
        candidate=Measures(**told["candidate"]),
        baseline=Measures(**told["baseline"]),
        gain={name: Interval(**ends) for name, ends in told["gain"].items()},
    )
