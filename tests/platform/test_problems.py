"""Problems: each says what happened, where, and what would be accepted; none tells our inside."""

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.platform.problems import FAULTS_MAX, STATUS, status_of
from app.platform.telemetry import metrics_text
from app.shared.errors import DomainError
from tests.platform.conftest import Small
from tests.platform.small_app import CATEGORIES, bearer, build

pytestmark = pytest.mark.concurrency

WORKS = "SELECT 1"
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


async def test_pool_that_is_exhausted_is_a_503(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, runtime = build(database_dsn, pool_size=1)
    monkeypatch.setattr(runtime.database.engine.pool, "_timeout", 0.05)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://small.test") as client:
        async with runtime.database.transaction() as holder:
            await holder.execute(text(WORKS))
            answer = await client.post(f"/v1/inside/{WORKS}")
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    await runtime.database.close()
