"""What auctions do about demands: plans of reverse auctions, and the auctions made of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.plan import Plan, ceiling, check_demand_plan
from app.auctions.domain.terms import Format, Terms
from app.auctions.repository import auctions as repository
from app.auctions.repository.auctions import Auction
from app.auctions.service.create import DEADLINE_TIMER, check_keys, scheduled
from app.auctions.service.handover import end_without_result
from app.auctions.service.publish import announced
from app.auctions.vault import Vault
from app.demands import public as demands
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor
from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.shared.calendar import CalendarHorizonExceeded, mainland_china
from app.shared.ids import AuctionId, DemandId, new_id

FOLLOWED: Final = frozenset({"demand.bidding_due", "demand.unanswered", "demand.withdrawn"})
NOBODY: Final = "none_eligible"
POINTS_MISSING: Final = "review_points_missing"
OVER: Final = frozenset(
    {
        AuctionStatus.CONFIRMED,
        AuctionStatus.FAILED,
        AuctionStatus.CANCELLED,
        AuctionStatus.ANNULLED,
    }
)


async def set_demand_plan(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    terms: Terms,
    opens_after: int,
    opening_hour: int,
    now: datetime,
) -> Plan:
    """Fix for a reviewed demand how its reverse auction will run; its posting publishes it.

    Raises:
        TermsContradict: Lists every contradiction, with each other and with the budget.
        AuctionNotLicensed: 拍卖 cannot be planned.
        What `demands.attach_plan` raises.

    Source: rules.md §3, §4; README, AU96.
    """
    demand = await demands.get_demand(session, demand_id, lock=True)
    check_demand_plan(terms, budget=demand.content.budget.high, now=now)
    check_keys(terms)
    plan = Plan(
        terms=terms,
        opens_after=opens_after,
        opening_hour=opening_hour,
        lowest_floor=ceiling(terms),
    )
    await demands.attach_plan(
        session, demand_id=demand.id, plan=plan.as_json(), now=now, actor=actor
    )
    return plan


async def follow_demand(session: AsyncSession, vault: Vault, event: JournalEvent) -> None:
    """Let a demand's auction follow it (a reaction of its own: no listing waits for a demand)."""
    if event.type == "demand.bidding_due":
        await open_demand_bidding(session, event)
        return
    for auction in await repository.of_demand(session, event.subject_id):
        if auction.state.status not in OVER:
            await end_without_result(session, vault, auction.id, event.type)


async def open_demand_bidding(session: AsyncSession, event: JournalEvent) -> None:
    """Create, announce and schedule the auction that a demand's review calls for.

    Under the demand's lock, and one a call: two at once or a repeated event make one auction, a
    demand that moved on gets none. Where nobody was admitted, or the panel's points are not
    whole, the review fails instead. One proposer alone bids at or below the ceiling like several:
    it does not know that it is alone, so its price is as good as with rivals (modelled on L8, by
    which a single buyer names a price within the announced one). Where the working days are not
    known, the demand calls again by a timer of its own.

    Source: rules.md §3, §4, L8; README, AU97, AU98.
    """
    demand = await demands.get_demand(session, DemandId(event.subject_id), lock=True)
    if demand.status is not demands.DemandStatus.EVALUATING or demand.bidding is None:
        return
    call = event.subject_version
    earlier = await repository.of_demand(session, demand.id)
    if any(_answers(it, call, demand.round) for it in earlier):
        return
    plan = Plan.from_json(demand.bidding)
    at = max(event.market_at, await market_now(session, demand.market_id))
    lacking = await _lacking(session, demand, plan.terms)
    if lacking is not None:
        await demands.fail_bidding(session, demand, reason=lacking, at=at)
        return
    try:
        opens_at = plan.opening(at, mainland_china())
    except CalendarHorizonExceeded:
        await demands.call_bidding_later(session, demand, at=at)
        return
    auction = _planned(demand, plan, opens_at, announced_at=at, call=call)
    await repository.add(session, auction)
    await repository.save(session, auction)  # an insert does not know the announcement
    await timers.schedule(
        session,
        market_id=auction.market_id,
        kind=DEADLINE_TIMER,
        subject_id=auction.id,
        due_at=opens_at,
    )
    await journal.append(session, scheduled(auction, SYSTEM, at), announced(auction, at))
    await demands.hand_over(session, demand, auction_id=auction.id, opens_at=opens_at, at=at)


def _answers(auction: Auction, call: int, round_no: int) -> bool:
    """Tell whether a call needs no auction any more: it has one, or the round's still runs."""
    assert auction.demand_call is not None
    runs = auction.demand_round == round_no and auction.state.status not in OVER
    return auction.demand_call >= call or runs


async def _lacking(session: AsyncSession, demand: demands.Demand, terms: Terms) -> str | None:
    """Return why there can be no auction, ``None`` if there can."""
    found = await demands.bidders_of(session, demand.id, None, round_no=demand.round)
    codes = [it.bidder_code for it in found.values() if it.party_id != demand.party_id]
    if not codes:
        return NOBODY
    if terms.format is not Format.WEIGHTED:
        return None
    points = await demands.points_of(session, demand.id, round_no=demand.round)
    whole = _are_whole(points, codes, criteria=len(terms.criteria or ()))
    return None if whole else POINTS_MISSING


def _are_whole(points: Mapping[str, Sequence[int]], codes: Sequence[str], *, criteria: int) -> bool:
    return all(len(points.get(code, ())) == criteria for code in codes)


def _planned(
    demand: demands.Demand, plan: Plan, opens_at: datetime, *, announced_at: datetime, call: int
) -> Auction:
    return Auction(
        id=AuctionId(new_id()),
        market_id=demand.market_id,
        listing_id=None,
        demand_id=demand.id,
        demand_round=demand.round,
        demand_call=call,
        seller_id=demand.party_id,
        session_id=None,
        title=demand.content.title,
        licence=None,
        opens_at=opens_at,
        announced_at=announced_at,
        state=BiddingState(terms=plan.terms, status=AuctionStatus.SCHEDULED, deadline_at=opens_at),
    )
