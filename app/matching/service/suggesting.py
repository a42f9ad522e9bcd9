"""The queue of the broker's desk: pairs of a market, read off the results that are kept."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.match import StoredResult, Verdict
from app.matching.repository import pairs
from app.matching.repository.pairs import Place, Queued
from app.shared.ids import MarketId

_MILLION: Final = 1_000_000


async def keep_pairs(session: AsyncSession, result: StoredResult) -> None:
    """Let the desk know what a result has found, in the transaction that stores it.

    Pairs across two markets are nobody's desk: a broker brings together whom its own exchange
    has verified. What the entry found before and finds no more is forgotten.

    Invariant: MT70.
    """
    rows = [
        _row(result, place)
        for place, match in enumerate(result.matches)
        if match["verdict"] != Verdict.NONE and match["market_id"] == str(result.market_id)
    ]
    await pairs.replace_found(session, result.kind, result.entry_id, rows)


def _row(result: StoredResult, place: int) -> dict[str, Any]:
    match = result.matches[place]
    own, found = result.kind, EntryKind(match["kind"])
    return {
        f"{own}_id": result.entry_id,
        f"{own}_revision": result.revision,
        f"{found}_id": UUID(match["entry_id"]),
        f"{found}_revision": match["revision"],
        "found_by": str(own),
        "market_id": result.market_id,
        "score_ppm": round(match["score"] * _MILLION),
        "verdict": match["verdict"],
        "result_id": result.id,
        "place": place,
    }


def score_key(key: object) -> int:
    """Return the score of a queue's cursor, in millionths.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(key, int) or not 0 <= key <= _MILLION:
        raise ValueError("no score")
    return key


async def list_suggestions(
    session: AsyncSession,
    market_id: MarketId,
    *,
    technology_field: str | None,
    verdict: Verdict | None,
    after: Place | None,
    limit: int,
) -> Sequence[Queued]:
    """Return pairs that nobody has taken, settled or dismissed, the best first, each once.

    Invariants: MT70, MT71.
    """
    return await pairs.find_queue(
        session,
        market_id,
        technology_field=technology_field,
        verdict=verdict,
        after=after,
        limit=limit,
    )
