"""Deals on a real database: deposits captured and paid back, payments, settlement, the books."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.handlers import take_outcome
from app.listings.public import ListingStatus, get_listing, refund_order_id
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.journal import history, verify_chain
from app.settlement import repository
from app.settlement.domain.deal import (
    BuyerWithoutDeposit,
    DealExists,
    DealStatus,
    ListingNotForSale,
    PriceBelowFloor,
)
from app.settlement.domain.payment import Payment
from app.settlement.service import paying
from app.shared.ids import EntryId, HoldId, ListingId, PartyId, RegistrationId, new_id
from app.shared.money import Money
from tests.listings.factories import Desk, done, yuan
from tests.settlement.factories import (
    BUYER_NAME,
    DEPOSIT,
    FLOOR,
    NAMES,
    Lot,
    deposit,
    lot,
    sell,
)
from tests.world import World

PRICE = Money.parse("824580.00")


async def funds(session: AsyncSession, world: World, party_id: PartyId) -> Money:
    return await ledger.funds_of(session, market_id=world.market_id, party_id=party_id)


async def pay(session: AsyncSession, world: World, deal_id: UUID, amount: Money) -> None:
    now = await market_now(session, world.market_id)
    await paying.record_payment(
        session,
        world.actor(Role.OPERATOR),
        deal_id,
        Payment(
            id=EntryId(new_id()),
            amount=amount,
            payer_name=BUYER_NAME,
            bank_reference=str(new_id()),
            received_at=now,
        ),
        now=now,
    )


async def assert_balanced(session: AsyncSession, world: World) -> None:
    totals = ledger.totals(await ledger.trial_balance(session, world.market_id))
    assert totals == (Money(0),)


async def test_a_deal_from_the_hammer_to_the_sellers_funds(
    session: AsyncSession, world: World, desk: Desk
) -> None:
    """ST2, ST5, ST8"""
    sold = await lot(desk, "buyer", "other_buyer", "third_buyer")
    deal_id = await sell(session, world, sold, PRICE)
    deal = await repository.get_deal(session, deal_id)
    assert (deal.status, deal.paid, deal.deposit) == (DealStatus.OPENED, DEPOSIT, DEPOSIT)
    assert deal.number.startswith("ZP-D-2026-")
    assert str(deal.premium_rate) == "0.3743"
    escrow = await ledger.escrow_of(session, market_id=world.market_id, deal_id=deal_id)
    assert escrow == DEPOSIT
    for loser in (world.other_buyer, world.third_buyer):
        assert await funds(session, world, loser) == Money(0)
        hold = await ledger.get_hold(session, HoldId(sold.registrations[loser]))
        assert hold.state is ledger.HoldState.VOIDED
        order_id = refund_order_id(sold.registrations[loser])
        on_its_way = await ledger.outgoing_of(session, market_id=world.market_id, order_id=order_id)
        assert on_its_way == DEPOSIT
        told = (await history(session, sold.registrations[loser]))[-1]
        assert (told.type, told.audience) == ("registration.refund_ordered", [loser])
        assert told.restricted["reference"].startswith("ZP-2026-")
    await assert_balanced(session, world)

    await pay(session, world, deal_id, Money.parse("4580.00"))
    assert (await repository.get_deal(session, deal_id)).outstanding == Money.parse("700000.00")
    await pay(session, world, deal_id, Money.parse("700000.00"))
    deal = await repository.get_deal(session, deal_id)
    assert (deal.status, deal.paid, deal.outstanding) == (DealStatus.SETTLED, PRICE, Money(0))
    assert await funds(session, world, world.seller) == PRICE
    assert await funds(session, world, world.buyer) == Money(0)
    escrow = await ledger.escrow_of(session, market_id=world.market_id, deal_id=deal_id)
    assert escrow == Money(0)
    lines = await ledger.trial_balance(session, world.market_id)
    assert {str(line.purpose): line.debit for line in lines} == {
        "bank": PRICE + DEPOSIT * 2,  # two deposits are ordered back and not executed
        "funds": -PRICE,
        "held": Money(0),
        "escrow": Money(0),
        "outgoing": -(DEPOSIT * 2),
    }
    await assert_balanced(session, world)


async def test_the_journal_tells_the_public_the_price_and_the_parties_the_rest(
    session: AsyncSession, world: World, desk: Desk
) -> None:
    """ST10"""
    sold = await lot(desk, "buyer", "other_buyer")
    deal_id = await sell(session, world, sold, PRICE)
    await pay(session, world, deal_id, PRICE - DEPOSIT)
    events = list(await history(session, deal_id))
    assert [event.type for event in events] == [
        "deal.opened",
        "deal.payment_received",
        "deal.paid",
        "deal.released",
        "deal.settled",
    ]
    verify_chain(events)
    opened = events[0]
    assert opened.public["price"] == yuan("824580.00")
    assert opened.public["start"] == yuan("600000.00")
    assert opened.public["premium_rate"] == "0.3743"
    assert opened.public["listing_id"] == str(sold.listing_id)
    for event in events:
        # What was withheld of a release is the seller's to read.
        buyers = set() if event.type == "deal.released" else {world.buyer}
        assert set(event.audience) == {world.seller} | buyers
        assert str(world.buyer) not in str(event.public)
        assert BUYER_NAME not in str(event.public)
        assert str(world.other_buyer) not in str(event.restricted)


async def test_the_listing_learns_of_its_sale(
    session: AsyncSession, world: World, desk: Desk
) -> None:
    sold = await lot(desk, "buyer")
    await session.execute(
        text("UPDATE listings SET status = 'closed' WHERE id = :id"), {"id": sold.listing_id}
    )
    deal_id = await sell(session, world, sold, PRICE)
    await take_outcome(session, (await history(session, deal_id))[0])
    assert (await get_listing(session, sold.listing_id)).status is ListingStatus.SOLD
    with pytest.raises(ListingNotForSale):
        await sell(session, world, sold, PRICE)


async def test_a_deposit_that_is_the_price_settles_at_once(
    session: AsyncSession, world: World, desk: Desk
) -> None:
    """ST5"""
    sold = await lot(desk, "buyer")
    # No policy allows such a deposit today; the books must not depend on that.
    await session.execute(
        text("UPDATE listings SET floor_minor = deposit_minor WHERE id = :id"),
        {"id": sold.listing_id},
    )
    deal = await repository.get_deal(session, await sell(session, world, sold, DEPOSIT))
    assert deal.status is DealStatus.SETTLED
    assert await funds(session, world, world.seller) == DEPOSIT
    await assert_balanced(session, world)


async def test_a_listing_is_sold_once(session: AsyncSession, world: World, desk: Desk) -> None:
    """ST1"""
    sold = await lot(desk, "buyer", "other_buyer")
    await sell(session, world, sold, PRICE)
    for party_id in (world.buyer, world.other_buyer):
        with pytest.raises(DealExists):
            async with session.begin_nested():
                await sell(session, world, sold, PRICE, party_id)
    await assert_balanced(session, world)


async def test_who_may_not_buy(session: AsyncSession, world: World, desk: Desk) -> None:
    """ST8"""
    listing = await desk.published()
    registrations = await deposit(desk, listing, "buyer")
    sold = Lot(ListingId(UUID(listing["id"])), registrations)
    with pytest.raises(ListingNotForSale):  # the disclosure runs
        await sell(session, world, sold, PRICE)
    await world.later(session, days=21)
    with pytest.raises(BuyerWithoutDeposit):
        await sell(session, world, sold, PRICE, world.third_buyer)
    with pytest.raises(PriceBelowFloor) as refusal:
        await sell(session, world, sold, FLOOR - Money(1))
    assert refusal.value.fields["minimum"] == FLOOR
    registrations[world.buyer] = RegistrationId(new_id())
    with pytest.raises(BuyerWithoutDeposit):
        await sell(session, world, sold, PRICE)


async def test_a_deposit_given_back_before_is_not_paid_twice(
    session: AsyncSession, world: World, desk: Desk
) -> None:
    """ST8"""
    sold = await lot(desk, "buyer", "other_buyer")
    now = await market_now(session, world.market_id)
    await ledger.release(
        session,
        hold_id=HoldId(sold.registrations[world.other_buyer]),
        at=now - timedelta(days=1),
        actor="system",
    )
    await sell(session, world, sold, PRICE)
    assert await funds(session, world, world.other_buyer) == DEPOSIT
    await assert_balanced(session, world)


async def test_a_deposit_booked_after_the_deal_was_opened_goes_back(
    session: AsyncSession, world: World, desk: Desk
) -> None:
    """ST8, LS16: until the listing has heard of its deal, the operator may still book one."""
    listing = await desk.published()
    registrations = await deposit(desk, listing, "buyer")
    straggler = await desk.qualified(listing, world.third_buyer)
    arrived = await desk.now()
    await world.later(session, days=21)
    listing_id = ListingId(UUID(listing["id"]))
    deal_id = await sell(session, world, Lot(listing_id, registrations), PRICE)
    done(await desk.pay(straggler, NAMES["third_buyer"], received_at=arrived.isoformat()))
    for event in await history(session, deal_id):
        if event.type == "deal.opened":
            await take_outcome(session, event)
    assert (await get_listing(session, listing_id)).status is ListingStatus.SOLD
    late = await ledger.get_hold(session, HoldId(UUID(straggler["id"])))
    assert late.state is ledger.HoldState.VOIDED
    assert await funds(session, world, world.third_buyer) == Money(0)
    won = await ledger.get_hold(session, HoldId(registrations[world.buyer]))
    assert won.state is ledger.HoldState.POSTED
    await assert_balanced(session, world)
