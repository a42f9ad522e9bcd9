"""Demands that a reverse auction decides, brought to the call for it and on to its result."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.service.demand_handover import follow_demand
from app.auctions.vault import Vault
from app.demands.domain.demand import DemandStatus
from app.demands.domain.proposal import ProposalStatus
from app.demands.models.proposals import ProposalRow
from app.demands.repository import demands, judged
from app.demands.service.bidding import follow_auction
from app.demands.service.noticing import demand_event
from app.platform import journal
from app.platform.access import SYSTEM
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.journal import JournalEvent, NewEvent
from app.platform.runtime import Runtime
from app.shared.ids import DemandId, new_id
from tests.auctions.lot import Lot, api_of
from tests.demands.board import Board, done, terms
from tests.world import START, World

Json = dict[str, Any]
CEILING: Final = {"amount": "900000.00", "currency": "CNY"}
CODES: Final = {"seller": "B7K2M", "other_buyer": "B9QXD", "third_buyer": "B3RTW"}
PLAN: Final[Json] = {
    "terms": {
        "format": "multiple_bids",
        "direction": "down",
        "start": CEILING,
        "step": {"amount": "10000.00", "currency": "CNY"},
        "free_phase_s": 3600,
        "window_s": 120,
    },
    "opens_after": 2,
    "opening_hour": 10,
}
SEALED: Final[Json] = {
    "format": "sealed_first",
    "direction": "down",
    "start": CEILING,
    "round_s": 3600,
    "sealing": "plain",
}
WEIGHTED: Final[Json] = SEALED | {
    "format": "weighted",
    "criteria": [
        {"name": "技术方案", "weight_bp": 4000},
        {"name": "团队基础", "weight_bp": 2000},
    ],
}


def plan_of(bidding: Json) -> Json:
    return PLAN | {"terms": bidding}


class Reverse:
    """One demand with its reverse auction; reactions run when a test lets them."""

    def __init__(
        self, world: World, database: Database, runtime: Runtime, client: httpx.AsyncClient
    ) -> None:
        self.world, self.database, self.runtime = world, database, runtime
        self.board, self.api = Board(client, world), api_of(world, client)
        self.vault = Vault(runtime.box)
        self.demand_id = DemandId(new_id())

    async def plan(self, plan: Json = PLAN, *, role: str = "operator") -> httpx.Response:
        return await self.board.put(f"demands/{self.demand_id}/bidding-plan", role, plan)

    async def reviewed(self, **changes: Any) -> None:
        """Submit a demand that its diagnosis clears."""
        demand = await self.board.submitted(**changes)
        self.demand_id = DemandId(UUID(demand["id"]))
        await self.stand(DemandStatus.REVIEWED)

    async def evaluating(self, bidding: Json | None = None, *names: str) -> None:
        """Post a planned demand, with admitted proposers, as its review leaves it."""
        await self.reviewed()
        done(await self.plan(PLAN if bidding is None else plan_of(bidding)))
        sent = {"terms": terms(decision="reverse_auction")}
        done(await self.board.post(f"demands/{self.demand_id}/posting", "operator", sent))
        await self.stand(DemandStatus.EVALUATING)
        await self.admit({name: CODES[name] for name in names})

    async def stand(self, status: DemandStatus) -> None:
        """Let the demand stand in a state, however it would have come there."""
        async with self.database.transaction() as session:
            found = await demands.find(session, self.demand_id, lock=True)
            assert found is not None
            await demands.save(session, replace(found, status=status))

    async def admit(self, names: Mapping[str, str]) -> None:
        """Let parties stand as admitted proposers of the present round."""
        async with self.database.transaction() as session:
            for name, code in names.items():
                await admit(session, self.demand_id, getattr(self.world, name), code)

    async def score(self, points: Mapping[str, tuple[int, ...]]) -> None:
        """Let the panel have given points, by proposer."""
        async with self.database.transaction() as session:
            for name, given in points.items():
                await score(session, self.demand_id, CODES[name], given)

    async def call(self) -> JournalEvent:
        """Call for the auction, as the review does; no reaction hears it yet."""
        async with self.database.transaction() as session:
            demand = await demands.find(session, self.demand_id)
            assert demand is not None
            at = await market_now(session, demand.market_id)
            event = demand_event(demand, "bidding_due", actor=SYSTEM, at=at, public={})
            return await append(session, event)

    async def follow(self, event: JournalEvent) -> None:
        """Let auctions hear what the demand says."""
        async with self.database.transaction() as session:
            await follow_demand(session, self.vault, event)

    async def opened(self) -> Lot:
        """Call for the auction, have it made, and let its opening come."""
        await self.follow(await self.call())
        lot = await self.lot()
        await lot.at(lot.opens_at)
        return lot

    async def lot(self) -> Lot:
        demand = await self.read()
        listing = {"market_id": str(self.world.market_id)}
        lot = Lot(
            self.world,
            self.database,
            self.runtime,
            self.api,
            str(demand.auction_id),
            listing,
            START,
        )
        lot.opens_at = datetime.fromisoformat((await lot.auction())["opens_at"])
        return lot

    async def hear(self, lot: Lot) -> None:
        """Let the demand hear all that its auction says, in order, and twice."""
        for _ in range(2):
            for event in await lot.journal():
                if event.type in {"auction.confirmed", "auction.failed", "auction.cancelled"}:
                    async with self.database.transaction() as session:
                        await follow_auction(session, event)

    async def read(self) -> Any:
        async with self.database.transaction() as session:
            found = await demands.find(session, self.demand_id)
        assert found is not None
        return found

    async def standing(self) -> dict[str, str]:
        """Return how the proposals of the present round stand, by code."""
        async with self.database.transaction() as session:
            demand = await demands.find(session, self.demand_id)
            assert demand is not None
            found = await judged.of_round(session, self.demand_id, demand.round)
            return {item.code: item.status for item in found}

    async def events(self) -> list[str]:
        async with self.database.transaction() as session:
            return [event.type for event in await journal.history(session, self.demand_id)]


async def append(session: AsyncSession, event: NewEvent) -> JournalEvent:
    """Append an event and return it as reactions read it."""
    await journal.append(session, event)
    stored = (await journal.history(session, event.subject_id))[-1]
    session.expunge(stored)
    return stored


async def admit(session: AsyncSession, demand_id: UUID, party_id: UUID, code: str) -> None:
    """Let a party stand as admitted proposer, however it would have come there."""
    found = await demands.find(session, DemandId(demand_id))
    assert found is not None
    at = await market_now(session, found.market_id)
    session.add(
        ProposalRow(
            id=new_id(),
            demand_id=demand_id,
            market_id=found.market_id,
            round=found.round,
            party_id=party_id,
            code=code,
            status=ProposalStatus.ADMITTED,
            version=1,
            members=[],
            commitment="0" * 64,
            handed_in_at=at,
            findings=[],
            grounds=[],
            opened_at=at,
            decided_at=at,
        )
    )
    await session.flush()


async def score(session: AsyncSession, demand_id: UUID, code: str, points: tuple[int, ...]) -> None:
    for criterion, given in enumerate(points):
        await session.execute(
            text("""
                INSERT INTO proposal_scores (proposal_id, criterion, points)
                SELECT id, :criterion, :points FROM proposals
                WHERE demand_id = :demand AND code = :code
            """),
            {"demand": demand_id, "code": code, "criterion": criterion, "points": given},
        )
