"""The token route over HTTP."""

import base64
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from app.identity.domain.throttle import ATTEMPTS_MAX, WINDOW, AttemptKind
from app.identity.passwords import Passwords, passwords_of
from app.identity.public import add_membership
from app.permissions import scopes_of
from app.platform.access import Role
from app.platform.runtime import Runtime
from tests.world import PASSWORD, World

TOKEN = "/v1/oauth/token"


async def sign_in(
    client: httpx.AsyncClient, login: str = "buyer", password: str = PASSWORD, **more: str
) -> httpx.Response:
    form = {"grant_type": "password", "username": login, "password": password, **more}
    return await client.post(TOKEN, data=form)


async def refresh(client: httpx.AsyncClient, token: str, **more: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return await client.post(TOKEN, data=form)


def refused(answer: httpx.Response, status: int, code: str, error: str | None = None) -> Any:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    if error is not None:
        assert problem["error"] == error
    return problem


@pytest.fixture
def passwords(shared_runtime: Runtime) -> Passwords:
    return passwords_of(shared_runtime)


async def test_password_gives_a_token_that_names_the_actor(
    world: World, client: httpx.AsyncClient
) -> None:
    answer = (await sign_in(client, "BUYER")).json()
    assert answer["token_type"] == "Bearer"
    assert set(answer["scope"].split()) == scopes_of(Role.BUYER_STAFF)
    assert world.tokens.read(answer["access_token"]) == world.actor("buyer_staff")
    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert me.json()["user"]["login"] == "buyer"
    assert me.json()["party"]["id"] == str(world.buyer)
    assert me.json()["memberships"][0]["membership_id"] == answer["membership_id"]


async def test_scope_narrows_the_token(world: World, client: httpx.AsyncClient) -> None:
    answer = await sign_in(client, scope="identity:read auctions:bid")
    assert answer.json()["scope"] == "auctions:bid identity:read"
    problem = refused(
        await sign_in(client, scope="auctions:write"), 400, "scope_not_given", "invalid_scope"
    )
    assert "auctions:bid" in problem["accepted"]


async def test_unknown_login_costs_a_hash_and_reads_like_a_wrong_password(
    world: World, client: httpx.AsyncClient, passwords: Passwords
) -> None:  # I8
    answers = []
    for login in ("buyer", "nobody-here", "not a login"):
        before = passwords.computed
        answers.append(
            refused(
                await sign_in(client, login, "wrong password"),
                400,
                "credentials_wrong",
                "invalid_grant",
            )
        )
        assert passwords.computed == before + 1
    for answer in answers:
        answer.pop("request_id")
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    ("form", "code", "error", "field"),
    [
        ({}, "grant_type_unknown", "invalid_request", "grant_type"),
        ({"grant_type": "implicit"}, "grant_type_unknown", "unsupported_grant_type", "grant_type"),
        ({"grant_type": "password"}, "parameter_missing", "invalid_request", "username"),
        ({"grant_type": "password", "username": "a"}, "parameter_missing", None, "password"),
        ({"grant_type": "refresh_token"}, "parameter_missing", None, "refresh_token"),
        ({"grant_type": "client_credentials"}, "parameter_missing", None, "client_id"),
    ],
)
async def test_incomplete_forms_name_what_is_missing(
    client: httpx.AsyncClient, form: Mapping[str, str], code: str, error: str | None, field: str
) -> None:
    assert refused(await client.post(TOKEN, data=form), 400, code, error)["field"] == field


