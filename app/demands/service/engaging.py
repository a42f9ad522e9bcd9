"""Open the engagements of a demand's winners, and follow their deals' signing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.award import Winner
from app.demands.domain.demand import DEMAND_TRANSITIONS, Demand, DemandTrigger
from app.demands.domain.engagement import (
    SIGNING,
    Engagement,
    EngagementStatus,
    brought_up,
    demand_outcome,
)
from app.demands.domain.failure import RiskRule
from app.demands.domain.milestone import deadline, plan
from app.demands.domain.notice import DemandNoticeKind
from app.demands.domain.posting import DecisionWay
from app.demands.repository import demands
from app.demands.repository import engagements as repository
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event, publish_notice
from app.platform import journal
from app.platform.access import ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.calendar import mainland_china
from app.shared.ids import EngagementId, MilestoneId, PartyId, new_id
from app.shared.money import Money
from app.shared.transitions import advance

ENDED: Final = {
    DemandTrigger.ACCEPT: "accepted",
    DemandTrigger.REOPEN: "reopened",
    DemandTrigger.TERMINATE: "terminated",
}
_UNSIGNED: Final = "中榜方未签约，重新评定 / no winner signed"
_STOPPED: Final = "全部揭榜合同已终止 / every engagement ended before its last milestone"


async def engage(
    session: AsyncSession, demand: Demand, winners: Sequence[Winner], *, at: datetime, actor: str
) -> Demand:
    """Give a demand's work to its winners: one engagement each, with the demand's milestones.

    The caller holds the demand's lock. Settlement opens a deal from each ``engagement.opened``.

    Args:
        winners: At least one, best first; several in a race, each within its route's budget.

    Raises:
        TransitionRefused: The demand's result is not open to objections.

    Invariants: DM75, DM76. Source: rules.md §4; 招标投标法 46 by analogy for the signing.
    """
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.AWARD)
    engagements = [await _opened(session, demand, winner, at) for winner in winners]
    told = [
        {"rank": it.rank, "party_id": it.solver_id, "price": it.price, "number": it.number}
        for it in engagements
    ]
    contracted = await publish_notice(
        session,
        replace(demand, status=status),
        DemandNoticeKind.AWARD,
        {"winners": told},
        what="awarded",
        at=at,
        actor=actor,
        public={"engagements": [it.id for it in engagements]},
    )
    for engagement in engagements:
        await repository.insert(session, engagement)
        restricted = {
            "poster_id": engagement.poster_id,
            "solver_id": engagement.solver_id,
            "sign_by_at": engagement.sign_by_at,
            "milestones": engagement.milestones,
        }
        public = {"rank": engagement.rank, "price": engagement.price, "number": engagement.number}
        await tell(session, engagement, "opened", at=at, actor=actor, more=restricted, told=public)
    return contracted


async def _opened(
    session: AsyncSession, demand: Demand, winner: Winner, at: datetime
) -> Engagement:
    terms, content = demand.terms, demand.content
    assert terms is not None  # it was posted
    price = winner.price
    if winner.rank <= len(terms.route_budgets):
        price = min(price, terms.route_budgets[winner.rank - 1])
    nothing = Money(0, price.currency)
    ids = [MilestoneId(new_id()) for _ in content.milestones]
    sign_by_at = deadline(at, SIGNING, mainland_china())
    return Engagement(
        id=EngagementId(new_id()),
        number=await repository.next_number(session, now=at),
        market_id=demand.market_id,
        demand_id=demand.id,
        proposal_id=winner.proposal_id,
        round=demand.round,
        rank=winner.rank,
        poster_id=demand.party_id,
        solver_id=winner.party_id,
        status=EngagementStatus.OPENED,
        price=price,
        failure_risk_rule=RiskRule(content.failure_risk_rule),
        poster_risk_bp=content.poster_risk_bp,
        lump_sum=content.lump_sum,
        third_party=content.third_party,
        racing=terms.decision is DecisionWay.RACING,
        opened_at=at,
        sign_by_at=sign_by_at,
        pay_by_at=sign_by_at,
        released=nothing,
        returned=nothing,
        milestones=plan(price, content.milestones, ids),
    )


async def lock_engagement(
    session: AsyncSession, engagement_id: EngagementId, *, now: datetime
) -> tuple[Demand, Engagement]:
    """Return an engagement as the stored moments leave it, under its demand's lock.

    All routes of a race share that lock: the last to end also ends the demand.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await repository.find(session, engagement_id)
    if found is None:
        raise ObjectUnknown("There is no such engagement.")
    demand = await lock_demand(session, found.demand_id)
    engagement = await repository.find(session, engagement_id)
    assert engagement is not None
    late = brought_up(engagement, now=now)
    if late != engagement:
        await repository.save(session, late, before=engagement)
        for was, milestone in zip(engagement.milestones, late.milestones, strict=True):
            if was != milestone:
                assert milestone.remedy_due_at is not None
                await tell(
                    session,
                    late,
                    "milestone_failed",
                    at=milestone.remedy_due_at,
                    actor="system",
                    told={"milestone": milestone.place},
                )
    return demand, late


async def tell(
    session: AsyncSession,
    engagement: Engagement,
    what: str,
    *,
    at: datetime,
    actor: str,
    told: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
    audience: frozenset[PartyId] | None = None,
) -> None:
    """Journal what happened to an engagement: in part for everybody, the rest for its parties."""
    await journal.append(
        session,
        NewEvent(
            market_id=engagement.market_id,
            subject="engagement",
            subject_id=engagement.id,
            type=f"engagement.{what}",
            market_at=at,
            actor=actor,
            public={"demand_id": engagement.demand_id, "round": engagement.round}
            | dict(told or {}),
            restricted=dict(more or {}),
            audience=engagement.parties if audience is None else audience,
        ),
    )


async def end_demand(session: AsyncSession, demand: Demand, *, at: datetime, actor: str) -> Demand:
    """Let a locked demand follow its engagements when the last of them has ended (DM87)."""
    engagements = await repository.of_demand(session, demand.id)
    trigger = demand_outcome([it.status for it in engagements])
    if trigger is None:
        return demand
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=trigger)
    what = ENDED[trigger]
    if trigger is DemandTrigger.TERMINATE:
        ended = replace(demand, status=status, reason=_STOPPED, ended_at=at)
        facts = {"engagements": [{"number": it.number, "status": it.status} for it in engagements]}
        kind = DemandNoticeKind.TERMINATION
        return await publish_notice(session, ended, kind, facts, what=what, at=at, actor=actor)
    over = trigger is DemandTrigger.ACCEPT
    moved = replace(
        demand,
        status=status,
        ended_at=at if over else None,
        reason=demand.reason if over else _UNSIGNED,
    )
    await demands.save(session, moved)
    event = demand_event(moved, what, at=at, actor=actor, public={"status": status})
    await journal.append(session, event)
    return moved
