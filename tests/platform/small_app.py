"""A very small API on the platform, to test the gate: notes, with receipts.

As a program it serves on an inherited socket, ``python -m … DSN DESCRIPTOR [crash]``; with
``crash`` it dies as by ``kill -9`` after the first note is committed and before it is answered.
"""

import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import APIRouter, FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.platform.access import (
    Actor,
    ActorDep,
    KeyUse,
    Owner,
    Permission,
    Reach,
    Role,
)
from app.platform.body_limit import BodyLimit
from app.platform.db import SessionDep
from app.platform.journal import JournalEvent, NewEvent, append
from app.platform.problems import HANDLERS
from app.platform.routing import router
from app.platform.runtime import Runtime, RuntimeDep, build_runtime
from app.platform.schema import Body, Line
from app.platform.telemetry import RequestContext
from app.settings import Settings
from app.shared.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    RuleBroken,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from app.shared.ids import MarketId, PartyId, new_id
from app.shared.money import Money

SECRET = "a secret for tests that is long enough"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOME, ABROAD = MarketId(UUID(int=1)), MarketId(UUID(int=2))
SELLER, OTHER = PartyId(UUID(int=11)), PartyId(UUID(int=12))
BODY_BYTES_MAX = 2_000
CATEGORIES: dict[str, type[DomainError]] = {
    kind.__name__: kind
    for kind in (RuleBroken, Unauthenticated, Forbidden, NotFound, Conflict, TooMany, Unavailable)
}

EVERYONE = dict.fromkeys(Role, Reach.ANY)
STAFF = {Role.SELLER_STAFF: Reach.OWN, Role.OPERATOR: Reach.MARKET}
PERMISSIONS = {
    "write_note": Permission(STAFF, "notes:write", KeyUse.OPTIONAL),
    "pay_note": Permission(STAFF, "notes:write", KeyUse.REQUIRED),
    "refuse_note": Permission(STAFF, "notes:write", KeyUse.OPTIONAL),
    "break_late": Permission(EVERYONE),
    "break_inside": Permission(EVERYONE),
    "read_note": Permission(STAFF, "notes:read"),
    "read_public": Permission(EVERYONE),
}

routes = router(tag="notes")


class Note(Body):
    """A note; its owner is its writer's party."""

    text: Line
    price: int = 0


@routes.post("/notes", status_code=201)
async def write_note(
    body: Note,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
    copies: int = 1,
) -> dict[str, Any]:
    """Write a note and return a signed receipt."""
    note_id = new_id()
    event = NewEvent(
        market_id=actor.market_id,
        subject="note",
        subject_id=note_id,
        type="note.written",
        market_at=NOW,
        actor=actor.ref,
        public={"text": body.text},
        audience=frozenset({actor.party_id}),
    )
    [place] = await append(session, event)
    kid = await runtime.signer.active_kid(session)
    receipt = runtime.signer.sign(kid, {"note": str(note_id), "hash": place.hash})
    return {"id": str(note_id), "receipt": receipt}


@routes.post("/payments", status_code=201)
async def pay_note(body: Note, actor: ActorDep, session: SessionDep) -> dict[str, str]:
    """Do what needs a key."""
    return {"text": body.text}


@routes.post("/refusals/{category}")
async def refuse_note(
    category: str, body: Note, actor: ActorDep, session: SessionDep, runtime: RuntimeDep
) -> None:
    """Write a note and then refuse it."""
    await write_note(body, actor, session, runtime)
    texts = {"code": f"refused_{new_id().hex}", "title_zh": "拒绝", "title_en": "Refused"}
    raise type("Refused", (CATEGORIES[category],), texts)(
        "Not this one.", field="text", minimum=Money(100), retry_after_s=7
    )


@routes.post("/late")
async def break_late(session: SessionDep) -> dict[str, bool]:
    """Do what the database refuses only at the commit."""
    await session.execute(text("INSERT INTO late VALUES (1), (1)"))
    return {"done": True}


@routes.post("/inside/{statement}")
async def break_inside(statement: str, session: SessionDep) -> None:
    """Run a statement that fails."""
    secret = {"secret": "hunter2"} if ":secret" in statement else {}
    await session.execute(text(statement.replace("~", "/")), secret)


@routes.get("/notes/{note_id}")
async def read_note(note_id: UUID, session: SessionDep) -> dict[str, str]:
    """Return a note's text to its owner and the market's operator."""
    return {"id": str(note_id)}


@routes.get("/public/{number}")
async def read_public(number: int) -> dict[str, int]:
    """Return the number."""
    return {"number": number}


@dataclass
class NoteOwners:
    """Looks an owner up in the journal, and counts."""

    calls: list[UUID] = field(default_factory=list)

    async def __call__(self, session: AsyncSession, note_id: UUID) -> Owner | None:
        self.calls.append(note_id)
        row = await session.scalar(
            JournalEvent.__table__.select()
            .with_only_columns(JournalEvent.audience)
            .where(JournalEvent.subject_id == note_id)
        )
        return None if row is None else Owner(HOME, frozenset({PartyId(row[0])}))


def build(dsn: str, *routers: APIRouter, pool_size: int = 10) -> tuple[FastAPI, Runtime]:
    """Return the API and its runtime."""
    runtime = build_runtime(
        Settings(secret_key=SECRET, database_pool_size=pool_size),
        dsn,
        permissions=PERMISSIONS,
        owners={"note_id": NoteOwners()},
        timer_handlers=lambda _box: {},
        reactions=lambda _box: (),
    )
    app = FastAPI(exception_handlers=HANDLERS)
    app.state.runtime = runtime
    for extra in (routes, *routers):
        app.include_router(extra)
    app.add_middleware(BodyLimit, default_bytes=BODY_BYTES_MAX, paths_bytes={})
    app.add_middleware(RequestContext)
    return app, runtime


def bearer(
    runtime: Runtime,
    role: Role = Role.SELLER_STAFF,
    party: PartyId = SELLER,
    market: MarketId = HOME,
    scopes: frozenset[str] = frozenset({"notes:write", "notes:read"}),
) -> dict[str, str]:
    """Return the headers of a caller."""
    actor = Actor(f"user:{party}", role, party, market, scopes)
    return {"Authorization": f"Bearer {runtime.tokens.issue(actor)}"}


class DiesBeforeAnswering:
    """ASGI middleware: the process ends when a note's answer is about to leave."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def die(message: Message) -> None:
            if message.get("status") == 201:
                os.kill(os.getpid(), signal.SIGKILL)
            await send(message)

        await self._app(scope, receive, die)


def main(dsn: str, descriptor: int, crash: bool) -> None:
    app, _ = build(dsn)
    if crash:
        app.add_middleware(DiesBeforeAnswering)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    server.run([socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), crash="crash" in sys.argv[3:])
