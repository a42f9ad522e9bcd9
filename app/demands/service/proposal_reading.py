"""Who reads proposals after the opening, and the operator's word on who may be judged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, DemandStatus, is_near, require_reason
from app.demands.domain.eligibility import DECIDABLE, EligibilityNotDue, check_currency
from app.demands.domain.proposal import (
    AFTER_OPENING,
    PROPOSAL_TRANSITIONS,
    Proposal,
    ProposalStatus,
    ProposalTrigger,
)
from app.demands.repository import proposals as repository
from app.demands.service.locking import lock_demand, read_demand
from app.demands.service.opening_proposals import NONE_ELIGIBLE, lapse
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown, Role
from app.platform.journal import NewEvent
from app.shared.ids import DemandId, ProposalId
from app.shared.transitions import advance


async def list_opened(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    after: ProposalId | None,
    limit: int,
) -> Sequence[Proposal]:
    """Return the opened proposals of the present round that the actor may read.

    Poster and staff read all, a party those that it has a part in. Before the opening there is
    nothing here, for nobody, so nothing is learned from it.

    Raises:
        ObjectUnknown: There is no such demand for the actor.

    Invariants: DM40, DM51.
    """
    demand = await read_demand(session, actor, demand_id)
    if demand.status is DemandStatus.POSTED:
        return []
    near = is_near(actor.viewer, demand)
    return await repository.of_round(
        session,
        demand.id,
        demand.round,
        statuses=AFTER_OPENING,
        party_id=None if near else actor.party_id,
        after=after,
        limit=limit,
    )


async def read_opened(
    session: AsyncSession, actor: Actor, proposal_id: ProposalId
) -> tuple[Demand, Proposal, dict[str, Any] | None]:
    """Return an opened proposal with its demand and what proves its opening.

    Raises:
        ObjectUnknown: There is none that was opened, or it is not for the actor.

    Invariants: DM40, DM51.
    """
    proposal = await repository.find(session, proposal_id)
    if proposal is None or proposal.status not in AFTER_OPENING:
        raise ObjectUnknown("There is no such object in your market.")
    demand = await read_demand(session, actor, proposal.demand_id)
    if not is_near(actor.viewer, demand) and actor.party_id not in proposal.parties:
        raise ObjectUnknown("There is no such object in your market.")
    return demand, proposal, await repository.proof_of(session, proposal.id)


async def decide_eligibility(
    session: AsyncSession,
    actor: Actor,
    proposal_id: ProposalId,
    *,
    admitted: bool,
    reason: str | None,
    now: datetime,
) -> Proposal:
    """Admit an opened proposal to the review, or exclude it with a reason that it learns.

    Where nobody is left to be judged, the demand stays unanswered.

    Raises:
        ObjectUnknown: There is no such proposal in the actor's market, or it is still shut.
        EligibilityNotDue: It was decided before, is void, or the review has begun.
        DemandReasonMissing: It excludes, or admits against what the records suggest, without one.
        ProposalCurrencyDiffers: It admits a price that cannot be compared with the others.

    Invariant: DM52.
    """
    seen = await repository.find(session, proposal_id)
    staff = actor.role is Role.OPERATOR and seen is not None and seen.market_id == actor.market_id
    if seen is None or not staff or seen.status not in AFTER_OPENING:
        raise ObjectUnknown("There is no such object in your market.")
    demand = await lock_demand(session, seen.demand_id)
    proposal = await repository.find(session, proposal_id, lock=True)
    assert proposal is not None
    if demand.status is not DemandStatus.CLOSED or proposal.status not in DECIDABLE:
        raise EligibilityNotDue(
            "It is decided once, between the opening and the review.",
            state=str(proposal.status),
            demand_state=str(demand.status),
        )
    if admitted:
        check_currency(proposal.price, demand)
    if not admitted or proposal.grounds:
        require_reason(reason)
    trigger = ProposalTrigger.ADMIT if admitted else ProposalTrigger.EXCLUDE
    decided = replace(
        proposal,
        status=advance(PROPOSAL_TRANSITIONS, state=proposal.status, trigger=trigger),
        decided_at=now,
        reason=reason,
    )
    await repository.save(session, decided)
    event = NewEvent(
        market_id=demand.market_id,
        subject="proposal",
        subject_id=decided.id,
        type=f"proposal.{decided.status}",
        market_at=now,
        actor=actor.ref,
        public={"demand_id": demand.id, "round": demand.round},
        restricted={"code": decided.code, "reason": reason, "grounds": decided.grounds},
        audience=frozenset({demand.party_id, *decided.parties}),
    )
    await journal.append(session, event)
    await _lapse_if_none_left(session, demand, at=now, actor=actor.ref)
    return decided


async def _lapse_if_none_left(
    session: AsyncSession, demand: Demand, *, at: datetime, actor: str
) -> None:
    open_ones = (ProposalStatus.OPENED, ProposalStatus.ADMITTED)
    left = await repository.of_round(session, demand.id, demand.round, statuses=open_ones, limit=1)
    if not left:
        await lapse(session, demand, reason=NONE_ELIGIBLE, at=at, actor=actor)
