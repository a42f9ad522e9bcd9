"""Listings over HTTP: drafting, publishing, who sees what."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.listings.domain.listing import (
    BiddingAlreadyAttached,
)
from app.listings.public import get_listing
from app.markets.public import create_session
from app.platform.access import SYSTEM, ObjectUnknown
from app.shared.ids import ListingId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused
from tests.listings.factories import (
    UNIVERSITY_DISCLOSURE_ENDS,
    Desk,
    achievement_body,
    done,
    listing_body,
    refusal,
    yuan,
)
from tests.world import START


async def test_what_was_drafted_is_what_is_kept(desk: Desk) -> None:
    body = listing_body((await desk.accepted())["id"])
    draft = done(await desk.post("listings", "seller_staff", body))
    kept = done(await desk.get(f"listings/{draft['id']}", "seller_staff"))
    assert {name: kept[name] for name in body} == body
    assert (kept["status"], kept["notice"], kept["policy"]) == ("draft", None, None)


async def test_the_operator_drafts_for_any_seller_and_numbers_rise(desk: Desk) -> None:
    body = listing_body((await desk.accepted())["id"])
    first = done(await desk.post("listings", "operator", body))
    second = done(await desk.post("listings", "operator", body))
    assert first["seller_id"] == str(desk.world.seller)
    assert first["number"] < second["number"]


async def test_a_foreign_achievement_cannot_be_drafted(desk: Desk) -> None:
    body = listing_body((await desk.accepted())["id"])
    theirs = await desk.post("listings", "seller_staff", body, party_id=desk.world.other_seller)
    refusal(theirs, 403, "not_yours")
    for role in ("seller_staff", "operator"):
        elsewhere = await desk.post("listings", role, body, market="other")
        refusal(elsewhere, 404, "object_unknown")
    unknown = await desk.post("listings", "operator", listing_body(str(new_id())))
    refusal(unknown, 404, "object_unknown")


@pytest.mark.parametrize("kind", ["submitted", "not reviewed"])
async def test_only_an_accepted_and_cleared_achievement_is_listed(desk: Desk, kind: str) -> None:
    achievement = (
        await desk.submit() if kind == "submitted" else await desk.accepted(secrecy="not_reviewed")
    )
    response = await desk.post("listings", "seller_staff", listing_body(achievement["id"]))
    refusal(response, 409, "achievement_not_listable")


async def test_faults_of_the_terms_are_told_with_what_would_pass(desk: Desk) -> None:
    """LS5"""
    achievement = await desk.accepted()
    body = listing_body(achievement["id"], deposit=yuan("180000.01"), base_price=None)
    told = refusal(await desk.post("listings", "seller_staff", body), 400, "listing_invalid")
    assert [error["rule"] for error in told["errors"]] == [
        "deposit_above_cap",
        "base_price_missing",
    ]
    assert told["errors"][0]["accepted"] == {"maximum": yuan("180000.00")}


async def test_the_session_must_be_the_markets_own(desk: Desk) -> None:
    own, other = [
        await create_session(
            desk.session,
            market_id=market_id,
            title="综合场",
            edition="general",
            held_on=datetime(2026, 3, 20, tzinfo=START.tzinfo).date(),
            actor=SYSTEM,
            now=START,
        )
        for market_id in (desk.world.market_id, desk.world.other_market_id)
    ]
    achievement = await desk.accepted()
    draft = await desk.draft(achievement, session_id=str(own))
    mine = done(await desk.get(f"listings?session_id={own}", "seller_staff"))
    assert [item["id"] for item in mine["items"]] == [draft["id"]]
    for unknown in (other, new_id()):
        body = listing_body(achievement["id"], session_id=str(unknown))
        refusal(await desk.post("listings", "seller_staff", body), 404, "object_unknown")


async def test_a_person_without_a_class_cannot_sell(desk: Desk) -> None:
    buyer = desk.world.buyer
    await desk.session.execute(
        text("UPDATE parties SET seller_class = NULL WHERE id = :id"), {"id": buyer}
    )
    own = done(await desk.post("achievements", "seller_staff", achievement_body(), party_id=buyer))
    await desk.review(own)
    body = listing_body(own["id"])
    response = await desk.post("listings", "seller_staff", body, party_id=buyer)
    refusal(response, 409, "seller_class_missing")


async def test_bidding_is_attached_to_a_draft_once(desk: Desk) -> None:
    draft = await desk.draft()
    auction_id = await desk.attach(draft)
    with pytest.raises(BiddingAlreadyAttached) as refused:
        await desk.attach(draft)
    assert refused.value.fields["auction_id"] == auction_id
    done(await desk.publish(draft))
    with pytest.raises(TransitionRefused):
        await desk.attach(draft)
    with pytest.raises(ObjectUnknown):
        await desk.attach({"id": str(new_id())})


async def test_another_markets_operator_cannot_attach_bidding(desk: Desk) -> None:
    draft = await desk.draft()
    with pytest.raises(ObjectUnknown):
        await desk.attach(draft, market="other")
    assert done(await desk.get(f"listings/{draft['id']}", "operator"))["auction_id"] is None


async def test_a_notice_needs_its_auction(desk: Desk) -> None:
    refusal(await desk.publish(await desk.draft()), 409, "bidding_not_attached")


async def test_an_auction_inside_the_disclosure_is_refused_naming_the_earliest(
    desk: Desk,
) -> None:
    """LS6: the draft had told the same moment before."""
    draft = await desk.draft()
    earliest = datetime.fromisoformat(draft["earliest_opening"])
    await desk.attach(draft, earliest - timedelta(microseconds=1))
    told = refusal(await desk.publish(draft), 400, "auction_opens_too_early")
    assert told["earliest"] == draft["earliest_opening"] == UNIVERSITY_DISCLOSURE_ENDS
    assert (await get_listing(desk.session, ListingId(UUID(draft["id"])))).policy is None
    another = await desk.draft()
    await desk.attach(another, earliest)
    assert done(await desk.publish(another))["opens_at"] == UNIVERSITY_DISCLOSURE_ENDS


async def test_a_period_beyond_the_known_calendar_is_refused_not_guessed(desk: Desk) -> None:
    """LS6"""
    draft = await desk.draft()
    await desk.attach(draft, datetime(2033, 1, 1, tzinfo=START.tzinfo))
    await desk.world.at(desk.session, datetime(2032, 12, 30, tzinfo=START.tzinfo))
    refusal(await desk.publish(draft), 400, "calendar_horizon_exceeded")
    seen = done(await desk.get(f"listings/{draft['id']}", "operator"))
    assert (seen["status"], seen["earliest_opening"]) == ("draft", None)


async def test_a_notice_is_published_once_and_never_changes(desk: Desk) -> None:
    """LS3"""
    listing = await desk.published()
    refusal(await desk.publish(listing), 409, "transition_refused")
    await desk.world.later(desk.session, days=3)
    assert done(await desk.get(f"listings/{listing['id']}"))["notice"] == listing["notice"]
    kept = done(await desk.get(f"listings/{listing['id']}/notices"))["items"]
    assert kept == [listing["notice"]]
    for statement, why in (
        ("UPDATE listing_notices SET number = 'x'", "does not change"),
        ("DELETE FROM listing_notices", "append-only"),
    ):
        with pytest.raises(DBAPIError, match=why):
            async with desk.session.begin_nested():
                await desk.session.execute(text(statement))


async def test_one_listing_at_a_time_offers_an_achievement(desk: Desk) -> None:
    """LS13"""
    achievement = await desk.accepted()
    rival = await desk.draft(achievement)
    await desk.attach(rival)
    listing = await desk.published(achievement)
    told = refusal(await desk.publish(rival), 409, "achievement_on_offer")
    assert told["listing_number"] == listing["number"]
    body = listing_body(achievement["id"])
    refusal(await desk.post("listings", "operator", body), 409, "achievement_on_offer")
    with pytest.raises(IntegrityError, match="uq_listings_achievement_open"):
        async with desk.session.begin_nested():
            await desk.session.execute(
                text(
                    "UPDATE listings SET status = 'disclosing', published_at = r.published_at,"
                    " disclosure_ends_at = r.disclosure_ends_at, policy_id = r.policy_id,"
                    " policy = r.policy, terms_hash = r.terms_hash,"
                    " terms_number = r.terms_number FROM listings r WHERE listings.id = :rival"
                    " AND r.id = :listing"
                ),
                {"rival": rival["id"], "listing": listing["id"]},
            )


SEES_DRAFTS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "anonymous": ("anonymous", {}, False),
    "a buyer": ("buyer_staff", {}, False),
    "another seller": ("seller_staff", {"party": "other_seller"}, False),
    "another market's operator": ("operator", {"market": "other"}, False),
    "the seller": ("seller_staff", {}, True),
    "the operator": ("operator", {}, True),
    "the auditor": ("auditor", {}, True),
}


@pytest.mark.parametrize("who", SEES_DRAFTS)
async def test_a_draft_is_the_sellers_and_the_staffs_and_a_notice_everybodys(
    desk: Desk, who: str
) -> None:
    """LS4"""
    draft, listing = await desk.draft(), await desk.published()
    role, place, sees = SEES_DRAFTS[who]
    caller = {"party_id": getattr(desk.world, place["party"])} if "party" in place else place
    listed = {item["id"] for item in done(await desk.get("listings", role, **caller))["items"]}
    assert listed == {listing["id"], *([draft["id"]] if sees else [])}
    shown = done(await desk.get(f"listings/{listing['id']}", role, **caller))
    assert shown["notice"] == listing["notice"]
    response = await desk.get(f"listings/{draft['id']}", role, **caller)
    if sees:
        assert done(response)["earliest_opening"] == UNIVERSITY_DISCLOSURE_ENDS
    else:
        refusal(response, 404, "object_unknown")


async def test_a_list_filters_and_pages_newest_first(desk: Desk) -> None:
    made = [await desk.published() for _ in range(3)]
    farm = await desk.accepted(technology_field="agriculture")
    field = await desk.published(farm)
    place = f"listings?technology_field=electronic_information&market_id={desk.world.market_id}"
    first = done(await desk.get(f"{place}&status=disclosing&limit=2"))
    assert [item["id"] for item in first["items"]] == [made[2]["id"], made[1]["id"]]
    second = done(await desk.get(f"{place}&limit=2&cursor={first['next']}"))
    assert [item["id"] for item in second["items"]] == [made[0]["id"]]
    assert second["next"] is None
    assert [
        item["id"]
        for item in done(await desk.get("listings?technology_field=agriculture"))["items"]
    ] == [field["id"]]
    assert done(await desk.get("listings?status=sold"))["items"] == []
    refusal(await desk.get("listings?cursor=nonsense"), 400, "cursor_invalid")


async def test_a_listing_survives_the_round_trip_through_its_row(desk: Desk) -> None:
    listing = await get_listing(desk.session, ListingId(UUID((await desk.published())["id"])))
    assert listing.floor == Money(60_000_000)
    assert listing.base_price == Money(60_000_000)
    assert listing.policy is not None
    assert listing.policy.disclosure.count == 15
    assert listing.opens_at is not None
    assert listing.opens_at.utcoffset() == timedelta(0)
    assert listing == await get_listing(desk.session, listing.id, lock=True)
    with pytest.raises(ObjectUnknown):
        await get_listing(desk.session, ListingId(new_id()))
