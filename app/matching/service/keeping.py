"""Keep what entries found, on both sides, before anybody asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.match import Found, Match, StoredResult, Verdict
from app.matching.domain.storing import match_to_json
from app.matching.domain.wish import wish_of
from app.matching.domain.wishes import apply
from app.matching.repository import results
from app.matching.repository.entries import load_current, lock, mark_matched
from app.matching.repository.wishes import wishes_of
from app.matching.service.engine import MatchingEngine
from app.matching.service.finding import find_matches
from app.matching.service.suggesting import keep_pairs
from app.matching.service.weighting import held_weights
from app.platform.clock import market_now
from app.shared.calendar import SHANGHAI
from app.shared.ids import new_id

KEPT_MAX: Final = 20
_NEAREST: Final = 3  # kept where nothing is suitable, so that people see what came nearest


async def compute_result(
    session: AsyncSession, engine: MatchingEngine, entry_id: UUID, *, knows_until: datetime
) -> StoredResult | None:
    """Match an entry that may be shown now, and keep what it found if that is new.

    Args:
        knows_until: Database moment; all that was made before is in the index.

    Returns:
        What is kept of it now; ``None`` if there is no such entry.

    Raises:
        IndexNotReady: The indexer has made no index yet.

    Invariants: MT9, MT10.
    """
    await lock(session, entry_id)  # else a change meanwhile would count as matched
    entry = (await load_current(session, [entry_id])).get(entry_id)
    if entry is None:
        return None
    now = await market_now(session, entry.entry.market_id)
    weights = await held_weights(session, entry.entry.market_id)
    asked = (await wishes_of(session, [entry_id])).get(entry_id)
    wish = wish_of(entry.entry, vector=entry.vector, model=entry.model)
    found = await find_matches(
        session,
        engine,
        wish if asked is None else apply(asked, wish),
        home=entry.entry.market_id,
        weights=weights,
        today=now.astimezone(SHANGHAI).date(),
        limit=KEPT_MAX,
    )
    result = StoredResult(
        id=new_id(),
        market_id=entry.entry.market_id,
        party_id=entry.entry.party_id,
        kind=entry.entry.kind,
        entry_id=entry_id,
        revision=entry.entry.revision,
        computed_at=now,
        verdict=found.verdict,
        basis=found.basis,
        excluded=found.excluded,
        matches=tuple(match_to_json(match) for match in worth_keeping(found)),
    )
    before = await results.latest(session, entry_id)
    if before is not None and is_same(before, result):
        result = before
    else:
        await results.add(session, result)
    await keep_pairs(session, result)  # of the same one, too: pairs go with an entry that went
    await mark_matched(session, entry_id, _basis_key(result), knows_until=knows_until)
    return result


def worth_keeping(found: Found) -> tuple[Match, ...]:
    """Return what people are shown: all that is possible, else the nearest few."""
    fitting = tuple(match for match in found.matches if match.verdict is not Verdict.NONE)
    return fitting or found.matches[:_NEAREST]


def is_same(one: StoredResult, other: StoredResult) -> bool:
    """Tell whether two results of an entry say the same, so that one of them is enough.

    Invariant: MT9.
    """

    def essence(result: StoredResult) -> tuple[object, ...]:
        # How many a condition keeps out moves with every newcomer; which conditions do, is told.
        excluding = set(result.excluded)
        matches = _rounded(result.matches)
        return result.revision, result.basis, result.verdict, excluding, matches

    return essence(one) == essence(other)


def _rounded(told: Any) -> Any:
    """Return JSON with figures to hundredths: each entry of the market moves them a little."""
    match told:
        case float():
            return round(told, 2)
        case Mapping():
            return {name: _rounded(value) for name, value in told.items()}
        case list() | tuple():
            return [_rounded(value) for value in told]
    return told


def _basis_key(result: StoredResult) -> str:
    basis = result.basis
    return f"{result.revision} {basis.weights} {basis.calibration} {basis.model or '-'}"
