"""Standby bidders, signing, default and the next buyer: deposits, deals and the listing."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.ledger.public import HoldState
from app.listings import public as listings
from app.listings.handlers import take_outcome
from app.listings.public import ListingStatus
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.journal import history
from app.settlement import public as settlement
from app.settlement.domain.deal import (
    BuyerWithoutDeposit,
    DealExists,
    DealStatus,
    DefaultReason,
    ListingNotForSale,
)
from app.settlement.domain.keeping import DealSigned, DefaultTooEarly, SigningOutOfRange
from app.shared.ids import DealId, HoldId, PartyId
from app.shared.money import Money
from app.shared.transitions import TransitionRefused
from tests.listings.factories import Desk, done, refusal
from tests.listings.test_outcome import happen
from tests.settlement.factories import DEPOSIT, Lot, lot, sell
from tests.settlement.test_deals import assert_balanced, funds, pay
from tests.world import World

PRICE = Money.parse("730000.00")
NEXT_PRICE = Money.parse("700000.00")
BUYERS = ("buyer", "other_buyer", "third_buyer")


async def state_of(session: AsyncSession, sold: Lot, party_id: PartyId) -> HoldState:
    return (await ledger.get_hold(session, HoldId(sold.registrations[party_id]))).state


async def default(
    session: AsyncSession, world: World, deal_id: DealId, *, refused: bool = False
) -> settlement.Deal:
    return await settlement.default_deal(
        session,
        deal_id=deal_id,
        ground="逾期未签约 / did not sign",
        refused=refused,
        at=await market_now(session, world.market_id),
        actor=world.actor(Role.OPERATOR),
    )


async def sign(session: AsyncSession, world: World, deal_id: DealId) -> settlement.Deal:
    now = await market_now(session, world.market_id)
    return await settlement.record_signing(
        session, deal_id=deal_id, signed_at=now, at=now, actor=world.actor(Role.OPERATOR)
    )


async def tell(session: AsyncSession, *deal_ids: DealId) -> None:
    """Let the listing hear of what happened to deals, in this order."""
    for deal_id in deal_ids:
        for event in await history(session, deal_id):
            if event.type in ("deal.opened", "deal.defaulted", "deal.settled"):
                await take_outcome(session, event)


@pytest.fixture
async def sold(desk: Desk) -> Lot:
    return await lot(desk, *BUYERS)


async def test_standby_deposits_wait_for_the_signature(
    session: AsyncSession, world: World, sold: Lot
) -> None:
    """ST12, ST15, LS22"""
    deal_id = await sell(session, world, sold, PRICE, standby={world.other_buyer, world.buyer})
    await tell(session, deal_id)
    assert await state_of(session, sold, world.buyer) is HoldState.POSTED
    assert await state_of(session, sold, world.other_buyer) is HoldState.HELD
    assert await state_of(session, sold, world.third_buyer) is HoldState.VOIDED
    told = await history(session, sold.registrations[world.other_buyer])
    assert told[-1].type == "registration.put_on_standby"
    assert told[-1].audience == [world.other_buyer]
    assert told[-1].public == {}
    deal = await sign(session, world, deal_id)
    assert deal.signed_at is not None
    assert await state_of(session, sold, world.other_buyer) is HoldState.VOIDED
    assert await funds(session, world, world.other_buyer) == Money(0)
    (signed,) = [e for e in await history(session, deal_id) if e.type == "deal.signed"]
    assert signed.public["listing_id"] == str(sold.listing_id)
    with pytest.raises(DealSigned):
        await sign(session, world, deal_id)
    await assert_balanced(session, world)


async def test_deposits_on_standby_go_back_when_the_price_is_paid_unsigned(
    session: AsyncSession, world: World, sold: Lot
) -> None:
    """ST15: who paid in full cannot default any more."""
    deal_id = await sell(session, world, sold, PRICE, standby={world.other_buyer})
    await pay(session, world, deal_id, PRICE - DEPOSIT)
    await tell(session, deal_id)
    assert await state_of(session, sold, world.other_buyer) is HoldState.VOIDED
    await world.later(session, days=60)
    with pytest.raises(TransitionRefused):
        await default(session, world, deal_id, refused=True)
    assert (await sign(session, world, deal_id)).status is DealStatus.SETTLED
    await assert_balanced(session, world)


async def test_the_deadlines_are_the_policys_and_half_open(
    session: AsyncSession, world: World, sold: Lot
) -> None:
    """ST13: confirmed on Monday 2026-03-23; three working days, and five."""
    deal_id = await sell(session, world, sold, PRICE)
    deal = await settlement.get_deal(session, deal_id)
    assert deal.sign_by_at.isoformat() == "2026-03-26T16:00:00+00:00"
    assert deal.pay_by_at.isoformat() == "2026-03-30T16:00:00+00:00"
    with pytest.raises(DefaultTooEarly) as refused:
        await default(session, world, deal_id)
    assert refused.value.fields["earliest"] == deal.sign_by_at
    for moment, earliest in (
        (deal.sign_by_at - timedelta(microseconds=1), deal.sign_by_at),
        (deal.confirmed_at, deal.sign_by_at),
    ):
        with pytest.raises(DefaultTooEarly) as refused:
            await settlement.default_deal(
                session,
                deal_id=deal_id,
                ground="too early",
                at=moment,
                actor=world.actor(Role.OPERATOR),
            )
        assert refused.value.fields["earliest"] == earliest
    ended = await settlement.default_deal(
        session, deal_id=deal_id, ground="late", at=deal.sign_by_at, actor=world.actor("operator")
    )
    assert ended.default_reason is DefaultReason.NOT_SIGNED
    with pytest.raises(TransitionRefused):
        await sign(session, world, deal_id)


async def test_a_signed_deal_defaults_when_the_money_is_overdue(
    session: AsyncSession, world: World, sold: Lot
) -> None:
    """ST13, ST14: the deposit is lost, what came beyond it goes back to the buyer's funds."""
    deal_id = await sell(session, world, sold, PRICE)
    deal = await sign(session, world, deal_id)
    await pay(session, world, deal_id, Money.parse("10000.00"))
    actor = world.actor(Role.OPERATOR)
    with pytest.raises(DefaultTooEarly) as refused:
        await settlement.default_deal(
            session, deal_id=deal_id, ground="unpaid", at=deal.sign_by_at, actor=actor
        )
    assert refused.value.fields["earliest"] == deal.pay_by_at
    ended = await settlement.default_deal(
        session, deal_id=deal_id, ground="unpaid", at=deal.pay_by_at, actor=actor
    )
    assert (ended.status, ended.default_reason) == (DealStatus.DEFAULTED, DefaultReason.NOT_PAID)
    assert ended.outstanding == Money(0)
    assert await funds(session, world, world.buyer) == Money.parse("10000.00")
    assert await ledger.forfeited_of(session, market_id=world.market_id) == DEPOSIT
    escrow = await ledger.escrow_of(session, market_id=world.market_id, deal_id=deal_id)
    assert escrow == Money(0)
    with pytest.raises(TransitionRefused):
        await pay(session, world, deal_id, Money.parse("1.00"))
    await assert_balanced(session, world)


