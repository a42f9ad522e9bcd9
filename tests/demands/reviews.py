"""Steps of reviews: a closed demand with admitted proposals, experts, sheets, timers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.objection import (
    DemandObjection,
    DemandObjectionGround,
    DemandObjectionStatus,
    Result,
)
from app.demands.domain.proposal import ProposalStatus, code_of
from app.demands.domain.review import Review, ReviewStatus
from app.demands.models.proposals import ProposalRow
from app.demands.repository import demands, objections, results, reviews
from app.permissions import scopes_of
from app.platform import timers
from app.platform.access import Actor, Role
from app.platform.clock import market_now
from app.platform.timers import TimerHandler
from app.shared.ids import DemandId, DemandObjectionId, MarketId, PartyId, new_id
from tests.demands.board import Board, done
from tests.valuations.panels import EXPERTS, Person, make_expert
from tests.world import START, World

Json = dict[str, Any]
CRITERIA: Final = ("技术方案", "团队基础")
REASON: Final = "路线清楚,试验依据充分,风险有应对。"


def content(**changes: Any) -> Json:
    return {
        "route": "压电主动阻尼",
        "approach": "刀杆内置压电作动器,按颤振频率反相驱动。",
        "team": "项目负责人:江亦白,高级工程师。",
        "schedule": "五个月样机,九个月台架验证。",
        "answers": [],
        "milestones": [],
        "price_deviation": None,
        "ip_accepted": True,
        "ip_statement": None,
        "attachments": [],
    } | changes


@dataclass
class Hall:
    """Everybody who has to do with reviews, each step as its HTTP call."""

    board: Board
    session: AsyncSession
    timer_handlers: Mapping[str, TimerHandler]
    experts: Sequence[Person] = ()
    demand_id: str = ""
    proposals: dict[str, Json] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.board.world

    def headers(self, who: str | Person | PartyId | Actor) -> dict[str, str]:
        if isinstance(who, str):
            return self.world.headers(who)
        if isinstance(who, Person):
            who = Actor(
                f"user:{who.user_id}",
                Role.EXPERT,
                who.party_id,
                self.world.market_id,
                scopes_of(Role.EXPERT),
            )
        if isinstance(who, Actor):
            return {"Authorization": f"Bearer {self.world.tokens.issue(who)}"}
        return self.world.headers("seller_staff", who)

    async def get(self, path: str, who: Any) -> httpx.Response:
        return await self.board.client.get(f"/v1/{path}", headers=self.headers(who))

    async def post(self, path: str, who: Any, sent: Any = None) -> httpx.Response:
        headers = self.headers(who) | {"Idempotency-Key": str(new_id())}
        return await self.board.client.post(f"/v1/{path}", json=sent, headers=headers)

    async def act(self, what: str, who: Any, sent: Any = None) -> httpx.Response:
        return await self.post(f"demands/{self.demand_id}/{what}", who, sent)

    async def read(self, what: str, who: Any) -> httpx.Response:
        return await self.get(f"demands/{self.demand_id}/{what}", who)

    async def now(self) -> datetime:
        return await market_now(self.session, self.world.market_id)

    async def in_days(self, days: int) -> str:
        return (await self.now() + timedelta(days=days)).isoformat()

    async def demand(self) -> Demand:
        found = await demands.find(self.session, DemandId(UUID(self.demand_id)))
        assert found is not None
        return found

    async def closed(self, *parties: str, **on: Any) -> None:
        """Post a demand and let it close with admitted proposals of these parties."""
        posted = await self.board.posted(self.session, **on)
        self.demand_id = posted["id"]
        await self.board.put_in(self.session, self.demand_id, DemandStatus.CLOSED)
        for place, name in enumerate(parties):
            await self.propose(name, price_minor=60_000_000 + place * 10_000_000)

    async def propose(self, name: str, *, price_minor: int, **changes: Any) -> None:
        """Let a party stand with an admitted proposal."""
        demand = await self.demand()
        proposal_id = new_id()
        values = {
            "id": proposal_id,
            "demand_id": demand.id,
            "market_id": demand.market_id,
            "round": demand.round,
            "party_id": getattr(self.world, name),
            "code": code_of(proposal_id.bytes[-8:]),
            "status": str(ProposalStatus.ADMITTED),
            "version": 1,
            "members": [],
            "commitment": "0" * 64,
            "handed_in_at": START + timedelta(minutes=len(self.proposals)),
            "price_minor": price_minor,
            "currency": "CNY",
            "content": content(),
            "findings": [],
            "grounds": [],
            "opened_at": START,
        } | changes
        self.session.add(ProposalRow(**values))
        await self.session.flush()
        self.proposals[name] = {"id": str(proposal_id), "code": values["code"]}

    async def summon(self, count: int = 3) -> None:
        self.experts = [
            await make_expert(self.session, self.world, name, unit, number=number)
            for number, (name, unit) in enumerate(EXPERTS[:count], start=40)
        ]

    def panel(self, people: Sequence[Person] | None = None) -> Json:
        seated = self.experts if people is None else people
        return {
            "seats": [
                {"membership_id": str(person.membership_id), "chair": place == 0}
                for place, person in enumerate(seated)
            ]
        }

    async def appointed(self, *parties: str, **on: Any) -> None:
        await self.closed(*parties, **on)
        done(await self.act("review", "operator"))
        await self.summon()
        done(await self.act("review/panel", "operator", self.panel()))

    async def declared(self, people: Sequence[Person] | None = None) -> None:
        for person in self.experts if people is None else people:
            sent = {"interest": None}
            assert (await self.act("review/declaration", person, sent)).status_code == 204

    async def scoring(self, *parties: str, **on: Any) -> None:
        await self.appointed(*parties, **on)
        await self.declared()
        due = {"due_at": await self.in_days(3)}
        done(await self.act("review/scoring", "operator", due))

    def sheet(self, **points: int) -> Json:
        """Return a whole sheet; the points of a party's proposal go for every criterion."""
        return {
            "scores": {
                proposal["id"]: {
                    name: {"points": points.get(party, 80), "reason": f"{REASON}{party}"}
                    for name in CRITERIA
                }
                for party, proposal in self.proposals.items()
            }
        }

    async def opened(self, *parties: str, points: Mapping[str, int], **on: Any) -> None:
        await self.scoring(*parties, **on)
        await self.score(**points)

    async def score(self, **points: int) -> None:
        for person in self.experts:
            done(await self.act("review/scores", person, self.sheet(**points)))

    async def noticed(self, *parties: str, points: Mapping[str, int], **on: Any) -> Json:
        await self.opened(*parties, points=points, **on)
        return done(await self.act("review/conclusion", "operator"))

    async def ring(self) -> None:
        """Handle all timers that are due."""
        while (due := await timers.claim_due(self.session)) is not None:
            assert await timers.handle(self.session, due, self.timer_handlers)

    async def later(self, **span: float) -> None:
        await self.world.later(self.session, **span)
        await self.ring()

    async def notices(self) -> list[Json]:
        return list(done(await self.read("notices", "anonymous"))["items"])

    async def exclude_all(self) -> None:
        for proposal in self.proposals.values():
            row = await self.session.get(ProposalRow, UUID(proposal["id"]))
            assert row is not None
            row.status, row.reason = str(ProposalStatus.EXCLUDED), "不符合申报条件"
        await self.session.flush()


async def put_objection(
    session: AsyncSession, market_id: MarketId, demand_id: UUID, party_id: PartyId
) -> str:
    """Let an objection of a party stand, however its result would have come there."""
    review = Review(
        id=new_id(),
        demand_id=DemandId(demand_id),
        market_id=market_id,
        posting=1,
        number=1,
        status=ReviewStatus.CONCLUDED,
        begun_at=START,
    )
    await reviews.insert(session, review)
    result = Result(
        id=new_id(),
        demand_id=review.demand_id,
        number=1,
        review_id=review.id,
        notice_seq=1,
        published_at=START,
        ends_at=START,
        winners=(),
    )
    await results.insert(session, result)
    objection = DemandObjection(
        id=DemandObjectionId(new_id()),
        demand_id=review.demand_id,
        result_id=result.id,
        market_id=market_id,
        party_id=party_id,
        name="沈望舒",
        contact="shen@example.cn",
        ground=DemandObjectionGround.OTHER,
        text="程序存疑。",
        evidence="公示材料。",
        files=(),
        status=DemandObjectionStatus.OPEN,
        filed_at=START,
        filed_by="user:test",
        decide_by_at=None,
    )
    await objections.insert(session, objection)
    return str(objection.id)
