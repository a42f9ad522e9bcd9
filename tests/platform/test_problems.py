"""Problems: each says what happened, where, and what would be accepted; none tells our inside."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.platform.db import Database
from app.platform.problems import FAULTS_MAX, STATUS, status_of
from app.platform.telemetry import metrics_text
from app.shared.errors import DomainError
from tests.eventually import eventually
from tests.platform.conftest import Small
from tests.platform.proxy import proxied
from tests.platform.small_app import CATEGORIES, bearer, build

pytestmark = pytest.mark.concurrency

Ask = Callable[[str], Coroutine[Any, Any, tuple[int, float]]]

WORKS = "SELECT 1"
TAKES_A_LOCK = "SELECT pg_advisory_xact_lock(1)"
ANSWER_MAX_S = 13
EXPECTED = {
    "RuleBroken": 400,
    "Unauthenticated": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "Conflict": 409,
    "TooMany": 429,
    "Unavailable": 503,
}


def test_every_category_has_a_status() -> None:
    assert set(DomainError.__subclasses__()) == set(STATUS)
    assert EXPECTED.keys() == CATEGORIES.keys()


@pytest.mark.parametrize("category", CATEGORIES)
async def test_category_decides_the_status(small: Small, category: str) -> None:
    answer = await small.client.post(
        f"/v1/refusals/{category}", json={"text": "x"}, headers=bearer(small.runtime)
    )
    assert answer.status_code == EXPECTED[category]
    assert status_of(CATEGORIES[category]("")) == EXPECTED[category]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "7"
    problem = answer.json()
    assert problem["type"] == f"urn:zhepai:problem:{problem['code']}"
    assert problem["title"] == "拒绝 / Refused"
    assert problem["status"] == answer.status_code
    assert problem["detail"] == "Not this one."
    assert problem["field"] == "text"
    assert problem["minimum"] == {"amount": "1.00", "currency": "CNY"}
    assert problem["request_id"] == answer.headers["x-request-id"]


async def test_malformed_request_names_field_rule_and_what_is_accepted(small: Small) -> None:
    # P19
    body = {"text": "x" * 201, "price": "many", "colour": "red"}
    answer = await small.client.post("/v1/notes", json=body, headers=bearer(small.runtime))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "request_invalid"
    by_field = {item["field"]: item for item in problem["errors"]}
    assert by_field["body.text"]["rule"] == "string_too_long"
    assert by_field["body.text"]["accepted"] == {"max_length": 200}
    assert by_field["body.price"]["rule"] == "int_parsing"
    assert by_field["body.colour"]["rule"] == "extra_forbidden"
    assert "many" not in answer.text, "what was sent is not sent back: it may be a password"


async def test_a_body_full_of_faults_gets_a_short_answer(small: Small) -> None:
    # P34
    body = {f"a{number}": 1 for number in range(150)}
    answer = await small.client.post("/v1/notes", json=body, headers=bearer(small.runtime))
    problem = answer.json()
    assert answer.status_code == 422
    assert (len(problem["errors"]), problem["errors_total"]) == (FAULTS_MAX, 151)


async def test_unknown_path_and_method_are_problems_too(small: Small) -> None:
    path = await small.client.get("/nowhere")
    method = await small.client.delete("/v1/notes")
    assert (path.status_code, path.json()["code"]) == (404, "path_unknown")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "POST"


async def test_error_of_our_own_is_a_500_without_our_inside(small: Small) -> None:
    # P20
    answer = await small.client.post("/v1/inside/SELECT :secret ~ nothing FROM nowhere")
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "urn:zhepai:problem:internal_error",
        "title": "系统内部错误 / Internal error",
        "status": 500,
        "detail": "The error was recorded under this request id.",
        "code": "internal_error",
        "request_id": answer.headers["x-request-id"],
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    metrics, _ = metrics_text({})
    assert b'zhepai_requests_total{route="break_inside",status="500"}' in metrics


async def test_text_of_a_database_error_holds_no_values(small: Small) -> None:
    # P28: it goes into the log and into timers.last_error.
    with pytest.raises(DBAPIError) as caught:
        async with small.runtime.database.transaction() as session:
            await session.execute(text("SELECT length(:secret) / 0"), {"secret": "hunter2"})
    assert "division by zero" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "DO $$ BEGIN RAISE 'x' USING ERRCODE = '57014'; END $$",
        "DO $$ BEGIN RAISE 'x' USING ERRCODE = '40P01'; END $$",
        "DO $$ BEGIN RAISE 'x' USING ERRCODE = '55P03'; END $$",
        "DO $$ BEGIN RAISE 'x' USING ERRCODE = '53200'; END $$",
    ],
)
async def test_database_that_cannot_decide_is_a_503_to_retry(small: Small, statement: str) -> None:
    # P21
    answer = await small.client.post(f"/v1/inside/{statement}")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"] == "2"
    assert (await small.client.post(f"/v1/inside/{WORKS}")).status_code == 200


async def refused_by(dsn: str) -> httpx.Response:
    app, runtime = build(dsn)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://small.test") as client:
        answer = await client.post(f"/v1/inside/{WORKS}")
    await runtime.database.close()
    return answer


async def test_database_that_is_away_is_a_503(database_dsn: str) -> None:
    # P21
    host = database_dsn.partition("@")[2].partition("/")[0]
    answer = await refused_by(database_dsn.replace(host, "127.0.0.1:1"))
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"] == "2"


async def test_server_that_takes_no_more_connections_is_a_503(small: Small) -> None:
    # P21
    dsn = small.runtime.database.engine.url.render_as_string(hide_password=False)
    name = small.runtime.database.engine.url.database
    async with small.runtime.database.transaction() as session:
        await session.execute(text(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0'))
    answer = await refused_by(dsn)
    async with small.runtime.database.transaction() as session:
        await session.execute(text(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1'))
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")


@asynccontextmanager
async def asking(dsn: str, pool_size: int = 1) -> AsyncIterator[tuple[Database, Ask]]:
    """Yield an API's database, and what sends it a statement and times the answer."""
    app, runtime = build(dsn, pool_size=pool_size)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def ask(statement: str) -> tuple[int, float]:
        begin = time.monotonic()
        answer = await client.post(f"/v1/inside/{statement}")
        if answer.status_code == 503:
            assert answer.json()["code"] == "busy"
            assert answer.headers["retry-after"] == "2"
        return answer.status_code, time.monotonic() - begin

    async with httpx.AsyncClient(transport=transport, base_url="http://small.test") as client:
        yield runtime.database, ask
    await runtime.database.close()


