"""The change feed over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.platform.access import Role
from app.platform.runtime import Runtime
from app.shared.canonical import GENESIS, chain_hash, salted_digest
from tests.auctions.lot import Lot
from tests.eventually import eventually
from tests.world import World

pytestmark = pytest.mark.concurrency


async def whole_feed(
    client: httpx.AsyncClient, headers: dict[str, str], limit: int = 200
) -> list[dict[str, Any]]:
    """Read to the present end."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        params: dict[str, Any] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/events", params=params, headers=headers)).json()
        items += page["items"]
        if not page["items"]:
            return items
        cursor = page["next"]


async def feed_with(
    client: httpx.AsyncClient, headers: dict[str, str], type_: str
) -> list[dict[str, Any]]:
    """Read until an event has become readable: other tests' transactions hold the bound."""

    async def read() -> list[dict[str, Any]]:
        events = await whole_feed(client, headers)
        return events if any(event["type"] == type_ for event in events) else []

    return await eventually(read)


async def test_pages_of_any_size_tell_every_event_once(  # PT1
    own_lot: Lot, own_client: httpx.AsyncClient, own_world: World
) -> None:
    await own_lot.at(own_lot.opens_at + timedelta(minutes=1))
    assert (await own_lot.bid("buyer", 600_000)).status_code == 201
    headers = own_world.headers(Role.AUDITOR)
    whole = await feed_with(own_client, headers, "auction.bids_judged")
    small = await whole_feed(own_client, headers, limit=7)
    assert [event["hash"] for event in small] == [event["hash"] for event in whole]
    places = {(event["subject_id"], event["subject_version"]) for event in whole}
    assert len(places) == len(whole)
    for subject in {event["subject_id"] for event in whole}:
        versions = sorted(e["subject_version"] for e in whole if e["subject_id"] == subject)
        assert versions == list(range(1, len(versions) + 1))


async def test_a_partner_recomputes_the_chain_without_seeing_the_restricted_part(  # PT2
    own_lot: Lot, own_client: httpx.AsyncClient, own_world: World
) -> None:
    await own_lot.at(own_lot.opens_at + timedelta(minutes=1))
    await own_lot.bid("buyer", 600_000)
    stranger = own_world.headers(Role.PARTNER, own_world.third_buyer)
    auditor = own_world.headers(Role.AUDITOR)
    await feed_with(own_client, auditor, "auction.bids_judged")
    seen = {event["hash"]: event for event in await whole_feed(own_client, stranger)}
    head = GENESIS
    for event in await whole_feed(own_client, auditor):
        if event["subject"] in {"registration", "ledger_entry"}:
            assert event["hash"] not in seen  # PT3
            continue
        public = seen[event["hash"]]
        salt = bytes.fromhex(event["restricted_salt"])
        assert salted_digest(event["restricted"], salt) == public["restricted_digest"]
        if event["type"] == "auction.bids_judged":
            assert (public["restricted"], public["restricted_salt"]) == (None, None)
            assert str(own_world.buyer) not in str(public)
        if event["subject"] == "auction":
            link = {
                name: public[name]
                for name in ("subject", "subject_id", "subject_version", "type", "market_at")
            } | {"public": public["public"], "restricted_digest": public["restricted_digest"]}
            head = chain_hash(head, link)
            assert head == public["hash"]
    assert head != GENESIS


async def test_the_audience_sees_its_own_restricted_part(  # PT2
    own_lot: Lot, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """A draft's terms are the seller's; its partner's system reads them, another's does not."""
    for party, terms in ((own_world.seller, own_lot.listing["floor"]), (own_world.buyer, None)):
        partner = own_world.headers(Role.PARTNER, party)
        events = await feed_with(own_client, partner, "auction.scheduled")
        draft = next(event for event in events if event["type"] == "auction.scheduled")
        assert (draft["restricted"] or {"terms": {"start": None}})["terms"]["start"] == terms


async def test_the_feed_tells_one_market_and_chosen_types(
    own_lot: Lot, own_client: httpx.AsyncClient, own_world: World, own_runtime: Runtime
) -> None:
    there = own_world.headers(Role.OPERATOR, market="other")
    await feed_with(own_client, own_world.headers(Role.AUDITOR), "listing.published")
    markets = {event["market_id"] for event in await whole_feed(own_client, there)}
    assert markets <= {str(own_world.other_market_id)}
    params: dict[str, Any] = {"type": ["listing.published", "listing.drafted"], "limit": 200}
    page = await own_client.get(
        "/v1/events", params=params, headers=own_world.headers(Role.AUDITOR)
    )
    found = {event["type"] for event in page.json()["items"]}
    assert found == {"listing.published", "listing.drafted"}


async def test_a_foreign_cursor_is_refused(client: httpx.AsyncClient, world: World) -> None:
    answer = await client.get(
        "/v1/events", params={"cursor": "yesterday"}, headers=world.headers(Role.AUDITOR)
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_an_auction_is_told_when_it_is_announced_not_when_it_is_drafted(
    own_lot: Lot, own_client: httpx.AsyncClient, own_world: World
) -> None:
    """AU14, LS4: terms and opening of a draft are the seller's and the staff's."""
    await own_lot.announced()
    events = await feed_with(own_client, own_world.headers(Role.PARTNER), "auction.announced")
    by_type = {event["type"]: event for event in events if event["subject"] == "auction"}
    assert by_type["auction.scheduled"]["public"] == {}
    assert by_type["auction.scheduled"]["restricted"] is None
    announced = by_type["auction.announced"]["public"]
    assert announced["listing_id"] == own_lot.listing["id"]
    assert announced["terms"]["start"] == own_lot.listing["floor"]
    assert announced["opens_at"] == own_lot.opens_at.isoformat()


@pytest.mark.parametrize("kind", ["%00", "a" * 61, "listing.published%00", "LISTING"])
async def test_a_type_that_cannot_be_is_a_malformed_request(
    client: httpx.AsyncClient, world: World, kind: str
) -> None:
    answer = await client.get(f"/v1/events?type={kind}", headers=world.headers(Role.OPERATOR))
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_a_cursor_from_the_future_is_told_apart_from_an_empty_page(  # PT1
    client: httpx.AsyncClient, world: World
) -> None:
    """The data were put back: an empty answer would hide all that is written from now on."""
    for cursor in ("1-999999999999-0", "9999-1-0"):
        answer = await client.get(
            "/v1/events", params={"cursor": cursor}, headers=world.headers(Role.AUDITOR)
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "cursor_ahead")
