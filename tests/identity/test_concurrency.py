"""Real commits at once: one credit code, one login's guesses, one refresh token."""

import asyncio

import httpx
import pytest
from sqlalchemy import text

from app.identity.domain.throttle import ATTEMPTS_MAX, AttemptKind
from app.identity.passwords import passwords_of
from app.platform.runtime import Runtime
from tests.world import PASSWORD, World, credit_code

pytestmark = pytest.mark.concurrency


async def test_of_twenty_registrations_with_one_credit_code_one_succeeds(
    own_world: World, own_client: httpx.AsyncClient, own_runtime: Runtime
) -> None:  # I2
    def body(number: int) -> dict[str, object]:
        return {
            "market_id": str(own_world.market_id),
            "party": {
                "kind": "organisation",
                "name": f"同码{number}",
                "credit_code": credit_code(500),
                "region_code": "330106",
            },
            "user": {"login": f"same-{number}", "password": PASSWORD, "display_name": "x"},
            "roles": ["buyer_staff"],
        }

    answers = await asyncio.gather(
        *(own_client.post("/v1/parties", json=body(number)) for number in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"credit_code_taken"}
    async with own_runtime.database.transaction() as session:
        users = await session.scalar(text("SELECT count(*) FROM users WHERE login LIKE 'same-%'"))
        journaled = await session.scalar(
            text(
                "SELECT count(*) FROM journal_events e JOIN parties p ON p.id = e.subject_id "
                "WHERE e.type = 'party.registered' AND p.credit_code = :code"
            ),
            {"code": credit_code(500)},
        )
    assert (users, journaled) == (1, 1)


async def test_parallel_guesses_get_no_more_tries_than_patient_ones(
    own_world: World, own_client: httpx.AsyncClient, own_runtime: Runtime
) -> None:  # I7
    form = {"grant_type": "password", "username": "buyer", "password": "a wrong guess"}
    answers = await asyncio.gather(
        *(own_client.post("/v1/oauth/token", data=form) for _ in range(25))
    )
    allowed = ATTEMPTS_MAX[AttemptKind.LOGIN]
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [400] * allowed + [429] * (25 - allowed)
    assert passwords_of(own_runtime).computed == allowed


async def test_a_refresh_token_presented_twice_at_once_ends_its_family(
    own_world: World, own_client: httpx.AsyncClient
) -> None:  # I6
    form = {"grant_type": "password", "username": "buyer", "password": PASSWORD}
    token = (await own_client.post("/v1/oauth/token", data=form)).json()["refresh_token"]

    async def refresh(which: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": which}
        return await own_client.post("/v1/oauth/token", data=form)

    answers = await asyncio.gather(*(refresh(token) for _ in range(5)))
    good = [answer for answer in answers if answer.is_success]
    assert len(good) == 1
    assert (await refresh(good[0].json()["refresh_token"])).status_code == 400


async def test_of_memberships_that_exclude_each_other_one_is_granted(
    own_world: World, own_client: httpx.AsyncClient
) -> None:  # I11
    operator = own_world.headers("operator")

    async def add(party_id: object, role: str, user: dict[str, object]) -> httpx.Response:
        path = f"/v1/parties/{party_id}/members"
        return await own_client.post(path, json={"role": role} | user, headers=operator)

    for number in range(6):
        new: dict[str, object] = {
            "user": {"login": f"both{number}", "password": PASSWORD, "display_name": "x"}
        }
        known = (await add(own_world.buyer, "broker", new)).json()["user_id"]
        person: dict[str, object] = {"user_id": known}
        # One person, two parties, in either order of asking.
        calls = [
            add(own_world.third_buyer, "buyer_staff", person),
            add(own_world.auditor, "auditor", person),
        ]
        answers = await asyncio.gather(*(calls if number % 2 else calls[::-1]))
        assert sorted(answer.status_code for answer in answers) == [201, 403]


async def test_of_two_people_one_party_lets_trade_or_watch(
    own_world: World, own_client: httpx.AsyncClient
) -> None:  # I11
    operator = own_world.headers("operator")
    body = {
        "market_id": str(own_world.market_id),
        "party": {
            "kind": "organisation",
            "name": "双面公司",
            "credit_code": credit_code(501),
            "region_code": "330106",
        },
        "user": {"login": "two-faced", "password": PASSWORD, "display_name": "x"},
        "roles": ["broker"],
    }
    party_id = (await own_client.post("/v1/parties", json=body)).json()["party"]["id"]

    async def add(role: str) -> httpx.Response:
        user = {"login": f"two-{role}", "password": PASSWORD, "display_name": "x"}
        path = f"/v1/parties/{party_id}/members"
        return await own_client.post(path, json={"role": role, "user": user}, headers=operator)

    answers = await asyncio.gather(add("buyer_staff"), add("auditor"))
    assert sorted(answer.status_code for answer in answers) == [201, 403]