async def waits_for_a_lock(dsn: str) -> tuple[int, float]:
    async with asking(dsn, pool_size=2) as (database, ask), database.transaction() as holder:
        await holder.execute(text(TAKES_A_LOCK))
        return await ask(TAKES_A_LOCK)


async def takes_too_long(dsn: str) -> tuple[int, float]:
    async with asking(dsn) as (_, ask):
        return await ask("SELECT pg_sleep(60)")


async def finds_no_free_connection(dsn: str) -> tuple[int, float]:
    async with asking(dsn) as (database, ask), database.transaction() as holder:
        await holder.execute(text(WORKS))
        return await ask(WORKS)


async def loses_a_silent_server(dsn: str) -> tuple[int, float]:
    async with proxied(dsn) as (proxy, address), asking(address) as (_, ask):
        assert (await ask(WORKS))[0] == 200
        proxy.freeze()
        told = await ask(WORKS)
        proxy.thaw()
        assert (await ask(WORKS))[0] == 200, "the silent connection is not used again"
        return told


async def never_reaches_a_silent_server(dsn: str) -> tuple[int, float]:
    async with proxied(dsn) as (proxy, address), asking(address) as (_, ask):
        proxy.freeze()
        return await ask(WORKS)


async def test_each_wait_for_the_database_ends_in_time_and_in_a_503(database_dsn: str) -> None:
    # P21: side by side, since each one takes its time.
    waits = [
        waits_for_a_lock,
        takes_too_long,
        finds_no_free_connection,
        loses_a_silent_server,
        never_reaches_a_silent_server,
    ]
    told = await asyncio.gather(*(wait(database_dsn) for wait in waits))
    assert [status for status, _ in told] == [503] * len(waits)
    assert [round(elapsed_s) for _, elapsed_s in told if elapsed_s > ANSWER_MAX_S] == []


async def test_stopped_database_is_a_503_at_once_and_served_again_when_it_is_back(
    database_dsn: str,
) -> None:
    # P21
    async with proxied(database_dsn) as (proxy, address), asking(address, 3) as (_, ask):
        await asyncio.gather(*(ask("SELECT pg_sleep(0.1)") for _ in range(3)))
        proxy.hang_up()  # what pooled connections see when the server is killed
        statuses = {(await ask(WORKS))[0] for _ in range(5)}
        assert statuses <= {200, 503}
        begun = [asyncio.create_task(ask("SELECT pg_sleep(5)")) for _ in range(3)]
        await asyncio.sleep(0.5)
        proxy.hang_up()
        for status, elapsed_s in await asyncio.gather(*begun):
            assert (status, elapsed_s < 3) == (503, True)

        async def back() -> bool:
            return (await ask(WORKS))[0] == 200

        await eventually(back)