async def test_several_memberships_must_be_chosen(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # I5
    user_id = world.users[world.buyer]
    second = await add_membership(
        session,
        user_id=user_id,
        party_id=world.seller_elsewhere,
        market_id=world.other_market_id,
        role=Role.SELLER_STAFF,
    )
    problem = refused(await sign_in(client), 400, "membership_ambiguous", "invalid_request")
    assert [choice["role"] for choice in problem["choices"]] == ["buyer_staff", "seller_staff"]
    chosen = (await sign_in(client, membership_id=str(second))).json()
    actor = world.tokens.read(chosen["access_token"])
    assert (actor.market_id, actor.role) == (world.other_market_id, Role.SELLER_STAFF)
    for unknown in ("nonsense", str(world.buyer)):
        refused(await sign_in(client, membership_id=unknown), 400, "membership_unknown")


async def test_refresh_rotates_and_reuse_ends_the_family(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # I6
    first = (await sign_in(client, scope="identity:read auctions:bid")).json()["refresh_token"]
    answer = (await refresh(client, first, scope="identity:read")).json()
    assert answer["scope"] == "identity:read"
    second = answer["refresh_token"]
    assert second != first
    # Narrowing an access token does not narrow the family, and nothing widens it.
    third = (await refresh(client, second)).json()
    assert third["scope"] == "auctions:bid identity:read"
    refused(
        await refresh(client, third["refresh_token"], scope="files:read"), 400, "scope_not_given"
    )
    refused(await refresh(client, first), 400, "refresh_token_invalid", "invalid_grant")
    refused(await refresh(client, third["refresh_token"]), 400, "refresh_token_invalid")
    journaled = await session.scalar(
        text(
            "SELECT restricted->>'reason' FROM journal_events WHERE type = 'party.sign_in_revoked'"
        )
    )
    assert journaled == "refresh_token_reused"


async def test_a_refresh_token_expires(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # I6
    token = (await sign_in(client)).json()["refresh_token"]
    await session.execute(text("UPDATE refresh_tokens SET expires_at = clock_timestamp()"))
    refused(await refresh(client, token), 400, "refresh_token_invalid")
    refused(await refresh(client, "zr_unknown"), 400, "refresh_token_invalid")


async def test_signing_out_ends_the_family_and_tells_nothing(
    world: World, client: httpx.AsyncClient
) -> None:
    answer = (await sign_in(client)).json()
    for token in (answer["refresh_token"], answer["refresh_token"], "zr_unknown"):
        assert (await client.post("/v1/oauth/revoke", data={"token": token})).status_code == 200
    refused(await refresh(client, answer["refresh_token"]), 400, "refresh_token_invalid")
    access = {"token": answer["access_token"]}
    refused(
        await client.post("/v1/oauth/revoke", data=access),
        400,
        "token_type_unsupported",
        "unsupported_token_type",
    )
    refused(await client.post("/v1/oauth/revoke"), 400, "parameter_missing", "invalid_request")


async def test_a_login_is_throttled_before_its_hash_and_a_success_begins_anew(
    world: World, client: httpx.AsyncClient, session: AsyncSession, passwords: Passwords
) -> None:  # I7
    allowed = ATTEMPTS_MAX[AttemptKind.LOGIN]
    for _ in range(allowed - 1):
        refused(await sign_in(client, password="wrong"), 400, "credentials_wrong")
    assert (await sign_in(client)).status_code == 200
    for _ in range(allowed):
        refused(await sign_in(client, password="wrong"), 400, "credentials_wrong")
    before = passwords.computed
    answer = await sign_in(client)
    problem = refused(answer, 429, "too_many_attempts")
    assert 0 < problem["retry_after_s"] <= WINDOW.total_seconds()
    assert answer.headers["retry-after"] == str(problem["retry_after_s"])
    assert passwords.computed == before
    assert (await sign_in(client, "seller")).status_code == 200
    await session.execute(
        text("UPDATE login_attempts SET window_ends_at = clock_timestamp() - interval '1 second'")
    )
    assert (await sign_in(client)).status_code == 200


async def test_an_address_is_throttled_whatever_the_login(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # I7
    refused(await sign_in(client, "someone", "wrong"), 400, "credentials_wrong")
    await session.execute(
        text("UPDATE login_attempts SET attempts = :n"), {"n": ATTEMPTS_MAX[AttemptKind.ADDRESS]}
    )
    refused(await sign_in(client, "someone-else", "wrong"), 429, "too_many_attempts")


async def test_a_success_gives_its_address_the_attempt_back(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # I7
    for _ in range(3):
        assert (await sign_in(client)).status_code == 200
    left = await session.execute(text("SELECT attempts FROM login_attempts"))
    assert [row.attempts for row in left] == [0]


async def test_secrets_reach_neither_log_nor_journal_nor_tables(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # I9
    with capture_logs() as logs:
        answer = (await sign_in(client)).json()
        await sign_in(client, password="a wrong pass phrase")
        await refresh(client, answer["refresh_token"])
        await refresh(client, answer["refresh_token"])
    secrets = [PASSWORD, "a wrong pass phrase", answer["refresh_token"], answer["access_token"]]
    tables = ("journal_events", "refresh_tokens", "refresh_families", "users", "login_attempts")
    kept = [
        str(await session.scalar(text(f"SELECT json_agg(t)::text FROM {table} t")))
        for table in tables
    ]
    for secret in secrets:
        assert not any(secret in page for page in [str(logs), *kept])


@pytest.fixture
async def partner(world: World, client: httpx.AsyncClient) -> dict[str, str]:
    answer = await client.post(
        "/v1/clients",
        json={"party_id": str(world.other_seller), "name": "邻省交易所"},
        headers=world.headers("operator"),
    )
    assert answer.status_code == 201
    body: dict[str, str] = answer.json()
    return body


def client_form(partner: Mapping[str, str], **more: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": partner["id"],
        "client_secret": partner["client_secret"],
        **more,
    }


async def test_client_secret_gives_a_partners_token(
    world: World, client: httpx.AsyncClient, partner: Mapping[str, str]
) -> None:
    assert partner["client_secret"].startswith(f"zp_{partner['secret_prefix']}_")
    answer = (await client.post(TOKEN, data=client_form(partner))).json()
    assert answer["refresh_token"] is None
    actor = world.tokens.read(answer["access_token"])
    assert (actor.role, actor.party_id) == (Role.PARTNER, world.other_seller)
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    me = (await client.get("/v1/me", headers=bearer)).json()
    assert (me["ref"], me["user"], me["memberships"]) == (f"client:{partner['id']}", None, [])


async def test_client_may_use_http_basic(
    world: World, client: httpx.AsyncClient, partner: Mapping[str, str]
) -> None:
    form = {"grant_type": "client_credentials"}
    pair = f"{partner['id']}:{partner['client_secret']}"
    headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    assert (await client.post(TOKEN, data=form, headers=headers)).status_code == 200
    broken = {"Authorization": "Basic ###"}
    refused(await client.post(TOKEN, data=form, headers=broken), 401, "client_credentials_wrong")
    refused(await client.get("/v1/me", headers=headers), 401, "token_missing")


async def test_a_revoked_client_gets_no_tokens(
    world: World, client: httpx.AsyncClient, partner: Mapping[str, str]
) -> None:  # I10
    path = f"/v1/clients/{partner['id']}/revocation"
    first = await client.post(path, headers=world.headers("operator"))
    again = await client.post(path, headers=world.headers("operator"))
    assert first.json()["revoked_at"] is not None
    assert again.json() == first.json()
    answer = await client.post(TOKEN, data=client_form(partner))
    refused(answer, 401, "client_credentials_wrong", "invalid_client")


async def test_wrong_client_credentials_read_alike(
    world: World, client: httpx.AsyncClient, partner: Mapping[str, str]
) -> None:
    for changed in (
        {"client_secret": "zp_wrong"},
        {"client_id": str(world.buyer)},
        {"client_id": "nonsense"},
    ):
        answer = await client.post(TOKEN, data=client_form(partner, **changed))
        refused(answer, 401, "client_credentials_wrong", "invalid_client")


async def test_a_full_queue_for_hashes_answers_503(
    world: World, client: httpx.AsyncClient, shared_runtime: Runtime
) -> None:
    lanes = passwords_of(shared_runtime)
    lanes._waiting = 10_000
    try:
        problem = refused(await sign_in(client), 503, "sign_in_busy")
    finally:
        lanes._waiting = 0
    assert problem["retry_after_s"] == 2