async def test_the_defaulter_reads_the_ground_and_what_it_had_been_shown(
    session: AsyncSession, world: World, desk: Desk, sold: Lot
) -> None:
    """LS23, ST10"""
    deal_id = await sell(session, world, sold, PRICE)
    await default(session, world, deal_id, refused=True)
    event = (await history(session, sold.registrations[world.buyer]))[-1]
    assert event.type == "registration.forfeited"
    assert (event.audience, event.public) == ([world.buyer], {})
    notice = await listings.get_notice(session, sold.listing_id)
    assert notice is not None
    told = event.restricted
    assert told["ground"] == "逾期未签约 / did not sign"
    assert told["forfeiture_terms"] == notice.content["forfeiture_terms"]
    assert told["accepted_terms_hash"] == notice.content_hash
    assert told["amount"] == DEPOSIT.as_json()
    assert told["deal_id"] == str(deal_id)
    shown = done(await desk.get(f"registrations/{sold.registrations[world.buyer]}", "buyer_staff"))
    assert shown["forfeited_at"] is not None
    ended = (await history(session, deal_id))[-1]
    assert ended.type == "deal.defaulted"
    assert ended.public == {"listing_id": str(sold.listing_id)}
    assert ended.restricted["reason"] == "refused"
    assert ended.restricted["forfeited"] == DEPOSIT.as_json()


@pytest.mark.parametrize("worker", ["in time", "late", "disordered"])
async def test_the_next_bidder_buys_at_its_own_price(
    session: AsyncSession, world: World, sold: Lot, worker: str
) -> None:
    """ST1, ST15, LS21: whenever, and in whatever order, the listing hears of it."""
    first = await sell(session, world, sold, PRICE, standby={world.other_buyer, world.third_buyer})
    if worker != "late":
        await tell(session, first)
    with pytest.raises(DealExists if worker == "late" else ListingNotForSale):
        async with session.begin_nested():
            await sell(session, world, sold, NEXT_PRICE, world.other_buyer)
    await default(session, world, first, refused=True)
    if worker == "in time":
        await tell(session, first)
        listing = await listings.get_listing(session, sold.listing_id)
        assert (listing.status, listing.deal_id) == (ListingStatus.CLOSED, None)
    second = await sell(
        session, world, sold, NEXT_PRICE, world.other_buyer, standby={world.third_buyer}
    )
    if worker == "late":
        await tell(session, first, second)
    else:
        await tell(session, second)
        for event in await history(session, first):
            if event.type == "deal.defaulted":  # what came second is told first
                await take_outcome(session, event)
    listing = await listings.get_listing(session, sold.listing_id)
    assert (listing.status, listing.deal_id) == (ListingStatus.SOLD, second)
    assert await state_of(session, sold, world.other_buyer) is HoldState.POSTED
    assert await state_of(session, sold, world.third_buyer) is HoldState.HELD
    deals = await settlement.deals_of(session, sold.listing_id)
    assert [(deal.id, deal.status) for deal in deals] == [
        (first, DealStatus.DEFAULTED),
        (second, DealStatus.OPENED),
    ]
    assert deals[1].price == NEXT_PRICE
    types = [event.type for event in await history(session, sold.listing_id)]
    assert types[-3:] == ["listing.sold", "listing.reopened", "listing.sold"]
    await sign(session, world, second)
    assert await state_of(session, sold, world.third_buyer) is HoldState.VOIDED
    await assert_balanced(session, world)


