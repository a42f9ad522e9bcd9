"""The end of a disclosure by timer, and outcomes by reaction: each takes effect once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.ledger import public as ledger
from app.ledger.public import HoldState
from app.listings.handlers import REACTIONS, TIMERS, take_outcome
from app.listings.public import (
    ForfeitureGround,
    Listing,
    ListingStatus,
    forfeit_deposits,
    get_listing,
    release_deposit,
)
from app.listings.service.publishing import CLOSE_DISCLOSURE
from app.platform import timers
from app.platform.access import ObjectUnknown
from app.platform.journal import JournalEvent, NewEvent, append, history
from app.shared.ids import HoldId, ListingId, MarketId, PartyId, RegistrationId, new_id
from app.shared.money import Money
from app.shared.transitions import TransitionRefused
from tests.listings.factories import Desk, Json, done, listing_body, refusal

OUTCOMES = {"auction.failed": "failed", "deal.opened": "sold"}


async def current(desk: Desk, listing: Json) -> Listing:
    return await get_listing(desk.session, ListingId(UUID(listing["id"])))


async def types(desk: Desk, listing: Json) -> list[str]:
    return [event.type for event in await history(desk.session, UUID(listing["id"]))]


async def happen(
    desk: Desk, listing: Json, kind: str, *, at: datetime, **told: Any
) -> JournalEvent:
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
            public={"listing_id": listing["id"]} | told,
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
    (reaction,) = (reaction for reaction in REACTIONS if reaction.name == "listings.outcome")
    others = {"deal.defaulted", "deal.settled", "auction.cancelled", "auction.annulled"}
    assert reaction.types == OUTCOMES.keys() | others


async def deposited(desk: Desk, listing: Json) -> dict[PartyId, HoldId]:
    world = desk.world
    names = {world.buyer: "西溪智造有限公司", world.other_buyer: "南湖机电有限公司"}
    holds = {}
    for party_id, name in names.items():
        registration = done(await desk.pay(await desk.qualified(listing, party_id), name))
        holds[party_id] = HoldId(UUID(registration["id"]))
    return holds


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({}, HoldState.VOIDED),
        ({"silent": True, "silent_forfeits": False}, HoldState.VOIDED),
        ({"silent": False, "silent_forfeits": True}, HoldState.VOIDED),
        ({"silent": True, "silent_forfeits": True}, HoldState.FORFEITED),
    ],
)
async def test_silence_costs_the_deposits_only_where_the_notice_said_so(
    desk: Desk, told: Json, state: HoldState
) -> None:
    """LS16, LS23: D3"""
    listing = await desk.published()
    holds = await deposited(desk, listing)
    done(await desk.register(listing, desk.world.third_buyer))  # without a deposit
    at = await close(desk, listing)
    event = await happen(desk, listing, "auction.failed", at=at, **told)
    for _ in range(2):
        await take_outcome(desk.session, event)
    assert (await current(desk, listing)).status is ListingStatus.FAILED
    for party_id, hold_id in holds.items():
        assert (await ledger.get_hold(desk.session, hold_id)).state is state
        funds = await ledger.funds_of(
            desk.session, market_id=desk.world.market_id, party_id=party_id
        )
        assert funds == Money(0)
        events = await history(desk.session, hold_id)
        forfeited = [event for event in events if event.type == "registration.forfeited"]
        assert len(forfeited) == (state is HoldState.FORFEITED)
        for lost in forfeited:
            assert (lost.audience, lost.public) == ([party_id], {})
            assert lost.restricted["accepted_terms_hash"] == listing["notice"]["content_hash"]
            terms = listing["notice"]["content"]["forfeiture_terms"]
            assert lost.restricted["forfeiture_terms"] == terms
            assert lost.restricted["deal_id"] is None
    balance = ledger.totals(await ledger.trial_balance(desk.session, desk.world.market_id))
    assert balance == (Money(0),)
    # Silence is no default: the re-run is open to those who were silent.
    rerun = await desk.published({"id": str((await current(desk, listing)).achievement_id)})
    done(await desk.register(rerun, desk.world.buyer))


async def test_what_is_not_held_any_more_is_not_forfeited(desk: Desk) -> None:
    """LS23"""
    listing = await desk.published()
    holds = await deposited(desk, listing)
    returned = holds[desk.world.buyer]
    at = await close(desk, listing)
    await release_deposit(desk.session, RegistrationId(returned), at=at, actor="system")
    for _ in range(2):
        await forfeit_deposits(
            desk.session,
            await current(desk, listing),
            [*holds, desk.world.third_buyer],
            ground=ForfeitureGround.COLLUSION,
            words="串通 / collusion",
            at=at,
            actor=desk.world.actor("operator"),
        )
    assert (await ledger.get_hold(desk.session, returned)).state is HoldState.VOIDED
    lost = await ledger.forfeited_of(desk.session, market_id=desk.world.market_id)
    assert lost == Money.parse("120000.00")


async def test_a_default_of_a_deal_that_does_not_hold_the_listing_is_overtaken(
    desk: Desk,
) -> None:
    """LS21"""
    listing = await desk.published()
    at = await close(desk, listing)
    await take_outcome(desk.session, await happen(desk, listing, "deal.opened", at=at))
    await take_outcome(desk.session, await happen(desk, listing, "deal.defaulted", at=at))
    assert (await current(desk, listing)).status is ListingStatus.SOLD
