"""Agreements: consent to exact terms, what must be public before, the award at the end."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.platform.journal import JournalEvent, history
from app.settlement.handlers import open_awarded
from app.settlement.public import deals_of
from app.shared.ids import ListingId
from tests.listings.agreements import (
    UNIT,
    agreed,
    agreement_body,
    close,
    consented,
    drafted,
    procedure,
    state,
)
from tests.listings.factories import Desk, Json, achievement_body, done, refusal, yuan


async def types(desk: Desk, listing: Json) -> list[str]:
    return [event.type for event in await history(desk.session, UUID(listing["id"]))]


async def test_an_agreement_is_awarded_at_the_end_of_its_notice_and_its_deal_opened(
    desk: Desk,
) -> None:
    """LS60, LS61, LS65, ST17"""
    listing = await agreed(desk)
    notice = listing["notice"]["content"]
    assert notice["buyer"]["name"] == "西溪智造有限公司"
    assert notice["agreed_terms_hash"] == listing["agreed_terms_hash"]
    assert notice["objection_procedure"]["version"] == 1
    ends_at = await close(desk, listing)
    assert await state(desk, listing) == "awarded"
    event = await desk.session.scalar(
        select(JournalEvent).where(JournalEvent.type == "listing.awarded")
    )
    assert event is not None
    assert (event.public["price"], event.market_at) == (yuan("600000.00"), ends_at)
    assert "buyer_id" not in event.public
    await open_awarded(desk.session, event)
    (deal,) = await deals_of(desk.session, ListingId(UUID(listing["id"])))
    assert (deal.price, deal.deposit.amount_minor) == (deal.start, 0)
    assert (deal.confirmed_at, deal.buyer_id) == (ends_at, desk.world.buyer)
    assert deal.source == "agreement"


async def test_nothing_is_published_that_the_buyer_has_not_consented_to(desk: Desk) -> None:
    """LS60"""
    await procedure(desk)
    listing = await drafted(desk)
    told = refusal(await desk.publish(listing), 409, "consent_missing")
    assert told["accepted"] == listing["agreed_terms_hash"]
    path = f"listings/{listing['id']}/consent"
    wrong = {"terms_hash": "0" * 64}
    told = refusal(await desk.post(path, "buyer_staff", wrong), 400, "agreed_terms_differ")
    assert told["accepted"] == listing["agreed_terms_hash"]
    body = {"terms_hash": listing["agreed_terms_hash"]}
    other = desk.world.other_buyer
    refusal(await desk.post(path, "buyer_staff", body, party_id=other), 403, "not_the_buyer")
    await consented(desk, listing)
    await consented(desk, listing)
    assert (await types(desk, listing)).count("listing.agreed") == 1
    assert done(await desk.publish(listing))["status"] == "disclosing"


async def test_the_draft_is_for_its_two_sides_only(desk: Desk) -> None:
    """LS4"""
    listing = await drafted(desk)
    path = f"listings/{listing['id']}"
    done(await desk.get(path, "buyer_staff"))
    strange = await desk.get(path, "buyer_staff", party_id=desk.world.other_buyer)
    refusal(strange, 404, "object_unknown")


async def test_both_publications_and_the_way_of_objecting_come_first(desk: Desk) -> None:
    """LS62, LS63"""
    listing = await drafted(desk, unit_notice=None)
    await consented(desk, listing)
    refusal(await desk.publish(listing), 409, "unit_notice_missing")
    path = f"listings/{listing['id']}/unit-notice"
    late = UNIT | {"published_on": "2026-03-03"}
    refusal(await desk.post(path, "seller_staff", late), 400, "unit_notice_in_future")
    assert done(await desk.post(path, "seller_staff", UNIT))["unit_notice"] == UNIT
    refusal(await desk.publish(listing), 409, "objection_procedure_missing")
    made = done(await desk.post("objection-procedures", "operator", {"text": "交易所的程序。"}))
    await desk.world.later(desk.session, minutes=1)
    published = done(await desk.publish(listing))
    assert published["notice"]["content"]["objection_procedure"]["id"] == made["id"]
    refusal(await desk.post(path, "seller_staff", UNIT), 409, "transition_refused")
    listed = done(await desk.get("objection-procedures"))
    assert [item["id"] for item in listed["items"]] == [made["id"]]
    own = done(await desk.get(f"objection-procedures?party_id={desk.world.seller}"))
    assert own["items"] == []


async def test_a_private_seller_needs_no_publication_in_its_unit(desk: Desk) -> None:
    """LS62"""
    done(await desk.post("objection-procedures", "operator", {"text": "交易所的程序。"}))
    await desk.world.later(desk.session, minutes=1)
    seller = {"party_id": desk.world.other_seller}
    made = done(await desk.post("achievements", "seller_staff", achievement_body(), **seller))
    body = agreement_body(await desk.review(made), desk, unit_notice=None)
    listing = done(await desk.post("listings", "seller_staff", body, **seller))
    await consented(desk, listing)
    assert done(await desk.publish(listing))["status"] == "disclosing"


async def test_nobody_else_registers_and_no_deposit_is_taken(desk: Desk) -> None:
    """LS61"""
    listing = await agreed(desk)
    other = await desk.register(listing, desk.world.other_buyer)
    refusal(other, 409, "agreement_has_its_buyer")
    (registration,) = done(await desk.get(f"listings/{listing['id']}/registrations", "operator"))[
        "items"
    ]
    assert registration["status"] == "qualified"
    assert registration["accepted_terms_hash"] == listing["agreed_terms_hash"]
    paid = await desk.pay(registration, "西溪智造有限公司")
    assert refusal(paid, 400, "deposit_amount_wrong")["accepted"] == yuan("0.00")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"buyer_id": None}, "buyer_missing"),
        ({"deposit": yuan("1.00")}, "deposit_not_expected"),
    ],
)
async def test_what_contradicts_an_agreement_is_named(
    desk: Desk, changes: dict[str, Any], rule: str
) -> None:
    """LS5"""
    body = agreement_body(await desk.accepted(), desk) | changes
    told = refusal(await desk.post("listings", "seller_staff", body), 400, "listing_invalid")
    assert [error["rule"] for error in told["errors"]] == [rule]


async def test_a_relation_of_the_buyer_is_told_by_the_notice_or_nothing_is_published(
    desk: Desk,
) -> None:
    """LS18, LS60"""
    await procedure(desk)
    hidden = await drafted(desk)
    await consented(desk, hidden, relation="related")
    refusal(await desk.publish(hidden), 400, "related_party_not_disclosed")
    told = await drafted(desk, related_buyers=["related"])
    await consented(desk, told, relation="related")
    notice = done(await desk.publish(told))["notice"]["content"]
    assert (notice["buyer"]["relation"], notice["related_buyers"]) == ("related", ["related"])


async def test_a_change_waits_for_consent_and_restarts_the_whole_period(desk: Desk) -> None:
    """LS60, LS68"""
    listing = await agreed(desk)
    await desk.world.later(desk.session, days=9)
    body = agreement_body(
        {"id": "x"},
        desk,
        floor=yuan("660000.00"),
        approval={
            "reference": "之澜资〔2026〕9号",
            "approved_by": "资产管理处",
            "approved_on": "2026-03-10",
        },
    )
    del body["achievement_id"]
    path = f"listings/{listing['id']}"
    kept = done(await desk.post(f"{path}/changes", "operator", body))
    assert (kept["floor"], kept["notice"]["number"]) == (
        yuan("600000.00"),
        f"{listing['number']}-N1",
    )
    waiting = done(await desk.get(f"{path}/proposal", "buyer_staff"))
    assert waiting["terms"]["floor"] == yuan("660000.00")
    stranger = await desk.get(f"{path}/proposal", "buyer_staff", party_id=desk.world.other_buyer)
    refusal(stranger, 404, "object_unknown")
    changed = done(
        await desk.post(f"{path}/consent", "buyer_staff", {"terms_hash": waiting["terms_hash"]})
    )
    assert changed["floor"] == yuan("660000.00")
    assert changed["disclosure_ends_at"] > listing["disclosure_ends_at"]
    kinds = [
        (notice["kind"], notice["status"])
        for notice in done(await desk.get(f"{path}/notices"))["items"]
    ]
    assert kinds == [("offer", "superseded"), ("change", "published")]
    refusal(await desk.get(f"{path}/proposal", "seller_staff"), 404, "object_unknown")
    await close(desk, changed)
    assert await state(desk, listing) == "awarded"


async def test_another_buyer_consents_anew_and_the_first_drops_out(desk: Desk) -> None:
    """LS61, LS68"""
    listing = await agreed(desk)
    body = agreement_body(
        {"id": "x"},
        desk,
        approval={
            "reference": "之澜资〔2026〕9号",
            "approved_by": "资产管理处",
            "approved_on": "2026-03-02",
        },
    ) | {"buyer_id": str(desk.world.other_buyer)}
    del body["achievement_id"]
    path = f"listings/{listing['id']}"
    done(await desk.post(f"{path}/changes", "operator", body))
    waiting = done(await desk.get(f"{path}/proposal", "operator"))
    consent = {"terms_hash": waiting["terms_hash"]}
    refusal(await desk.post(f"{path}/consent", "buyer_staff", consent), 403, "not_the_buyer")
    other = {"party_id": desk.world.other_buyer}
    done(await desk.post(f"{path}/consent", "buyer_staff", consent, **other))
    registrations = done(await desk.get(f"{path}/registrations", "operator"))["items"]
    found = {item["party_id"]: item["status"] for item in registrations}
    assert found == {
        str(desk.world.buyer): "lapsed",
        str(desk.world.other_buyer): "qualified",
    }


async def test_a_withdrawn_agreement_is_not_awarded(desk: Desk) -> None:
    """LS65"""
    listing = await agreed(desk)
    body = {"reason": "单位决定改为公开竞价。"}
    done(await desk.post(f"listings/{listing['id']}/withdrawal", "seller_staff", body))
    await close(desk, listing)
    assert await state(desk, listing) == "withdrawn"


async def test_consents_and_procedures_never_change(desk: Desk) -> None:
    """LS60, LS63"""
    await agreed(desk)
    for statement in (
        "UPDATE agreement_consents SET terms_hash = 'x'",
        "DELETE FROM objection_procedures",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with desk.session.begin_nested():
                await desk.session.execute(text(statement))
