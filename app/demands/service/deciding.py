"""Decide a diagnosed demand, and carry mergers and splits out once their posters consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Demand,
    DemandStatus,
    require_reason,
)
from app.demands.domain.diagnosis import (
    TRIGGERS,
    DiagnosisOpinion,
    DiagnosisOutcome,
    check_complete,
    check_due,
    is_against_advice,
    told_opinions,
)
from app.demands.domain.reshaping import (
    Part,
    Reshaping,
    ReshapingKind,
    ReshapingStatus,
    check_merge,
    check_split,
    posters_of,
)
from app.demands.repository import demands as repository
from app.demands.repository import diagnosis as seats
from app.demands.repository import reshapings
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event
from app.demands.service.reshaping import drop_asked
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor
from app.platform.files.grants import revoke_files
from app.platform.inbox import NewNotification, notify
from app.shared.ids import DemandId, new_id
from app.shared.transitions import advance

MENDING_DUE: Final = "demand.mending_due"
_DECIDED: Final[Mapping[DemandStatus, str]] = {
    DemandStatus.REVIEWED: "reviewed",
    DemandStatus.RETURNED: "returned",
    DemandStatus.REFUSED: "refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the operator decides.

    Attributes:
        due_at: Until when a returned demand should be mended.
        merge_into: The other demand, with ``merge``.
        parts: With ``split``.
    """

    outcome: DiagnosisOutcome
    reason: str | None = None
    due_at: datetime | None = None
    merge_into: DemandId | None = None
    parts: tuple[Part, ...] = ()


async def decide_diagnosis(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    decision: Decision,
    *,
    now: datetime,
) -> tuple[Demand, Reshaping | None]:
    """Clear, return or refuse a submitted demand, or ask its posters to merge or split it.

    Whatever was asked before is dropped. Where the operator asks no experts, it decides right
    after the submission.

    Raises:
        ObjectUnknown: There is no such demand.
        TransitionRefused: It is neither submitted nor being diagnosed.
        DiagnosisOutstanding: An expert may still give an opinion.
        DemandReasonMissing: A decision against poster or advice without a reason.
        TimeLimitOver: Returned without a time to mend it.
        MergeTargetUnfit, SplitInvalid: See the rules.

    Invariants: DM3, DM23, DM24.
    """
    # Both sides of a merger in the order of their ids, as whoever consents locks them.
    sides = {demand_id} if decision.merge_into is None else {demand_id, decision.merge_into}
    for one in sorted(sides):
        await repository.find(session, one, lock=True)
    demand = await lock_demand(session, demand_id)
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=TRIGGERS[decision.outcome])
    found = await seats.of_submission(session, demand)
    check_complete(found, now=now)
    opinions = [seat.opinion for seat in found if seat.opinion is not None]
    if decision.outcome is not DiagnosisOutcome.CLEAR or is_against_advice(opinions):
        require_reason(decision.reason)
    if decision.outcome in {DiagnosisOutcome.MERGE, DiagnosisOutcome.SPLIT}:
        return demand, await _ask(session, actor, demand, decision, now)
    await drop_asked(session, demand, at=now)
    for seat in found:  # who judged reads no more
        await revoke_files(session, seat.id)
    return await _decide(session, actor, demand, status, decision, opinions, now), None


async def _decide(
    session: AsyncSession,
    actor: Actor,
    demand: Demand,
    status: DemandStatus,
    decision: Decision,
    opinions: Sequence[DiagnosisOpinion],
    now: datetime,
) -> Demand:
    due_at = None
    if status is DemandStatus.RETURNED:
        due_at = check_due(decision.due_at, now=now)
        # A worker that has an earlier one in hand waits for this demand, and sets it anew itself.
        if not await timers.is_in_hand(session, kind=MENDING_DUE, subject_id=demand.id):
            await _watch(session, demand, due_at)
    ended = now if status is DemandStatus.REFUSED else None
    cleared = status is DemandStatus.REVIEWED
    decided = replace(
        demand,
        status=status,
        reviewed_at=now,
        due_at=due_at,
        reason=None if cleared else decision.reason,
        ended_at=ended,
    )
    await repository.save(session, decided)
    told: dict[str, Any] = {
        "reason": decision.reason,
        "due_at": due_at,
        "opinions": told_opinions(opinions),
    }
    event = demand_event(decided, _DECIDED[status], actor=actor.ref, at=now, restricted=told)
    await journal.append(session, event)
    return decided


