"""Posted listings over HTTP: plan, rights, registrations, deposits, nobody, one buyer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.platform.journal import history
from app.shared.calendar import mainland_china, period_end
from tests.listings.factories import Desk, Json, done, listing_body, refusal, yuan
from tests.listings.posted import PLAN, Counter, in_days

LOWER = [yuan("570000.00"), yuan("540000.00")]


async def test_a_posted_notice_announces_the_plan_for_several_buyers(counter: Counter) -> None:
    """LS70, AU90"""
    draft = await counter.posted_draft()
    refusal(await counter.publish(draft), 409, "bidding_not_attached")
    auction = {"listing_id": draft["id"], "opens_at": "2026-04-01T09:00:00+08:00"}
    told = refusal(
        await counter.post("auctions", "operator", auction | {"terms": PLAN["terms"]}),
        400,
        "auction_not_of_this_mode",
    )
    assert told["or_else"].endswith(f"{draft['id']}/bidding-plan")
    done(await counter.plan(draft, opens_after=5))
    done(await counter.plan(draft, opening_hour=10))
    listing = done(await counter.publish(draft))
    plan = listing["notice"]["content"]["bidding"]
    assert plan["opens_after"] == {"count": 3, "unit": "working_day"}
    assert (plan["opening_hour"], plan["terms"]["start"]) == (10, yuan("600000.00"))
    assert (listing["auction_id"], listing["opens_at"]) == (None, None)
    refusal(await counter.plan(draft), 409, "transition_refused")


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"terms": {"start": yuan("500000.00")}}, "start", "equals_announced_price"),
        ({"terms": {"reserve": yuan("650000.00")}}, "reserve", "floor_decides"),
        ({"terms": {"reserve_secret": True}}, "reserve_secret", "floor_decides"),
        ({"opens_after": 2}, "opens_after", "holders_told_three_days_before"),
        ({"terms": {"step": yuan("560000.00")}}, "step", "at_most_start"),
    ],
)
async def test_a_plan_is_checked_at_every_announced_floor(
    counter: Counter, changes: Json, field: str, rule: str
) -> None:
    """LS70"""
    draft = await counter.posted_draft(extensions=2, reductions=LOWER)
    faults = refusal(await counter.plan(draft, **changes), 400, "terms_contradict")["faults"]
    assert [(fault["field"], fault["rule"]) for fault in faults] == [(field, rule)]


async def test_a_plan_is_not_of_other_modes_and_names_no_licensed_auction(
    counter: Counter,
) -> None:
    """LS70"""
    bidding = await counter.draft()
    refusal(await counter.plan(bidding), 400, "plan_not_of_this_mode")
    elsewhere = await counter.post(
        f"listings/{bidding['id']}/bidding-plan", "operator", PLAN, market="other"
    )
    refusal(elsewhere, 404, "object_unknown")
    draft = await counter.posted_draft()
    refusal(await counter.plan(draft, terms={"kind": "auction"}), 400, "auction_not_licensed")


async def test_a_reduced_floor_stays_above_the_deposit(counter: Counter) -> None:
    """LS5"""
    achievement = await counter.accepted()
    body = listing_body(achievement["id"], pricing_mode="posted", extensions=1)
    body |= {"reductions": [yuan("100000.00")], "approval": APPROVAL}
    told = refusal(await counter.post("listings", "seller_staff", body), 400, "listing_invalid")
    assert [error["rule"] for error in told["errors"]] == ["reductions_below_deposit"]


APPROVAL: Json = {
    "reference": "之澜理工资产〔2026〕17号",
    "approved_by": "之澜理工大学国有资产管理处",
    "approved_on": "2026-02-20",
    "file_id": None,
}


async def test_the_transfer_of_a_service_result_needs_a_word_of_its_completers(
    counter: Counter,
) -> None:
    """LS78"""
    draft = await counter.posted_draft(conversion_mode="transfer")
    done(await counter.plan(draft))
    told = refusal(await counter.publish(draft), 409, "rights_unrecorded")
    assert told["accepted"] == ["priority-holders", "priority-statement"]
    done(await counter.state(draft))
    listing = done(await counter.publish(draft))
    priority = listing["notice"]["content"]["priority"]
    assert priority["holders"] == []
    assert priority["completers_statement"]["signed_on"] == "2026-02-27"
    refusal(await counter.state(draft), 409, "transition_refused")


async def hold_right(counter: Counter, listing: Json, name: str, **changes: Any) -> Any:
    body = {"party_id": str(counter.party(name)), "basis": "completer", "rank": 1} | changes
    return await counter.post(f"listings/{listing['id']}/priority-holders", "operator", body)


async def test_holders_are_recorded_before_the_disclosure_ends_and_told_without_names(
    counter: Counter,
) -> None:
    """LS78"""
    draft = await counter.posted_draft(conversion_mode="transfer")
    done(await counter.plan(draft, terms={"priority_mode": "none", "priority_window_s": None}))
    done(await hold_right(counter, draft, "third_buyer"))
    told = refusal(await counter.publish(draft), 400, "plan_unfit")
    assert told["rule"] == "priority_mode_missing"
    done(await counter.plan(draft))
    listing = done(await counter.publish(draft))
    assert listing["notice"]["content"]["priority"]["holders"] == [
        {"basis": "completer", "rank": 1, "waived": False}
    ]
    assert str(counter.world.third_buyer) not in str(listing["notice"])
    client = {"basis": "client", "rank": 2}
    done(await hold_right(counter, listing, "other_buyer", **client))
    told = refusal(await hold_right(counter, listing, "seller"), 400, "right_not_recordable")
    assert told["rule"] == "not_the_seller"
    refusal(await hold_right(counter, listing, "buyer_elsewhere"), 404, "object_unknown")
    path = f"listings/{listing['id']}/priority-holders"
    seen = done(await counter.get(path, "operator"))["items"]
    assert [(it["rank"], it["basis"]) for it in seen] == [(1, "completer"), (2, "client")]
    own = done(await counter.get(path, "buyer_staff", party_id=counter.party("other_buyer")))
    assert [it["party_id"] for it in own["items"]] == [str(counter.world.other_buyer)]
    assert done(await counter.get(path, "buyer_staff"))["items"] == []
    done(await counter.act(listing, "priority-waiver", "other_buyer"))
    refusal(await counter.act(listing, "priority-waiver", "other_buyer"), 409, "right_decided")
    refusal(await hold_right(counter, listing, "other_buyer", **client), 409, "right_decided")
    refusal(await counter.act(listing, "priority-waiver", "buyer"), 404, "right_unknown")
    await counter.end_disclosure(listing)
    told = refusal(await hold_right(counter, listing, "buyer"), 400, "right_not_recordable")
    assert told["rule"] == "before_disclosure_ends"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"pricing_mode": "bidding", "conversion_mode": "transfer"}, "posted_only"),
        ({"pricing_mode": "posted", "conversion_mode": "licence_exclusive"}, "transfer_only"),
    ],
)
async def test_rights_are_of_posted_transfers(counter: Counter, changes: Json, rule: str) -> None:
    """LS78"""
    draft = await counter.draft(**changes)
    told = refusal(await hold_right(counter, draft, "buyer"), 400, "right_not_recordable")
    assert told["rule"] == rule


def change(listing: Json, **changes: Any) -> Json:
    body = listing_body("", pricing_mode="posted", conversion_mode="licence_exclusive")
    del body["achievement_id"]
    return body | {"approval": APPROVAL} | changes


async def changed(counter: Counter, listing: Json, **changes: Any) -> Json:
    body = change(listing, **changes)
    return done(await counter.post(f"listings/{listing['id']}/changes", "operator", body))


async def test_changed_terms_are_accepted_anew_or_the_registration_lapses(
    counter: Counter,
) -> None:
    """LS71, LS75"""
    listing = await counter.posted()
    stays, leaves = [await counter.depositor(listing, it) for it in ("buyer", "other_buyer")]
    refusal(await counter.register(listing), 409, "already_registered")
    await counter.world.later(counter.session, days=3)
    again = await changed(counter, listing, payment_terms="合同生效后分两期付清。")
    refusal(await counter.register(listing), 400, "terms_not_accepted")
    kept = done(await counter.register(again))
    assert (kept["id"], kept["status"]) == (stays["id"], "deposited")
    assert kept["bidder_code"] == stays["bidder_code"]
    assert kept["accepted_terms_hash"] == again["notice"]["content_hash"]
    assert kept["registered_at"] == stays["registered_at"] < kept["accepted_at"]
    refusal(await counter.register(again), 409, "already_registered")
    assert [
        event.restricted["accepted_terms_hash"]
        for event in await history(counter.session, UUID(stays["id"]))
        if event.type in {"registration.applied", "registration.accepted_anew"}
    ] == [listing["notice"]["content_hash"], again["notice"]["content_hash"]]

    await counter.end_disclosure(again)
    assert (await counter.registration(leaves))["status"] == "lapsed"
    assert await counter.hold(leaves) == "voided"
    assert await counter.hold(stays) == "held"
    told = (await history(counter.session, UUID(leaves["id"])))[-1]
    lapsed = [
        event
        for event in await history(counter.session, UUID(leaves["id"]))
        if event.type == "registration.lapsed"
    ]
    assert lapsed[0].restricted["ground"] == "terms_not_accepted"
    assert (lapsed[0].public, told.public) == ({}, {})
    # One is left: it is asked for a price.
    assert done(await counter.act_read(listing, "buyer"))["registration_id"] == stays["id"]


async def test_a_change_keeps_to_what_the_plan_was_checked_for(counter: Counter) -> None:
    """LS70"""
    listing = await counter.posted()
    body = change(listing, floor=yuan("590000.00"))
    path = f"listings/{listing['id']}/changes"
    told = refusal(await counter.post(path, "operator", body), 400, "plan_unfit")
    assert (told["rule"], told["minimum"]) == ("floor_below_plan", yuan("600000.00"))


async def test_a_buyer_steps_back_freely_before_paying_and_at_a_price_after(
    counter: Counter,
) -> None:
    """LS72"""
    listing = await counter.posted()
    applied = done(await counter.register(listing, counter.party("third_buyer")))
    assert done(await counter.withdraw(applied))["status"] == "withdrawn"
    refusal(await counter.withdraw(applied), 409, "transition_refused")
    refusal(
        await counter.register(listing, counter.party("third_buyer")), 409, "already_registered"
    )
    paid = await counter.depositor(listing)
    left = done(await counter.withdraw(paid))
    assert left["status"] == "withdrawn"
    assert left["forfeited_at"] is not None
    assert await counter.hold(paid) == "forfeited"
    events = await history(counter.session, UUID(paid["id"]))
    lost = next(event for event in events if event.type == "registration.forfeited")
    assert lost.restricted["forfeiture_terms"] == listing["forfeiture_terms"]
    assert lost.restricted["ground"].startswith("缴纳保证金后撤回")
    assert lost.audience == [counter.world.buyer]


async def test_who_never_accepted_changed_terms_leaves_with_its_deposit(counter: Counter) -> None:
    """LS72"""
    listing = await counter.posted()
    paid = await counter.depositor(listing)
    await changed(counter, listing, payment_terms="合同生效后分两期付清。")
    left = done(await counter.withdraw(paid))
    assert (left["status"], left["forfeited_at"]) == ("withdrawn", None)
    assert await counter.hold(paid) == "voided"


async def test_a_bidder_is_bound_from_the_opening_on(desk: Desk, counter: Counter) -> None:
    """LS72"""
    listing = await desk.published()
    paid = await counter.depositor(listing)
    opens_at = (await counter.listing(listing)).opens_at
    assert opens_at is not None
    await desk.world.at(desk.session, opens_at)
    told = refusal(await counter.withdraw(paid), 409, "registration_bound")
    assert told["rule"] == "bidding_begun"


async def test_a_deposit_is_due_after_qualification_but_not_before_the_disclosure_ends(
    counter: Counter,
) -> None:
    """LS73"""
    listing = await counter.posted()
    early = await counter.qualified(listing)
    applied = done(await counter.register(listing, counter.party("other_buyer")))
    ends_at = await counter.end_disclosure(listing)
    decided_at = in_days(ends_at, 0.5)
    await counter.world.at(counter.session, decided_at)
    late = done(await counter.qualify(applied))
    due = period_end(
        start=decided_at, duration=counter.policy(listing).deposit_due, calendar=mainland_china()
    )
    assert late["deposit_due_at"] == due.isoformat()
    assert early["deposit_due_at"] < ends_at.isoformat()
    # The first one's time ended with the disclosure; the bank's moment decides.
    told = refusal(
        await counter.pay(early, "西溪智造有限公司", received_at=ends_at.isoformat()),
        400,
        "deposit_late",
    )
    assert told["before"] == listing["disclosure_ends_at"]
    in_time = (ends_at - timedelta(microseconds=1)).isoformat()
    done(await counter.pay(early, "西溪智造有限公司", received_at=in_time))
    await counter.to(in_days(due, 0.5), listing)
    assert (await counter.registration(late))["status"] == "qualified"  # staff may still book
    await counter.to(in_days(due, 5), listing)
    assert (await counter.registration(late))["status"] == "lapsed"
    assert (await counter.registration(early))["status"] == "deposited"
    assert done(await counter.act_read(listing, "buyer"))["registration_id"] == early["id"]
    refusal(await counter.pay(late, "南湖机电有限公司"), 409, "transition_refused")


async def test_nobody_after_two_extensions_with_falling_floors(counter: Counter) -> None:
    """LS74, LS75"""
    listing = await counter.posted(extensions=2, reductions=LOWER, base_price=yuan("600000.00"))
    for number, floor in enumerate(LOWER, start=1):
        before = (await counter.read(listing))["notice"]
        ended_at = await counter.end_disclosure(listing)
        now = await counter.read(listing)
        assert (now["status"], now["extensions_done"]) == ("disclosing", number)
        assert (now["floor"], now["deposit"]) == (floor, listing["deposit"])
        notice = now["notice"]
        assert (notice["kind"], notice["status"]) == ("extension", "published")
        assert notice["content"]["floor"] == floor
        assert notice["content_hash"] != before["content_hash"]
        ends_at = (await counter.listing(listing)).disclosure_ends_at
        assert ends_at == period_end(
            start=ended_at,
            duration=counter.policy(listing).extension,
            calendar=mainland_china(),
        )
    await counter.end_disclosure(listing)
    last = await counter.read(listing)
    assert (last["status"], last["notice"]["status"]) == ("failed", "closed")
    assert (await counter.types(listing)).count("listing.extended") == 2
    await counter.due(listing, await counter.now())
    assert (await counter.types(listing)).count("listing.failed") == 1


async def test_a_late_worker_extends_from_the_moment_of_the_notice(counter: Counter) -> None:
    """LS74"""
    listing = await counter.posted(extensions=1)
    ends_at = (await counter.listing(listing)).disclosure_ends_at
    assert ends_at is not None
    late = in_days(ends_at, 12.4)
    await counter.world.at(counter.session, late)
    await counter.due(listing, ends_at)
    extended = (await counter.listing(listing)).disclosure_ends_at
    assert extended == period_end(
        start=late, duration=counter.policy(listing).extension, calendar=mainland_china()
    )
    # Who lapsed for want of a deposit, having paid nothing, may come back.
    done(await counter.register(await counter.read(listing)))


async def test_who_lapsed_without_paying_comes_back_in_an_extension(counter: Counter) -> None:
    """LS71"""
    listing = await counter.posted(extensions=1)
    poor = await counter.qualified(listing)
    ends_at = await counter.end_disclosure(listing)
    await counter.to(in_days(ends_at, 4), listing)
    now = await counter.read(listing)
    assert now["status"] == "disclosing"
    assert (await counter.registration(poor))["status"] == "lapsed"
    back = done(await counter.register(now))
    assert (back["id"], back["status"], back["decided_at"]) == (poor["id"], "applied", None)


async def test_a_change_in_an_extension_counts_its_extensions_anew(counter: Counter) -> None:
    """LS74: the period begins anew (L2)."""
    listing = await counter.posted(extensions=1)
    await counter.end_disclosure(listing)
    again = await changed(counter, listing, payment_terms="分两期付清。", extensions=0)
    assert (again["extensions"], again["extensions_done"]) == (0, 0)
    await counter.end_disclosure(again)
    assert (await counter.read(listing))["status"] == "failed"


async def test_a_result_that_found_no_buyer_is_offered_again_at_nine_tenths(
    counter: Counter,
) -> None:
    """LS5: rules L4."""
    listing = await counter.posted()
    await counter.end_disclosure(listing)
    assert (await counter.read(listing))["status"] == "failed"
    terms = {"pricing_mode": "posted", "conversion_mode": "licence_exclusive"}
    body = listing_body(listing["achievement_id"], **terms)
    below = body | {"floor": yuan("539999.99")}
    told = refusal(await counter.post("listings", "seller_staff", below), 400, "listing_invalid")
    assert told["errors"][0]["rule"] == "floor_below_base_price"
    assert told["errors"][0]["accepted"] == {
        "minimum": yuan("540000.00"),
        "or_else": "approval",
    }
    done(await counter.post("listings", "seller_staff", below | {"approval": APPROVAL}))
    draft = done(
        await counter.post("listings", "seller_staff", body | {"floor": yuan("540000.00")})
    )
    done(await counter.plan(draft, terms={"start": yuan("540000.00")}))
    assert done(await counter.publish(draft))["status"] == "disclosing"
