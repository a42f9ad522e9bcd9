"""End an engagement before its last milestone, and say who is owed what at a withdrawal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain import settling
from app.demands.domain.delivery import CostKind
from app.demands.domain.demand import Demand
from app.demands.domain.engagement import (
    Engagement,
    NotRacing,
    end,
    has_failed,
    require_running,
)
from app.demands.domain.failure import MilestoneNotFailed, StopCause
from app.demands.domain.proposal import ProposalStatus
from app.demands.domain.settling import StopTerms
from app.demands.domain.withdrawing import Claim, Proposed, withdrawal_claims
from app.demands.repository import engagements as repository
from app.demands.repository import proposals
from app.demands.service.delivering import handed, require_poster, require_solver
from app.demands.service.engaging import end_demand, lock_engagement, tell
from app.demands.service.funding import escrow_of, move_money
from app.platform.access import Actor, NotYours
from app.platform.files.grants import grant_files
from app.shared.errors import RuleBroken
from app.shared.ids import EngagementId, FileId
from app.shared.jsonable import jsonable
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class ShownCost:
    """A cost with its evidence."""

    kind: CostKind
    amount: Money
    note: str
    file_id: FileId


class CostsCurrencyWrong(RuleBroken):
    """Costs are shown in the currency of the price."""

    code = "costs_currency_wrong"
    title_zh = "费用币种与合同币种不符"
    title_en = "The costs are in another currency than the price"


async def show_costs(
    session: AsyncSession,
    actor: Actor,
    engagement_id: EngagementId,
    costs: Sequence[ShownCost],
    *,
    now: datetime,
) -> Engagement:
    """Show the costs of what was not accepted, each with its evidence; the last word counts.

    Raises:
        NotYours, EngagementNotRunning: Not the solver, or not now.
        CostsCurrencyWrong: Names the currency.
        ObjectUnknown: An evidence is not a file of the solver.
    """
    _, engagement = await lock_engagement(session, engagement_id, now=now)
    require_solver(actor, engagement)
    require_running(engagement)
    currency = engagement.price.currency
    if any(cost.amount.currency != currency for cost in costs):
        raise CostsCurrencyWrong("Show them in one currency.", field="costs", accepted=currency)
    files = [cost.file_id for cost in costs]
    evidence = await handed(session, actor.party_id, files)
    told: list[dict[str, Any]] = [
        {"kind": cost.kind, "amount": cost.amount, "note": cost.note, "file": file}
        for cost, file in zip(costs, evidence, strict=True)
    ]
    changed = settling.with_costs(engagement, told)
    await repository.save(session, changed, before=engagement)
    await grant_files(session, files, party_id=engagement.poster_id, ground_id=engagement.id)
    await tell(session, changed, "costs_shown", at=now, actor=actor.ref, more={"costs": told})
    return changed


async def cut(
    session: AsyncSession,
    actor: Actor,
    engagement_id: EngagementId,
    *,
    reason: str,
    now: datetime,
) -> Engagement:
    """Cut a route of a race at its failed milestone: accepted ones are paid, the rest goes back.

    Raises:
        NotYours, EngagementNotRunning: Not the poster, or not now.
        NotRacing, MilestoneNotFailed: Nothing to cut.

    Invariants: DM82, DM85. Source: rules.md §4 (赛马).
    """
    demand, engagement = await lock_engagement(session, engagement_id, now=now)
    require_poster(actor, engagement)
    require_running(engagement)
    if not engagement.racing:
        raise NotRacing("There is one route only.")
    if not has_failed(engagement):
        raise MilestoneNotFailed("A route is cut at a failed milestone.")
    terms = StopTerms(cause=StopCause.RACE, ground=reason, costs=engagement.nothing)
    return await _end(session, actor, demand, engagement, terms, now=now)


async def propose(
    session: AsyncSession,
    actor: Actor,
    engagement_id: EngagementId,
    terms: StopTerms,
    *,
    now: datetime,
) -> Engagement:
    """Propose how to settle and stop; an earlier proposal falls.

    Raises:
        NotYours: Neither side; or one gives the other's cause.
        EngagementNotRunning, DeliveryUndecided: Not now.
        RatioMissing, RatioNotExpected, CostsAboveShown: See the rules of failure.

    Invariant: DM91.
    """
    _, engagement = await lock_engagement(session, engagement_id, now=now)
    require_running(engagement)
    own = {StopCause.POSTER: engagement.poster_id, StopCause.SOLVER: engagement.solver_id}
    if actor.party_id not in engagement.parties or (
        own.get(terms.cause, actor.party_id) != actor.party_id
    ):
        raise NotYours("Each side states its own cause.")
    changed = settling.proposed(engagement, terms, by=actor.party_id)
    await repository.save(session, changed, before=engagement)
    told = {"proposal": changed.proposal}
    await tell(session, changed, "settlement_proposed", at=now, actor=actor.ref, more=told)
    return changed


async def confirm(
    session: AsyncSession, actor: Actor, engagement_id: EngagementId, *, seen: str, now: datetime
) -> Engagement:
    """Confirm the other side's proposal by its hash: the engagement ends and is settled.

    Raises:
        NotYours, EngagementNotRunning, DeliveryUndecided: Not this party, or not now.
        SettlementMissing, SettlementConfirmed, SettlementDiffers: Nothing to confirm.

    Invariant: DM91.
    """
    demand, engagement = await lock_engagement(session, engagement_id, now=now)
    require_running(engagement)
    if actor.party_id not in engagement.parties:
        raise NotYours("The other side confirms.")
    terms = settling.confirmed(engagement, by=actor.party_id, seen=seen)
    return await _end(session, actor, demand, engagement, terms, now=now)


async def decide(
    session: AsyncSession,
    actor: Actor,
    engagement_id: EngagementId,
    terms: StopTerms,
    *,
    now: datetime,
) -> Engagement:
    """Settle an engagement by the operator's decision, which states its ground.

    Raises:
        EngagementNotRunning, DeliveryUndecided: Not now.
        MilestoneNotFailed, StopNotAsked: Nothing asks for a decision.
        RatioMissing, RatioNotExpected, CostsAboveShown: See the rules of failure.

    Invariant: DM92.
    """
    demand, engagement = await lock_engagement(session, engagement_id, now=now)
    require_running(engagement)
    settling.check_decidable(engagement, terms.cause)
    return await _end(session, actor, demand, engagement, terms, now=now)


async def on_withdrawn(session: AsyncSession, demand: Demand) -> Sequence[Claim]:
    """Return what each proposer of a demand's round may claim when its poster withdraws it.

    Args:
        demand: As it stood before, under its lock.

    Invariant: DM88. Source: 民法典 500.
    """
    found = await proposals.of_round(session, demand.id, demand.round)
    return withdrawal_claims(
        demand.status,
        [Proposed(it.id, it.party_id, it.status is ProposalStatus.WINNER) for it in found],
    )


async def _end(
    session: AsyncSession,
    actor: Actor,
    demand: Demand,
    engagement: Engagement,
    terms: StopTerms,
    *,
    now: datetime,
) -> Engagement:
    escrow = await escrow_of(session, engagement)
    figures = settling.figures_of(engagement, terms, escrow=escrow)
    outcome = jsonable({"terms": terms, "figures": figures, "decided_by": actor.role})
    is_cut = terms.cause is StopCause.RACE
    ended = end(
        engagement,
        cut=is_cut,
        entitled=figures.to_solver,
        outcome=outcome,
        reason=terms.ground,
        at=now,
    )
    await repository.save(session, ended, before=engagement)
    moved = await move_money(session, ended, cause_id=ended.id, at=now, actor=actor.ref)
    told = {"outcome": outcome, "finished": moved.finished}
    await tell(session, moved, "cut" if is_cut else "stopped", at=now, actor=actor.ref, more=told)
    await end_demand(session, demand, at=now, actor=actor.ref)
    return moved
