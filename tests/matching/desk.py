"""Steps for the tests of the broker's desk."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.cases import Case, CaseStatus, Suggestion
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import StoredResult
from app.matching.domain.matchmaking import Day, DayStatus, Setting, Slot
from app.matching.repository import cases, days, results
from app.matching.service.suggesting import keep_pairs
from app.shared.ids import MarketId, PartyId, new_id
from tests.demands.board import done
from tests.matching.market import LEAKAGE, LOCATING, Json, Market
from tests.matching.shown import Shown, result_of
from tests.world import START


async def suggest(
    session: AsyncSession,
    *,
    market_id: MarketId,
    demand: tuple[UUID, PartyId, int],
    achievement: tuple[UUID, PartyId, int],
) -> StoredResult:
    """Let a demand have found an achievement, each with its party and revision."""
    found = result_of(
        [Shown(*achievement[:2])],
        market_id=market_id,
        party_id=demand[1],
        entry_id=demand[0],
        computed_at=START,
    )
    match = {**found.matches[0], "revision": achievement[2]}
    result = replace(found, revision=demand[2], matches=(match,))
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
    result = await suggest(
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


async def put_day(session: AsyncSession, market_id: MarketId) -> UUID:
    """Prepare a day to which nobody is invited yet."""
    starts_at = START.replace(day=20)
    made = Day(
        id=new_id(),
        market_id=market_id,
        status=DayStatus.DRAFT,
        title="智能装备供需对接日",
        held_on=starts_at.date(),
        place="杭州市西湖区望溪路1号",
        setting=Setting(
            slots=(Slot(starts_at, starts_at + timedelta(minutes=20)),),
            tables=1,
            meetings_max=None,
            demands=(),
            achievements=(),
        ),
        created_at=START,
    )
    await days.insert(session, made)
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
