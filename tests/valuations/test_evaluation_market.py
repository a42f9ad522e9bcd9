"""What the market says of a result, over HTTP."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.identity.public import PartyStatus, add_membership, create_party
from app.platform.access import SYSTEM, Role
from app.platform.journal import history
from app.shared.ids import PartyId, UserId
from tests.listings.factories import Json, done, refusal, yuan
from tests.valuations.panels import Office
from tests.world import START, organisation


def body(low: str | None = "500000.00", high: str = "700000.00", **changes: Any) -> Json:
    return {
        "stance": "buy",
        "price_low": None if low is None else yuan(low),
        "price_high": None if low is None else yuan(high),
        "horizon": "within_half_year",
        "reasons": "可替代现有人工目检工位,一年内收回投入。",
    } | changes


async def say(office: Office, path: str, party: PartyId, told: Json) -> Any:
    headers = office.world.headers("buyer_staff", party)
    return await office.desk.client.post(f"/v1/{path}", json=told, headers=headers)


async def test_prices_stay_hidden_until_three_parties_named_theirs(office: Office) -> None:
    """EV13, EV14, EV15"""
    world = office.world
    achievement = await office.desk.accepted()
    path = f"achievements/{achievement['id']}/market-views"
    first = done(await say(office, path, world.buyer, body()))
    done(await say(office, path, world.other_buyer, body("400000.00", "400000.00")))
    aggregate = f"achievements/{achievement['id']}/market-evaluation"
    told = done(await office.get(aggregate, "seller_staff"))
    assert (told["parties"], told["priced"], told["median"]) == (2, 2, None)
    done(await say(office, path, world.third_buyer, body("900000.00", "900000.00")))
    again = done(await say(office, path, world.buyer, body("610000.00", "630000.00")))
    assert (again["id"], again["version"]) == (first["id"], 2)
    told = done(await office.get(aggregate, "seller_staff"))
    assert (told["parties"], told["stances"]["buy"]) == (3, 3)
    assert told["median"] == yuan("620000.00")
    assert (told["lower_quartile"], told["upper_quartile"]) == (
        yuan("510000.00"),
        yuan("760000.00"),
    )
    for reader in ("operator", "auditor"):
        views = done(await office.get(path, reader))["items"]
        assert [view["version"] for view in views] == [2, 1, 1]
    own = done(await office.get(path, "buyer_staff"))["items"]
    assert [view["id"] for view in own] == [first["id"]]
    refusal(await office.get(path, "seller_staff"), 403, "role_not_allowed")
    refusal(await office.get(aggregate, "buyer_staff"), 403, "role_not_allowed")
    events = await history(office.session, UUID(first["id"]))
    assert [(event.public, event.audience) for event in events] == [({}, [world.buyer])] * 2
    with pytest.raises(DBAPIError, match="append-only"):
        async with office.session.begin_nested():
            await office.session.execute(text("DELETE FROM market_views"))


async def test_only_a_shown_result_is_judged_and_only_by_the_market(office: Office) -> None:
    """EV12, EV13"""
    world, session = office.world, office.session
    hidden = await office.submitted()
    refusal(
        await say(office, f"achievements/{hidden['id']}/market-views", world.buyer, body()),
        404,
        "object_unknown",
    )
    achievement = await office.desk.accepted()
    path = f"achievements/{achievement['id']}/market-views"
    told = refusal(await say(office, path, world.buyer, body(None)), 400, "market_view_invalid")
    assert [error["rule"] for error in told["errors"]] == ["willing"]
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("之澜科技园有限公司", {"representative": "陆景深"}, "representative"),
        ("澜清视觉有限公司", {"beneficial_owners": ("许澜清",)}, "completer_behind"),
    ]
    for number, (name, facts, ground) in enumerate(cases):
        new = organisation(300 + number, name)
        for field, value in facts.items():
            object.__setattr__(new, field, value)
        party = await create_party(
            session,
            market_id=world.market_id,
            new=new,
            status=PartyStatus.VERIFIED,
            actor=SYSTEM,
            now=START,
        )
        told = refusal(await say(office, path, party, body()), 400, "market_view_too_near")
        assert told["grounds"] == [ground]
    owner = UserId(world.users[world.seller])
    await add_membership(
        session,
        user_id=owner,
        party_id=world.seller,
        market_id=world.market_id,
        role=Role.BUYER_STAFF,
    )
    told = refusal(await say(office, path, world.seller, body()), 400, "market_view_too_near")
    assert told["grounds"][0] == "party"
    broker = world.headers("broker", world.operator)
    answer = await office.desk.client.post(f"/v1/{path}", json=body(), headers=broker)
    assert refusal(answer, 400, "market_view_too_near")["grounds"] == ["exchange_staff"]
