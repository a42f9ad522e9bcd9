"""Answer what a merger or a split asks of posters; the last consent carries it out.

Both demands of a merger are locked in the order of their ids, so that two consents, or a consent
and a posting, cannot pass each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Demand,
    DemandStatus,
    DemandTrigger,
    is_near,
    require_reason,
)
from app.demands.domain.reshaping import (
    RESHAPING_TRANSITIONS,
    Reshaping,
    ReshapingKind,
    ReshapingTrigger,
    check_consent,
    check_merge,
    part_content,
)
from app.demands.repository import demands as repository
from app.demands.repository import reshapings, versions
from app.demands.service.locking import lock_demand, read_demand
from app.demands.service.noticing import demand_event
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.shared.ids import DemandId, new_id
from app.shared.transitions import advance


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a poster says; who declines says why."""

    reshaping_id: UUID
    consents: bool
    reason: str | None


async def drop_asked(session: AsyncSession, demand: Demand, *, at: datetime) -> None:
    """End a request that the demand's own course has overtaken; the caller holds its lock."""
    asked = await reshapings.find_asked(session, demand.id)
    if asked is not None:
        status = advance(RESHAPING_TRANSITIONS, state=asked.status, trigger=ReshapingTrigger.DROP)
        await reshapings.save(session, replace(asked, status=status, ended_at=at))


async def answer_reshaping(
    session: AsyncSession, actor: Actor, demand_id: DemandId, answer: Answer, *, now: datetime
) -> tuple[Demand, Reshaping]:
    """Consent to, or decline, what is asked of the demand's poster.

    With the last consent the merger or the split is done, in the same transaction. Returns the
    actor's demand as it was found, and the request.

    Args:
        demand_id: The actor's own demand, on whichever side.

    Raises:
        ObjectUnknown: Nothing of this id is asked of this demand.
        TransitionRefused: The request, or the demand, has moved on.
        ConsentGiven: The party has answered before.
        DemandReasonMissing: Declined without a reason.
        MergeTargetUnfit: The other demand has moved on.

    Invariants: DM24, DM25, DM26.
    """
    seen = await reshapings.find(session, answer.reshaping_id)
    if seen is None or demand_id not in {seen.demand_id, seen.into}:
        raise ObjectUnknown("Nothing of this id is asked of this demand.", field="reshaping_id")
    sides = [seen.demand_id] if seen.into is None else sorted([seen.demand_id, seen.into])
    locked = {one: await lock_demand(session, one) for one in sides}
    asked = await reshapings.find(session, seen.id)
    assert asked is not None
    trigger = ReshapingTrigger.CONSENT_ALL if answer.consents else ReshapingTrigger.DECLINE
    status = advance(RESHAPING_TRANSITIONS, state=asked.status, trigger=trigger)
    check_consent(asked, actor.party_id)
    if not answer.consents:
        ended = replace(
            asked,
            status=status,
            declined_by=actor.party_id,
            reason=require_reason(answer.reason),
            ended_at=now,
        )
        await reshapings.save(session, ended)
        await _tell(session, locked[asked.demand_id], ended, "declined", actor, now)
        return locked[demand_id], ended
    consented = replace(asked, consented=asked.consented | {actor.party_id})
    if consented.waits_for:
        await reshapings.save(session, consented)
        await _tell(session, locked[asked.demand_id], consented, "consented", actor, now)
        return locked[demand_id], consented
    done = replace(consented, status=status, ended_at=now)
    await reshapings.save(session, done)
    demand = locked[done.demand_id]
    await _tell(session, demand, done, "consented", actor, now)
    if done.kind is ReshapingKind.MERGE:
        assert done.into is not None
        await _merge(session, actor, demand, locked[done.into], done, now)
    else:
        await _split(session, actor, demand, done, now)
    return locked[demand_id], done


async def _tell(
    session: AsyncSession,
    demand: Demand,
    reshaping: Reshaping,
    what: str,
    actor: Actor,
    now: datetime,
) -> None:
    told = {
        "reshaping_id": reshaping.id,
        "party_id": actor.party_id,
        "reason": reshaping.reason,
    }
    event = demand_event(
        demand,
        f"reshaping_{what}",
        actor=actor.ref,
        at=now,
        restricted=told,
        audience=frozenset({actor.party_id}),
    )
    await journal.append(session, event)


async def _merge(
    session: AsyncSession,
    actor: Actor,
    demand: Demand,
    into: Demand,
    reshaping: Reshaping,
    now: datetime,
) -> None:
    check_merge(demand, into)
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.MERGE)
    merged = replace(
        demand,
        status=status,
        merged_into=into.id,
        reason=reshaping.explanation,
        reviewed_at=now,
        ended_at=now,
        due_at=None,
    )
    await repository.save(session, merged)
    both = frozenset({demand.party_id, into.party_id})
    told = {"demand_id": demand.id, "into": into.id, "explanation": reshaping.explanation}
    await journal.append(
        session,
        demand_event(merged, "merged", actor=actor.ref, at=now, restricted=told, audience=both),
        demand_event(into, "took_in", actor=actor.ref, at=now, restricted=told, audience=both),
    )


async def _split(
    session: AsyncSession, actor: Actor, demand: Demand, reshaping: Reshaping, now: datetime
) -> None:
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.SPLIT)
    drafts = [
        Demand(
            id=DemandId(new_id()),
            number=await repository.next_number(session, now=now),
            market_id=demand.market_id,
            party_id=demand.party_id,
            status=DemandStatus.DRAFT,
            content=part_content(demand.content, part),
            version=1,
            created_at=now,
            split_from=demand.id,
        )
        for part in reshaping.parts
    ]
    ended = replace(
        demand,
        status=status,
        reason=reshaping.explanation,
        reviewed_at=now,
        ended_at=now,
        due_at=None,
    )
    await repository.save(session, ended)
    events = [
        demand_event(
            ended,
            "split",
            actor=actor.ref,
            at=now,
            restricted={"into": [draft.id for draft in drafts]},
        )
    ]
    for draft in drafts:
        await repository.insert(session, draft)
        await versions.insert(session, draft, edited_at=now, edited_by=actor.ref)
        told = {"version": 1, "split_from": demand.id, "content": draft.content}
        events.append(demand_event(draft, "drafted", actor=actor.ref, at=now, restricted=told))
    await journal.append(session, *events)


async def list_reshapings(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    before: UUID | None,
    limit: int,
) -> tuple[Demand, Sequence[Reshaping]]:
    """Return what was asked of a demand on either side, newest first.

    Raises:
        ObjectUnknown: There is no such demand, or it is not the actor's to answer for.
    """
    demand = await read_demand(session, actor, demand_id)
    if not is_near(actor.viewer, demand):
        raise ObjectUnknown("The requests are for the poster and the exchange.")
    return demand, await reshapings.find_page(session, demand.id, before=before, limit=limit)
