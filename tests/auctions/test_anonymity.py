"""Who bids stays hidden while an auction runs, whichever route and role one tries.

The routes are those of the running application, so a new one is tried without an edit here; one
that no object of this test reaches fails the test until it is.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text

from app.auctions.live import end_streams
from app.main import create_app
from app.platform.access import Role
from app.platform.runtime import Runtime
from app.shared.ids import PartyId, new_id
from app.wiring import ROUTERS
from tests.auctions.lot import BUYERS, Lot, make_lot, yuan
from tests.matching.market import engine_without_model
from tests.platform.feed_harness import settled
from tests.world import START, World

pytestmark = pytest.mark.concurrency

BIDDERS: Final = ("buyer", "other_buyer")
UUIDS: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HEX: Final = re.compile(r"[0-9a-f-]{32,36}")
STREAM_S: Final = 0.6
# What a running auction has no object of: nothing is dealt, uploaded, appraised or talked over, and
# nobody posted a demand. Nobody's id stands for them.
NONE_OF: Final = frozenset(
    {
        "file_id",
        "deal_id",
        "demand_id",
        "proposal_id",
        "engagement_id",
        "edition_id",
        "demand_objection_id",
        "challenge_id",
        "demand_import_id",
        "import_id",
        "evaluation_id",
        "valuation_id",
        "dossier_id",
        "objection_id",
        "room_id",
        "roadshow_id",
        "saved_search_id",
        "match_subscription_id",
        "notification_id",
        "result_id",
        "weights_id",
        "case_id",
        "day_id",
        "bank_statement_id",
        "bank_line_id",
        "payment_order_id",
        "payment_batch_id",
        "voucher_id",
    }
)
WITHOUT_OBJECT: Final = frozenset(
    {
        "get_offer",  # of a posted listing's single buyer
        "get_proposal",  # of an agreement
        "get_service_clocks",  # asks for a period
        "get_statement",  # so does an account's
        "get_bank_account",  # nobody has entered one
        "list_contract_clauses",  # asks for a type of contract
        "get_demand_statistics",  # asks by what; no demand was posted
        "get_price_statistics",  # asks by what, as the table does
        "get_price_table",
        "find_certificate",  # nobody has been certified
        "download_public_certificate",
        "export_registrations",  # asks for a period
        "get_tax_hint",  # asks for a year
        "get_conversion_report",  # asks for a year, as its table does
        "get_conversion_report_table",
    }
)
# Shown to nobody before the deadline, or before the end.
NOT_YET: Final = frozenset({"list_sealed_bids", "get_opening", "get_proof"})
# Of one process, for whoever runs it; a reverse proxy keeps it from the public.
OPERATIONS: Final = frozenset({"metrics"})
# They grow, or tell the moment, whatever anybody does.
PUBLISHED_BY_TIME: Final = frozenset(
    # An XLSX tells when it was written.
    {"list_chain_heads", "get_revocations", "get_contract_lint_template"}
)


@dataclass(frozen=True)
class Caller:
    """Somebody who looks; its own secrets it may know.

    Attributes:
        own: The bidder that it is.
        names_known: Whether the same companies are on record where it works.
    """

    name: str
    headers: Mapping[str, str]
    own: str | None = None
    names_known: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back, as far as it came: a stream is cut off."""

    status: int
    body: str
    head: str


def get_routes() -> list[APIRoute]:
    return [
        route
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    ]


async def taste(app: FastAPI, path: str, headers: Mapping[str, str]) -> Answer:
    """Ask as a socket would, and hang up on what does not end."""
    told: list[Any] = []
    asked = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not asked.is_set():
            asked.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        told.append(message)

    target, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("zhepai.test", 80),
    }
    serving = asyncio.create_task(app(scope, receive, send))
    done, _ = await asyncio.wait({serving}, timeout=STREAM_S)
    while not done and not any(message.get("body") for message in told):  # slow, but no stream
        done, _ = await asyncio.wait({serving}, timeout=STREAM_S)
    if not done:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    body = b"".join(message.get("body", b"") for message in told)
    return Answer(told[0]["status"], body.decode(errors="replace"), repr(told[0]["headers"]))


