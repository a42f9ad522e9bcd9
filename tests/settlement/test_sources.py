"""Every way to a price makes one deal: agreement, posted price, bidding, demand."""

from collections.abc import Sequence
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent, history
from app.settlement.domain.deal import Deal, DealExists
from app.settlement.handlers import follow_engagement, open_awarded
from app.settlement.public import deals_of
from app.shared.ids import DealId, ListingId
from app.shared.money import Money
from tests.demands.board import Board
from tests.demands.work import Work
from tests.listings import posted
from tests.listings.factories import Desk, Json, done, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.settlement.signing_desk import SigningDesk
from tests.settlement.test_awarded import award_of
from tests.settlement.texts import parameters
from tests.world import World

PRICE = Money.parse("620000.00")


async def of_listing(session: AsyncSession, listing: Json) -> Sequence[Deal]:
    return await deals_of(session, ListingId(UUID(listing["id"])))


async def opens_once(session: AsyncSession, listing: Json, event: JournalEvent) -> Deal:
    """Let the worker come twice; return the one deal."""
    await open_awarded(session, event)
    with pytest.raises(DealExists):
        async with session.begin_nested():
            await open_awarded(session, event)
    (deal,) = await of_listing(session, listing)
    return deal


async def test_an_agreement_makes_one_deal(desk: Desk) -> None:
    """ST1, ST17"""
    listing, event = await award_of(desk)
    deal = await opens_once(desk.session, listing, event)
    assert (deal.source, deal.buyer_id) == ("agreement", desk.world.buyer)


async def test_a_posted_price_makes_one_deal(
    client: httpx.AsyncClient, world: World, session: AsyncSession
) -> None:
    """ST1, ST17"""
    desk = posted.Counter(client, world, session)
    listing = await desk.posted()
    await desk.depositor(listing)
    await desk.end_disclosure(listing)
    done(await desk.act(listing, "offer", "buyer", {"amount": yuan("620000.00")}))
    events = await history(session, UUID(listing["id"]))
    (event,) = [event for event in events if event.type == "listing.awarded"]
    deal = await opens_once(session, listing, event)
    assert (deal.source, deal.price, deal.deposit) == ("posted", PRICE, Money.parse("120000.00"))


async def test_an_auction_makes_one_deal(desk: Desk, session: AsyncSession, world: World) -> None:
    """ST1; `tests/auctions` confirms a real one."""
    sold = await lot(desk, "buyer")
    await sell(session, world, sold, PRICE)
    with pytest.raises(DealExists):
        async with session.begin_nested():
            await sell(session, world, sold, PRICE)
    (deal,) = await deals_of(session, sold.listing_id)
    assert (deal.source, deal.source_id) == ("auction", UUID(int=7))


async def test_a_demand_makes_one_deal_and_its_rules_stand_in_the_text(
    client: httpx.AsyncClient, world: World, session: AsyncSession
) -> None:
    """ST20, ST30: the solver sells, the poster buys."""
    work = Work(Board(client, world), session)
    _, (engagement,) = await work.engaged("800000.00")
    event = await session.scalar(
        select(JournalEvent).where(
            JournalEvent.type == "engagement.opened",
            JournalEvent.subject_id == UUID(engagement["id"]),
        )
    )
    assert event is not None
    with pytest.raises(DealExists):
        async with session.begin_nested():
            await follow_engagement(session, event)
    desk = SigningDesk(Counter(client, world, session), DealId(UUID(engagement["deal_id"])))
    fixed = await desk.counter.fix(
        desk.deal_id,
        0,
        contract_type="development_commissioned",
        technology_amount=None,
        ip_kind="technical_secret",
    )
    done(fixed)
    given = parameters("development_commissioned")
    del given["risk"], given["ownership_commissioned"]["ownership"]
    text = done(await desk.draft(given=given))["text"]
    said = {
        clause["code"]: "".join(clause["paragraphs"])
        for section in text["sections"]
        for clause in section["clauses"]
    }
    assert "甲方分担60%" in said["risk"]
    assert "属于甲方，乙方可将成果用于自身的科研和教学" in said["ownership_commissioned"]
    assert [party["side"] for party in text["parties"]] == ["buyer", "seller"]
    assert text["parties"][0]["lines"][0] == ["名称", "西溪智造有限公司"]
