"""Agreements where something changed between two steps: what was agreed, judged, or known."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.listings.handlers import TIMERS
from app.listings.service.posting import JUDGE_FIELD
from app.listings.service.publishing import CLOSE_DISCLOSURE
from app.platform.journal import history
from app.shared.calendar import CalendarHorizonExceeded
from tests.listings.agreements import (
    OBJECTION,
    agreed,
    agreement_body,
    close,
    consented,
    drafted,
    procedure,
    state,
)
from tests.listings.factories import Desk, Json, achievement_body, done, refusal, yuan
from tests.listings.posted import NAMES, Counter

DEARER: Json = {
    "floor": yuan("660000.00"),
    "approval": {
        "reference": "之澜资〔2026〕9号",
        "approved_by": "资产管理处",
        "approved_on": "2026-03-02",
    },
}


async def proposed(desk: Desk, listing: Json) -> Json:
    """Let a change of the price wait for its consent; return the proposal."""
    body = agreement_body({"id": "x"}, desk, **DEARER)
    del body["achievement_id"]
    done(await desk.post(f"listings/{listing['id']}/changes", "operator", body))
    return done(await desk.get(f"listings/{listing['id']}/proposal", "buyer_staff"))


async def objected(desk: Desk, listing: Json) -> Json:
    path = f"listings/{listing['id']}/objections"
    return done(await desk.post(path, "anonymous", OBJECTION))


async def decided(desk: Desk, objection: Json, *, upheld: bool) -> None:
    body = {"upheld": upheld, "reason": "核实后的答复。"}
    done(await desk.post(f"objections/{objection['id']}/decision", "operator", body))


async def test_an_objection_to_superseded_terms_neither_fails_nor_holds_the_present_ones(
    desk: Desk,
) -> None:
    """LS65: each is answered; only those to the notice that holds decide the award."""
    listing = await agreed(desk)
    upheld, open_still = await objected(desk, listing), await objected(desk, listing)
    waiting = await proposed(desk, listing)
    changed = await consented(desk, listing, terms_hash=waiting["terms_hash"])
    present = await objected(desk, changed)
    await decided(desk, upheld, upheld=True)
    assert await state(desk, listing) == "disclosing"
    await close(desk, changed)
    assert await state(desk, listing) == "closed"
    await decided(desk, present, upheld=False)
    assert await state(desk, listing) == "awarded"
    await decided(desk, open_still, upheld=True)
    assert await state(desk, listing) == "awarded"


async def test_a_withdrawn_draft_is_not_agreed_to_any_more(desk: Desk) -> None:
    """LS60"""
    listing = await drafted(desk)
    path = f"listings/{listing['id']}"
    done(await desk.post(f"{path}/withdrawal", "seller_staff", {"reason": "改由竞价。"}))
    body = {"terms_hash": listing["agreed_terms_hash"]}
    refusal(await desk.post(f"{path}/consent", "buyer_staff", body), 409, "transition_refused")


async def test_a_result_that_was_edited_after_the_consent_is_not_published(desk: Desk) -> None:
    """LS60: the buyer agreed to the result as it stood."""
    await procedure(desk)
    achievement = await desk.accepted()
    listing = await drafted(desk, achievement)
    await consented(desk, listing)
    await desk.world.later(desk.session, minutes=1)
    headers = desk.world.headers("seller_staff") | {"If-Match": f'"{achievement["version"]}"'}
    edited = achievement_body(abstract="仅保留离线判级软件，不含采集装置与标定规程。")
    path = f"/v1/achievements/{achievement['id']}"
    done(await desk.client.put(path, json=edited, headers=headers))
    await desk.review(achievement)
    refusal(await desk.publish(listing), 409, "consent_missing")


async def test_after_the_stored_end_nothing_is_changed_or_suspended_however_late_the_timer(
    desk: Desk,
) -> None:
    """LS7, LS68: a consent that comes too late does not begin the period anew."""
    listing = await agreed(desk)
    waiting = await proposed(desk, listing)
    ends_at = datetime.fromisoformat(listing["disclosure_ends_at"])
    await desk.world.at(desk.session, ends_at)
    path = f"listings/{listing['id']}"
    consent = {"terms_hash": waiting["terms_hash"]}
    told = refusal(
        await desk.post(f"{path}/consent", "buyer_staff", consent), 409, "transition_refused"
    )
    assert told["state"] == "closed"
    suspension = {"reason": "核实", "until": (ends_at + timedelta(days=1)).isoformat()}
    refused = await desk.post(f"{path}/suspension", "operator", suspension)
    refusal(refused, 409, "transition_refused")
    await close(desk, listing)
    assert await state(desk, listing) == "awarded"
    # What waited is over with the period.
    refusal(await desk.get(f"{path}/proposal", "buyer_staff"), 404, "object_unknown")


async def test_an_objection_stands_where_the_days_of_its_answer_are_not_known(desk: Desk) -> None:
    """LS64: an unknown year takes nobody's right to object."""
    await desk.world.at(desk.session, datetime.fromisoformat("2026-12-01T10:00:00+08:00"))
    listing = await agreed(desk)
    await desk.world.at(desk.session, datetime.fromisoformat("2026-12-14T10:00:00+08:00"))
    objection = await objected(desk, listing)
    assert (objection["status"], objection["decide_by_at"]) == ("open", None)
    await close(desk, listing)
    assert await state(desk, listing) == "closed"


