"""Match subscriptions over HTTP: whose, of what, and how many."""

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import pytest

from app.matching.domain import subscription as domain
from app.platform.access import Role
from app.platform.journal import history
from app.shared.ids import new_id
from tests.listings.factories import done, refusal
from tests.matching.market import LOCATING, Market
from tests.matching.pushed import Subscriber

FIELD: Final = {"kind": "field", "technology_field": "advanced_manufacturing"}


@pytest.fixture
def subscriber(market: Market) -> Subscriber:
    return Subscriber(market.desk.client, market.world)


async def test_a_subscription_is_made_read_changed_and_ended(
    subscriber: Subscriber, market: Market
) -> None:
    """MT55, MT63"""
    query = {
        "kind": "query",
        "wants": "achievement",
        "text": "镗刀杆颤振抑制",
        "conditions": {"regions": ["330000"], "own_market_only": True},
    }
    made = await subscriber.subscribe(query, least_verdict="strong", delivery="daily")
    assert made["source"]["conditions"]["regions"] == ["330000"]
    assert made["source"]["conditions"]["own_market_only"] is True
    assert (made["digest_hour"], made["quiet_from"], made["quiet_to"]) == (9, 21, 8)
    changed = await subscriber.change(made, delivery="weekly", digest_hour=18, quiet_to=7)
    assert changed == made | {
        "delivery": "weekly",
        "digest_hour": 18,
        "quiet_to": 7,
        "least_verdict": "possible",
    }
    assert await subscriber.change(made, delivery="weekly", digest_hour=18, quiet_to=7) == changed
    path = f"match-subscriptions/{made['id']}"
    assert done(await subscriber.send("GET", path)) == changed
    assert (await subscriber.send("DELETE", path)).status_code == 204
    for method, sent in (("GET", None), ("DELETE", None), ("PUT", {"name": "甲"})):
        refusal(await subscriber.send(method, path, sent), 404, "object_unknown")
    events = await history(market.session, UUID(made["id"]))
    assert [event.type.partition(".")[2] for event in events] == ["created", "changed", "ended"]
    assert [event.public for event in events] == [{}, {}, {}]
    assert {tuple(event.audience) for event in events} == {(subscriber.world.buyer,)}


async def test_subscriptions_are_the_partys_own(subscriber: Subscriber) -> None:
    """MT55"""
    made = [
        await subscriber.subscribe({**FIELD, "wants": wants}) for wants in ("demand", "achievement")
    ]
    page = done(await subscriber.send("GET", "match-subscriptions?limit=1"))
    assert page["items"] == made[1:]
    rest = f"match-subscriptions?limit=1&cursor={quote(page['next'])}"
    assert done(await subscriber.send("GET", rest)) == {"items": made[:1], "next": None}
    other = Subscriber(subscriber.client, subscriber.world, party=subscriber.world.other_buyer)
    assert done(await other.send("GET", "match-subscriptions"))["items"] == []
    path = f"match-subscriptions/{made[0]['id']}"
    refusal(await other.send("GET", path), 403, "not_yours")
    refusal(await other.send("PUT", path, {"name": "甲"}), 403, "not_yours")
    refusal(await other.send("DELETE", path), 403, "not_yours")


async def test_its_source_is_ones_own_demand_or_achievement(
    subscriber: Subscriber, market: Market
) -> None:
    """MT55"""
    demand = await market.board.submitted()
    achievement_id = await market.shelve("漏电故障断点定位", LOCATING)
    mine = await subscriber.subscribe({"kind": "demand", "demand_id": demand["id"]})
    assert (mine["source"]["wants"], mine["source"]["entry_id"]) == ("achievement", demand["id"])
    seller = Subscriber(subscriber.client, market.world, Role.SELLER_STAFF)
    source = {"kind": "achievement", "achievement_id": str(achievement_id)}
    assert (await seller.subscribe(source))["source"]["wants"] == "demand"

    async def refused(who: Subscriber, source: dict[str, Any], status: int, code: str) -> None:
        sent = {"name": "甲", "source": source}
        refusal(await who.send("POST", "match-subscriptions", sent), status, code)

    await refused(subscriber, source, 403, "not_yours")
    await refused(seller, {"kind": "demand", "demand_id": demand["id"]}, 403, "not_yours")
    nobody = {"kind": "demand", "demand_id": str(new_id())}
    await refused(subscriber, nobody, 404, "object_unknown")


REFUSED: Final[list[tuple[dict[str, Any], int, str]]] = [
    ({"source": {**FIELD, "wants": "demand", "technology_field": "alchemy"}}, 400, "code_unknown"),
    ({"source": {"kind": "query", "wants": "demand", "text": "！？"}}, 400, "match_query_empty"),
    (
        {
            "source": {
                "kind": "query",
                "wants": "demand",
                "text": "颤振",
                "conditions": {"regions": ["999999"]},
            }
        },
        400,
        "match_wishes_invalid",
    ),
    (
        {"source": {**FIELD, "wants": "demand"}, "delivery": "daily", "digest_hour": 23},
        400,
        "digest_in_quiet_hours",
    ),
    ({"source": {**FIELD, "wants": "demand"}, "quiet_from": 24}, 422, "request_invalid"),
    ({"source": {**FIELD, "wants": "demand", "text": "颤振"}}, 422, "request_invalid"),
    ({"source": {"kind": "demand"}}, 422, "request_invalid"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED)
async def test_what_could_tell_nothing_is_refused(
    subscriber: Subscriber, body: dict[str, Any], status: int, code: str
) -> None:
    """MT55, MT57"""
    answer = await subscriber.send("POST", "match-subscriptions", {"name": "甲", **body})
    told = refusal(answer, status, code)
    if code == "digest_in_quiet_hours":
        assert told["accepted"] == list(range(8, 21))


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("漏电", 201),
        ("𠀀" * 2000, 201),
        ("漏电 " + "7" * 1990, 201),
        ("a" * 2000, 201),
        ("，。", 400),
        ("漏", 400),
    ],
)
async def test_a_query_needs_words_that_can_be_found(
    subscriber: Subscriber, text: str, status: int
) -> None:
    """MT55, MT62"""
    source = {"kind": "query", "wants": "demand", "text": text}
    answer = await subscriber.send("POST", "match-subscriptions", {"name": "甲", "source": source})
    assert answer.status_code == status, answer.text


async def test_a_party_has_so_many_and_no_more(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MT55"""
    assert domain.SUBSCRIPTIONS_MAX == 50
    monkeypatch.setattr(domain, "SUBSCRIPTIONS_MAX", 1)
    made = await subscriber.subscribe({**FIELD, "wants": "demand"})
    sent = {"name": "乙", "source": {**FIELD, "wants": "demand"}}
    full = await subscriber.send("POST", "match-subscriptions", sent)
    assert refusal(full, 409, "match_subscriptions_full")["accepted_max"] == 1
    await subscriber.send("DELETE", f"match-subscriptions/{made['id']}")
    done(await subscriber.send("POST", "match-subscriptions", sent))
