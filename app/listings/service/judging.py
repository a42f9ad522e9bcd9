"""Appoint experts, take their opinions, and show the selection to those it concerns."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import ExpertMember, find_experts, get_party, members_among
from app.listings.domain.achievement import Achievement, AchievementStatus, may_see
from app.listings.domain.gate import GateReport
from app.listings.domain.selection import (
    Appointment,
    ExpertsNotAppointable,
    Opinion,
    OpinionLate,
    check_in_time,
    may_judge,
    told_opinions,
    was_decided,
)
from app.listings.repository import achievements as repository
from app.listings.repository import selection
from app.listings.repository.co_completers import find_co_completers
from app.listings.service.deadlines import end_of, terms_of, watch
from app.listings.service.selecting import check_quality, lock_seen
from app.listings.service.telling import achievement_event
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown, Role
from app.shared.findings import Findings
from app.shared.ids import AchievementId, MembershipId, OpinionId, UserId, new_id
from app.shared.transitions import TransitionRefused
from app.valuations.public import (
    Expert,
    Subject,
    expert_facts,
    find_recusals,
    subject_facts,
)

_USER: Final = "user:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionSeen:
    """What one viewer may know of an achievement's selection.

    Attributes:
        judging: The viewer is an expert who judges it now, and so reads all of the content.
        report: ``None`` for an expert whose time is over.
        experts: Those the viewer may know by name.
        opinions: Without names; ``None`` until they are for the viewer.
    """

    achievement: Achievement
    judging: bool
    report: GateReport | None
    experts: Sequence[Appointment]
    opinions: Sequence[dict[str, Any]] | None


async def appoint_experts(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    membership_ids: Sequence[MembershipId],
    *,
    now: datetime,
) -> Sequence[Appointment]:
    """Ask experts to judge what passed the first check; all of them or none.

    They have the time of the experts' round; when it is over, a new round of the same length
    begins for them. Returns all who were asked so far.

    Raises:
        ObjectUnknown: There is no such achievement.
        TransitionRefused: It is not before the experts.
        ExpertsNotAppointable: Names everybody who is no expert of this market, was asked
            already, or stands too near the result.

    Invariant: LS42.
    """
    found = await lock_seen(session, actor, achievement_id)
    if found.status is not AchievementStatus.SELECTING or found.submitted_at is None:
        raise TransitionRefused(
            "Experts are appointed after the first check.",
            state=str(found.status),
            accepted=str(AchievementStatus.SELECTING),
        )
    before = await selection.of_submission(session, found)
    experts = await _require_fit(session, found, membership_ids, before)
    due_at = await _time_to_judge(session, found, now)
    added = [
        Appointment(
            id=OpinionId(new_id()),
            achievement_id=found.id,
            submitted_at=found.submitted_at,
            user_id=expert.user_id,
            party_id=expert.unit.id,
            expert_name=expert.name,
            appointed_at=now,
            due_at=due_at,
        )
        for expert in experts
    ]
    await selection.insert(session, added, appointed_by=actor.ref)
    asked = [{"user_id": item.user_id, "party_id": item.party_id} for item in added]
    event = achievement_event(
        found,
        "experts_appointed",
        actor=actor.ref,
        at=now,
        restricted={"experts": asked, "due_at": due_at},
        staff_only=True,
    )
    await journal.append(session, event)
    return [*before, *added]


async def _time_to_judge(
    session: AsyncSession, found: Achievement, now: datetime
) -> datetime | None:
    """Return until when an expert who is asked now is in time; begin anew what is over."""
    if found.due_at is None or found.due_at > now:
        return found.due_at
    terms = await terms_of(session, found.market_id, now)
    again = replace(found, due_at=end_of(now, terms.expert_selection))
    await repository.save(session, again)
    await watch(session, again)
    return again.due_at


async def _require_fit(
    session: AsyncSession,
    achievement: Achievement,
    membership_ids: Sequence[MembershipId],
    before: Collection[Appointment],
) -> Sequence[ExpertMember]:
    found = await find_experts(session, achievement.market_id, membership_ids)
    experts = {expert.membership_id: expert for expert in found}
    owner = await get_party(session, achievement.party_id)
    completers = [person.name for person in achievement.content.completers]
    beside = await find_co_completers(
        session, achievement.market_id, completers, other_than=achievement.id
    )
    subject = subject_facts(owner=owner, completers=completers, co_inventors=beside)
    insiders = await members_among(session, owner.id, [expert.user_id for expert in found])
    findings = Findings()
    asked: set[UUID] = {item.user_id for item in before}
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
        facts = expert_facts(name=expert.name, unit=expert.unit, owner=owner)
        if expert.user_id in insiders:  # whatever unit sends it
            facts = replace(facts, party_id=owner.id)
        _note_recusals(findings, where, facts, subject)
    if findings.errors:
        raise ExpertsNotAppointable(findings.summary(), errors=findings.errors)
    return [experts[membership_id] for membership_id in membership_ids]


def _note_recusals(findings: Findings, where: str, facts: Expert, subject: Subject) -> None:
    for ground in find_recusals(facts, subject):
        findings.add(
            where,
            rule="expert_must_recuse",
            message="The expert stands too near this result.",
            ground=str(ground.kind),
            details=list(ground.details),
        )


async def give_opinion(
    session: AsyncSession,
    actor: Actor,
    achievement_id: AchievementId,
    opinion: Opinion,
    *,
    now: datetime,
) -> Appointment:
    """Give an appointed expert's opinion, once and in time.

    Raises:
        ObjectUnknown: The caller was not asked to judge the present submission.
        OpinionGiven, OpinionLate: See `check_in_time`; late is also after the decision.

    Invariant: LS42.
    """
    found = await repository.find(session, achievement_id, lock=True)
    appointment = None if found is None else await _own(session, actor, found)
    if found is None or appointment is None:
        raise ObjectUnknown("You are not asked to judge such an achievement.")
    check_in_time(appointment, now=now)
    if found.status is not AchievementStatus.SELECTING:
        raise OpinionLate("The achievement was decided or withdrawn.", state=str(found.status))
    given = replace(appointment, opinion=opinion, given_at=now)
    await selection.save_opinion(session, given)
    event = achievement_event(
        found,
        "opinion_given",
        actor=actor.ref,
        at=now,
        restricted={"vote": opinion.vote, "score": opinion.score, "reason": opinion.reason},
        staff_only=True,
    )
    await journal.append(session, event)
    return given


async def _own(session: AsyncSession, actor: Actor, achievement: Achievement) -> Appointment | None:
    user_id = user_of(actor)
    for item in await selection.of_submission(session, achievement):
        if item.user_id == user_id and item.party_id == actor.party_id:
            return item
    return None


def user_of(actor: Actor) -> UserId:
    """Return the person behind a token of a person; the nil UUID for any other."""
    if not actor.ref.startswith(_USER):
        return UserId(UUID(int=0))
    return UserId(UUID(actor.ref.removeprefix(_USER)))


async def read_selection(
    session: AsyncSession, actor: Actor, achievement_id: AchievementId, *, now: datetime
) -> SelectionSeen:
    """Return what the actor may know of an achievement's selection.

    Staff know everything; an expert the whole content while it judges, and its own opinion; the
    owner all opinions without names, once they have decided.

    Raises:
        ObjectUnknown: There is none, or it does not concern the actor.

    Invariant: LS43, LS44.
    """
    achievement = await repository.find(session, achievement_id)
    if achievement is None:
        raise ObjectUnknown("There is no such achievement.")
    if actor.role is Role.EXPERT:
        return await _seen_by_expert(session, actor, achievement, now)
    if not may_see(actor.viewer, achievement):
        raise ObjectUnknown("There is no such achievement for you.")
    experts = await selection.of_submission(session, achievement)
    staff = actor.viewer.staff_of is not None
    opinions = [item.opinion for item in experts if item.opinion is not None]
    return SelectionSeen(
        achievement=achievement,
        judging=False,
        report=check_quality(achievement.content, now=now),
        experts=experts if staff else (),
        opinions=told_opinions(opinions) if staff or was_decided(achievement) else None,
    )


async def _seen_by_expert(
    session: AsyncSession, actor: Actor, achievement: Achievement, now: datetime
) -> SelectionSeen:
    own = await _own(session, actor, achievement)
    if own is None:
        raise ObjectUnknown("You are not asked to judge such an achievement.")
    judging = may_judge([own], achievement, own.user_id)
    return SelectionSeen(
        achievement=achievement,
        judging=judging,
        report=check_quality(achievement.content, now=now) if judging else None,
        experts=(own,),
        opinions=None,
    )


async def list_appointments(
    session: AsyncSession, actor: Actor, *, before: OpinionId | None, limit: int
) -> Sequence[tuple[Appointment, str]]:
    """Return what the actor was asked to judge, with the titles, newest first."""
    return await selection.page_of_expert(
        session, user_of(actor), actor.party_id, before=before, limit=limit
    )
