"""Idempotency keys: one effect and one answer, however often and however concurrently asked."""

import asyncio
import hashlib
import hmac
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.platform import signing
from app.platform.db import Database
from app.platform.runtime import build_runtime
from app.settings import Settings
from tests.platform.conftest import Small
from tests.platform.small_app import OTHER, SELLER, bearer

pytestmark = pytest.mark.concurrency

NOTE = {"text": "一份报价"}


async def count(database: Database, table: str = "journal_events") -> int:
    async with database.transaction() as session:
        result = await session.scalar(text(f"SELECT count(*) FROM {table}"))
    assert isinstance(result, int)
    return result


def headers(small: Small, key: str, **caller: Any) -> dict[str, str]:
    return bearer(small.runtime, **caller) | {"Idempotency-Key": key}


async def test_fifty_at_once_make_one_effect_and_fifty_equal_answers(small: Small) -> None:
    # P11
    ask = [
        small.client.post("/v1/notes", json=NOTE, headers=headers(small, "k-1")) for _ in range(50)
    ]
    answers = await asyncio.gather(*ask)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["content-type"] for answer in answers}) == 1
    assert await count(small.runtime.database) == 1
    replayed = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 49


async def test_without_a_key_each_request_is_an_effect_of_its_own(small: Small) -> None:
    for _ in range(3):
        await small.client.post("/v1/notes", json=NOTE, headers=bearer(small.runtime))
    assert await count(small.runtime.database) == 3


@pytest.mark.parametrize("change", ["body", "query", "path", "party"])
async def test_key_of_another_request_is_refused(small: Small, change: str) -> None:
    # P12
    first = await small.client.post("/v1/notes", json=NOTE, headers=headers(small, "k-2"))
    assert first.status_code == 201
    path = {"query": "/v1/notes?copies=2", "path": "/v1/payments"}.get(change, "/v1/notes")
    body = {"text": "另一份"} if change == "body" else NOTE
    caller = headers(small, "k-2")
    if change == "party":  # the same person, acting for another party
        actor = small.runtime.tokens.read(bearer(small.runtime)["Authorization"][7:])
        moved = type(actor)(actor.ref, actor.role, OTHER, actor.market_id, actor.scopes)
        caller["Authorization"] = f"Bearer {small.runtime.tokens.issue(moved)}"
    second = await small.client.post(path, json=body, headers=caller)
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_reused")
    assert await count(small.runtime.database) == 1


async def test_keys_of_two_callers_do_not_meet(small: Small) -> None:
    first = await small.client.post("/v1/notes", json=NOTE, headers=headers(small, "k-3"))
    second = await small.client.post(
        "/v1/notes", json=NOTE, headers=headers(small, "k-3", party=OTHER)
    )
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize(
    ("category", "status"),
    [("RuleBroken", 400), ("Forbidden", 403), ("NotFound", 404), ("Conflict", 409)],
)
async def test_decided_refusal_is_replayed_word_for_word(
    small: Small, category: str, status: int
) -> None:
    # P13; the code is new in each run, so an equal code was not computed again.
    ask: dict[str, Any] = {"json": NOTE, "headers": headers(small, "k-4")}
    first = await small.client.post(f"/v1/refusals/{category}", **ask)
    second = await small.client.post(f"/v1/refusals/{category}", **ask)
    assert first.status_code == second.status_code == status
    assert first.content == second.content
    assert second.headers["content-type"] == "application/problem+json"
    assert second.headers["idempotency-replayed"] == "true"
    assert await count(small.runtime.database) == 0, "what came before the refusal is undone"


@pytest.mark.parametrize(
    ("category", "status"), [("Unauthenticated", 401), ("TooMany", 429), ("Unavailable", 503)]
)
async def test_undecided_refusal_leaves_the_key_free(
    small: Small, category: str, status: int
) -> None:
    # P13
    ask: dict[str, Any] = {"json": NOTE, "headers": headers(small, "k-5")}
    first = await small.client.post(f"/v1/refusals/{category}", **ask)
    second = await small.client.post(f"/v1/refusals/{category}", **ask)
    assert first.status_code == second.status_code == status
    assert first.json()["code"] != second.json()["code"]
    assert await count(small.runtime.database, "idempotency_answers") == 0
    third = await small.client.post("/v1/notes", **ask)
    assert third.status_code == 201


