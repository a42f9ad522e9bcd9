"""Steps for the tests of proposals: written, sealed, handed in, opened by holders."""

import hashlib
import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus
from app.demands.service.deadline import close_demand
from app.platform.runtime import Runtime
from app.platform.secrets import Box
from app.shared.sealing import shell
from app.shared.sealing.primitives import b64, public_of
from tests.demands.board import Board, Json, done, terms, yuan

PRIVATE: Final = [hashlib.sha256(f"holder {index}".encode()).digest() for index in (1, 2, 3)]
HOLDERS: Final = [
    {"name": name, "public_key": b64(public_of(private))}
    for name, private in zip(("交易所", "审计", "公证处"), PRIVATE, strict=True)
]
SEALED: Final[Json] = {"sealing": "threshold", "holders": HOLDERS, "threshold": 2}
CLOSES_AT: Final = "2026-03-31T16:00:00Z"
SECRET: Final = "磁流变阻尼双自由度吸振"
PRICE: Final = "731357.19"


def content(**changes: Any) -> Json:
    return {
        "route": SECRET,
        "approach": f"以{SECRET}抑制再生颤振,刀杆内置测振元件。",
        "team": "五人,含两名博士。",
        "schedule": "前四月仿真,后五月试制。",
        "answers": [{"target": 1, "value": "0.4", "deviation": None}],
        "milestones": [
            {"milestone": 1, "due_on": "2026-06-20", "deliverable": "仿真报告", "deviation": None},
            {"milestone": 2, "due_on": "2026-12-01", "deliverable": "样件", "deviation": None},
        ],
        "price_deviation": None,
        "ip_accepted": True,
        "ip_statement": None,
        "attachments": [{"name": "检测报告.pdf", "sha256": "ab" * 32}],
    } | changes


def plain(amount: str = PRICE, **changes: Any) -> Json:
    return {"price": yuan(amount), "content": content(**changes)}


async def sealed(
    board: Board, demand: Json, role: str, document: Json | None = None, **who: Any
) -> Json:
    """Return a body as `zhepai seal --document` makes it."""
    own = done(await board.get(f"demands/{demand['id']}/proposal", role, **who))
    told, _ = shell.proposal_body(
        demand, document or content(), amount=PRICE, sealing_code=own["sealing_code"]
    )
    body: Json = json.loads(told)
    return body


async def hand_in(board: Board, demand: Json, role: str, sent: Json, **who: Any) -> Json:
    return done(await board.post(f"demands/{demand['id']}/proposals", role, sent, **who))


async def close(board: Board, session: AsyncSession, box: Box, demand: Json) -> Json:
    """Let the deadline pass, as the worker does."""
    moment = datetime.fromisoformat(CLOSES_AT)
    await board.world.at(session, moment)
    await close_demand(session, box, UUID(demand["id"]), moment)
    return done(await board.get(f"demands/{demand['id']}", "operator"))


async def shares(board: Board, demand: Json, holder: int) -> Json:
    """Return what `zhepai open-shares` makes for a holder, from 1."""
    listed = done(await board.get(f"demands/{demand['id']}/sealed-proposals"))
    made = shell.shares_body(listed, auction_id=demand["id"], private_key=PRIVATE[holder - 1])
    body: Json = json.loads(made)
    return body


async def committed(board: Board, runtime: Runtime, on: Json) -> Json:
    """Return a demand that is really open for proposals, for tests that commit."""
    demand = await board.submitted()
    async with runtime.database.transaction() as session:
        await board.put_in(session, demand["id"], DemandStatus.REVIEWED)
    sent = {"terms": terms(**on)}
    return done(await board.post(f"demands/{demand['id']}/posting", "operator", sent))
