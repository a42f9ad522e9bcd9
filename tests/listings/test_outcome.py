"""The end of a disclosure by timer, and outcomes by reaction: each takes effect once."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.listings.handlers import REACTIONS, TIMERS, take_outcome
from app.listings.public import Listing, ListingStatus, get_listing
from app.listings.service.publishing import CLOSE_DISCLOSURE
from app.platform import timers
from app.platform.access import ObjectUnknown
from app.platform.journal import JournalEvent, NewEvent, append, history
from app.shared.ids import ListingId, MarketId, new_id
from app.shared.transitions import TransitionRefused
from tests.listings.factories import Desk, Json, listing_body, refusal

OUTCOMES = {"auction.failed": "failed", "deal.opened": "sold"}


async def current(desk: Desk, listing: Json) -> Listing:
    return await get_listing(desk.session, ListingId(UUID(listing["id"])))


async def types(desk: Desk, listing: Json) -> list[str]:
    return [event.type for event in await history(desk.session, UUID(listing["id"]))]


async def happen(desk: Desk, listing: Json, kind: str, *, at: datetime) -> JournalEvent:
    """Journal what a higher module would, and return the event as its reaction gets it."""
    subject = new_id()
    await append(
        desk.session,
        NewEvent(
            market_id=MarketId(desk.world.market_id),
            subject=kind.partition(".")[0],
            subject_id=subject,
            type=kind,
            market_at=at,
            actor="system",
            public={"listing_id": listing["id"]},
        ),
    )
    event = await desk.session.scalar(
        select(JournalEvent).where(JournalEvent.subject_id == subject)
    )
    assert event is not None
    return event


async def close(desk: Desk, listing: Json) -> datetime:
    ends_at = (await current(desk, listing)).disclosure_ends_at
    assert ends_at is not None
    await TIMERS[CLOSE_DISCLOSURE](desk.session, UUID(listing["id"]), ends_at)
    return ends_at


async def test_the_timer_is_set_to_the_stored_deadline_and_closes_once(desk: Desk) -> None:
    """LS7"""
    listing = await desk.published()
    due = await timers.claim_until(
        desk.session, desk.world.market_id, await desk.now() + timedelta(days=30)
    )
    assert due is not None
    assert (due.kind, due.subject_id) == (CLOSE_DISCLOSURE, UUID(listing["id"]))
    assert due.due_at == (await current(desk, listing)).disclosure_ends_at
    for _ in range(2):
        await close(desk, listing)
    assert (await current(desk, listing)).status is ListingStatus.CLOSED
    assert (await types(desk, listing)).count("listing.disclosure_closed") == 1


@pytest.mark.parametrize("kind", OUTCOMES)
async def test_a_closed_listing_takes_its_outcome_once(desk: Desk, kind: str) -> None:
    """LS15"""
    listing = await desk.published()
    ends_at = await close(desk, listing)
    event = await happen(desk, listing, kind, at=ends_at + timedelta(days=3))
    for _ in range(2):
        await take_outcome(desk.session, event)
    assert (await current(desk, listing)).status == OUTCOMES[kind]
    told = await history(desk.session, UUID(listing["id"]))
    assert [item.type for item in told[-2:]] == [
        "listing.disclosure_closed",
        f"listing.{OUTCOMES[kind]}",
    ]
    assert told[-1].market_at == event.market_at
    registration = await desk.register(listing)
    assert refusal(registration, 409, "registration_closed")["state"] == OUTCOMES[kind]


@pytest.mark.parametrize("kind", OUTCOMES)
async def test_an_outcome_before_a_late_timer_closes_the_disclosure_on_the_way(
    desk: Desk, kind: str
) -> None:
    """LS15"""
    listing = await desk.published()
    ends_at = (await current(desk, listing)).disclosure_ends_at
    assert ends_at is not None
    event = await happen(desk, listing, kind, at=ends_at + timedelta(hours=1))
    await take_outcome(desk.session, event)
    assert (await types(desk, listing))[-2:] == [
        "listing.disclosure_closed",
        f"listing.{OUTCOMES[kind]}",
    ]
    left = await desk.session.scalar(
        text("SELECT count(*) FROM timers WHERE subject_id = :id"), {"id": listing["id"]}
    )
    assert left == 0
    await TIMERS[CLOSE_DISCLOSURE](desk.session, UUID(listing["id"]), ends_at)
    assert (await current(desk, listing)).status == OUTCOMES[kind]


@pytest.mark.parametrize("kind", OUTCOMES)
@pytest.mark.parametrize("when", ["draft", "disclosing", "other outcome"])
async def test_an_outcome_that_cannot_be_is_refused_aloud(desk: Desk, kind: str, when: str) -> None:
    """LS15: a reaction that stops is seen; a listing that lies is not."""
    listing = await desk.draft() if when == "draft" else await desk.published()
    at = await desk.now()
    if when == "other outcome":
        at = await close(desk, listing)
        (opposite,) = OUTCOMES.keys() - {kind}
        await take_outcome(desk.session, await happen(desk, listing, opposite, at=at))
    event = await happen(desk, listing, kind, at=at)
    with pytest.raises(TransitionRefused):
        await take_outcome(desk.session, event)


async def test_an_outcome_of_an_unknown_listing_is_refused_aloud(desk: Desk) -> None:
    event = await happen(desk, {"id": str(new_id())}, "deal.opened", at=await desk.now())
    with pytest.raises(ObjectUnknown):
        await take_outcome(desk.session, event)


async def test_what_was_sold_outright_is_not_offered_again_but_what_failed_is(
    desk: Desk,
) -> None:
    """LS13"""
    achievement = await desk.accepted()
    for kind, mode in (("auction.failed", "transfer"), ("deal.opened", "licence_exclusive")):
        listing = await desk.published(achievement, conversion_mode=mode)
        at = await close(desk, listing)
        await take_outcome(desk.session, await happen(desk, listing, kind, at=at))
    sold = await desk.published(achievement)
    at = await close(desk, sold)
    await take_outcome(desk.session, await happen(desk, sold, "deal.opened", at=at))
    response = await desk.post("listings", "seller_staff", listing_body(achievement["id"]))
    assert refusal(response, 409, "achievement_on_offer")["listing_number"] == sold["number"]


def test_the_reaction_wants_exactly_the_outcomes() -> None:
    (reaction,) = REACTIONS
    assert reaction.types == OUTCOMES.keys()
