"""Deposits from the notice to the bank: price or bond, lost on each ground, back in time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.handlers import REACTIONS as BANKING
from app.ledger import public as ledger
from app.ledger.public import HoldState
from app.listings.handlers import REACTIONS as LISTINGS
from app.listings.public import ListingStatus, get_listing
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.settlement import public as settlement
from app.settlement.domain.deal import DefaultReason, Side
from app.shared.ids import DealId, HoldId, ListingId, PartyId, RegistrationId
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.settlement.factories import DEPOSIT, Lot, deposit, lot, sell
from tests.settlement.test_deals import assert_balanced, funds, pay
from tests.world import World

PRICE = Money.parse("730000.00")
BUYERS = ("buyer", "other_buyer")
BOND: dict[str, Any] = {"deposit_becomes": "performance_bond"}


async def react(session: AsyncSession) -> None:
    """Let listings and banking hear of everything that was journaled; again is harmless."""
    seen = -1
    while True:
        events = (
            await session.scalars(
                select(JournalEvent).where(JournalEvent.seq > seen).order_by(JournalEvent.seq)
            )
        ).all()
        if not events:
            return
        for event in events:
            seen = event.seq
            for reaction in (*LISTINGS, *BANKING):
                if event.type in reaction.types and reaction.name != "listings.search":
                    await reaction.react(session, event)


async def life(desk: Desk, sold: Lot, party_id: PartyId, role: str = "operator") -> Json:
    who: dict[str, Any] = {} if role == "operator" else {"party_id": party_id}
    return done(
        await desk.get(f"registrations/{sold.registrations[party_id]}/deposit", role, **who)
    )


async def listed(desk: Desk, query: str) -> list[str]:
    found = done(await desk.get(f"deposits?{query}", "operator"))["items"]
    return [item["registration_id"] for item in found]


async def default(
    session: AsyncSession, world: World, deal_id: DealId, **how: Any
) -> settlement.Deal:
    return await settlement.default_deal(
        session,
        deal_id=deal_id,
        ground="逾期未签约 / did not sign",
        at=await market_now(session, world.market_id),
        actor=world.actor(Role.OPERATOR),
        **how,
    )


async def test_a_losers_deposit_from_due_to_the_bank(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS26, LS27, D1, D5: due, arrived, held, ordered back, overdue, paid by the bank."""
    listing = await desk.published()
    registration = await desk.qualified(listing)
    path = f"registrations/{registration['id']}/deposit"
    own = {"party_id": world.buyer}
    due = done(await desk.get(path, "buyer_staff", **own))
    assert (due["state"], due["amount"]) == ("due", yuan("120000.00"))
    assert due["due_at"] == listing["opens_at"]
    assert (due["arrival"], due["held"]) == (None, yuan("0.00"))
    assert due["terms"] == listing["forfeiture_terms"]
    assert due["accepted_terms_hash"] == listing["notice"]["content_hash"]
    bank_at = (await desk.now() - timedelta(hours=3)).isoformat()
    done(await desk.pay(registration, "西溪智造有限公司", received_at=bank_at))
    held = done(await desk.get(path, "operator"))
    assert (held["state"], held["held"]) == ("held", yuan("120000.00"))
    assert held["arrival"]["received_at"] < held["arrival"]["booked_at"]
    assert held["arrival"]["payer_name"] == "西溪智造有限公司"
    assert held["earnest"]["effective"] == yuan("120000.00")
    assert not held["earnest"]["exceeds"]

    sold = await lot_beside(desk, world, listing, registration)
    await sell(session, world, sold, PRICE, world.other_buyer)
    await react(session)
    back = await life(desk, sold, world.buyer, "buyer_staff")
    assert (back["state"], back["on_its_way"]) == ("returning", yuan("120000.00"))
    assert back["refund"]["due_at"] == back["refund_due_at"] == "2026-03-26T16:00:00+00:00"
    assert not back["overdue"]
    assert await listed(desk, "overdue=true") == []
    await world.later(session, days=4)
    assert await listed(desk, "overdue=true") == [registration["id"]]
    assert (await life(desk, sold, world.buyer))["overdue"]
    paid = {"executed_at": (await desk.now()).isoformat(), "bank_reference": "B1"}
    order = back["refund"]["order_id"]
    done(await desk.post(f"payment-orders/{order}/execution", "operator", paid))
    await react(session)
    ended = await life(desk, sold, world.buyer)
    assert (ended["state"], ended["overdue"], ended["on_its_way"]) == (
        "returned",
        False,
        yuan("0.00"),
    )
    assert ended["refunded_at"] == ended["refund"]["executed_at"]
    assert await listed(desk, "state=returned") == [registration["id"]]
    assert await listed(desk, "state=price") == [str(sold.registrations[world.other_buyer])]
    await assert_balanced(session, world)


