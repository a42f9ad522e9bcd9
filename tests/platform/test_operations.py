"""Operations: health, metrics, documents without the internet, headers, limits."""

import httpx


async def test_service_is_alive_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    ready = (await client.get("/readyz")).json()
    assert ready["status"] == "ready"
    assert ready["migration"].startswith("0")


async def test_metrics_count_requests_by_route(client: httpx.AsyncClient) -> None:
    await client.get("/healthz")
    text = (await client.get("/metrics")).text
    assert 'zhepai_requests_total{route="healthz",status="200"}' in text


async def test_pages_and_openapi_need_no_internet(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    schema = (await client.get("/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")


async def test_every_answer_carries_security_headers_and_a_request_id(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/nowhere", headers={"X-Request-Id": "audit-42"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "audit-42"
    assert answer.json()["request_id"] == "audit-42"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers


async def test_probes_may_ask_without_a_body(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await client.head(path)).status_code == 200


async def test_alarms_are_counted_whatever_process_met_them(client: httpx.AsyncClient) -> None:
    text = (await client.get("/metrics")).text
    assert "\nzhepai_timers_parked 0.0\n" in text
    assert "\nzhepai_reactions_failing 0.0\n" in text


async def test_a_misspelt_filter_is_refused_and_the_right_ones_named(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/listings", params={"limt": 3})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["rule"]) == ("query.limt", "query_unknown")
    assert "limit" in error["accepted"]["parameters"]


async def test_each_malformed_field_is_told_what_would_be_accepted(
    client: httpx.AsyncClient,
) -> None:
    party = {"kind": "firm", "name": 7, "nickname": "x"}
    answer = await client.post("/v1/parties", json={"party": party})
    told = {error["field"]: error["accepted"] for error in answer.json()["errors"]}
    assert answer.status_code == 422
    assert told["body.party.name"] == {"type": "string"}
    assert told["body.user"] == {"present": True}
    assert told["body.party.nickname"] == {"present": False}
    assert "organisation" in told["body.party.kind"]["expected"]
