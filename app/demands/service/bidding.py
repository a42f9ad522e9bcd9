"""A demand's reverse auction 反向竞价: its plan, the hand-over to bidding, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.award import Winner
from app.demands.domain.bidding import (
    AUCTION_ANNULLED,
    AUCTION_CANCELLED,
    AUCTION_FAILED,
    check_attachable,
)
from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Demand,
    DemandStatus,
    DemandTrigger,
)
from app.demands.domain.proposal import ProposalStatus
from app.demands.repository import bidders, judged
from app.demands.repository import demands as repository
from app.demands.service.announcing import LOOK_AGAIN, announce_result
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event
from app.demands.service.reviewing import fail_review
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, ObjectUnknown
from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.shared.calendar import SHANGHAI, CalendarHorizonExceeded, mainland_china
from app.shared.ids import AuctionId, DemandId
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.shared.transitions import TransitionRefused, advance

CALL: Final = "demand.call_bidding"
_FAILURES: Final = {"auction.failed": AUCTION_FAILED, "auction.cancelled": AUCTION_CANCELLED}
FOLLOWED: Final = frozenset(_FAILURES)


async def attach_plan(
    session: AsyncSession,
    *,
    demand_id: DemandId,
    plan: Mapping[str, Any],
    now: datetime,
    actor: Actor,
) -> Demand:
    """Fix how the auction of a reviewed demand will run, over an earlier plan.

    Args:
        plan: Of values that `jsonable` knows, nothing secret; the posting publishes it whole.

    Raises:
        ObjectUnknown: No such demand in the actor's market.
        PlanNotOfThisDecision: It is posted with another way to decide.
        TransitionRefused: It is not reviewed.

    Invariant: DM95.
    """
    demand = await lock_demand(session, demand_id)
    if demand.market_id != actor.market_id:
        raise ObjectUnknown("There is no such demand in your market.")
    check_attachable(demand)
    if demand.status is not DemandStatus.REVIEWED:
        raise TransitionRefused(
            "A plan is attached before the posting, which publishes it.",
            state=str(demand.status),
            accepted=[str(DemandStatus.REVIEWED)],
        )
    planned = replace(demand, bidding=jsonable(plan))
    await repository.save(session, planned)
    # What is not posted is nobody else's business; the posting tells everything.
    restricted = {"plan": planned.bidding}
    event = demand_event(planned, "plan_attached", actor=actor.ref, at=now, restricted=restricted)
    await journal.append(session, event)
    return planned


async def hand_over(
    session: AsyncSession,
    demand: Demand,
    *,
    auction_id: AuctionId,
    opens_at: datetime,
    at: datetime,
) -> Demand:
    """Give a locked demand the auction that its review called for.

    Invariant: DM97.
    """
    assert demand.status is DemandStatus.EVALUATING
    handed = replace(demand, auction_id=auction_id)
    await repository.save(session, handed)
    public = {"auction_id": auction_id, "opens_at": opens_at}
    event = demand_event(handed, "bidding_opened", actor=SYSTEM, at=at, public=public)
    await journal.append(session, event)
    return handed


async def fail_bidding(
    session: AsyncSession, demand: Demand, *, reason: str, at: datetime
) -> Demand:
    """Let the review of a locked demand fail, because there can be no auction."""
    return await fail_review(session, demand, reason=reason, at=at, actor=SYSTEM)


async def call_bidding_later(session: AsyncSession, demand: Demand, *, at: datetime) -> None:
    """Call for a locked demand's auction again when the working days are known.

    By a timer of the demand's own, so that nobody else's auction waits.
    """
    if not await timers.is_in_hand(session, kind=CALL, subject_id=demand.id):
        await timers.schedule(
            session, market_id=demand.market_id, kind=CALL, subject_id=demand.id, due_at=at
        )


async def on_call_due(session: AsyncSession, demand_id: UUID, due_at: datetime) -> None:
    """Call for the auction again, if it is still wanted (a timer).

    Where the days are still not known it looks again a day later: a handler that fails is given
    up within minutes, and days become known within months.

    Invariant: DM97.
    """
    demand = await lock_demand(session, DemandId(demand_id))
    if demand.status is not DemandStatus.EVALUATING or demand.bidding is None:
        return
    at = max(due_at, await market_now(session, demand.market_id))
    wait = demand.bidding["opens_after"]["count"]
    try:
        mainland_china().add_working_days(at.astimezone(SHANGHAI).date(), wait)
    except CalendarHorizonExceeded:
        await call_bidding_later(session, demand, at=at + LOOK_AGAIN)
        return
    event = demand_event(demand, "bidding_due", actor=SYSTEM, at=at, public={})
    await journal.append(session, event)


async def announce_bidding(
    session: AsyncSession,
    demand: Demand,
    told: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
    actor: str,
) -> Demand:
    """Announce what the auction of a locked demand under review has decided.

    With the auction's confirmation, in one transaction: between the two the poster could leave,
    and owe the winner nothing.

    Args:
        told: The auction's ranking, best first: bidder codes and amounts as JSON.

    Invariants: DM88, DM98. Source: rules.md section 4 (review, then the result's notice).
    """
    ranking = await _ranking(session, demand, told)
    return await announce_result(session, demand, ranking, at=at, actor=actor)


async def follow_auction(session: AsyncSession, event: JournalEvent) -> None:
    """Let the review fail whose auction decided nothing (a reaction).

    Under the demand's lock. An auction that is not the demand's present one, or a demand that
    has moved on, changes nothing: events may be told late, and twice.

    Invariants: DM98, DM99.
    """
    if "demand_id" not in event.public or event.type not in _FAILURES:
        return  # a listing's, or what was told already
    demand = await lock_demand(session, DemandId(UUID(event.public["demand_id"])))
    if demand.auction_id != event.subject_id or demand.status is not DemandStatus.EVALUATING:
        return
    reason = _FAILURES[event.type]
    await fail_review(session, demand, reason=reason, at=event.market_at, actor=SYSTEM)


async def _ranking(
    session: AsyncSession, demand: Demand, told: Sequence[Mapping[str, Any]]
) -> list[Winner]:
    known = await bidders.of_round(session, demand.id, demand.round, None)
    by_code = {bidder.bidder_code: bidder for bidder in known.values()}
    found = [(by_code[place["bidder_code"]], place["amount"]) for place in told]
    return [
        Winner(
            proposal_id=bidder.id,
            party_id=bidder.party_id,
            rank=rank,
            price=Money.parse(amount["amount"], amount["currency"]),
        )
        for rank, (bidder, amount) in enumerate(found, start=1)
    ]


async def void_bidding(
    session: AsyncSession, demand: Demand, *, at: datetime, actor: str
) -> Demand:
    """Take back what a locked demand made of its auction, whose result is void.

    A result that is open to objections is reopened first, then the review fails: the demand can
    be mended and posted anew. A demand that has moved on stays as it is.

    Invariant: DM99.
    """
    if demand.status is DemandStatus.NOTICED:
        status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.REOPEN)
        demand = replace(demand, status=status)
        named = await judged.admitted(session, demand.id, demand.round)
        await judged.mark(session, [item.id for item in named], ProposalStatus.NOT_CHOSEN)
    if demand.status is not DemandStatus.EVALUATING:
        return demand
    return await fail_review(session, demand, reason=AUCTION_ANNULLED, at=at, actor=actor)