async def lot_beside(desk: Desk, world: World, listing: Json, registration: Json) -> Lot:
    """Let another buyer deposit beside a registration, and the disclosure end."""
    others = await deposit(desk, listing, "other_buyer")
    await world.later(desk.session, days=21)
    return Lot(
        ListingId(UUID(listing["id"])),
        {world.buyer: RegistrationId(UUID(registration["id"])), **others},
    )


async def test_the_winners_deposit_becomes_price(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS25: as the notice says by default."""
    sold = await lot(desk, "buyer")
    deal_id = await sell(session, world, sold, PRICE)
    seen = await life(desk, sold, world.buyer)
    assert (seen["state"], seen["becomes"], seen["deal_id"]) == ("price", "price", str(deal_id))
    assert seen["conversion"]["becomes"] == "price"
    assert seen["earnest"]["contract_value"] == yuan("730000.00")


async def test_a_bond_is_held_until_the_deal_is_over_and_goes_back(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS25, ST8: it pays nothing of the price; signing gives back the others' only."""
    sold = await lot(desk, *BUYERS, **BOND)
    deal_id = await sell(session, world, sold, PRICE, standby={world.other_buyer})
    deal = await settlement.get_deal(session, deal_id)
    assert (deal.deposit, deal.paid, deal.outstanding) == (Money(0), Money(0), PRICE)
    await react(session)
    now = await market_now(session, world.market_id)
    await settlement.record_signing(
        session, deal_id=deal_id, signed_at=now, at=now, actor=world.actor("operator")
    )
    assert (await life(desk, sold, world.other_buyer))["state"] == "returning"
    bond = await life(desk, sold, world.buyer)
    assert (bond["state"], bond["held"], bond["conversion"]["becomes"]) == (
        "bond",
        yuan("120000.00"),
        "performance_bond",
    )
    await pay(session, world, deal_id, PRICE)
    await react(session)
    assert (await life(desk, sold, world.buyer))["state"] == "returning"
    assert await funds(session, world, world.seller) == PRICE
    await assert_balanced(session, world)


async def test_a_bond_is_lost_by_the_buyers_default(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS24, LS25, ST14: what was paid of the price goes back, the bond does not."""
    sold = await lot(desk, "buyer", **BOND)
    deal_id = await sell(session, world, sold, PRICE)
    await pay(session, world, deal_id, Money.parse("30000.00"))
    await world.later(session, days=30)
    deal = await default(session, world, deal_id)
    assert (deal.default_side, deal.default_reason) == (Side.BUYER, DefaultReason.NOT_SIGNED)
    assert await funds(session, world, world.buyer) == Money.parse("30000.00")
    lost = await ledger.forfeited_of(session, market_id=world.market_id)
    assert lost == DEPOSIT
    seen = await life(desk, sold, world.buyer, "buyer_staff")
    assert (seen["state"], seen["ground"]) == ("forfeited", "not_signed")
    assert seen["forfeiture"]["deal_id"] == str(deal_id)
    assert seen["forfeiture"]["terms"] == seen["terms"]
    await assert_balanced(session, world)


@pytest.mark.parametrize(
    ("how", "ground"),
    [
        ({"refused": True}, "not_signed"),
        ({"finding": DefaultReason.COLLUSION}, "collusion"),
        ({"finding": DefaultReason.FALSE_MATERIAL}, "false_material"),
    ],
)
async def test_a_winner_loses_its_deposit_on_each_ground(
    desk: Desk, session: AsyncSession, world: World, how: dict[str, Any], ground: str
) -> None:
    """LS24, ST116: by refusal or finding at any time."""
    sold = await lot(desk, "buyer")
    deal_id = await sell(session, world, sold, PRICE)
    await default(session, world, deal_id, **how)
    assert (await life(desk, sold, world.buyer))["ground"] == ground


async def test_not_paying_costs_the_deposit_of_who_has_signed(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS24"""
    sold = await lot(desk, "buyer")
    deal_id = await sell(session, world, sold, PRICE)
    now = await market_now(session, world.market_id)
    await settlement.record_signing(
        session, deal_id=deal_id, signed_at=now, at=now, actor=world.actor("operator")
    )
    await world.later(session, days=30)
    await default(session, world, deal_id)
    assert (await life(desk, sold, world.buyer))["ground"] == "not_paid"


async def test_a_finding_costs_a_bidder_its_deposit_before_any_deal(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS24, LS28, LS20: the operator judges; the buyer stays away from the achievement."""
    sold = await lot(desk, *BUYERS)
    path = f"registrations/{sold.registrations[world.buyer]}/forfeiture"
    body = {"ground": "collusion", "finding": "与另一竞买人由同一人操作报价。"}
    excluded = done(await desk.post(path, "operator", body))
    assert excluded["status"] == "excluded"
    seen = await life(desk, sold, world.buyer, "buyer_staff")
    assert (seen["state"], seen["ground"]) == ("forfeited", "collusion")
    assert seen["forfeiture"]["words"] == body["finding"]
    refusal(await desk.post(path, "operator", body), 409, "deposit_not_held")
    other = f"registrations/{sold.registrations[world.other_buyer]}/forfeiture"
    await sell(session, world, sold, PRICE, world.other_buyer)
    refused = refusal(await desk.post(other, "operator", body), 409, "deposit_in_deal")
    assert refused["deal_id"]
    unknown = {"ground": "withdrawal", "finding": "撤回"}
    refusal(await desk.post(path, "operator", unknown), 422, "request_invalid")
    await assert_balanced(session, world)


async def test_a_seller_that_does_not_sign_gives_everything_back(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS29, ST116: nobody is excluded, the listing ends, who stood by leaves with its deposit."""
    sold = await lot(desk, *BUYERS)
    deal_id = await sell(session, world, sold, PRICE, standby={world.other_buyer})
    await react(session)
    await pay(session, world, deal_id, Money.parse("30000.00"))
    await world.later(session, days=30)
    deal = await default(session, world, deal_id, side=Side.SELLER)
    assert (deal.default_reason, deal.returned) == (
        DefaultReason.NOT_SIGNED,
        DEPOSIT + Money.parse("30000.00"),
    )
    await react(session)
    assert (await get_listing(session, sold.listing_id)).status is ListingStatus.FAILED
    for party_id in (world.buyer, world.other_buyer):
        seen = await life(desk, sold, party_id)
        assert (seen["state"], seen["on_its_way"]) == ("returning", yuan("120000.00"))
    assert await funds(session, world, world.buyer) == Money.parse("30000.00")
    lost = await ledger.forfeited_of(session, market_id=world.market_id)
    assert lost == Money(0)
    rerun = await desk.published(
        {"id": str((await get_listing(session, sold.listing_id)).achievement_id)}
    )
    done(await desk.register(rerun, world.buyer))
    await assert_balanced(session, world)


async def test_a_sellers_default_returns_the_bond(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS25, LS29"""
    sold = await lot(desk, "buyer", **BOND)
    deal_id = await sell(session, world, sold, PRICE)
    await default(session, world, deal_id, side=Side.SELLER, refused=True)
    hold = await ledger.get_hold(session, HoldId(sold.registrations[world.buyer]))
    assert hold.state is HoldState.VOIDED
    assert (await life(desk, sold, world.buyer))["state"] == "returning"


async def test_who_has_not_paid_owes_nothing_when_the_listing_is_sold(
    desk: Desk, session: AsyncSession, world: World
) -> None:
    """LS27"""
    listing = await desk.published()
    late = await desk.qualified(listing, world.third_buyer)
    others = await deposit(desk, listing, "buyer")
    await world.later(session, days=21)
    await sell(session, world, Lot(ListingId(UUID(listing["id"])), others), PRICE)
    await react(session)
    seen = done(await desk.get(f"registrations/{late['id']}/deposit", "operator"))
    assert seen["state"] == "dropped"
    own = {"party_id": world.other_buyer}
    refusal(
        await desk.get(f"registrations/{late['id']}/deposit", "buyer_staff", **own),
        403,
        "not_yours",
    )
