"""The desk at which a deal's contract is drafted, signed and takes effect."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent
from app.settlement.contract_handlers import CONTRACTS
from app.shared.ids import DealId, new_id
from tests.listings.factories import Json, done
from tests.settlement.factories import Counter
from tests.settlement.texts import parameters
from tests.world import World

SIGNATORIES = {"seller_staff": "陆景深", "buyer_staff": "章启3"}


@dataclass(frozen=True, slots=True)
class SigningDesk:
    """The routes of one deal's texts, its effect conditions, and a worker run by hand."""

    counter: Counter
    deal_id: DealId

    @property
    def world(self) -> World:
        return self.counter.world

    @property
    def session(self) -> AsyncSession:
        return self.counter.session

    async def send(
        self, method: str, path: str, body: Json | None, role: str, **headers: str
    ) -> httpx.Response:
        return await self.counter.client.request(
            method,
            f"/v1/deals/{self.deal_id}/{path}",
            json=body,
            headers=self.world.headers(role) | {"Idempotency-Key": str(new_id())} | headers,
        )

    async def get(self, path: str, role: str = "operator") -> httpx.Response:
        return await self.counter.get(f"deals/{self.deal_id}/{path}", role)

    async def draft(
        self,
        kind: str = "transfer_patent",
        role: str = "seller_staff",
        seen: int = 1,
        given: Json | None = None,
    ) -> httpx.Response:
        body = {"parameters": parameters(kind) if given is None else given}
        return await self.send("POST", "contract-texts", body, role, **{"If-Match": f'"{seen}"'})

    async def sign(
        self, text: Json, role: str = "seller_staff", number: int | None = None, **changes: Any
    ) -> httpx.Response:
        body = {
            "text_hash": text["text_hash"],
            "signatory": SIGNATORIES.get(role, "陆景深"),
            "capacity": "legal_representative",
        }
        path = f"contract-texts/{number or text['number']}/signatures"
        return await self.send("POST", path, body | changes, role)

    async def signed(self, text: Json) -> Json:
        done(await self.sign(text))
        return done(await self.sign(text, "buyer_staff"))

    async def name(
        self, *conditions: Json, seen: int = 1, role: str = "seller_staff"
    ) -> httpx.Response:
        body = {"conditions": list(conditions)}
        return await self.send("PUT", "effect-conditions", body, role, **{"If-Match": f'"{seen}"'})

    async def fulfil(self, number: int, role: str = "seller_staff", **body: Any) -> httpx.Response:
        return await self.send("POST", f"effect-conditions/{number}/fulfilment", body, role)

    async def upload(
        self, content: bytes, role: str = "seller_staff", name: str = "合同.pdf"
    ) -> str:
        kept = await self.counter.client.post(
            "/v1/files",
            files={"file": (name, content)},
            data={"audience": "owner"},
            headers=self.world.headers(role),
        )
        return str(done(kept)["id"])

    async def deal(self) -> Json:
        return done(await self.counter.get(f"deals/{self.deal_id}"))

    async def events(self) -> list[JournalEvent]:
        found = await self.session.scalars(
            select(JournalEvent)
            .where(JournalEvent.subject_id == UUID(str(self.deal_id)))
            .order_by(JournalEvent.subject_version)
        )
        return list(found)

    async def work(self) -> None:
        """Let the worker react to all that the deal's journal has, once each."""
        handled = 0
        while handled < len(events := await self.events()):
            event = events[handled]
            handled += 1
            for reaction in CONTRACTS:
                if event.type in reaction.types:
                    await reaction.react(self.session, event)
