"""The whole way over HTTP: a result, its listing, its notice, two buyers, their deposits."""

import re
from datetime import timedelta
from uuid import UUID

from app.ledger import public as ledger
from app.ledger.public import HoldState
from app.listings.public import depositors, get_listing, get_registration
from app.platform.journal import history, verify_chain
from app.shared.canonical import digest
from app.shared.ids import HoldId, ListingId, PartyId, RegistrationId
from app.shared.money import Money
from tests.listings.factories import (
    BIDDING,
    UNIVERSITY_DISCLOSURE_ENDS,
    Desk,
    achievement_body,
    done,
    listing_body,
    yuan,
)


async def test_from_a_submitted_result_to_two_held_deposits(desk: Desk) -> None:
    """LS1, LS3, LS8, LS10, LS11"""
    submitted = await desk.submit()
    assert submitted["status"] == "submitted"
    assert submitted["ip_assets"][0]["number"] == "201710601862.3"
    achievement = await desk.review(submitted)
    assert achievement["status"] == "accepted"

    draft = await desk.draft(achievement)
    assert re.fullmatch(r"ZP-2026-\d{6}", draft["number"])
    assert draft["earliest_opening"] == UNIVERSITY_DISCLOSURE_ENDS
    auction_id = await desk.attach(draft)
    listing = done(await desk.publish(draft))
    assert listing["status"] == "disclosing"
    assert listing["disclosure_ends_at"] == UNIVERSITY_DISCLOSURE_ENDS
    assert listing["policy"]["deposit_cap_bp"] == 3000
    assert listing["auction_id"] == str(auction_id)
    notice = listing["notice"]
    assert notice["content_hash"] == digest(notice["content"])
    assert notice["content"]["forfeiture_terms"] == draft["forfeiture_terms"]
    assert notice["content"]["bidding"] == BIDDING
    assert notice["content"]["seller"]["name"] == "之澜理工大学"
    assert "许澜清" not in str(notice["content"])

    names = {desk.world.buyer: "西溪智造有限公司", desk.world.other_buyer: "南湖机电有限公司"}
    paid = {}
    for party_id, name in names.items():
        registration = await desk.qualified(listing, party_id)
        assert registration["bidder_code"] is None
        await desk.world.later(desk.session, hours=1)
        paid[party_id] = done(await desk.pay(registration, name))
        assert paid[party_id]["status"] == "deposited"
    codes = {view["bidder_code"] for view in paid.values()}
    assert len(codes) == 2
    assert all(re.fullmatch(r"[A-HJ-NP-Z]{2}[2-9]{3}", code) for code in codes)
    await _check_books(desk, listing["id"], {party: view["id"] for party, view in paid.items()})


async def _check_books(desk: Desk, listing_text: str, paid: dict[PartyId, str]) -> None:
    listing_id = ListingId(UUID(listing_text))
    for party_id, registration_text in paid.items():
        hold = await ledger.get_hold(desk.session, HoldId(UUID(registration_text)))
        assert (hold.state, hold.amount, hold.party_id) == (
            HoldState.HELD,
            Money(12_000_000),
            party_id,
        )
        assert hold.subject_id == listing_id
        funds = await ledger.funds_of(
            desk.session, market_id=desk.world.market_id, party_id=party_id, currency="CNY"
        )
        assert funds == Money(0)
        registration = await get_registration(desk.session, RegistrationId(UUID(registration_text)))
        assert registration.accepted_by.startswith("user:")
    found = await depositors(desk.session, listing_id, None)
    assert set(found) == set(paid)
    third = desk.world.third_buyer
    assert await depositors(desk.session, listing_id, [third]) == {}
    assert (await get_listing(desk.session, listing_id)).auction_id is not None


async def test_the_journal_tells_the_public_the_notice_and_nothing_of_the_buyers(
    desk: Desk,
) -> None:
    """LS9"""
    listing = await desk.published()
    registration = await desk.qualified(listing)
    done(await desk.pay(registration, "西溪智造有限公司"))
    events = await history(desk.session, UUID(listing["id"]))
    verify_chain(events)
    types = ["listing.drafted", "listing.bidding_attached", "listing.published"]
    assert [event.type for event in events] == types
    assert [bool(event.public) for event in events] == [False, False, True]
    assert events[2].public["notice"] == listing["notice"]["content"]
    assert events[2].public["content_hash"] == listing["notice"]["content_hash"]
    told = [
        event
        for event in await history(desk.session, UUID(registration["id"]))
        if event.subject == "registration"
    ]
    types = ["registration.applied", "registration.qualified", "registration.deposited"]
    assert [event.type for event in told] == types
    assert all(event.public == {} for event in told)
    assert all(event.audience == [desk.world.buyer] for event in told)
    assert told[0].restricted["accepted_terms_hash"] == listing["notice"]["content_hash"]


async def test_a_deposit_recorded_after_the_opening_counts_if_the_bank_had_it_before(
    desk: Desk,
) -> None:
    """LS10"""
    listing = await desk.published()
    registration = await desk.qualified(listing)
    opens_at = (await get_listing(desk.session, ListingId(UUID(listing["id"])))).opens_at
    assert opens_at is not None
    await desk.world.at(desk.session, opens_at + timedelta(hours=2))
    in_time = (opens_at - timedelta(microseconds=1)).isoformat()
    paid = done(await desk.pay(registration, "西溪智造有限公司", received_at=in_time))
    assert paid["status"] == "deposited"
    assert paid["received_at"] == in_time


async def test_a_private_seller_needs_no_base_price_and_discloses_working_days(
    desk: Desk,
) -> None:
    """LS5: the policy is the seller's, not one for all."""
    seller = desk.world.other_seller
    own = done(await desk.post("achievements", "seller_staff", achievement_body(), party_id=seller))
    await desk.review(own)
    terms = listing_body(own["id"], base_price=None, deposit=yuan("180000.00"))
    draft = done(await desk.post("listings", "seller_staff", terms, party_id=seller))
    # Five working days from Monday 2026-03-02 end with Monday 2026-03-09.
    assert draft["earliest_opening"] == "2026-03-09T16:00:00+00:00"
