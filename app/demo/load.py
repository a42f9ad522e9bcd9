"""Load the demo market: parties and users directly, everything else through the API."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.market import CODE, PASSWORD, STARTS_AT, content, logins, records
from app.identity import public as identity
from app.main import create_app
from app.markets import public as markets
from app.permissions import scopes_of
from app.platform.access import SYSTEM, Actor, Role
from app.platform.runtime import Runtime
from app.settings import Settings
from app.shared.ids import MarketId, PartyId
from app.wiring import assemble


async def load(settings: Settings) -> None:
    """Make the demo market if it is not there; finish it if a load was cut off."""
    runtime = assemble(settings)
    transport = httpx.ASGITransport(create_app(runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://zhepai") as client:
        market_id = await _market(client) or await _found_market(runtime)
        await _fill(Loader(client, runtime, market_id))
    await runtime.database.close()


async def _market(client: httpx.AsyncClient) -> MarketId | None:
    markets_page = (await client.get("/v1/markets", params={"limit": 200})).json()
    return next(
        (MarketId(UUID(found["id"])) for found in markets_page["items"] if found["code"] == CODE),
        None,
    )


async def _found_market(runtime: Runtime) -> MarketId:
    # One hash for all: every demo user has the same, published password.
    password_hash = await asyncio.to_thread(identity.hash_password, PASSWORD)
    async with runtime.database.transaction() as session:
        market_id = await markets.create_market(
            session,
            code=CODE,
            name_zh="浙拍演示市场",
            name_en="Zhepai demo market",
            region_code="330000",
            edition="general",
            starts_at=datetime.fromisoformat(STARTS_AT),
            actor=SYSTEM,
        )
        now = datetime.fromisoformat(STARTS_AT)
        party_ids = {
            record["key"]: await identity.create_party(
                session,
                market_id=market_id,
                new=_new_party(record),
                status=identity.PartyStatus.VERIFIED,
                actor=SYSTEM,
                now=now,
            )
            for record in records("parties")
        }
        await _add_users(session, market_id, party_ids, password_hash)
    return market_id


def _new_party(record: dict[str, Any]) -> identity.NewParty:
    fields = content(record, "roles")
    return identity.NewParty(**{**fields, "kind": identity.PartyKind(record["kind"])})


async def _add_users(
    session: AsyncSession,
    market_id: MarketId,
    party_ids: dict[str, PartyId],
    password_hash: str,
) -> None:
    for login in logins():
        user_id = await identity.create_user(
            session,
            login=login.name,
            password_hash=password_hash,
            display_name=login.party_name,
        )
        await identity.add_membership(
            session,
            user_id=user_id,
            party_id=party_ids[login.party_key],
            market_id=market_id,
            role=login.role,
        )


class Loader:
    """Speaks to the API for any party; every call has a key, so a second load adds nothing."""

    def __init__(self, client: httpx.AsyncClient, runtime: Runtime, market_id: MarketId) -> None:
        self._client = client
        self._runtime = runtime
        self._market_id = market_id

    def _headers(self, role: Role, party_id: UUID) -> dict[str, str]:
        actor = Actor(SYSTEM, role, PartyId(party_id), self._market_id, scopes_of(role))
        return {"Authorization": f"Bearer {self._runtime.tokens.issue(actor)}"}

    async def party_ids(self) -> dict[str, UUID]:
        """Return the parties' ids by key."""
        headers = self._headers(Role.OPERATOR, UUID(int=0))
        answer = await self._client.get("/v1/parties", params={"limit": 200}, headers=headers)
        by_name = {party["name"]: UUID(party["id"]) for party in answer.json()["items"]}
        return {record["key"]: by_name[record["name"]] for record in records("parties")}

    async def _call(
        self, path: str, body: dict[str, Any], *, key: str, role: Role, party_id: UUID
    ) -> dict[str, Any]:
        answer = await self._client.post(
            f"/v1/{path}",
            json=body,
            headers={**self._headers(role, party_id), "Idempotency-Key": key},
        )
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    async def act(self, path: str, body: dict[str, Any], *, key: str) -> dict[str, Any]:
        """Post something as the exchange; return the answer."""
        whole = f"demo-load-{self._market_id}-{key}"
        return await self._call(path, body, key=whole, role=Role.OPERATOR, party_id=UUID(int=0))

    async def submit(
        self, kind: str, role: Role, party_id: UUID, record: dict[str, Any], body: dict[str, Any]
    ) -> str:
        """Submit a record for its party and have the exchange accept it; return its id."""
        key = f"demo-load-{self._market_id}-{record['key']}"
        made = await self._call(kind, body, key=key, role=role, party_id=party_id)
        path = f"{kind}/{made['id']}/{_DECIDED_AT[kind]}"
        await self.act(path, _DECISION[kind], key=f"{record['key']}-review")
        return str(made["id"])


_DECIDED_AT: Final = {"achievements": "review", "demands": "diagnosis/decision"}
_EDITION: Final[dict[str, Any]] = {
    "title": "2025年春季技术需求清单",
    "region_code": "330000",
    "starts_on": "2025-01-02",
    "ends_on": "2025-04-11",
}
_TERMS: Final[dict[str, Any]] = {
    "closes_at": "2025-04-11T17:00:00+08:00",
    "questions_until": "2025-03-28T17:00:00+08:00",
    "sealing": "plain",
    "decision": "best_score",
    "criteria": [
        {"name": "技术方案", "weight_bp": 5000, "description": "路线可行，指标有实测或仿真依据。"},
        {"name": "团队基础", "weight_bp": 3000, "description": "同类项目经验与试验条件。"},
        {"name": "实施计划", "weight_bp": 2000, "description": "进度与里程碑衔接合理。"},
    ],
}
_DECISION: Final[Mapping[str, dict[str, Any]]] = {
    "achievements": {"accepted": True, "reason": "材料齐全，权属清楚，予以受理。"},
    "demands": {"outcome": "clear", "reason": "指标可测，边界清楚，可以发榜。"},
}


async def _fill(loader: Loader) -> None:
    party_ids = await loader.party_ids()
    for record in records("achievements"):
        owner = party_ids[record["owner"]]
        body = content(record, "owner")
        await loader.submit("achievements", Role.SELLER_STAFF, owner, record, body)
    edition = await loader.act("demand-editions", _EDITION, key="edition")
    for record in records("demands"):
        poster = party_ids[record["poster"]]
        body = content(record, "poster")
        demand = await loader.submit("demands", Role.BUYER_STAFF, poster, record, body)
        sent = {"terms": _TERMS, "edition_id": edition["id"]}
        await loader.act(f"demands/{demand}/posting", sent, key=f"{record['key']}-posting")
    path = f"demand-editions/{edition['id']}/publication"
    await loader.act(path, {}, key="edition-publication")
