"""Appoint experts to diagnose a demand, take their closed opinions, show what is for whom."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Demand,
    DemandStatus,
    DemandTrigger,
    is_near,
)
from app.demands.domain.diagnosis import (
    DiagnosisExpertsUnfit,
    DiagnosisLate,
    DiagnosisOpinion,
    DiagnosisSeat,
    check_due,
    check_giving,
    check_opinion,
    is_complete,
    is_judging,
    told_opinions,
    was_decided,
)
from app.demands.repository import confidences
from app.demands.repository import demands as repository
from app.demands.repository import diagnosis as seats
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event
from app.demands.service.restricted_files import open_files
from app.identity.public import ExpertMember, find_experts, get_party, members_among
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, ObjectUnknown, Role
from app.platform.inbox import NewNotification, notify
from app.shared.findings import Findings
from app.shared.ids import DemandId, MembershipId, OpinionId, PartyId, UserId, new_id
from app.shared.transitions import advance
from app.valuations.public import expert_facts, find_recusals, subject_facts

OPINIONS_DUE: Final = "demand.opinions_due"
_USER: Final = "user:"
_NOBODY: Final[frozenset[PartyId]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisSeen:
    """What one viewer may know of a diagnosis.

    Attributes:
        judging: The viewer is an expert who judges it now, and so reads all of the content.
        seats: Those the viewer may know by name; without opinions that are still closed.
        opinions: Without names; ``None`` until they are for the viewer.
    """

    demand: Demand
    judging: bool
    seats: Sequence[DiagnosisSeat]
    opinions: Sequence[dict[str, Any]] | None


async def appoint_experts(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    membership_ids: Sequence[MembershipId],
    *,
    due_at: datetime,
    now: datetime,
) -> Sequence[DiagnosisSeat]:
    """Ask experts to diagnose a submitted demand; all of them or none.

    Returns all who were asked so far.

    Raises:
        ObjectUnknown: There is no such demand.
        TransitionRefused: It is neither submitted nor being diagnosed.
        TimeLimitOver: ``due_at`` is over.
        DiagnosisExpertsUnfit: Names everybody who is no expert of this market, was asked
            already, or stands too near the poster.

    Invariant: DM22.
    """
    demand = await lock_demand(session, demand_id)
    status = demand.status
    if status is not DemandStatus.DIAGNOSING:
        status = advance(DEMAND_TRANSITIONS, state=status, trigger=DemandTrigger.DIAGNOSE)
    check_due(due_at, now=now)
    assert demand.submitted_at is not None
    before = await seats.of_submission(session, demand)
    experts = await _require_fit(session, demand, membership_ids, before)
    added = [
        DiagnosisSeat(
            id=OpinionId(new_id()),
            demand_id=demand.id,
            submitted_at=demand.submitted_at,
            user_id=expert.user_id,
            party_id=expert.unit.id,
            expert_name=expert.name,
            appointed_at=now,
            due_at=due_at,
        )
        for expert in experts
    ]
    last = max(seat.due_at for seat in [*before, *added])
    diagnosing = replace(demand, status=status, due_at=last)
    await repository.save(session, diagnosing)
    await seats.insert(session, added, appointed_by=actor.ref)
    await _watch(session, diagnosing)
    asked = [{"user_id": seat.user_id, "party_id": seat.party_id} for seat in added]
    event = demand_event(
        diagnosing,
        "experts_appointed",
        actor=actor.ref,
        at=now,
        restricted={"experts": asked, "due_at": due_at},
        audience=_NOBODY,
    )
    await journal.append(session, event)
    await notify(session, *(_asking(diagnosing, seat, now) for seat in added))
    return [*before, *added]


async def _watch(session: AsyncSession, demand: Demand) -> None:
    # The timer that a worker has in hand sets itself anew when it finds a later moment.
    assert demand.due_at is not None
    if not await timers.is_in_hand(session, kind=OPINIONS_DUE, subject_id=demand.id):
        await timers.schedule(
            session,
            market_id=demand.market_id,
            kind=OPINIONS_DUE,
            subject_id=demand.id,
            due_at=demand.due_at,
        )


def _asking(demand: Demand, seat: DiagnosisSeat, now: datetime) -> NewNotification:
    return NewNotification(
        market_id=demand.market_id,
        party_id=seat.party_id,
        topic="demands.diagnosis_asked",
        title_zh="请对一项技术需求提出诊断意见",
        title_en="You are asked to diagnose a demand",
        text_zh=f"请{seat.expert_name}对需求 {demand.number} 提出诊断意见。",
        text_en=f"An opinion on the demand {demand.number} is asked for.",
        dedupe_key=f"diagnosis:{seat.id}",
        market_at=now,
        data={"demand_id": demand.id, "due_at": seat.due_at},
    )


async def _require_fit(
    session: AsyncSession,
    demand: Demand,
    membership_ids: Sequence[MembershipId],
    before: Collection[DiagnosisSeat],
) -> Sequence[ExpertMember]:
    found = await find_experts(session, demand.market_id, membership_ids)
    experts = {expert.membership_id: expert for expert in found}
    poster = await get_party(session, demand.party_id)
    subject = subject_facts(owner=poster, completers=())
    insiders = await members_among(session, poster.id, [expert.user_id for expert in found])
    findings = Findings()
    asked: set[UUID] = {seat.user_id for seat in before}
    for index, membership_id in enumerate(membership_ids):
        where = f"membership_ids.{index}"
        expert = experts.get(membership_id)
        if expert is None:
            findings.add(
                where, rule="not_an_expert", message="No verified unit of this market has it."
            )
            continue
        findings.require(
            expert.user_id not in asked,
            where,
            rule="expert_appointed",
            message="An expert judges a submission once.",
        )
        asked.add(expert.user_id)
        facts = expert_facts(name=expert.name, unit=expert.unit, owner=poster)
        if expert.user_id in insiders:  # whatever unit sends it
            facts = replace(facts, party_id=poster.id)
        for ground in find_recusals(facts, subject):
            findings.add(
                where,
                rule="expert_must_recuse",
                message="The expert stands too near the poster.",
                ground=str(ground.kind),
                details=list(ground.details),
            )
    if findings.errors:
        raise DiagnosisExpertsUnfit(findings.summary(), errors=findings.errors)
    return [experts[membership_id] for membership_id in membership_ids]


async def give_opinion(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    opinion: DiagnosisOpinion,
    *,
    now: datetime,
) -> DiagnosisSeat:
    """Give an appointed expert's opinion, once and in time; nobody reads it before all are in.

    Raises:
        ObjectUnknown: The caller was not asked to judge the present submission.
        DiagnosisInvalid: The verdict and what it names do not fit.
        DiagnosisGiven, DiagnosisLate: See `check_giving`; late is also after the decision.

    Invariants: DM22, DM23.
    """
    demand = await repository.find(session, demand_id, lock=True)
    seat = None if demand is None else await own_seat(session, actor, demand)
    if demand is None or seat is None:
        raise ObjectUnknown("You are not asked to judge such a demand.")
    check_opinion(opinion, demand.id)
    check_giving(seat, now=now)
    if demand.status is not DemandStatus.DIAGNOSING:
        raise DiagnosisLate("The demand was decided or withdrawn.", state=str(demand.status))
    given = replace(seat, opinion=opinion, given_at=now, salt=secrets.token_hex(16))
    await seats.save_opinion(session, given)
    event = demand_event(
        demand,
        "opinion_given",
        actor=actor.ref,
        at=now,
        restricted={"seat_id": given.id, "digest": given.journaled_digest},
        audience=_NOBODY,
    )
    await journal.append(session, event)
    return given


async def own_seat(session: AsyncSession, actor: Actor, demand: Demand) -> DiagnosisSeat | None:
    """Return the actor's own appointment to the present submission."""
    user_id = user_of(actor)
    for seat in await seats.of_submission(session, demand):
        if seat.user_id == user_id and seat.party_id == actor.party_id:
            return seat
    return None


