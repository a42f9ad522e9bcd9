"""Experts, panels and steps for the tests of evaluations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import PartyStatus, add_membership, create_party, create_user
from app.permissions import scopes_of
from app.platform import timers
from app.platform.access import SYSTEM, Actor, Role
from app.platform.clock import market_now
from app.platform.timers import TimerHandler
from app.shared.ids import MembershipId, PartyId, UserId, new_id
from app.valuations.domain.scheme import find_scheme
from tests.listings.factories import Desk, achievement_body, done
from tests.world import START, World, organisation

Json = dict[str, Any]

APPLIED = find_scheme("five-values-applied")
# Fictitious persons and units.
EXPERTS = (
    ("方知远", "之江技术评估研究院"),
    ("沈若川", "钱江精密仪器有限公司"),
    ("顾南星", "越州材料研究所"),
    ("贺晓棠", "瓯江自动化有限公司"),
    ("温砚秋", "婺州科学技术咨询中心"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """An expert with its membership."""

    name: str
    membership_id: MembershipId
    user_id: UserId
    party_id: PartyId


async def make_expert(
    session: AsyncSession,
    world: World,
    name: str,
    unit: str | PartyId,
    *,
    number: int = 0,
    **facts: Any,
) -> Person:
    """Make an expert of a new or a known unit."""
    if isinstance(unit, str):
        new = organisation(100 + number, unit, seller_class=None)
        for field, value in facts.items():
            object.__setattr__(new, field, value)
        unit = await create_party(
            session,
            market_id=world.market_id,
            new=new,
            status=PartyStatus.VERIFIED,
            actor=SYSTEM,
            now=START,
        )
    user_id = await create_user(
        session, login=f"expert-{new_id().hex}", password_hash="!", display_name=name
    )
    membership_id = await add_membership(
        session, user_id=user_id, party_id=unit, market_id=world.market_id, role=Role.EXPERT
    )
    return Person(name, membership_id, user_id, unit)


def scores(points: int = 80, **changes: int) -> Json:
    """Return a whole score sheet of the scheme for applied research."""
    return {
        "scores": {
            code: {"points": changes.get(code, points), "comment": "依据充分,测试条件明确。"}
            for code in APPLIED.indicators
        }
    }


@dataclass
class Office:
    """Everybody who has to do with evaluations, each step as its HTTP call."""

    desk: Desk
    experts: Sequence[Person]
    timer_handlers: Mapping[str, TimerHandler]

    @property
    def world(self) -> World:
        return self.desk.world

    @property
    def session(self) -> AsyncSession:
        return self.desk.session

    def headers(self, who: str | Person) -> dict[str, str]:
        if isinstance(who, str):
            return self.world.headers(who)
        actor = Actor(
            f"user:{who.user_id}",
            Role.EXPERT,
            who.party_id,
            self.world.market_id,
            scopes_of(Role.EXPERT),
        )
        return {"Authorization": f"Bearer {self.world.tokens.issue(actor)}"}

    async def get(self, path: str, who: str | Person) -> httpx.Response:
        return await self.desk.client.get(f"/v1/{path}", headers=self.headers(who))

    async def post(
        self, path: str, who: str | Person, body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        headers = self.headers(who) | {"Idempotency-Key": str(new_id())}
        return await self.desk.client.post(f"/v1/{path}", json=body, headers=headers)

    async def now(self) -> datetime:
        return await market_now(self.session, self.world.market_id)

    async def ring(self) -> None:
        """Handle all timers that are due."""
        while (due := await timers.claim_due(self.session)) is not None:
            assert await timers.handle(self.session, due, self.timer_handlers)

    async def in_days(self, days: int) -> str:
        return (await self.now() + timedelta(days=days)).isoformat()

    async def submitted(self, **changes: Any) -> Json:
        return done(await self.post("achievements", "seller_staff", achievement_body(**changes)))

    async def opening(self, achievement: Json, who: str = "seller_staff", **changes: Any) -> Any:
        body = {"purpose": "拟对外许可前的分类评价", "due_at": await self.in_days(30)} | changes
        return await self.post(f"achievements/{achievement['id']}/evaluations", who, body)

    async def opened(self, **changes: Any) -> str:
        evaluation = done(await self.opening(await self.submitted(**changes)))
        return str(evaluation["id"])

    def panel(self, people: Sequence[Person], chair: int = 0) -> Json:
        return {
            "seats": [
                {"membership_id": str(person.membership_id), "chair": index == chair}
                for index, person in enumerate(people)
            ]
        }

    async def act(self, evaluation: str, act: str, who: str | Person, body: Any = None) -> Any:
        return await self.post(f"evaluations/{evaluation}/{act}", who, body)

    async def panelled(self, size: int = 3, **changes: Any) -> str:
        evaluation = await self.opened(**changes)
        panel = self.panel(self.experts[:size])
        done(await self.act(evaluation, "panel", "operator", panel))
        return evaluation

    async def scoring(self, size: int = 3, **changes: Any) -> str:
        evaluation = await self.panelled(size, **changes)
        for person in self.experts[:size]:
            done(await self.act(evaluation, "declaration", person, {"interest": None}))
        due = {"due_at": await self.in_days(10)}
        done(await self.act(evaluation, "scoring", "operator", due))
        return evaluation

    async def explaining(self, *sheets: Json, **changes: Any) -> str:
        evaluation = await self.scoring(len(sheets), **changes)
        for person, sheet in zip(self.experts, sheets, strict=False):
            done(await self.act(evaluation, "scores", person, sheet))
        return evaluation

    async def concluded(self, *sheets: Json, **changes: Any) -> str:
        three = (scores(80), scores(84), scores(88))
        evaluation = await self.explaining(*(sheets or three), **changes)
        body = {"level": "good", "text": "专家组认为该成果技术路线清楚,建议继续完善中试数据。"}
        done(await self.act(evaluation, "conclusion", self.experts[0], body))
        return evaluation