async def test_who_declines_gets_its_deposit_and_nobody_left_means_failed(
    session: AsyncSession, world: World, desk: Desk, sold: Lot
) -> None:
    """LS16, LS20, LS21: and the achievement can be offered anew, without the defaulter."""
    deal_id = await sell(session, world, sold, PRICE, standby={world.other_buyer})
    await tell(session, deal_id)
    await default(session, world, deal_id, refused=True)
    now = await desk.now()
    for _ in range(2):
        await listings.release_deposit(
            session, sold.registrations[world.other_buyer], at=now, actor="system"
        )
    assert await state_of(session, sold, world.other_buyer) is HoldState.VOIDED
    assert await funds(session, world, world.other_buyer) == Money(0)
    with pytest.raises(BuyerWithoutDeposit):
        async with session.begin_nested():
            await sell(session, world, sold, NEXT_PRICE, world.other_buyer)
    failed = await happen(desk, {"id": str(sold.listing_id)}, "auction.failed", at=now)
    await take_outcome(session, failed)  # before it hears of the default
    listing = await listings.get_listing(session, sold.listing_id)
    assert listing.status is ListingStatus.FAILED
    for event in await history(session, deal_id):
        if event.type == "deal.defaulted":
            await take_outcome(session, event)
    assert (await listings.get_listing(session, sold.listing_id)).status is ListingStatus.FAILED

    rerun = await desk.published({"id": str(listing.achievement_id)})
    refusal(await desk.register(rerun, world.buyer), 400, "defaulter_excluded")
    done(await desk.register(rerun, world.other_buyer))
    await assert_balanced(session, world)


@pytest.mark.parametrize(
    ("resold", "shortfall"), [("650000.00", "80000.00"), ("800000.00", "0.00")]
)
async def test_the_re_run_notes_what_the_defaulter_owes(
    session: AsyncSession, world: World, desk: Desk, resold: str, shortfall: str
) -> None:
    """ST16: of the earlier listing only; who stood by in the same auction changes nothing."""
    achievement = await desk.accepted()
    first = await lot(desk, *BUYERS, achievement=achievement)
    broken = await sell(session, world, first, PRICE, standby={world.other_buyer})
    await tell(session, broken)
    await default(session, world, broken, refused=True)
    second = await sell(session, world, first, NEXT_PRICE, world.other_buyer)
    assert (await settlement.get_deal(session, broken)).shortfall is None
    await default(session, world, second, refused=True)
    now = await desk.now()
    failed = await happen(desk, {"id": str(first.listing_id)}, "auction.failed", at=now)
    await take_outcome(session, failed)
    rerun = await lot(desk, "third_buyer", achievement=achievement)
    price = Money.parse(resold)
    last = await sell(session, world, rerun, price, world.third_buyer)
    deal = await settlement.get_deal(session, broken)
    assert deal.shortfall == Money.parse(shortfall)
    event = (await history(session, broken))[-1]
    assert event.type == "deal.shortfall_noted"
    assert event.public == {"listing_id": str(first.listing_id)}
    assert event.restricted["resale_id"] == str(last)
    other = await settlement.get_deal(session, second)
    assert other.shortfall == max(NEXT_PRICE - price, Money(0))
    assert (await settlement.get_deal(session, last)).shortfall is None


async def test_a_signature_lies_between_confirmation_and_now(
    session: AsyncSession, world: World, sold: Lot
) -> None:
    """ST12"""
    deal_id = await sell(session, world, sold, PRICE)
    deal = await settlement.get_deal(session, deal_id)
    now = await market_now(session, world.market_id)
    for moment in (deal.confirmed_at - timedelta(seconds=1), now + timedelta(seconds=9)):
        with pytest.raises(SigningOutOfRange) as refused:
            await settlement.record_signing(
                session, deal_id=deal_id, signed_at=moment, at=now, actor=world.actor("operator")
            )
        assert refused.value.fields["maximum"] == now


async def test_a_licence_offered_twice_may_come_back_after_a_default(
    session: AsyncSession, world: World, desk: Desk
) -> None:
    """LS13, LS21: the second offer was published while the first was sold."""
    achievement = await desk.accepted()
    first = await lot(desk, "buyer", achievement=achievement, conversion_mode="licence_exclusive")
    deal_id = await sell(session, world, first, PRICE)
    await tell(session, deal_id)
    await desk.published(achievement, conversion_mode="licence_exclusive")
    await default(session, world, deal_id, refused=True)
    for event in await history(session, deal_id):
        if event.type == "deal.defaulted":
            await take_outcome(session, event)
    found = await session.scalar(
        text("SELECT status FROM listings WHERE id = :id"), {"id": UUID(str(first.listing_id))}
    )
    assert found == "closed"