def user_of(actor: Actor) -> UserId:
    """Return the person behind a token of a person; the nil UUID for any other."""
    if not actor.ref.startswith(_USER):
        return UserId(UUID(int=0))  # a client is nobody's person
    return UserId(UUID(actor.ref.removeprefix(_USER)))


async def read_diagnosis(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, now: datetime
) -> DiagnosisSeen:
    """Return what the actor may know of a demand's diagnosis.

    Staff know who was asked, and every opinion once nobody can give one any more; an expert the
    whole content while it judges, and its own opinion; the poster all opinions without names,
    once they have decided. Reading the restricted text is noted.

    Raises:
        ObjectUnknown: There is none, or it does not concern the actor.

    Invariants: DM23, DM33.
    """
    demand = await repository.find(session, demand_id)
    if demand is None:
        raise ObjectUnknown("There is no such demand.")
    if actor.role is Role.EXPERT:
        own = await own_seat(session, actor, demand)
        if own is None:
            raise ObjectUnknown("You are not asked to judge such a demand.")
        judging = is_judging(own, demand)
        if judging and demand.content.restricted_text is not None:
            await confidences.note_reading(session, demand.id, actor.party_id, at=now)
            await open_files(session, demand, actor.party_id, ground_id=own.id)
        return DiagnosisSeen(demand=demand, judging=judging, seats=(own,), opinions=None)
    if not is_near(actor.viewer, demand):
        raise ObjectUnknown("The diagnosis is for the poster, the experts and the exchange.")
    found = await seats.of_submission(session, demand)
    decided = was_decided(demand)
    staff = actor.viewer.staff_of == demand.market_id
    opened = decided or is_complete(found, now=now)
    opinions = [seat.opinion for seat in found if seat.opinion is not None]
    shown = found if opened else [replace(seat, opinion=None) for seat in found]
    return DiagnosisSeen(
        demand=demand,
        judging=False,
        seats=shown if staff else (),
        opinions=told_opinions(opinions) if decided or (staff and opened and found) else None,
    )


