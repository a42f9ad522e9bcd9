"""The gate: who, whose, in one transaction that is committed before the answer leaves."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text

from app.main import UnguardedRoute, check_guarded, create_app
from app.platform.access import Role
from app.platform.routing import router
from app.platform.runtime import Runtime
from tests.platform.conftest import Small
from tests.platform.small_app import ABROAD, BODY_BYTES_MAX, OTHER, bearer
from tests.world import World

pytestmark = pytest.mark.concurrency

NOTE = {"text": "note"}


async def written(small: Small) -> str:
    answer = await small.client.post("/v1/notes", json=NOTE, headers=bearer(small.runtime))
    note_id: str = answer.json()["id"]
    return note_id


async def events(small: Small) -> int:
    async with small.runtime.database.transaction() as session:
        return int(
            (await session.execute(text("SELECT count(*) FROM journal_events"))).scalar_one()
        )


async def test_commit_that_fails_cannot_hide_behind_a_success(small: Small) -> None:
    # P15
    async with small.runtime.database.transaction() as session:
        await session.execute(
            text("CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        )
    answer = await small.client.post("/v1/late")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


async def test_answer_leaves_after_the_commit(small: Small) -> None:
    # P15: at the answer's first byte another connection already sees the effect.
    seen: list[int] = []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def look(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen.append(await events(small))
            await send(message)

        await small.app(scope, receive, look)

    transport = httpx.ASGITransport(watched)
    async with httpx.AsyncClient(transport=transport, base_url="http://small.test") as client:
        await client.post("/v1/notes", json=NOTE, headers=bearer(small.runtime))
    assert seen == [1]


async def test_error_undoes_all_that_the_request_did(small: Small) -> None:
    answer = await small.client.post(
        "/v1/refusals/Conflict", json=NOTE, headers=bearer(small.runtime)
    )
    assert answer.status_code == 409
    assert await events(small) == 0


async def test_own_object_is_reached_and_its_owner_remembered(small: Small) -> None:
    note_id = await written(small)
    for _ in range(3):
        answer = await small.client.get(f"/v1/notes/{note_id}", headers=bearer(small.runtime))
        assert answer.json() == {"id": note_id}
    lookups: Any = small.runtime.owners.lookups["note_id"]
    assert len(lookups.calls) == 1


@pytest.mark.parametrize(
    ("caller", "status", "code"),
    [
        ({}, 200, None),
        ({"party": OTHER}, 403, "not_yours"),
        ({"party": OTHER, "role": Role.OPERATOR}, 200, None),
        ({"market": ABROAD}, 404, "object_unknown"),
        ({"market": ABROAD, "role": Role.OPERATOR}, 404, "object_unknown"),
        ({"role": Role.EXPERT}, 403, "role_not_allowed"),
        ({"scopes": frozenset({"notes:write"})}, 403, "scope_missing"),
        (None, 401, "token_missing"),
    ],
)
async def test_reach_decides_who_sees_an_object(
    small: Small, caller: dict[str, Any] | None, status: int, code: str | None
) -> None:
    # P16
    note_id = await written(small)
    headers = {} if caller is None else bearer(small.runtime, **caller)
    answer = await small.client.get(f"/v1/notes/{note_id}", headers=headers)
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    if code == "scope_missing":
        assert answer.json()["accepted"] == ["notes:read"]
    if code == "role_not_allowed":
        assert answer.json()["accepted"] == ["operator", "seller_staff"]


@pytest.mark.parametrize("note_id", [str(UUID(int=99)), "42", "%00", "x" * 300])
async def test_unknown_id_and_other_market_look_the_same(small: Small, note_id: str) -> None:
    # P16
    known = await written(small)
    abroad = await small.client.get(
        f"/v1/notes/{known}", headers=bearer(small.runtime, market=ABROAD)
    )
    unknown = await small.client.get(f"/v1/notes/{note_id}", headers=bearer(small.runtime))
    assert unknown.status_code == abroad.status_code == 404
    assert unknown.json()["code"] == abroad.json()["code"] == "object_unknown"


@pytest.mark.parametrize("header", ["", "Token x", "Bearer", "Bearer ", "Bearer a.b.c", "Bär x"])
async def test_unusable_authorization_is_not_taken_for_anonymous(small: Small, header: str) -> None:
    answer = await small.client.get("/v1/public/1", headers={b"Authorization": header.encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


async def chunks(size: int) -> AsyncIterator[bytes]:
    yield b'{"text": "'
    for _ in range(size // 100):
        yield b"x" * 100
    yield b'"}'


@pytest.mark.parametrize("declared", [True, False])
async def test_body_beyond_the_limit_is_refused_as_a_problem(small: Small, declared: bool) -> None:
    # P17
    content: Any = b"x" * (BODY_BYTES_MAX + 1) if declared else chunks(BODY_BYTES_MAX)
    for key in ({}, {"Idempotency-Key": "large"}):
        content = content if declared else chunks(BODY_BYTES_MAX)
        answer = await small.client.post(
            "/v1/notes", content=content, headers=bearer(small.runtime) | key
        )
        assert answer.status_code == 413
        assert answer.json()["code"] == "content_too_large"
        assert str(BODY_BYTES_MAX) in answer.json()["detail"]
        assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_body_at_the_limit_is_read(small: Small) -> None:
    body = b'{"text": "x"' + b" " * (BODY_BYTES_MAX - 13) + b"}"
    assert len(body) == BODY_BYTES_MAX
    headers = bearer(small.runtime) | {"Content-Type": "application/json"}
    answer = await small.client.post("/v1/notes", content=body, headers=headers)
    assert answer.status_code == 201


def lone_route(path: str, name: str) -> APIRoute:
    async def endpoint() -> None: ...

    routes = router(tag="x")
    routes.add_api_route(path, endpoint, name=name)
    route = routes.routes[0]
    assert isinstance(route, APIRoute)
    return route


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/unheard", "not_in_the_table"),
        ("/things/{thing_id}", "read_note"),
        ("/notes/{note_id}/parts/{part_id}", "read_note"),
    ],
)
async def test_route_that_nobody_guards_does_not_start(small: Small, path: str, name: str) -> None:
    # P18
    with pytest.raises(UnguardedRoute):
        check_guarded(lone_route(path, name), small.runtime)


async def test_guarded_route_starts(small: Small) -> None:
    check_guarded(lone_route("/notes/{note_id}", "read_note"), small.runtime)
    check_guarded(lone_route("/public/{other_id}", "read_public"), small.runtime)


async def test_a_slow_sender_holds_no_transaction(own_world: World, own_runtime: Runtime) -> None:
    # P35: the owner's look-up comes before the body's meaning, but not before its bytes.
    sent: list[Any] = []
    rest = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await rest.wait()
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    path = f"/v1/markets/{own_world.market_id}/policies"
    headers = {**own_world.headers(Role.OPERATOR), "content-type": "application/json"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
    }
    asked = asyncio.create_task(create_app(own_runtime)(scope, receive, send))
    await asyncio.sleep(0.3)
    async with own_runtime.database.transaction() as session:
        held = await session.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state LIKE 'idle in transaction%'"
            )
        )
    rest.set()
    await asked
    assert sent[0]["status"] == 422
    assert held == 0
