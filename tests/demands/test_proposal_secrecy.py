"""Before the deadline nobody learns what is proposed, who proposes, or how many (DM38, DM40)."""

import json
import re
from typing import Any, Final

import httpx
import pytest
from fastapi.routing import APIRoute

from app.platform.runtime import Runtime
from app.shared.ids import new_id
from app.wiring import ROUTERS
from tests.auctions.acts import tables_with
from tests.demands.board import Board, Json, done
from tests.demands.proposing import (
    PRICE,
    SEALED,
    SECRET,
    committed,
    content,
    hand_in,
    plain,
    sealed,
)
from tests.world import World

pytestmark = pytest.mark.concurrency

# Moments and places in a feed go on by themselves; metrics are for whoever runs the process, and a
# list of revocations is signed anew with its moment.
MOVING: Final = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+\d\d:\d\d)?|\"next\":\"[^\"]*\"|\"request_id\":\"[^\"]*\""
)
PARAMETER: Final = re.compile(r"{(\w+)(?::\w+)?}")
ELSEWHERE: Final = frozenset({"metrics", "stream_room", "stream_hall", "get_revocations"})
KNOWN: Final = frozenset({"demand_id", "market_id", "proposal_id"})


def needles() -> list[str]:
    words = [SECRET, json.dumps(SECRET)[1:-1], PRICE, PRICE.replace(".", "")]
    return [*words, *(word.encode().hex() for word in words)]


async def walk(board: Board, demands: list[Json], proposal_id: str) -> dict[str, Any]:
    """Return what everybody who looks is answered by every GET route.

    A route that asks for another kind of object than there is here has nothing to tell.
    """
    world = board.world
    callers = {
        "anonymous": {},
        "operator": world.headers("operator"),
        "auditor": world.headers("auditor"),
        "poster": world.headers("buyer_staff"),
        "rival": world.headers("seller_staff", world.other_seller),
    }
    told: dict[str, Any] = {}
    routes = [route for router in ROUTERS for route in router.routes]
    for route in routes:
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
            continue
        if route.name in ELSEWHERE or set(PARAMETER.findall(route.path)) - KNOWN:
            continue
        for demand in demands if "{demand_id}" in route.path else demands[:1]:
            path = route.path.replace("{demand_id}", demand["id"])
            path = path.replace("{market_id}", str(world.market_id))
            path = path.replace("{proposal_id}", proposal_id)
            for name, headers in callers.items():
                answer = await board.client.get(path, headers=headers)
                told[f"{name} {path}"] = (
                    answer.status_code,
                    MOVING.sub("", answer.text),
                    answer.headers.get("etag"),
                )
    return told


async def test_nobody_learns_what_who_or_how_many_before_the_deadline(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """DM38, DM40"""
    board = Board(own_client, own_world)
    demands = [await committed(board, own_runtime, changes) for changes in ({}, SEALED)]
    before = await walk(board, demands, str(new_id()))
    assert any(status == 200 for status, *_ in before.values())
    receipts = []
    for party in (own_world.seller, own_world.other_buyer):
        role = "seller_staff" if party == own_world.seller else "buyer_staff"
        who = {"party_id": party}
        receipts.append(await hand_in(board, demands[0], role, plain(), **who))
        sent = await sealed(board, demands[1], role, content(), **who)
        receipts.append(await hand_in(board, demands[1], role, sent, **who))
    after = await walk(board, demands, receipts[0]["id"])
    assert [key for key in before if key in after and before[key] != after[key]] == []
    assert {value[0] for key, value in after.items() if receipts[0]["id"] in key} == {401, 404}
    words = {receipt[name] for receipt in receipts for name in ("id", "code", "commitment")}
    shown = json.dumps(list(after.values()), ensure_ascii=False)
    assert not [word for word in (*words, *needles()) if word in shown]
    assert await tables_with(own_runtime.database, needles()) == []
    # The walk can see: the proposer reads its own.
    own = done(await board.get(f"demands/{demands[0]['id']}/proposal", "seller_staff"))
    assert own["content"]["route"] == SECRET
