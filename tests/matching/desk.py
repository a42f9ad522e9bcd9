"""Steps for the tests of the broker's desk."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.cases import Case, CaseStatus, Suggestion
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Basis, Contribution, Match, StoredResult, Verdict
from app.matching.domain.storing import match_to_json
from app.matching.repository import cases, results
from app.matching.service.suggesting import keep_pairs
from app.shared.ids import MarketId, PartyId, new_id
from tests.demands.board import done
from tests.matching.market import LEAKAGE, LOCATING, Json, Market
from tests.world import START

SCORE = 0.7253


def match_with(entry_id: UUID, kind: EntryKind, market_id: MarketId, party_id: PartyId) -> Match:
    """Return a strong match that rests on one factor."""
    only = Contribution(
        name="coverage", value=SCORE, weight=1.0, points=SCORE, note_zh="用词", note_en="words"
    )
    return Match(
        entry_id=entry_id,
        kind=kind,
        market_id=market_id,
        party_id=party_id,
        revision=1,
        title="低压配电网漏电故障断点定位方法",
        score=SCORE,
        text_score=SCORE,
        verdict=Verdict.STRONG,
        contributions=(only,),
        terms=(),
        gaps=(),
    )


async def put_result(
    session: AsyncSession,
    *,
    market_id: MarketId,
    demand: tuple[UUID, PartyId, int],
    achievement: tuple[UUID, PartyId, int],
) -> StoredResult:
    """Keep a demand's result that found an achievement, each with party and revision."""
    found = match_with(achievement[0], EntryKind.ACHIEVEMENT, market_id, achievement[1])
    result = StoredResult(
        id=new_id(),
        market_id=market_id,
        party_id=demand[1],
        kind=EntryKind.DEMAND,
        entry_id=demand[0],
        revision=demand[2],
        computed_at=START,
        verdict=Verdict.STRONG,
        basis=Basis(weights="default", calibration="test", model=None),
        matches=(match_to_json(found) | {"revision": achievement[2]},),
    )
    await results.add(session, result)
    await keep_pairs(session, result)
    return result


async def put_case(
    session: AsyncSession,
    market_id: MarketId,
    *,
    broker_id: PartyId,
    demand: tuple[UUID, PartyId],
    achievement: tuple[UUID, PartyId],
) -> UUID:
    """Let a broker have a pair, whatever the two entries are."""
    result = await put_result(
        session, market_id=market_id, demand=(*demand, 1), achievement=(*achievement, 1)
    )
    made = Case(
        id=new_id(),
        market_id=market_id,
        broker_id=broker_id,
        status=CaseStatus.TAKEN,
        pair=Suggestion(
            market_id=market_id,
            demand_id=demand[0],
            achievement_id=achievement[0],
            demand_party_id=demand[1],
            achievement_party_id=achievement[1],
            demand_title="漏电保护装置误动",
            achievement_title="漏电故障断点定位",
            result_id=result.id,
            found_by=EntryKind.DEMAND,
            match=result.matches[0],
        ),
        opened_at=START,
        acted_at=START,
        acts=1,
    )
    assert await cases.insert(session, made)
    return made.id


@dataclass(frozen=True)
class Pair:
    """A demand of the buyer and an achievement of the seller that fit."""

    demand_id: UUID
    achievement_id: UUID

    @property
    def body(self) -> Json:
        return {"demand_id": str(self.demand_id), "achievement_id": str(self.achievement_id)}


async def fitting_pair(market: Market) -> Pair:
    """Shelve and post what fits, beside what does not, and match the demand."""
    await market.shelve_others()
    achievement_id = await market.shelve("漏电故障断点定位", LOCATING)
    demand_id = await market.post("漏电保护装置误动率高", LEAKAGE)
    await market.match(demand_id)
    return Pair(demand_id, achievement_id)


async def queue(market: Market, **asked: Any) -> Json:
    """Return a page of the desk's queue."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return done(await market.board.get(f"match-suggestions?{query}", "broker"))
