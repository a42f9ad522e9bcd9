"""A demand played over HTTP by everybody who has to do with it; the clock's route moves time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from app.demo.api import Api, Who
from app.permissions import scopes_of
from app.platform import reactions
from app.platform.access import Actor, Role
from app.platform.clock import market_now
from app.platform.runtime import Runtime
from tests.auctions.lot import BUYERS, OPERATOR
from tests.demands.board import body, terms, yuan
from tests.valuations.panels import EXPERTS, Person, make_expert
from tests.world import World

Json = dict[str, Any]
POSTER: Final = Who(Role.BUYER_STAFF, "buyer")
SOLVERS: Final[Mapping[str, Who]] = {
    "seller": Who(Role.SELLER_STAFF, "seller"),
    "other_buyer": Who(Role.BUYER_STAFF, "other_buyer"),
    "third_buyer": Who(Role.BUYER_STAFF, "third_buyer"),
}
MEASURED: Final = [
    {"target": "内孔表面粗糙度Ra", "value": "0.40", "unit": "μm", "test_method": "轮廓仪"}
]


def proposal_content(route: str) -> Json:
    return {
        "route": route,
        "approach": "以动力学仿真确定阻尼层位置,样杆试切后定型。",
        "team": "五人,主持过同类减振刀具项目两项。",
        "schedule": "六月完成仿真,十二月完成现场验收。",
        "answers": [{"target": 1, "value": "0.40"}],
        "milestones": [
            {"milestone": 1, "due_on": "2026-06-30", "deliverable": "动力学仿真报告"},
            {"milestone": 2, "due_on": "2026-12-18", "deliverable": "样杆与试切记录"},
        ],
        "ip_accepted": True,
    }


@dataclass
class Play:
    """One demand with its people.

    Attributes:
        codes: The proposals' codes by proposer, once they were opened.
    """

    world: World
    runtime: Runtime
    api: Api
    experts: Sequence[Person]
    id: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    proposals: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/v1/demands/{self.id}"

    async def read(self, who: Who | None = OPERATOR) -> Json:
        found: Json = await self.api.get(who, self.path)
        return found

    async def now(self) -> datetime:
        async with self.runtime.database.transaction() as session:
            return await market_now(session, self.world.market_id)

    async def move_to(self, moment: datetime) -> None:
        path = f"/v1/markets/{self.world.market_id}/sandbox/clock"
        await self.api.post(OPERATOR, path, {"advance_to": moment.isoformat()})

    async def later(self, **span: float) -> None:
        await self.move_to(await self.now() + timedelta(**span))

    async def post(
        self,
        *,
        plan: Json | None = None,
        content: Json | None = None,
        **on: Any,
    ) -> None:
        """Bring a demand, new or returned, through its diagnosis onto the board."""
        if not self.id:
            made = await self.api.post(POSTER, "/v1/demands", body(**(content or {})))
            self.id = made["id"]
        told = {"outcome": "clear", "reason": "指标可测,边界清楚。"}
        await self.api.post(OPERATOR, f"{self.path}/diagnosis/decision", told)
        if plan is not None:
            await self.api.put(OPERATOR, f"{self.path}/bidding-plan", plan, etag="*")
        closes_at = await self.now() + timedelta(days=20)
        more = {
            "closes_at": closes_at.isoformat(),
            "questions_until": (closes_at - timedelta(days=5)).isoformat(),
        }
        await self.api.post(OPERATOR, f"{self.path}/posting", {"terms": terms(**more | on)})

    async def propose(self, name: str, price: str, *, route: str = "阻尼镗杆") -> httpx.Response:
        sent = {"price": yuan(price), "content": proposal_content(route)}
        return await self.api.send("POST", SOLVERS[name], f"{self.path}/proposals", sent)

    async def close(self) -> None:
        """Let the deadline pass."""
        await self.move_to(datetime.fromisoformat((await self.read())["closes_at"]))

    async def admit(self) -> None:
        """Let the exchange admit every opened proposal."""
        names = {str(getattr(self.world, name)): name for name in SOLVERS}
        found = (await self.api.get(OPERATOR, f"{self.path}/proposals"))["items"]
        for item in found:
            self.codes[names[item["party_id"]]] = item["code"]
            self.proposals[names[item["party_id"]]] = item["id"]
            path = f"/v1/proposals/{item['id']}/eligibility"
            await self.api.post(OPERATOR, path, {"admitted": True})

    async def judge(
        self, points: Mapping[str, int], *, routes: Mapping[str, str] | None = None
    ) -> None:
        """Let a panel of three give everybody's points and the exchange conclude."""
        await self.api.post(OPERATOR, f"{self.path}/review")
        await self.score(points, routes=routes)

    async def score(
        self, points: Mapping[str, int], *, routes: Mapping[str, str] | None = None
    ) -> None:
        seats = [
            {"membership_id": str(person.membership_id), "chair": place == 0}
            for place, person in enumerate(self.experts)
        ]
        await self.api.post(OPERATOR, f"{self.path}/review/panel", {"seats": seats})
        for person in self.experts:
            await self.as_expert(person, "declaration", {"interest": None})
        due = {"due_at": (await self.now() + timedelta(days=5)).isoformat()}
        await self.api.post(OPERATOR, f"{self.path}/review/scoring", due)
        sheet = {
            self.proposals[name]: {
                criterion: {"points": given, "reason": "依据充分,测试条件明确。"}
                for criterion in ("技术方案", "团队基础")
            }
            for name, given in points.items()
        }
        for person in self.experts:
            await self.as_expert(person, "scores", {"scores": sheet})
        if routes is not None:
            tagged = {self.codes[name]: route for name, route in routes.items()}
            await self.as_expert(self.experts[0], "routes", {"routes": tagged})
        await self.api.post(OPERATOR, f"{self.path}/review/conclusion")

    async def as_expert(self, person: Person, what: str, sent: Json) -> None:
        answer = await self.api.send("POST", _who(person), f"{self.path}/review/{what}", sent)
        assert answer.is_success, answer.text

    async def award(self) -> list[Json]:
        """Let the result's notice end; return the engagements, best rank first."""
        result = (await self.notices())[-1]
        await self.move_to(datetime.fromisoformat(result["closes_at"]))
        await self.later(seconds=1)
        path = f"/v1/engagements?demand_id={self.id}"
        found = (await self.api.get(OPERATOR, path))["items"]
        return sorted(found, key=lambda item: item["rank"])

    async def notices(self) -> list[Json]:
        found: list[Json] = (await self.api.get(None, f"{self.path}/notices"))["items"]
        return found

    async def sign(self, engagement: Json, *, paid: str | None) -> None:
        """Let both sides sign and the poster's money come; reactions follow."""
        deal = f"/v1/deals/{engagement['deal_id']}"
        await self.api.post(
            OPERATOR, f"{deal}/signing", {"signed_at": (await self.now()).isoformat()}
        )
        if paid is not None:
            await self.pay(engagement, paid)
        await self.later(seconds=1)

    async def pay(self, engagement: Json, amount: str) -> None:
        arrival = {
            "amount": yuan(amount),
            "payer_name": BUYERS["buyer"],
            "bank_reference": f"JK-{engagement['number']}-{amount}",
            "received_at": (await self.now()).isoformat(),
        }
        await self.api.post(OPERATOR, f"/v1/deals/{engagement['deal_id']}/payments", arrival)

    async def deliver(self, engagement: Json, name: str, milestone: int) -> None:
        sent = {"milestone": milestone, "text": "报告与记录已提交。", "values": MEASURED}
        path = f"/v1/engagements/{engagement['id']}/deliveries"
        await self.api.post(SOLVERS[name], path, sent)

    async def decide(self, engagement: Json, what: str, milestone: int) -> None:
        """Let the poster accept or refuse a milestone."""
        sent = {"milestone": milestone, "reason": "现场复测三次。"}
        await self.api.post(POSTER, f"/v1/engagements/{engagement['id']}/{what}", sent)

    async def statement(self, engagement: Json) -> Json:
        path = f"/v1/engagements/{engagement['id']}/statement"
        found: Json = await self.api.get(OPERATOR, path)
        return found

    async def books(self) -> list[str]:
        """Return the totals of all accounts."""
        found = await self.api.get(OPERATOR, "/v1/ledger/balance")
        return [total["amount"] for total in found["totals"]]


@dataclass(frozen=True, slots=True)
class _Expert(Who):
    person: Person | None = None


def _who(person: Person) -> Who:
    return _Expert(Role.EXPERT, person.name, person)


async def play_of(world: World, runtime: Runtime, client: httpx.AsyncClient) -> Play:
    """Return a play with three experts of a panel, on a database of its own."""
    await reactions.register(runtime.database, runtime.reactions)
    async with runtime.database.transaction() as session:
        experts = [
            await make_expert(session, world, name, unit, number=number)
            for number, (name, unit) in enumerate(EXPERTS[:3])
        ]

    def headers(who: Who) -> Mapping[str, str]:
        if isinstance(who, _Expert) and who.person is not None:
            person = who.person
            actor = Actor(
                f"user:{person.user_id}",
                Role.EXPERT,
                person.party_id,
                world.market_id,
                scopes_of(Role.EXPERT),
            )
            return {"Authorization": f"Bearer {world.tokens.issue(actor)}"}
        return world.headers(who.role, getattr(world, who.party_key))

    return Play(world, runtime, Api(client, headers), experts)