async def test_malformed_unsigned_and_crashed_requests_leave_the_key_free(small: Small) -> None:
    # P13
    keyed = headers(small, "k-6")
    bad = await small.client.post("/v1/notes", json={"text": ""}, headers=keyed)
    unread = await small.client.post("/v1/notes", content=b"{", headers=keyed)
    anonymous = await small.client.post("/v1/notes", json=NOTE, headers={"Idempotency-Key": "k-6"})
    crashed = await small.client.post("/v1/refusals/NoSuchCategory", json=NOTE, headers=keyed)
    assert [bad.status_code, unread.status_code] == [422, 422]
    assert [anonymous.status_code, crashed.status_code] == [401, 500]
    assert await count(small.runtime.database, "idempotency_answers") == 0
    good = await small.client.post("/v1/notes", json=NOTE, headers=keyed)
    assert good.status_code == 201


async def test_key_that_is_required_and_missing_is_named(small: Small) -> None:
    answer = await small.client.post("/v1/payments", json=NOTE, headers=bearer(small.runtime))
    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency_key_missing"
    assert answer.json()["field"] == "Idempotency-Key"


@pytest.mark.parametrize("key", ["", " ", "with space", "x" * 256, "schlüssel", "tab\there"])
async def test_key_that_is_not_printable_ascii_is_refused(small: Small, key: str) -> None:
    token = bearer(small.runtime)["Authorization"].encode()
    keyed = {b"Authorization": token, b"Idempotency-Key": key.encode()}
    answer = await small.client.post("/v1/payments", json=NOTE, headers=keyed)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_malformed")


async def test_longest_key_is_kept(small: Small) -> None:
    keyed = headers(small, "!" * 255)
    first = await small.client.post("/v1/payments", json=NOTE, headers=keyed)
    again = await small.client.post("/v1/payments", json=NOTE, headers=keyed)
    assert first.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"


@asynccontextmanager
async def served(dsn: str, *options: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Serve the small API in a process of its own; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.platform.small_app",
            dsn,
            str(listener.fileno()),
            *options,
            pass_fds=[listener.fileno()],
        )
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield address, process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_crash_between_effect_and_answer_replays_the_same_signature(
    small: Small, database_dsn: str
) -> None:
    # P14
    keyed = headers(small, "k-7")
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        async with served(database_dsn, "crash") as (address, process):
            with pytest.raises(httpx.TransportError):
                await client.post(f"{address}/v1/notes", json=NOTE, headers=keyed)
            assert await process.wait() == -9
        assert await count(small.runtime.database) == 1, "the effect was committed"
        async with served(database_dsn) as (address, _):
            first = await client.post(f"{address}/v1/notes", json=NOTE, headers=keyed)
    again = await small.client.post("/v1/notes", json=NOTE, headers=keyed)
    assert first.status_code == 201
    assert first.headers["idempotency-replayed"] == "true"
    assert first.content == again.content
    async with small.runtime.database.transaction() as session:
        keys = await signing.key_set(session)
        stored_hash = await session.scalar(text("SELECT hash FROM journal_events"))
    assert signing.verify(first.json()["receipt"], keys) == {
        "note": first.json()["id"],
        "hash": stored_hash,
    }
    assert await count(small.runtime.database) == 1


async def test_print_in_the_database_is_not_to_be_guessed_from(small: Small) -> None:
    # P36: an amount is one of a few millions; only the master secret tells a right guess.
    await small.client.post("/v1/notes", json=NOTE, headers=headers(small, "k-8"))
    async with small.runtime.database.transaction() as session:
        stored = await session.scalar(text("SELECT fingerprint FROM idempotency_answers"))
    body = small.client.build_request("POST", "/v1/notes", json=NOTE).content
    head = f"{SELLER} POST  /v1/notes?\n".encode()
    assert stored != hashlib.sha256(head + body).digest()
    assert stored == hmac.digest(small.runtime.print_key, head + body, "sha256")
    other = build_runtime(
        Settings(secret_key="another secret, also long enough for it"),
        "postgresql+asyncpg://",
        permissions={},
        owners={},
        timer_handlers=lambda _box: {},
        reactions=lambda _box: (),
    )
    assert other.print_key != small.runtime.print_key