async def test_an_award_whose_deal_would_leave_the_calendar_waits_by_itself(desk: Desk) -> None:
    """LS65, ST17: it is not confirmed, so that the deals of others are not held up by its."""
    await desk.world.at(desk.session, datetime.fromisoformat("2026-12-10T10:00:00+08:00"))
    listing = await agreed(desk)
    ends_at = datetime.fromisoformat(listing["disclosure_ends_at"])
    with pytest.raises(CalendarHorizonExceeded):
        async with desk.session.begin_nested():
            await TIMERS[CLOSE_DISCLOSURE](desk.session, UUID(listing["id"]), ends_at)
    assert await state(desk, listing) == "disclosing"


async def test_nobody_is_asked_for_a_price_that_could_not_become_a_deal(counter: Counter) -> None:
    """LS77: silence may cost a deposit, so it is not taken where the days are not known."""
    await counter.world.at(counter.session, datetime.fromisoformat("2026-12-08T10:00:00+08:00"))
    listing = await counter.posted()
    paid = await counter.depositor(listing)
    with pytest.raises(CalendarHorizonExceeded):
        async with counter.session.begin_nested():
            await counter.end_disclosure(listing)
    assert await counter.hold(paid) == "held"


async def test_a_deposit_is_booked_although_the_days_behind_it_are_not_known(
    counter: Counter,
) -> None:
    """LS73, LS75, LS77: the money counts; what follows waits for the calendar by a timer."""
    await counter.world.at(counter.session, datetime.fromisoformat("2026-12-08T10:00:00+08:00"))
    listing = await counter.posted()
    registration = await counter.qualified(listing, counter.party("buyer"))
    ends_at = await counter.end_disclosure(listing)
    received_at = (ends_at - timedelta(hours=2)).isoformat()
    paid = done(await counter.pay(registration, NAMES["buyer"], received_at=received_at))
    assert (paid["status"], await counter.hold(paid)) == ("deposited", "held")
    refusal(await counter.act_read(listing, "buyer"), 404, "object_unknown")
    query = text("SELECT due_at FROM timers WHERE kind = :kind AND subject_id = :id")
    waiting = {"kind": JUDGE_FIELD, "id": UUID(listing["id"])}
    assert await counter.session.scalar(query, waiting) < await counter.now()


async def test_a_seller_reads_what_its_withdrawal_costs_and_nobody_else(desk: Desk) -> None:
    """LS82: rules L9."""
    listing = await agreed(desk)
    body = {"reason": "自行实施", "costs": yuan("3200.00")}
    path = f"listings/{listing['id']}"
    done(await desk.post(f"{path}/withdrawal", "seller_staff", body))
    event = (await history(desk.session, UUID(listing["id"])))[-1]
    assert (event.type, event.audience) == ("listing.withdrawn", [desk.world.seller])
    assert event.restricted["costs"] == yuan("3200.00")
    assert "3200" not in str(event.public)
    assert "3200" not in str(done(await desk.get(f"{path}/notices")))