async def list_tasks(
    session: AsyncSession, actor: Actor, *, before: OpinionId | None, limit: int
) -> Sequence[tuple[DiagnosisSeat, str]]:
    """Return what the actor was asked to diagnose, with the titles, newest first."""
    return await seats.page_of_expert(
        session, user_of(actor), actor.party_id, before=before, limit=limit
    )


async def tell_opinions_due(session: AsyncSession, demand_id: UUID, due_at: datetime) -> None:
    """Tell that experts have not given their opinion in time (a timer); it decides nothing.

    Invariant: DM27.
    """
    demand = await repository.find(session, DemandId(demand_id), lock=True)
    if demand is None or demand.status is not DemandStatus.DIAGNOSING or demand.due_at is None:
        return
    if due_at < demand.due_at:  # others were asked since, with more time
        await timers.schedule(
            session,
            market_id=demand.market_id,
            kind=OPINIONS_DUE,
            subject_id=demand.id,
            due_at=demand.due_at,
        )
        return
    late = [seat for seat in await seats.of_submission(session, demand) if seat.opinion is None]
    event = demand_event(
        demand,
        "opinions_due",
        actor=SYSTEM,
        at=due_at,
        restricted={"missing": len(late)},
        audience=_NOBODY,
    )
    await journal.append(session, event)
    await notify(session, *(_late(demand, seat, due_at) for seat in late))


def _late(demand: Demand, seat: DiagnosisSeat, at: datetime) -> NewNotification:
    return NewNotification(
        market_id=demand.market_id,
        party_id=seat.party_id,
        topic="demands.diagnosis_missed",
        title_zh="诊断意见期限已过",
        title_en="The time for an opinion is over",
        text_zh=f"需求 {demand.number} 的诊断意见期限已过，未收到{seat.expert_name}的意见。",
        text_en=f"No opinion on the demand {demand.number} came in time.",
        dedupe_key=f"diagnosis_missed:{seat.id}",
        market_at=at,
        data={"demand_id": demand.id},
    )
