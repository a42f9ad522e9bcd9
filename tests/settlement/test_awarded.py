"""Deals of listings that were awarded without an auction, and without a deposit."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.ledger import public as ledger
from app.listings.handlers import take_outcome
from app.platform.journal import JournalEvent, history
from app.settlement.domain.deal import BuyerWithoutDeposit, Deal, DealExists
from app.settlement.handlers import open_awarded
from app.settlement.public import deals_of, open_deal
from app.shared.ids import ListingId, RegistrationId, new_id
from app.shared.money import Money
from tests.listings.agreements import agreed, agreement_body, close, consented
from tests.listings.factories import Desk, Json, done, refusal
from tests.settlement.factories import FLOOR, Counter, lot, sell


async def award_of(desk: Desk) -> tuple[Json, JournalEvent]:
    """Bring an agreement to its award; no worker has seen it yet."""
    listing = await agreed(desk)
    await close(desk, listing)
    event = await desk.session.scalar(
        select(JournalEvent).where(
            JournalEvent.type == "listing.awarded", JournalEvent.subject_id == UUID(listing["id"])
        )
    )
    assert event is not None
    return listing, event


async def deals(desk: Desk, listing: Json) -> Sequence[Deal]:
    return await deals_of(desk.session, ListingId(UUID(listing["id"])))


async def books(desk: Desk) -> dict[str, Money]:
    lines = await ledger.trial_balance(desk.session, desk.world.market_id)
    assert all(total == Money(0) for total in ledger.totals(lines))
    return {str(line.purpose): line.debit for line in lines if line.debit != Money(0)}


async def test_an_award_opens_one_deal_at_its_own_moment_and_price(desk: Desk) -> None:
    """ST17: however late the worker comes, and however often."""
    listing, event = await award_of(desk)
    await desk.world.later(desk.session, hours=7)
    await open_awarded(desk.session, event)
    (deal,) = await deals(desk, listing)
    assert (deal.confirmed_at, deal.price) == (event.market_at, FLOOR)
    assert (deal.source, deal.source_id) == ("agreement", UUID(listing["id"]))
    with pytest.raises(DealExists):
        async with desk.session.begin_nested():
            await open_awarded(desk.session, event)
    assert list(await deals(desk, listing)) == [deal]


async def open_for(desk: Desk, listing: Json, **changes: Any) -> None:
    """Open a deal of the listing for its buyer, or what the changes say."""
    given: dict[str, Any] = {
        "buyer_id": desk.world.buyer,
        "registration_id": RegistrationId(new_id()),
        "price": FLOOR,
        "source": "agreement",
        "source_id": UUID(listing["id"]),
        "confirmed_at": await desk.now(),
        "actor": "system",
        "standby": frozenset(),
    }
    async with desk.session.begin_nested():
        await open_deal(desk.session, listing_id=ListingId(UUID(listing["id"])), **given | changes)


async def test_only_an_award_sells_without_a_deposit(desk: Desk) -> None:
    """ST18"""
    listing, event = await award_of(desk)
    registration = RegistrationId(UUID(event.restricted["registration_id"]))
    # Neither by another registration nor to another buyer.
    others = (await lot(desk, "other_buyer")).registrations[desk.world.other_buyer]
    with pytest.raises(BuyerWithoutDeposit):
        await open_for(desk, listing, registration_id=others)
    with pytest.raises(BuyerWithoutDeposit):
        await open_for(desk, listing, buyer_id=desk.world.third_buyer, registration_id=registration)
    await open_awarded(desk.session, event)
    (deal,) = await deals(desk, listing)
    assert (deal.deposit, deal.paid, deal.outstanding) == (Money(0), Money(0), FLOOR)
    # A listing that is only closed still asks for one.
    unpaid = await lot(desk)
    with pytest.raises(BuyerWithoutDeposit):
        async with desk.session.begin_nested():
            await sell(desk.session, desk.world, unpaid, FLOOR)


async def test_a_default_without_deposit_forfeits_nothing_and_excludes_the_buyer(
    desk: Desk, counter: Counter
) -> None:
    """ST19, LS20"""
    listing, event = await award_of(desk)
    await open_awarded(desk.session, event)
    (deal,) = await deals(desk, listing)
    (opened,) = [it for it in await history(desk.session, deal.id) if it.type == "deal.opened"]
    await take_outcome(desk.session, opened)
    done(await counter.pay(deal.id, "1000.00"))
    refused = {"ground": "受让方书面拒绝签约", "refused": True}
    done(await counter.act(deal.id, "default", refused))
    # What it paid is its own again, and nothing was there to lose.
    paid = Money.parse("1000.00")
    assert await books(desk) == {"bank": paid, "funds": -paid}
    default = (await history(desk.session, deal.id))[-1]
    assert default.type == "deal.defaulted"
    assert default.restricted["forfeited"]["amount"] == "0.00"
    assert default.restricted["refunded"]["amount"] == "1000.00"
    await take_outcome(desk.session, default)
    assert done(await desk.get(f"listings/{listing['id']}"))["status"] == "failed"
    # Neither by agreement nor otherwise does it buy this result again.
    achievement = {"id": listing["achievement_id"]}
    again = done(await desk.post("listings", "seller_staff", agreement_body(achievement, desk)))
    await consented(desk, again)
    refusal(await desk.publish(again), 400, "defaulter_excluded")
    offered = await desk.published(achievement)
    refusal(await desk.register(offered), 400, "defaulter_excluded")
