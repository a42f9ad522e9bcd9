"""Registering, verifying and staffing parties over HTTP."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.throttle import ATTEMPTS_MAX, AttemptKind
from app.identity.public import (
    PartyNotVerified,
    PartyStatus,
    add_membership,
    get_party,
    has_exchange_staff,
    owner_of_client,
    owner_of_party,
    require_verified,
)
from app.platform.access import ObjectUnknown, Role
from app.shared.ids import PartyId, new_id
from tests.world import PASSWORD, World, credit_code

SECRET = "  spaces belong to it  "


def registration(world: World, number: int = 100, **changes: Any) -> dict[str, Any]:
    body = {
        "market_id": str(world.market_id),
        "party": {
            "kind": "organisation",
            "name": f"新来者{number}",
            "credit_code": credit_code(number),
            "region_code": "330106",
            "seller_class": "private",
            "phone": "0571-55550001",
            "postcode": "310012",
        },
        "user": {"login": f"newcomer{number}", "password": SECRET, "display_name": " 新人 "},
        "roles": ["buyer_staff"],
    }
    for path, value in changes.items():
        *parents, name = path.split("__")
        place = body
        for parent in parents:
            place = place[parent]  # type: ignore[assignment]
        place[name] = value
    return body


async def register(
    client: httpx.AsyncClient, body: dict[str, Any], **kwargs: Any
) -> httpx.Response:
    return await client.post("/v1/parties", json=body, **kwargs)


async def sign_in(client: httpx.AsyncClient, login: str, password: str = SECRET) -> httpx.Response:
    form = {"grant_type": "password", "username": login, "password": password}
    return await client.post("/v1/oauth/token", data=form)


async def decide(
    world: World, client: httpx.AsyncClient, party_id: object, **body: Any
) -> httpx.Response:
    path = f"/v1/parties/{party_id}/verification"
    return await client.post(path, json=body, headers=world.headers("operator"))


async def test_a_newcomer_signs_in_only_after_verification(
    world: World, client: httpx.AsyncClient
) -> None:  # I3 I5
    answer = await register(client, registration(world))
    assert answer.status_code == 201
    party = answer.json()["party"]
    assert (party["status"], party["credit_code"]) == ("pending", credit_code(100))
    refused = await sign_in(client, "newcomer100")
    assert (refused.status_code, refused.json()["code"]) == (400, "party_not_verified")
    assert (refused.json()["status"], refused.json()["error"]) == (400, "invalid_grant")
    decided = await decide(world, client, party["id"], accepted=True)
    assert decided.json()["status"] == "verified"
    assert (await sign_in(client, "newcomer100")).status_code == 200
    assert (await sign_in(client, "newcomer100", SECRET.strip())).status_code == 400
    again = await decide(world, client, party["id"], accepted=True)
    assert (again.status_code, again.json()["code"]) == (409, "transition_refused")


async def test_every_wanted_role_becomes_a_membership(
    world: World, client: httpx.AsyncClient
) -> None:
    body = registration(world, roles=["seller_staff", "buyer_staff"])
    party_id = (await register(client, body)).json()["party"]["id"]
    await decide(world, client, party_id, accepted=True)
    choices = (await sign_in(client, "newcomer100")).json()["choices"]
    assert sorted(choice["role"] for choice in choices) == ["buyer_staff", "seller_staff"]


async def test_a_refused_party_signs_nobody_in_and_frees_its_code(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # I2 I3
    party_id = (await register(client, registration(world))).json()["party"]["id"]
    missing = await decide(world, client, party_id, accepted=False)
    assert (missing.status_code, missing.json()["code"]) == (400, "party_refusal_reason_missing")
    assert (await decide(world, client, party_id, accepted=False, reason="证照不符")).json()[
        "status"
    ] == "refused"
    assert (await sign_in(client, "newcomer100")).json()["code"] == "party_not_verified"
    members = f"/v1/parties/{party_id}/members"
    user = {"login": "late", "password": SECRET, "display_name": "晚"}
    late = await client.post(
        members, json={"role": "broker", "user": user}, headers=world.headers("operator")
    )
    assert (late.status_code, late.json()["code"]) == (409, "party_refused")
    again = registration(world, user__login="another-login")
    assert (await register(client, again)).status_code == 201


async def test_a_credit_code_is_taken_once_a_market(
    world: World, client: httpx.AsyncClient
) -> None:  # I2
    assert (await register(client, registration(world))).status_code == 201
    same = registration(world, user__login="another-login")
    answer = await register(client, same)
    assert (answer.status_code, answer.json()["code"]) == (409, "credit_code_taken")
    same["market_id"] = str(world.other_market_id)
    assert (await register(client, same)).status_code == 201


async def test_a_taken_login_leaves_nothing_half_written(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:
    answer = await register(client, registration(world, user__login="BUYER"))
    assert (answer.status_code, answer.json()["code"]) == (409, "login_taken")
    found = await session.scalar(
        text("SELECT count(*) FROM parties WHERE credit_code = :code"), {"code": credit_code(100)}
    )
    assert found == 0


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"party__credit_code": None}, 400, "credit_code_missing", "credit_code"),
        ({"party__credit_code": "91330106305184621N"}, 400, "credit_code_invalid", "credit_code"),
        ({"party__kind": "person"}, 400, "credit_code_of_person", "credit_code"),
        ({"party__region_code": None}, 400, "region_missing", "region_code"),
        ({"party__region_code": "123456"}, 400, "code_unknown", "region_code"),
        (
            {"party__seller_class": None, "roles": ["seller_staff"]},
            400,
            "party_seller_class_missing",
            "seller_class",
        ),
        ({"user__login": "张三"}, 400, "login_malformed", "login"),
        (
            {"user__login": "ten-letters", "user__password": "Ten-Letters"},
            400,
            "password_too_weak",
            "password",
        ),
        ({"market_id": str(UUID(int=7))}, 404, "market_unknown", None),
    ],
)
async def test_bad_registrations_name_field_and_rule(
    world: World,
    client: httpx.AsyncClient,
    changes: dict[str, Any],
    status: int,
    code: str,
    field: str | None,
) -> None:
    problem = (await register(client, registration(world, **changes))).json()
    assert (problem["status"], problem["code"], problem.get("field")) == (status, code, field)


@pytest.mark.parametrize(
    "changes",
    [
        {"user__password": "too short"},
        {"roles": ["operator"]},
        {"roles": []},
        {"party__phone": "call me"},
        {"party__name": "a\x00b"},
        {"party__nickname": "unknown field"},
    ],
)
async def test_malformed_registrations_are_422_without_the_password(
    world: World, client: httpx.AsyncClient, changes: dict[str, Any]
) -> None:  # I9
    answer = await register(client, registration(world, **changes))
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert SECRET not in answer.text
    assert "too short" not in answer.text


async def test_a_repeated_registration_answers_alike_and_keeps_no_digest_of_the_password(
    world: World, client: httpx.AsyncClient
) -> None:  # I9
    key = {"Idempotency-Key": str(new_id())}
    first = await register(client, registration(world), headers=key)
    again = await register(client, registration(world), headers=key)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await register(client, registration(world, 101), headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    same_but_password = registration(world, user__password="some other password")
    assert (await register(client, same_but_password, headers=key)).json() == first.json()


async def test_a_refusal_is_repeated_too(world: World, client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": str(new_id())}
    body = registration(world, user__login="buyer")
    first = await register(client, body, headers=key)
    again = await register(client, body, headers=key)
    assert first.status_code == again.status_code == 409
    assert again.headers["idempotency-replayed"] == "true"


async def test_registrations_of_an_address_are_throttled(
    world: World, client: httpx.AsyncClient, session: AsyncSession
) -> None:  # I7
    assert (await register(client, registration(world))).status_code == 201
    await session.execute(
        text("UPDATE login_attempts SET attempts = :n"),
        {"n": ATTEMPTS_MAX[AttemptKind.REGISTRATION]},
    )
    answer = await register(client, registration(world, 101))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")


async def add(
    world: World, client: httpx.AsyncClient, party_id: PartyId, **body: Any
) -> httpx.Response:
    path = f"/v1/parties/{party_id}/members"
    return await client.post(path, json=body, headers=world.headers("operator"))


NEW_USER = {"login": "colleague", "password": PASSWORD, "display_name": "同事"}


async def test_an_operator_adds_members(world: World, client: httpx.AsyncClient) -> None:
    answer = await add(world, client, world.buyer, role="buyer_staff", user=NEW_USER)
    assert answer.status_code == 201
    assert (await sign_in(client, "colleague", PASSWORD)).status_code == 200
    known = answer.json()["user_id"]
    twice = await add(world, client, world.buyer, role="buyer_staff", user_id=known)
    assert (twice.status_code, twice.json()["code"]) == (409, "member_twice")
    more = await add(world, client, world.seller, role="broker", user_id=known)
    assert more.status_code == 201
    stranger = await add(world, client, world.seller, role="broker", user_id=str(new_id()))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "object_unknown")
    taken = await add(world, client, world.buyer, role="buyer_staff", user=NEW_USER)
    assert (taken.status_code, taken.json()["code"]) == (409, "login_taken")
    neither = await add(world, client, world.buyer, role="buyer_staff")
    assert neither.status_code == 422


async def test_exchange_staff_and_traders_are_kept_apart(
    world: World, client: httpx.AsyncClient
) -> None:  # I4
    for party_id, role in ((world.buyer, "operator"), (world.operator, "buyer_staff")):
        answer = await add(world, client, party_id, role=role, user=NEW_USER)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_not_for_party")
    assert (await add(world, client, world.operator, role="operator", user=NEW_USER)).is_success


@pytest.mark.parametrize(
    ("first", "second", "whose"),
    [
        # The auditor's user, its firm, a buyer's user, a buyer's firm: each the other way round.
        (("auditor", "auditor"), ("buyer", "buyer_staff"), "user"),
        (("auditor", "auditor"), ("auditor", "seller_staff"), "user"),
        (("buyer", "broker"), ("auditor", "buyer_staff"), "party"),
        (("buyer", "buyer_staff"), ("auditor", "auditor"), "user"),
        (("seller", "seller_staff"), ("operator", "operator"), "user"),
        (("auditor", "expert"), ("buyer", "auditor"), "party"),
    ],
)
async def test_who_watches_a_market_does_not_trade_in_it(
    world: World,
    client: httpx.AsyncClient,
    first: tuple[str, str],
    second: tuple[str, str],
    whose: str,
) -> None:  # I11
    made = await add(world, client, getattr(world, first[0]), role=first[1], user=NEW_USER)
    assert made.status_code == 201
    who = {"role": second[1], "user_id": made.json()["user_id"]}
    answer = await add(world, client, getattr(world, second[0]), **who)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (403, "staff_may_not_trade")
    assert told["whose"] == whose
    assert set(told["accepted"]) == {"broker", "expert"} | (
        {"seller_staff", "buyer_staff"} if second[1] in ("operator", "auditor") else EXCHANGE_STAFF
    )


EXCHANGE_STAFF = {"operator", "auditor"}


async def test_a_person_may_watch_one_market_and_trade_in_another(
    world: World, session: AsyncSession
) -> None:  # I11
    await add_membership(
        session,
        user_id=world.users[world.auditor],
        party_id=world.buyer_elsewhere,
        market_id=world.other_market_id,
        role=Role.BUYER_STAFF,
    )
    assert await has_exchange_staff(session, world.auditor)
    assert not await has_exchange_staff(session, world.buyer_elsewhere)


async def test_beneficial_owners_are_for_operators_and_auditors(
    world: World, client: httpx.AsyncClient
) -> None:  # I13
    body = registration(world, party__beneficial_owners=[" 钱一 ", "孙二"])
    answer = await register(client, body)
    party = answer.json()["party"]
    assert party["beneficial_owners"] is None
    decided = await decide(world, client, party["id"], accepted=True)
    assert decided.json()["beneficial_owners"] == ["钱一", "孙二"]
    path = f"/v1/parties/{party['id']}"
    for role, party_id in (("operator", None), ("auditor", None), ("buyer_staff", party["id"])):
        headers = world.headers(role, party_id and PartyId(UUID(party_id)))
        shown = (await client.get(path, headers=headers)).json()["beneficial_owners"]
        assert shown == (["钱一", "孙二"] if party_id is None else None)
    headers = world.headers("buyer_staff", PartyId(UUID(party["id"])))
    assert "钱一" not in (await client.get("/v1/me", headers=headers)).text
    listed = await client.get("/v1/parties?limit=1", headers=world.headers("operator"))
    assert listed.json()["items"][0]["beneficial_owners"] == ["钱一", "孙二"]
    events = await client.get("/v1/events?limit=500", headers=world.headers("operator"))
    assert "钱一" not in events.text


async def test_parties_are_listed_by_status_and_name_page_by_page(
    world: World, client: httpx.AsyncClient
) -> None:
    for number in (100, 101):
        await register(client, registration(world, number))
    operator = world.headers("operator")

    async def names(**query: str | int) -> list[str]:
        found, cursor = [], None
        while True:
            extra: dict[str, str] = {} if cursor is None else {"cursor": cursor}
            page = (
                await client.get("/v1/parties", params={**query, **extra}, headers=operator)
            ).json()
            found += [item["name"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return found

    assert await names(status="pending") == ["新来者101", "新来者100"]
    assert await names(name="来者1", limit=1) == ["新来者101", "新来者100"]
    assert await names(name="%") == []
    everyone = await names(limit=2)
    assert len(everyone) == len(set(everyone)) == 9
    bad = await client.get("/v1/parties", params={"cursor": "x"}, headers=operator)
    assert bad.json()["code"] == "cursor_invalid"


async def test_a_party_is_seen_by_its_own_staff_and_the_exchange(
    world: World, client: httpx.AsyncClient
) -> None:
    path = f"/v1/parties/{world.buyer}"
    for headers in (
        world.headers("buyer_staff"),
        world.headers("operator"),
        world.headers("auditor"),
    ):
        assert (await client.get(path, headers=headers)).json()["id"] == str(world.buyer)
    rival = await client.get(path, headers=world.headers("buyer_staff", world.other_buyer))
    assert (rival.status_code, rival.json()["code"]) == (403, "not_yours")
    elsewhere = await client.get(path, headers=world.headers("operator", market="other"))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "object_unknown")
    assert (await client.get(path)).status_code == 401


async def test_clients_are_for_verified_parties_of_the_market(
    world: World, client: httpx.AsyncClient
) -> None:
    pending = (await register(client, registration(world))).json()["party"]["id"]
    for party_id, code in (
        (pending, "party_not_verified"),
        (str(world.seller_elsewhere), "object_unknown"),
        (str(new_id()), "object_unknown"),
    ):
        answer = await client.post(
            "/v1/clients",
            json={"party_id": party_id, "name": "x"},
            headers=world.headers("operator"),
        )
        assert answer.json()["code"] == code


async def test_public_functions_answer_or_refuse(world: World, session: AsyncSession) -> None:
    assert (await require_verified(session, world.seller)).seller_class == "university"
    await session.execute(
        text("UPDATE parties SET status = 'pending' WHERE id = :id"), {"id": world.seller}
    )
    assert (await get_party(session, world.seller)).status is PartyStatus.PENDING
    with pytest.raises(PartyNotVerified):
        await require_verified(session, world.seller)
    with pytest.raises(ObjectUnknown):
        await get_party(session, PartyId(new_id()))
    owner = await owner_of_party(session, world.seller)
    assert owner is not None
    assert (owner.market_id, owner.party_ids) == (world.market_id, frozenset({world.seller}))
    assert await owner_of_party(session, new_id()) is None
    assert await owner_of_client(session, new_id()) is None
