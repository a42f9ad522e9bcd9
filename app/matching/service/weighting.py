"""The weights of a market: proposed, compared on its own feedback, switched to by a person."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.comparing import compare_weights
from app.matching.domain.market_weights import (
    WEIGHTS_TRANSITIONS,
    MarketWeights,
    Shares,
    StoredComparison,
    WeightsStatus,
    WeightsTrigger,
    check_compared,
    check_shares,
)
from app.matching.domain.weights import DEFAULT, Weights
from app.matching.repository import feedback
from app.matching.repository import weights as repository
from app.platform import journal, timers
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import MarketId, new_id
from app.shared.transitions import advance

REMATCH: Final = "matching.rematch"
PAIRS_MAX: Final = 10_000  # judged pairs behind a comparison, the newest: a second's work at most
_SLICE: Final = 2_000  # entries that are marked in one transaction


@dataclass(frozen=True, slots=True)
class WeightsSeen:
    """A market's versions, newest first, each with its latest comparison, and what is in use."""

    active: Weights
    versions: Sequence[MarketWeights]
    comparisons: Mapping[UUID, StoredComparison]


async def active_weights(session: AsyncSession, market_id: MarketId) -> Weights:
    """Return what a market's results are scored by now.

    Invariant: MT49.
    """
    found = await repository.active(session, market_id)
    return DEFAULT if found is None else found.weights


async def held_weights(session: AsyncSession, market_id: MarketId) -> Weights:
    """Return the weights in use, which stay so until the transaction ends.

    For whoever keeps a result: one by the old weights, kept behind the mark that a switch sets on
    its entry, would never be matched anew.

    Invariant: MT51.
    """
    await repository.hold(session, market_id)
    return await active_weights(session, market_id)


async def propose_weights(
    session: AsyncSession,
    actor: Actor,
    market_id: MarketId,
    shares: Shares,
    *,
    reason: str,
    now: datetime,
) -> MarketWeights:
    """Keep a new version, which changes nothing yet.

    Raises:
        WeightsInvalid: See `check_shares`.

    Invariant: MT46.
    """
    check_shares(shares)
    while True:
        proposed = MarketWeights(
            id=new_id(),
            market_id=market_id,
            number=await repository.newest_number(session, market_id) + 1,
            status=WeightsStatus.PROPOSED,
            shares=shares,
            reason=reason,
            proposed_at=now,
        )
        if await repository.add(session, proposed):
            break  # else somebody proposed just before
    told = {"text_bp": shares.text_bp, "factors_bp": shares.factors_bp, "reason": reason}
    await _journal(session, proposed, "proposed", actor, now, restricted=told)
    return proposed


async def list_weights(
    session: AsyncSession, market_id: MarketId, *, before: int | None, limit: int
) -> WeightsSeen:
    """Return a market's versions with their latest comparisons."""
    versions = await repository.page(session, market_id, before=before, limit=limit)
    return WeightsSeen(
        active=await active_weights(session, market_id),
        versions=versions,
        comparisons=await repository.latest_comparisons(session, [item.id for item in versions]),
    )


async def compare(
    session: AsyncSession, actor: Actor, weights_id: UUID, *, seed: int, now: datetime
) -> StoredComparison:
    """Compare a version with the weights in use, on all that people judged; keep the figures.

    Raises:
        ObjectUnknown: There is no such version.

    Invariants: MT47, MT48.
    """
    candidate = await _require(session, weights_id)
    baseline = await active_weights(session, candidate.market_id)
    newest = await repository.newest_number(session, candidate.market_id)
    judged = await feedback.judged_matches(session, candidate.market_id, pairs_max=PAIRS_MAX)
    figures = await asyncio.to_thread(
        compare_weights, judged, candidate.weights, baseline, seed=seed
    )
    compared = StoredComparison(
        id=new_id(),
        baseline=baseline.version,
        newest=newest,
        seed=seed,
        compared_at=now,
        comparison=figures,
    )
    await repository.add_comparison(session, weights_id, compared)
    told = {
        "comparison_id": compared.id,
        "baseline": compared.baseline,
        "judgements": figures.judgements,
        "pairs": figures.pairs,
    }
    await _journal(session, candidate, "compared", actor, now, restricted=told)
    return compared


async def activate_weights(
    session: AsyncSession, actor: Actor, weights_id: UUID, *, now: datetime
) -> tuple[MarketWeights, Mapping[UUID, StoredComparison]]:
    """Switch a market to a version; its entries are then matched anew, a slice at a time.

    Returns:
        The version, and the comparison on whose ground it is used.

    Raises:
        ObjectUnknown: There is no such version.
        TransitionRefused: It is in use.
        WeightsNotCompared: See `check_compared`.

    Invariants: MT49, MT51.
    """
    market_id = (await _require(session, weights_id)).market_id
    versions = await repository.lock_all(session, market_id)
    chosen = next(item for item in versions if item.id == weights_id)
    status = advance(WEIGHTS_TRANSITIONS, state=chosen.status, trigger=WeightsTrigger.ACTIVATE)
    before = await active_weights(session, market_id)
    found = await repository.latest_comparisons(session, [weights_id])
    check_compared(found.get(weights_id), active=before.version, newest=versions[-1].number)
    for old in versions:
        if old.status is WeightsStatus.ACTIVE:
            await _retire(session, actor, old, now)
    switched = replace(chosen, status=status, activated_at=now)
    await repository.save_status(session, switched)
    public = {
        "version": switched.version,
        "before": before.version,
        "text_bp": switched.shares.text_bp,
        "factors_bp": switched.shares.factors_bp,
    }
    told = {"comparison_id": found[weights_id].id}
    await _journal(session, switched, "activated", actor, now, public=public, restricted=told)
    await timers.schedule(
        session, market_id=market_id, kind=REMATCH, subject_id=weights_id, due_at=now
    )
    return switched, found


async def _retire(session: AsyncSession, actor: Actor, old: MarketWeights, now: datetime) -> None:
    status = advance(WEIGHTS_TRANSITIONS, state=old.status, trigger=WeightsTrigger.RETIRE)
    await repository.save_status(session, replace(old, status=status))
    await _journal(session, old, "retired", actor, now, public={"version": old.version})


async def rematch(session: AsyncSession, weights_id: UUID, due_at: datetime) -> None:
    """Let the next entries of a market be matched anew by the weights in use (a timer).

    Other weights that were switched to meanwhile have a timer of their own.

    Invariant: MT51.
    """
    weights = await repository.find(session, weights_id)
    if weights is None or weights.status is not WeightsStatus.ACTIVE:
        return
    if await repository.forget_results(session, weights_id, size=_SLICE) == _SLICE:
        await timers.schedule(
            session,
            market_id=weights.market_id,
            kind=REMATCH,
            subject_id=weights_id,
            due_at=due_at,
        )


async def _require(session: AsyncSession, weights_id: UUID) -> MarketWeights:
    found = await repository.find(session, weights_id)
    if found is None:
        raise ObjectUnknown("There are no such weights.")
    return found


async def _journal(
    session: AsyncSession,
    weights: MarketWeights,
    what: str,
    actor: Actor,
    now: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
) -> None:
    event = NewEvent(
        market_id=weights.market_id,
        subject="match_weights",
        subject_id=weights.id,
        type=f"match_weights.{what}",
        market_at=now,
        actor=actor.ref,
        public=public or {},
        restricted=restricted or {},
    )
    await journal.append(session, event)
