"""Registrations over HTTP: in time, once, qualified, paid; secret from everybody else."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.identity.public import PartyStatus, create_party
from app.listings.public import depositors, get_listing
from app.platform.access import SYSTEM
from app.shared.ids import ListingId, PartyId, new_id
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.world import START, organisation

BUYER = "西溪智造有限公司"
OTHER = "南湖机电有限公司"


async def test_registration_is_closed_at_the_deadline_though_no_timer_has_run(desk: Desk) -> None:
    """LS7"""
    listing = await desk.published()
    ends_at = (await get_listing(desk.session, ListingId(UUID(listing["id"])))).disclosure_ends_at
    assert ends_at is not None
    await desk.world.at(desk.session, ends_at - timedelta(seconds=30))
    done(await desk.register(listing))
    await desk.world.at(desk.session, ends_at)
    told = refusal(await desk.register(listing, desk.world.other_buyer), 409, "registration_closed")
    assert told["state"] == "disclosing"
    assert told["disclosure_ends_at"] == listing["disclosure_ends_at"]


async def test_a_draft_takes_no_registrations_and_stays_unknown(desk: Desk) -> None:
    """LS4"""
    draft = await desk.draft() | {"notice": {"content_hash": "a" * 64}}
    refusal(await desk.register(draft), 404, "object_unknown")
    refusal(await desk.register(draft | {"id": str(new_id())}), 404, "object_unknown")


async def test_the_terms_accepted_are_those_of_the_notice_and_recorded(desk: Desk) -> None:
    """LS8"""
    listing = await desk.published()
    told = refusal(
        await desk.register(listing, accepted_terms_hash="0" * 64), 400, "terms_not_accepted"
    )
    assert told["accepted"] == listing["notice"]["content_hash"]
    refusal(await desk.register(listing, accepted_terms_hash="yes"), 422, "request_invalid")
    kept = done(await desk.register(listing))
    user = desk.world.users[desk.world.buyer]
    assert kept["accepted_by"] == f"user:{user}"
    assert kept["accepted_terms_hash"] == listing["notice"]["content_hash"]
    assert kept["registered_at"].startswith("2026-03-02T01:00:")


async def test_the_seller_the_unverified_and_the_stranger_are_refused(desk: Desk) -> None:
    """LS8"""
    listing = await desk.published()
    refusal(await desk.register(listing, desk.world.seller), 400, "seller_may_not_register")
    pending = await create_party(
        desk.session,
        market_id=desk.world.market_id,
        new=organisation(78, "未审核买方有限公司"),
        status=PartyStatus.PENDING,
        actor=SYSTEM,
        now=START,
    )
    refusal(await desk.register(listing, pending), 400, "party_not_verified")
    path = f"listings/{listing['id']}/registrations"
    body = {"accepted_terms_hash": listing["notice"]["content_hash"]}
    elsewhere = await desk.post(path, "buyer_staff", body, market="other")
    refusal(elsewhere, 404, "object_unknown")
    for role in ("seller_staff", "operator", "auditor"):
        refusal(await desk.post(path, role, body), 403, "role_not_allowed")


async def test_a_party_registers_once_whatever_became_of_it(desk: Desk) -> None:
    """LS8"""
    listing = await desk.published()
    first = done(await desk.register(listing))
    refusal(await desk.register(listing), 409, "already_registered")
    done(await desk.qualify(first, qualified=False, reason="不符合受让条件"))
    refusal(await desk.register(listing), 409, "already_registered")
    done(await desk.register(listing, desk.world.other_buyer))


async def test_a_repeated_request_with_its_key_registers_once(desk: Desk) -> None:
    listing = await desk.published()
    headers = desk.world.headers("buyer_staff") | {"Idempotency-Key": "the-same"}
    body = {"accepted_terms_hash": listing["notice"]["content_hash"]}
    path = f"/v1/listings/{listing['id']}/registrations"
    first, second = [await desk.client.post(path, json=body, headers=headers) for _ in range(2)]
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"


async def test_qualification_is_decided_once_and_a_refusal_states_its_reason(
    desk: Desk,
) -> None:
    listing = await desk.published()
    registration = done(await desk.register(listing))
    refusal(await desk.qualify(registration, qualified=False), 400, "reason_missing")
    told = done(await desk.qualify(registration, qualified=False, reason="不符合受让条件"))
    assert (told["status"], told["reason"]) == ("refused", "不符合受让条件")
    told = refusal(await desk.qualify(registration), 409, "transition_refused")
    assert told["possible"] == []


@pytest.mark.parametrize("status", ["applied", "refused", "deposited"])
async def test_a_deposit_follows_qualification_once(desk: Desk, status: str) -> None:
    """LS10: registration, then qualification, then deposit (L7)."""
    listing = await desk.published()
    registration = done(await desk.register(listing))
    if status == "refused":
        done(await desk.qualify(registration, qualified=False, reason="不符合受让条件"))
    elif status == "deposited":
        done(await desk.qualify(registration))
        done(await desk.pay(registration, BUYER))
    told = refusal(await desk.pay(registration, BUYER), 409, "transition_refused")
    assert told["state"] == status


@pytest.mark.parametrize(
    ("changes", "code", "accepted"),
    [
        (
            {"amount": yuan("119999.99")},
            "deposit_amount_wrong",
            {"accepted": yuan("120000.00")},
        ),
        ({"payer_name": "章启明"}, "payer_not_the_buyer", {"accepted": BUYER}),
        ({"received_at": "2026-03-02T09:30:00+08:00"}, "received_in_future", {}),
    ],
)
async def test_wrong_money_is_refused_and_nothing_is_booked(
    desk: Desk, changes: Json, code: str, accepted: Json
) -> None:
    """LS10"""
    listing = await desk.published()
    registration = await desk.qualified(listing)
    told = refusal(await desk.pay(registration, BUYER, **changes), 400, code)
    assert {name: told[name] for name in accepted} == accepted
    assert await depositors(desk.session, ListingId(UUID(listing["id"])), None) == {}
    path = f"registrations/{registration['id']}"
    assert done(await desk.get(path, "operator"))["status"] == "qualified"


async def test_money_that_the_bank_had_at_the_opening_is_late(desk: Desk) -> None:
    """LS10"""
    listing = await desk.published()
    registration = await desk.qualified(listing)
    opens_at = (await get_listing(desk.session, ListingId(UUID(listing["id"])))).opens_at
    assert opens_at is not None
    await desk.world.at(desk.session, opens_at + timedelta(minutes=1))
    late = await desk.pay(registration, BUYER, received_at=opens_at.isoformat())
    assert refusal(late, 400, "deposit_late")["before"] == listing["opens_at"]


async def test_one_transfer_pays_one_deposit(desk: Desk) -> None:
    """LS14"""
    listing = await desk.published()
    first = await desk.qualified(listing)
    second = await desk.qualified(listing, desk.world.other_buyer)
    done(await desk.pay(first, BUYER, bank_reference="ICBC-42"))
    refusal(await desk.pay(second, OTHER, bank_reference="ICBC-42"), 409, "bank_reference_used")
    done(await desk.pay(second, OTHER, bank_reference="ICBC-43"))


async def test_a_deposit_needs_an_idempotency_key(desk: Desk) -> None:
    registration = await desk.qualified(await desk.published())
    response = await desk.client.post(
        f"/v1/registrations/{registration['id']}/deposit",
        json={},
        headers=desk.world.headers("operator"),
    )
    refusal(response, 400, "idempotency_key_missing")


# Who asks for the list, for one registration: the answer's status.
READS: dict[str, tuple[str, dict[str, Any], int, int]] = {
    "anonymous": ("anonymous", {}, 401, 401),
    "the seller": ("seller_staff", {}, 403, 403),
    "an expert of the buyer's": ("expert", {}, 403, 403),
    "another buyer": ("buyer_staff", {"party": "other_buyer"}, 403, 403),
    "the buyer": ("buyer_staff", {}, 403, 200),
    "the operator": ("operator", {}, 200, 200),
    "the auditor": ("auditor", {}, 200, 200),
    "another market's operator": ("operator", {"market": "other"}, 404, 404),
}


@pytest.mark.parametrize("who", READS)
async def test_registrations_are_secret_from_all_but_the_buyer_and_the_staff(
    desk: Desk, who: str
) -> None:
    """LS9"""
    listing = await desk.published()
    before = done(await desk.get(f"listings/{listing['id']}"))
    registration = done(await desk.register(listing))
    role, place, listed, one = READS[who]
    caller = {"party_id": getattr(desk.world, place["party"])} if "party" in place else place
    answer = await desk.get(f"listings/{listing['id']}/registrations", role, **caller)
    assert answer.status_code == listed
    if listed == 200:
        assert [item["id"] for item in answer.json()["items"]] == [registration["id"]]
    answer = await desk.get(f"registrations/{registration['id']}", role, **caller)
    assert answer.status_code == one
    # Nothing that anyone can read of the listing tells that somebody registered.
    shown = done(await desk.get(f"listings/{listing['id']}", role, **caller))
    assert shown == before


async def test_a_list_of_registrations_pages_newest_first(desk: Desk) -> None:
    listing = await desk.published()
    world = desk.world
    buyers: list[PartyId] = [world.buyer, world.other_buyer, world.third_buyer]
    made = [done(await desk.register(listing, party_id))["id"] for party_id in buyers]
    path = f"listings/{listing['id']}/registrations?limit=2"
    first = done(await desk.get(path, "operator"))
    second = done(await desk.get(f"{path}&cursor={first['next']}", "operator"))
    assert [item["id"] for page in (first, second) for item in page["items"]] == made[::-1]
    assert second["next"] is None
    refusal(await desk.get(f"{path}&cursor=nonsense", "operator"), 400, "cursor_invalid")


async def test_unknown_registrations_are_unknown_to_every_route(desk: Desk) -> None:
    unknown = {"id": str(new_id())}
    refusal(await desk.get(f"registrations/{new_id()}", "operator"), 404, "object_unknown")
    refusal(await desk.qualify(unknown), 404, "object_unknown")
    refusal(await desk.pay(unknown, BUYER), 404, "object_unknown")


async def test_codes_that_are_taken_are_not_drawn_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LS12"""
    drawn = iter([7, 7, 7, 8])
    monkeypatch.setattr("app.listings.service.depositing.secrets.randbelow", lambda _: next(drawn))
    listing = await desk.published()
    first = await desk.qualified(listing)
    second = await desk.qualified(listing, desk.world.other_buyer)
    codes = [
        done(await desk.pay(first, BUYER))["bidder_code"],
        done(await desk.pay(second, OTHER))["bidder_code"],
    ]
    assert codes == ["AA229", "AA232"]
