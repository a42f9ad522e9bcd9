"""Results of matching as people were shown them, put into the database by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.calibration import TextCalibration
from app.matching.domain.entry import EntryKind
from app.matching.domain.factors import Compared
from app.matching.domain.match import Basis, Match, StoredResult, Verdict
from app.matching.domain.scoring import TextParts, contributions
from app.matching.domain.storing import match_to_json
from app.matching.domain.weights import DEFAULT, FACTORS, Weights
from app.matching.repository import results
from app.shared.ids import MarketId, PartyId, new_id

CALIBRATION = TextCalibration(coverage=0.7, semantic=0.3, possible=0.1, strong=0.3)
TITLES = {
    EntryKind.ACHIEVEMENT: "薄壁深孔镗杆的主动抑振技术",
    EntryKind.DEMAND: "深孔镗削颤振抑制与在线监测",
}


def weights_body(**changes: Any) -> dict[str, Any]:
    """Return a proposal of weights by which price counts as much as all words."""
    return {
        "text_bp": 5_000,
        "factors_bp": dict.fromkeys(FACTORS, 0) | {"price": 5_000},
        "reason": "买方最看重价格",
    } | changes


@dataclass(frozen=True)
class Shown:
    """One match to be shown.

    Attributes:
        values: Of structured factors; the others state nothing.
    """

    entry_id: UUID
    party_id: PartyId
    coverage: float = 0.4
    semantic: float | None = 0.8
    values: Mapping[str, float] | None = None


def match_of(shown: Shown, kind: EntryKind, market_id: MarketId, weights: Weights) -> Match:
    """Return the match as the engine scores it."""
    parts = TextParts(shown.coverage, shown.semantic)
    values = shown.values or {}
    compared = {name: Compared(values.get(name), "注", "note") for name in FACTORS}
    points = contributions(parts, compared, weights, CALIBRATION)
    text_score = parts.score(CALIBRATION)
    return Match(
        entry_id=shown.entry_id,
        kind=kind,
        market_id=market_id,
        party_id=shown.party_id,
        revision=1,
        title=TITLES[kind],
        score=sum(item.points for item in points),
        text_score=text_score,
        verdict=CALIBRATION.verdict(text_score),
        contributions=points,
        terms=(),
        gaps=(),
    )


def result_of(
    shown: Sequence[Shown],
    *,
    market_id: MarketId,
    party_id: PartyId,
    computed_at: datetime,
    kind: EntryKind = EntryKind.DEMAND,
    entry_id: UUID | None = None,
    weights: Weights = DEFAULT,
) -> StoredResult:
    """Return a result that shows these in this order."""
    matches = [match_of(item, kind.other, market_id, weights) for item in shown]
    return StoredResult(
        id=new_id(),
        market_id=market_id,
        party_id=party_id,
        kind=kind,
        entry_id=entry_id or new_id(),
        revision=1,
        computed_at=computed_at,
        verdict=matches[0].verdict if matches else Verdict.NONE,
        excluded={},
        basis=Basis(weights=weights.version, calibration="2026-11", model="e5-small"),
        matches=tuple(match_to_json(match) for match in matches),
    )


async def put_result(session: AsyncSession, shown: Sequence[Shown], **told: Any) -> StoredResult:
    """Keep a result as if the indexer had computed it."""
    result = result_of(shown, **told)
    await results.add(session, result)
    return result
