"""Object to the result of a demand's review, and decide objections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.notice import DemandNoticeKind
from app.demands.domain.objection import (
    DEMAND_OBJECTION_TRANSITIONS,
    DemandObjection,
    DemandObjectionGround,
    DemandObjectionStatus,
    DemandObjectionTrigger,
    OwnDemandObjection,
    Reopening,
    ReopeningInvalid,
    check_objection,
    require_objector,
)
from app.demands.domain.posting import OBJECTION_ANSWER
from app.demands.repository import judged, results
from app.demands.repository import objections as repository
from app.demands.service.awarding import award_if_free
from app.demands.service.locking import lock_demand, read_demand
from app.demands.service.noticing import publish_notice
from app.demands.service.reviewing import review_anew
from app.identity.public import get_party
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, NotYours, ObjectUnknown, Role
from app.platform.files.lookup import own_files
from app.platform.journal import NewEvent
from app.platform.secrets import Box
from app.shared.calendar import CalendarHorizonExceeded, mainland_china, period_end
from app.shared.findings import Findings
from app.shared.ids import DemandId, DemandObjectionId, FileId, new_id
from app.shared.transitions import advance

DECIDE_BY: Final = "demand_objection.decide_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDemandObjection:
    """What somebody objects.

    Attributes:
        name, contact: Needed of whoever did not sign in.
    """

    ground: DemandObjectionGround
    text: str
    evidence: str
    files: tuple[FileId, ...]
    name: str | None
    contact: str | None


async def object_to(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    new: NewDemandObjection,
    *,
    now: datetime,
) -> DemandObjection:
    """File an objection to a published result; the award then waits for its decision.

    Raises:
        ObjectUnknown: No such demand for the actor, or a file it may not read.
        DemandObjectionsClosed, DemandObjectorUnknown: See the rules.

    Invariant: DM70.
    """
    await read_demand(session, actor, demand_id)
    # The demand's lock orders it against the end of the period: in time and counted, or refused.
    demand = await lock_demand(session, demand_id)
    result = await results.latest(session, demand.id)
    check_objection(demand, result, now=now)
    assert result is not None
    signed_in = actor.role is not Role.ANONYMOUS
    require_objector(signed_in=signed_in, name=new.name, contact=new.contact)
    if strange := set(new.files) - await own_files(session, actor.party_id, new.files):
        raise ObjectUnknown("No such file of your party.", field="files", unknown=strange)
    objection = DemandObjection(
        id=DemandObjectionId(new_id()),
        demand_id=demand.id,
        result_id=result.id,
        market_id=demand.market_id,
        party_id=actor.party_id if signed_in else None,
        name=new.name or (await get_party(session, actor.party_id)).name,
        contact=new.contact or actor.ref,
        ground=new.ground,
        text=new.text,
        evidence=new.evidence,
        files=new.files,
        status=DemandObjectionStatus.OPEN,
        filed_at=now,
        filed_by=actor.ref,
        decide_by_at=_answer_by(demand, now),
    )
    await repository.insert(session, objection)
    if objection.decide_by_at is not None:
        await timers.schedule(
            session,
            market_id=demand.market_id,
            kind=DECIDE_BY,
            subject_id=objection.id,
            due_at=objection.decide_by_at,
        )
    told: dict[str, Any] = {"name": objection.name, "contact": objection.contact}
    told |= {"text": new.text, "evidence": new.evidence, "files": new.files}
    await _journal(session, objection, "filed", actor.ref, now, told)
    return objection


def _answer_by(demand: Demand, now: datetime) -> datetime | None:
    """Return until when an objection is answered, if the working days up to then are known."""
    span = OBJECTION_ANSWER if demand.terms is None else demand.terms.objection_answer
    try:
        return period_end(start=now, duration=span, calendar=mainland_china())
    except CalendarHorizonExceeded:
        return None


async def decide(
    session: AsyncSession,
    box: Box,
    actor: Actor,
    objection_id: DemandObjectionId,
    *,
    reopening: Reopening | None,
    reason: str,
    now: datetime,
) -> DemandObjection:
    """Decide an objection; the decision is published without who objected.

    Args:
        reopening: How the proposals are judged anew, where it is upheld; ``None`` rejects it.

    Raises:
        ObjectUnknown: There is no such objection.
        OwnDemandObjection: The actor's party filed it, posted the demand or proposed.
        ReopeningInvalid: It excludes what is not judged.
        TransitionRefused: It was decided or withdrawn before.

    Invariants: DM71, DM72, DM73.
    """
    objection, demand = await _locked(session, objection_id)
    await _require_apart(session, demand, objection, actor)
    upheld = reopening is not None
    trigger = DemandObjectionTrigger.UPHOLD if upheld else DemandObjectionTrigger.REJECT
    decided = await _end(session, objection, trigger, decision=reason, actor=actor, now=now)
    if reopening is not None:
        await _check_reopening(session, demand, reopening)
    await _journal(session, decided, str(decided.status), actor.ref, now, {})
    facts = {
        "objection_id": objection.id,
        "ground": objection.ground,
        "status": decided.status,
        "decision": reason,
        "excluded": [] if reopening is None else sorted(reopening.excluded),
    }
    kind = DemandNoticeKind.OBJECTION_RESULT
    demand = await publish_notice(
        session, demand, kind, facts, what="objection_decided", at=now, actor=actor.ref
    )
    if reopening is None:
        await _go_on(session, demand, decided, now)
    elif await _stands(session, demand, objection):
        await review_anew(
            session,
            box,
            demand,
            same_panel=reopening.same_panel,
            excluded=reopening.excluded,
            reason=reason,
            at=now,
            actor=actor.ref,
        )
    return decided


async def _require_apart(
    session: AsyncSession, demand: Demand, objection: DemandObjection, actor: Actor
) -> None:
    near = {objection.party_id, demand.party_id}
    if actor.party_id in near:
        raise OwnDemandObjection("Let somebody apart decide.", accepted=["operator"])
    proposals = await judged.of_round(session, demand.id, demand.round)
    if any(actor.party_id in item.parties for item in proposals):
        raise OwnDemandObjection("Your party proposed.", accepted=["operator"])


async def _check_reopening(session: AsyncSession, demand: Demand, reopening: Reopening) -> None:
    proposals = await judged.admitted(session, demand.id, demand.round)
    known = {item.code for item in proposals}
    faults = Findings()
    for code in sorted(reopening.excluded.keys() - known):
        faults.add(f"excluded.{code}", rule="unknown", message="No such proposal is judged.")
    if faults.errors:
        raise ReopeningInvalid(faults.summary(), errors=faults.errors)


async def _stands(session: AsyncSession, demand: Demand, objection: DemandObjection) -> bool:
    """Tell whether what was objected to is still the demand's open result."""
    result = await results.latest(session, demand.id)
    noticed = demand.status is DemandStatus.NOTICED
    return noticed and result is not None and result.id == objection.result_id