class Watch:
    """An auction that runs, with everybody who might look at it."""

    def __init__(self, lot: Lot, app: FastAPI, world: World) -> None:
        self.lot, self.app, self.world = lot, app, world
        near = world.other_seller  # a party that trades, but not here
        self.staff = Caller("operator", world.headers(Role.OPERATOR))
        self.outsiders = [
            Caller("anonymous", {}),
            Caller("seller", world.headers(Role.SELLER_STAFF)),
            Caller("another buyer", world.headers(Role.BUYER_STAFF, world.third_buyer)),
            *(
                Caller(role.value, world.headers(role, near))
                for role in (Role.PARTNER, Role.BROKER, Role.EXPERT)
            ),
            Caller("the seller's exchange", world.headers(Role.PARTNER, world.seller)),
            Caller(
                "operator elsewhere",
                world.headers(Role.OPERATOR, market="other"),
                names_known=True,
            ),
        ]
        self.rivals = [
            Caller(name, world.headers(Role.BUYER_STAFF, getattr(world, name)), name)
            for name in BIDDERS
        ]
        self.ids: dict[str, list[str]] = {}

    async def secrets(self) -> dict[str, set[str]]:
        """Return what tells who a bidder is, by bidder."""
        found = {}
        for name in BIDDERS:
            party_id: PartyId = getattr(self.world, name)
            registration = self.lot.registrations[name]
            party = await self.lot.api.get(self.lot.operator, f"/v1/parties/{party_id}")
            accounts = await self.lot.api.get(self.lot.operator, "/v1/accounts?limit=200")
            ids = [str(party_id), str(self.world.users[party_id]), registration["id"]]
            ids += [item["id"] for item in accounts["items"] if item["party_id"] == str(party_id)]
            words = [BUYERS[name], party["credit_code"], registration["bank_reference"]]
            escaped = json.dumps(BUYERS[name])[1:-1]
            found[name] = {*ids, *(id_.replace("-", "") for id_ in ids), *words, escaped}
        return found

    async def learn_ids(self) -> None:
        """Learn from the operator every id that there is, by the parameter that takes it."""
        listing = self.lot.listing
        told = {
            "market_id": [listing["market_id"]],
            "listing_id": [listing["id"]],
            "achievement_id": [listing["achievement_id"]],
            "auction_id": [self.lot.auction_id],
            "party_id": [str(getattr(self.world, name)) for name in (*BIDDERS, "seller")],
            "registration_id": [item["id"] for item in self.lot.registrations.values()],
            "table": ["seller_class"],
            "notice_id": [listing["notice"]["id"]],
            "code": ["five-values-applied"],
            "number": ["1"],
            **{name: [str(new_id())] for name in NONE_OF},
        }
        body = {"title": "综合专场", "edition": "general", "held_on": "2026-09-01"}
        made = await self.lot.api.post(self.lot.operator, "/v1/sessions", body)
        told["session_id"] = [made["id"]]
        accounts = await self.lot.api.get(self.lot.operator, "/v1/accounts?limit=200")
        told["account_id"] = [item["id"] for item in accounts["items"]]
        self.ids = told
        seen: set[str] = set()
        for route in get_routes():
            if not route.param_convertors:
                seen |= set(UUIDS.findall((await self.ask(route.path, self.staff)).body))
        codes = [item["bidder_code"] for item in self.lot.registrations.values()]
        self.ids["*"] = [*codes, "1", *sorted(seen)]

    def paths(self, route: APIRoute) -> list[str]:
        """Return the route's path for every object that its parameters can name."""
        paths = [route.path]
        for name in route.param_convertors:
            values = self.ids.get(name, self.ids["*"])
            paths = [
                re.sub(rf"{{{name}(:\w+)?}}", value, path) for path in paths for value in values
            ]
        return paths

    async def ask(self, path: str, caller: Caller) -> Answer:
        headers = {**caller.headers, "Last-Event-ID": "0"}
        return await taste(self.app, path, headers)

    async def ask_all(self, path: str) -> list[tuple[Caller, Answer]]:
        """Ask as everybody but the staff, side by side: what streams is listened to once."""
        callers = [*self.outsiders, *self.rivals]
        answers = await asyncio.gather(*(self.ask(path, caller) for caller in callers))
        return list(zip(callers, answers, strict=True))


