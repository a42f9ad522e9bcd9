"""The bank desk of an exchange: statements come in, clerks work the queue, orders go out."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final
from uuid import UUID

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.handlers import REACTIONS
from app.banking.service.judging import judge
from app.ledger import public as ledger
from app.listings.handlers import REACTIONS as LISTINGS
from app.platform.db import Database
from app.platform.journal import JournalEvent
from app.shared.calendar import SHANGHAI
from app.shared.ids import PartyId, new_id
from tests.listings.factories import Json, done
from tests.world import START, World

OWN: Final = "3301040160001111111"
PAYER: Final = "3301040160004812345"
BUYER: Final = "西溪智造有限公司"
OTHER: Final = "南湖机电有限公司"
LABELS: Final = (
    "交易日期时间",
    "收支方向",
    "金额",
    "对方户名",
    "对方账号",
    "对方开户行",
    "摘要",
    "流水号",
)
_SERIALS: Final = count(1)


def row(
    amount: str,
    remark: str = "",
    payer: str = BUYER,
    *,
    account: str = PAYER,
    side: str = "收入",
    at: datetime = START,
    serial: str | None = None,
) -> tuple[str, ...]:
    """Return a line of a statement with a serial number of its own."""
    moment = at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    number = serial or f"T{next(_SERIALS):09d}"
    return (moment, side, amount, payer, account, "杭州银行科技支行", remark, number)


def table(*rows: Sequence[str], labels: Sequence[str] = LABELS) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([labels, *rows])
    return out.getvalue().encode("utf-8-sig")


@dataclass(frozen=True, slots=True)
class Teller:
    """The clerk and everybody who writes to the bank desk."""

    client: httpx.AsyncClient
    world: World
    database: Database

    async def get(self, path: str, role: str = "operator", **who: Any) -> Json:
        answer = await self.client.get(f"/v1/{path}", headers=self.world.headers(role, **who))
        return done(answer)

    async def post(
        self, path: str, body: Json | None = None, role: str = "operator", **who: Any
    ) -> httpx.Response:
        headers = self.world.headers(role, **who) | {"Idempotency-Key": str(new_id())}
        return await self.client.post(f"/v1/{path}", json=body, headers=headers)

    async def enter_account(
        self, number: str, role: str, party_id: PartyId, holder: str, **changes: Any
    ) -> httpx.Response:
        body = {"holder_name": holder, "account_number": number, "bank_name": "杭州银行"} | changes
        return await self.client.put(
            f"/v1/parties/{party_id}/bank-account",
            json=body,
            headers=self.world.headers(role, party_id),
        )

    async def open(self) -> None:
        """Enter the exchange's account."""
        world = self.world
        done(await self.enter_account(OWN, "operator", world.operator, "测试技术交易中心"))

    async def upload(self, content: bytes, name: str = "流水.csv") -> str:
        answer = await self.client.post(
            "/v1/files",
            files={"file": (name, content)},
            data={"audience": "owner"},
            headers=self.world.headers("operator"),
        )
        return str(done(answer)["id"])

    async def send(self, file_id: str, **changes: Any) -> httpx.Response:
        """Import a file; the worker judges its lines."""
        body = {"file_id": file_id, "account_number": OWN} | changes
        answer = await self.client.post(
            "/v1/bank-statements", json=body, headers=self.world.headers("operator")
        )
        await self.judge()
        return answer

    async def judge(self) -> None:
        """Let the worker judge all that arrived; again is harmless."""
        arrived = select(JournalEvent).where(
            JournalEvent.type == "bank_line.arrived",
            JournalEvent.market_id == self.world.market_id,
        )
        async with self.database.transaction() as session:
            events = (await session.scalars(arrived.order_by(JournalEvent.seq))).all()
        for event in events:
            async with self.database.transaction() as session:
                await judge(session, event)

    async def take_in(self, *rows: Sequence[str], **changes: Any) -> Json:
        """Import lines; return the import."""
        return done(await self.send(await self.upload(table(*rows)), **changes))

    async def line(self, serial: str) -> Json:
        """Return a line with its parts and candidates."""
        found = (await self.get("bank-lines?limit=200"))["items"]
        (line,) = [item for item in found if item["serial"] == serial]
        return await self.get(f"bank-lines/{line['id']}")

    async def judged(self, *cells: Any, **changes: Any) -> Json:
        """Import one line; return what became of it."""
        single = row(*cells, **changes)
        await self.take_in(single)
        return await self.line(single[-1])

    async def assign(self, line: Json, *shares: tuple[str, object, str]) -> httpx.Response:
        told = [
            {
                "kind": kind,
                "target_id": str(target),
                "amount": {"amount": amount, "currency": "CNY"},
            }
            for kind, target, amount in shares
        ]
        return await self.post(f"bank-lines/{line['id']}/assignment", {"shares": told})

    async def balances(self, role: str = "operator", **who: Any) -> dict[str, str]:
        """Return what all accounts of each purpose hold together."""
        lines = (await self.get("ledger/balance", role, **who))["lines"]
        sums = {line["purpose"]: line["debit"]["amount"].lstrip("-") for line in lines}
        return {purpose: text for purpose, text in sums.items() if text != "0.00"}


async def react(session: AsyncSession) -> None:
    """Let banking, and deposits that were paid back, react to all events; again is harmless."""
    followed = [reaction for reaction in LISTINGS if reaction.name == "listings.refunds"]
    types = {name: reaction for reaction in (*REACTIONS, *followed) for name in reaction.types}
    events = await session.scalars(
        select(JournalEvent).where(JournalEvent.type.in_(types)).order_by(JournalEvent.seq)
    )
    for event in events.all():
        await types[event.type].react(session, event)


async def check_books(session: AsyncSession, world: World, lines: Sequence[Json]) -> None:
    """What lies in suspense is what the lines say is left (BK2), and the books sum to zero."""
    for line in lines:
        if line["direction"] == "credit":
            found = await ledger.suspense_of(
                session, market_id=world.market_id, arrival_id=UUID(line["id"])
            )
            assert str(found) == line["rest"]["amount"], line
    totals = ledger.totals(await ledger.trial_balance(session, world.market_id))
    assert all(total.amount_minor == 0 for total in totals)