async def _go_on(
    session: AsyncSession, demand: Demand, objection: DemandObjection, now: datetime
) -> None:
    """Award if this was the last objection that waited and the period is over."""
    if await _stands(session, demand, objection):
        result = await results.latest(session, demand.id)
        assert result is not None
        await award_if_free(session, demand, result, at=now)


async def withdraw(
    session: AsyncSession, actor: Actor, objection_id: DemandObjectionId, *, now: datetime
) -> DemandObjection:
    """Take an objection back; only who signed in to file it can.

    Raises:
        ObjectUnknown: There is no such objection.
        NotYours: Another party filed it.
        TransitionRefused: It was decided or withdrawn before.
    """
    objection, demand = await _locked(session, objection_id)
    if objection.party_id is None or objection.party_id != actor.party_id:
        raise NotYours("Another party filed the objection.")
    trigger = DemandObjectionTrigger.WITHDRAW
    withdrawn = await _end(session, objection, trigger, decision=None, actor=actor, now=now)
    await _journal(session, withdrawn, "withdrawn", actor.ref, now, {})
    await _go_on(session, demand, withdrawn, now)
    return withdrawn


async def _locked(
    session: AsyncSession, objection_id: DemandObjectionId
) -> tuple[DemandObjection, Demand]:
    seen = await repository.find(session, objection_id)
    if seen is None:
        raise ObjectUnknown("There is no such objection.")
    demand = await lock_demand(session, seen.demand_id)
    objection = await repository.find(session, objection_id)
    assert objection is not None
    return objection, demand


async def _end(
    session: AsyncSession,
    objection: DemandObjection,
    trigger: DemandObjectionTrigger,
    *,
    decision: str | None,
    actor: Actor,
    now: datetime,
) -> DemandObjection:
    status = advance(DEMAND_OBJECTION_TRANSITIONS, state=objection.status, trigger=trigger)
    ended = replace(
        objection, status=status, decision=decision, decided_at=now, decided_by=actor.ref
    )
    await repository.save(session, ended)
    await timers.cancel(session, kind=DECIDE_BY, subject_id=objection.id)
    return ended


async def remind(session: AsyncSession, objection_id: UUID, due_at: datetime) -> None:
    """Tell staff that an objection has not been decided in time (a timer)."""
    objection, _ = await _locked(session, DemandObjectionId(objection_id))
    if objection.status is DemandObjectionStatus.OPEN:
        await _journal(session, objection, "overdue", SYSTEM, due_at, {})


async def list_objections(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, before: UUID | None, limit: int
) -> Sequence[DemandObjection]:
    """Return the objections to a demand that the actor may see, newest first.

    Raises:
        ObjectUnknown: There is no such demand for the actor.
    """
    demand = await read_demand(session, actor, demand_id)
    return await repository.of_demand(session, demand.id, before=before, limit=limit)


async def _journal(
    session: AsyncSession,
    objection: DemandObjection,
    what: str,
    actor: str,
    now: datetime,
    restricted: Mapping[str, Any],
) -> None:
    filed_by = objection.party_id
    event = NewEvent(
        market_id=objection.market_id,
        subject="demand_objection",
        subject_id=objection.id,
        type=f"demand_objection.{what}",
        market_at=now,
        actor=actor,
        # Everybody learns that an objection stands, and what it is about; not whose.
        public={
            "demand_id": objection.demand_id,
            "ground": objection.ground,
            "status": objection.status,
        },
        restricted=restricted,
        audience=frozenset() if filed_by is None else frozenset({filed_by}),
    )
    await journal.append(session, event)
