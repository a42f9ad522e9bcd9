"""Engagements for tests: from a demand's award to its money, with the worker's part by hand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.award import Winner
from app.demands.domain.demand import DemandStatus
from app.demands.domain.engagement import Engagement, EngagementStatus
from app.demands.domain.failure import RiskRule
from app.demands.engagement_handlers import ENGAGEMENTS, on_decide, on_remedy
from app.demands.repository import demands
from app.demands.repository.engagements import insert, next_number, of_demand
from app.demands.service.engaging import engage
from app.ledger import public as ledger
from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.settlement.handlers import REACTIONS
from app.shared.ids import DemandId, EngagementId, MarketId, PartyId, ProposalId, new_id
from app.shared.money import Money
from tests.demands.board import Board, Json, done, yuan

POSTER = "西溪智造有限公司"
TIMERS = {"engagement.decide": on_decide, "engagement.remedy": on_remedy}
MEASURED = {
    "target": "内孔表面粗糙度Ra",
    "value": "0.62",
    "unit": "μm",
    "test_method": "轮廓仪",
}
COSTS = {
    "total": yuan("210000.00"),
    "lines": [
        {"kind": "labour", "amount": yuan("120000.00")},
        {"kind": "operation", "amount": yuan("90000.00")},
    ],
}


async def react(session: AsyncSession, after: int) -> int:
    """Run the reactions of deals and engagements on what the journal has; return how far."""
    while True:
        found = await session.scalars(
            select(JournalEvent).where(JournalEvent.seq > after).order_by(JournalEvent.seq).limit(1)
        )
        event = found.first()
        if event is None:
            return after
        after = event.seq
        for reaction in (ENGAGEMENTS, *REACTIONS):
            if event.type in reaction.types:
                await reaction.react(session, event)


class Work:
    """The counter of engagements: routes by name, and a worker that runs when told to."""

    def __init__(self, board: Board, session: AsyncSession) -> None:
        self.board, self.world, self.session = board, board.world, session
        self.seen = 0

    async def engaged(
        self, *prices: str, more: Json | None = None, solvers: Sequence[PartyId] = (), **on: Any
    ) -> tuple[str, list[Json]]:
        """Return a demand's id and its engagements, deals opened, nothing signed.

        Args:
            more, on: Changes of the demand's content and terms.
        """
        demand = await self.board.posted(self.session, more=more, **on)
        demand_id = str(demand["id"])
        await self.award(demand_id, *prices, solvers=solvers)
        await self.run()
        found = reversed(await self.all(demand_id))
        return demand_id, [await self.read(it["id"]) for it in found]

    async def award(self, demand_id: str, *prices: str, solvers: Sequence[PartyId] = ()) -> str:
        """Award a posted demand; return the id of its first engagement. No worker has run."""
        await self.board.put_in(self.session, demand_id, DemandStatus.NOTICED)
        found = await demands.find(self.session, DemandId(UUID(demand_id)), lock=True)
        assert found is not None
        parties = solvers or (self.world.seller, self.world.other_seller)
        winners = [
            Winner(
                proposal_id=ProposalId(new_id()),
                party_id=party_id,
                rank=rank,
                price=Money.parse(price),
            )
            for rank, (party_id, price) in enumerate(zip(parties, prices, strict=False), start=1)
        ]
        await self.run_none()
        await engage(self.session, found, winners, at=await self.now(), actor="system")
        engagements = await of_demand(self.session, found.id)
        return str(engagements[0].id)

    async def all(self, demand_id: str) -> list[Json]:
        path = f"engagements?demand_id={demand_id}"
        items: list[Json] = done(await self.board.get(path, "operator"))["items"]
        return items

    async def now(self) -> Any:
        return await market_now(self.session, self.world.market_id)

    async def run_none(self) -> None:
        """Pass over what happened before."""
        found = await self.session.scalar(select(func.max(JournalEvent.seq)))
        self.seen = found or 0

    async def run(self) -> None:
        """Let the worker react."""
        self.seen = await react(self.session, self.seen)

    async def read(self, engagement_id: str) -> Json:
        return done(await self.board.get(f"engagements/{engagement_id}", "operator"))

    async def act(
        self, engagement: Json, what: str, sent: Json, role: str = "buyer_staff", **who: Any
    ) -> Any:
        return await self.board.post(f"engagements/{engagement['id']}/{what}", role, sent, **who)

    async def solve(self, engagement: Json, what: str, sent: Json) -> Any:
        solver = PartyId(UUID(engagement["solver_id"]))
        return await self.act(engagement, what, sent, "seller_staff", party_id=solver)

    async def sign(self, engagement: Json) -> None:
        path = f"deals/{engagement['deal_id']}/signing"
        signed = {"signed_at": (await self.now()).isoformat()}
        done(await self.board.post(path, "operator", signed))
        await self.run()

    async def pay(self, engagement: Json, amount: str, *, run: bool = True) -> Json:
        sent = {
            "amount": yuan(amount),
            "payer_name": POSTER,
            "bank_reference": str(new_id()),
            "received_at": (await self.now() - timedelta(minutes=1)).isoformat(),
        }
        path = f"deals/{engagement['deal_id']}/payments"
        told = done(await self.board.post(path, "operator", sent))
        if run:
            await self.run()
        return told

    async def deliver(self, engagement: Json, place: int, **changes: Any) -> Any:
        sent = {
            "milestone": place,
            "text": "样杆与测试报告",
            "values": [MEASURED],
            "costs": COSTS,
        } | changes
        return await self.solve(engagement, "deliveries", sent)

    async def accepted(self, engagement: Json, place: int) -> Json:
        done(await self.deliver(engagement, place))
        told = done(await self.act(engagement, "acceptance", {"milestone": place}))
        await self.run()
        return told

    async def failed(self, engagement: Json, place: int) -> None:
        """Let a milestone be refused and its remedy pass; the worker comes late."""
        done(await self.deliver(engagement, place))
        refused = {"milestone": place, "reason": "颤振抑制率未达到指标"}
        done(await self.act(engagement, "refusal", refused))
        await self.world.later(self.session, days=40)

    async def file(self, party_id: PartyId, text: str) -> str:
        answer = await self.board.client.post(
            "/v1/files",
            files={"file": ("费用凭证.csv", text.encode())},
            data={"audience": "owner"},
            headers=self.world.headers("seller_staff", party_id),
        )
        return str(done(answer)["id"])

    async def books(self) -> dict[str, Money]:
        """Return what lies where, all of the market; the whole sums to zero."""
        lines = await ledger.trial_balance(self.session, self.world.market_id)
        assert all(total == Money(0) for total in ledger.totals(lines))
        return {str(line.purpose): line.debit for line in lines if line.debit != Money(0)}

    async def funds(self, party_id: PartyId) -> Money:
        return await ledger.funds_of(
            self.session, market_id=self.world.market_id, party_id=party_id
        )

    async def demand_status(self, demand_id: str) -> DemandStatus:
        found = await demands.find(self.session, DemandId(UUID(demand_id)))
        assert found is not None
        return found.status


async def put_engagement(
    session: AsyncSession,
    market_id: MarketId,
    demand_id: UUID,
    *,
    poster_id: PartyId,
    solver_id: PartyId,
) -> str:
    """Insert an engagement without milestones that nobody has signed; return its id."""
    now = await market_now(session, market_id)
    engagement = Engagement(
        id=EngagementId(new_id()),
        number=await next_number(session, now=now),
        market_id=market_id,
        demand_id=DemandId(demand_id),
        proposal_id=ProposalId(new_id()),
        round=1,
        rank=1,
        poster_id=poster_id,
        solver_id=solver_id,
        status=EngagementStatus.OPENED,
        price=Money(100),
        failure_risk_rule=RiskRule.POSTER_BEARS,
        poster_risk_bp=None,
        lump_sum=True,
        third_party=None,
        racing=False,
        opened_at=now,
        sign_by_at=now + timedelta(days=30),
        pay_by_at=now + timedelta(days=30),
        released=Money(0),
        returned=Money(0),
    )
    await insert(session, engagement)
    return str(engagement.id)