async def _watch(session: AsyncSession, demand: Demand, due_at: datetime) -> None:
    await timers.schedule(
        session,
        market_id=demand.market_id,
        kind=MENDING_DUE,
        subject_id=demand.id,
        due_at=due_at,
    )


async def _ask(
    session: AsyncSession, actor: Actor, demand: Demand, decision: Decision, now: datetime
) -> Reshaping:
    concerned = [demand]
    into = None
    if decision.outcome is DiagnosisOutcome.MERGE:
        other = (
            None
            if decision.merge_into is None
            else await repository.find(session, decision.merge_into)
        )
        into = check_merge(demand, other)
        concerned.append(into)
    else:
        check_split(demand, decision.parts)
    await drop_asked(session, demand, at=now)
    reshaping = Reshaping(
        id=new_id(),
        demand_id=demand.id,
        market_id=demand.market_id,
        kind=ReshapingKind.SPLIT if into is None else ReshapingKind.MERGE,
        status=ReshapingStatus.ASKED,
        into=None if into is None else into.id,
        parts=decision.parts if into is None else (),
        explanation=require_reason(decision.reason),
        asked=posters_of(concerned),
        asked_at=now,
        asked_by=actor.ref,
    )
    await reshapings.insert(session, reshaping)
    told = {
        "reshaping_id": reshaping.id,
        "kind": reshaping.kind,
        "explanation": reshaping.explanation,
    }
    events = [
        demand_event(one, "reshaping_asked", actor=actor.ref, at=now, restricted=told)
        for one in concerned
    ]
    await journal.append(session, *events)
    await notify(session, *(_asking(one, reshaping, now) for one in concerned))
    return reshaping


def _asking(demand: Demand, reshaping: Reshaping, now: datetime) -> NewNotification:
    merging = reshaping.kind is ReshapingKind.MERGE
    what = "合并" if merging else "拆分"
    return NewNotification(
        market_id=demand.market_id,
        party_id=demand.party_id,
        topic="demands.consent_asked",
        title_zh=f"请答复需求{what}建议",
        title_en="A merger is proposed" if merging else "A split is proposed",
        text_zh=f"交易所建议{what}需求 {demand.number}：{reshaping.explanation}",
        text_en=f"The exchange asks for consent concerning the demand {demand.number}.",
        dedupe_key=f"reshaping:{reshaping.id}:{demand.id}",
        market_at=now,
        data={"demand_id": demand.id, "reshaping_id": reshaping.id},
    )


async def tell_mending_due(session: AsyncSession, demand_id: UUID, due_at: datetime) -> None:
    """Tell the poster that a returned demand has not been mended in time (a timer).

    It may still be mended: nobody else waits for it.

    Invariant: DM27.
    """
    demand = await repository.find(session, DemandId(demand_id), lock=True)
    if demand is None or demand.status is not DemandStatus.RETURNED or demand.due_at is None:
        return
    if due_at < demand.due_at:  # it was returned again since
        await _watch(session, demand, demand.due_at)
        return
    event = demand_event(demand, "mending_due", actor=SYSTEM, at=due_at)
    await journal.append(session, event)
    told = NewNotification(
        market_id=demand.market_id,
        party_id=demand.party_id,
        topic="demands.mending_due",
        title_zh="退回修改的需求已到期",
        title_en="A returned demand is due",
        text_zh=f"需求 {demand.number} 的修改期限已到，仍可修改后再次提交。",
        text_en=f"The demand {demand.number} was to be mended by now; it still may be.",
        dedupe_key=f"mending_due:{demand.id}:{due_at.isoformat()}",
        market_at=due_at,
        data={"demand_id": demand.id},
    )
    await notify(session, told)