@pytest.fixture
async def watch(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> AsyncIterator[Watch]:
    lot = await make_lot(own_world, own_runtime, own_client, bidders=BIDDERS)
    await lot.announced()
    await lot.at(lot.opens_at + timedelta(minutes=1))
    await lot.run_worker()
    for number, name in enumerate(BIDDERS):
        assert (await lot.bid(name, 600_000 + 20_000 * number)).status_code == 201
    assert (await lot.bid(BIDDERS[0], 1)).status_code == 400  # a refused bid has a trail too
    for _ in range(2):  # what follows from an event is an event
        await settled(lot.database)
        await lot.run_worker()
    own_runtime.live["matching"] = engine_without_model()  # no index process runs
    watch = Watch(lot, create_app(own_runtime), own_world)
    await watch.learn_ids()
    yield watch
    end_streams(own_runtime)
    await asyncio.sleep(0.05)  # the rooms leave before their database does


def leaks(answer: Answer, path: str, secrets: Iterable[str]) -> list[str]:
    """Return the secrets in an answer that the question did not bring.

    That a party is in the market is in the feed, and no secret; that it bids is.
    """
    shown = answer.body + answer.head
    if path.startswith("/v1/events") and answer.status == 200:
        items = json.loads(answer.body)["items"]
        shown = json.dumps(
            [item for item in items if item["subject"] != "party"], ensure_ascii=False
        )
    return [secret for secret in secrets if secret in shown and secret not in path]


async def test_nobody_but_the_staff_and_itself_learns_who_bids_while_the_auction_runs(
    watch: Watch,
) -> None:  # AU11, LS9
    secrets = await watch.secrets()
    assert all(len(words) > 8 for words in secrets.values())
    names = {name: {word for word in secrets[name] if not HEX.fullmatch(word)} for name in BIDDERS}
    faults, unreached = [], []
    for route in get_routes():
        reached = False
        for path in watch.paths(route):
            for caller, answer in await watch.ask_all(path):
                hidden = [
                    word
                    for name in BIDDERS
                    if name != caller.own
                    for word in secrets[name] - (names[name] if caller.names_known else set())
                ]
                faults += [
                    f"{path} tells {caller.name} {word}" for word in leaks(answer, path, hidden)
                ]
                reached = reached or answer.status < 400
            reached = reached or (await watch.ask(path, watch.staff)).status < 400
        known = route.name in WITHOUT_OBJECT | NOT_YET or NONE_OF & route.param_convertors.keys()
        if not reached and not known:
            unreached.append(f"{route.name} {route.path}")
    assert not faults, "\n".join(faults)
    assert not unreached, unreached
    # The walk can see: the staff and the bidder itself are told.
    told = await watch.ask(f"/v1/listings/{watch.lot.listing['id']}/registrations", watch.staff)
    assert leaks(told, "", [BUYERS["buyer"], str(watch.world.buyer)]) == [str(watch.world.buyer)]
    own = await watch.ask(f"/v1/parties/{watch.world.buyer}", watch.rivals[0])
    assert leaks(own, "", [BUYERS["buyer"]])


async def qualify_third(watch: Watch) -> str:
    """Let a third buyer stand qualified, as if it had registered in time; return its id."""
    registration_id = str(new_id())
    changes = {
        "id": registration_id,
        "party_id": str(watch.world.third_buyer),
        "status": "qualified",
        "bidder_code": None,
        "bank_reference": None,
        "received_at": None,
        "deposit_entry_id": None,
    }
    async with watch.lot.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO registrations SELECT (jsonb_populate_record(r, CAST(:changes AS jsonb)"
                ")).* FROM registrations r WHERE r.id = CAST(:id AS uuid)"
            ),
            {"changes": json.dumps(changes), "id": watch.lot.registrations["buyer"]["id"]},
        )
    return registration_id


# Moments, and places in a feed, go on by themselves; streams spread their watchers' return.
MOVING: Final = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+\d\d:\d\d)?|\"next\":\"[^\"]*\"|\"request_id\":\"[^\"]*\""
    r"|retry: \d+|\"[a-z_]*(?:_s|_ms|remaining)\":[\d.]+"
)


async def test_nobody_but_the_staff_learns_how_many_registered(watch: Watch) -> None:  # LS9, PT3
    """One more deposit while the auction runs changes nothing that outsiders and rivals see."""

    async def seen() -> dict[tuple[str, str], str]:
        return {
            (caller.name, path): MOVING.sub("", answer.body)
            for route in get_routes()
            if route.name not in OPERATIONS | PUBLISHED_BY_TIME
            for path in watch.paths(route)
            for caller, answer in await watch.ask_all(path)
        }

    registration_id = await qualify_third(watch)
    await settled(watch.lot.database)  # another test's open transaction hides the feed's end
    before = await seen()
    await watch.lot.api.post(
        watch.lot.operator,
        f"/v1/registrations/{registration_id}/deposit",
        {
            "amount": yuan(120_000),
            "payer_name": BUYERS["third_buyer"],
            "bank_reference": "BZJ-LATE",
            "received_at": START.isoformat(),
        },
    )
    await watch.lot.run_worker()
    await settled(watch.lot.database)
    after = await seen()
    itself = "another buyer"  # the depositor sees its own account
    assert {key: after[key] for key in after if key[0] != itself} == {
        key: before[key] for key in before if key[0] != itself
    }
