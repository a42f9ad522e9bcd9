"""Deliver milestones, report on them, accept or refuse them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain import milestone as rules
from app.demands.domain.delivery import (
    CostReport,
    Delivery,
    DeliveryInvalid,
    HandedFile,
    Measured,
    PosterDecides,
    Report,
    ReportMissing,
    ReportNotExpected,
    check_delivery,
    check_values,
)
from app.demands.domain.demand import Demand
from app.demands.domain.engagement import (
    Engagement,
    EngagementStatus,
    after_acceptance,
    milestone_at,
    require_running,
    with_milestone,
)
from app.demands.domain.milestone import EngagedMilestone, MilestoneStatus
from app.demands.domain.posting import PostingTerms
from app.demands.repository import engagements as repository
from app.demands.service.engaging import end_demand, lock_engagement, tell
from app.demands.service.funding import move_money
from app.platform import timers
from app.platform.access import Actor, NotYours, ObjectUnknown, Role
from app.platform.files.grants import grant_files
from app.platform.files.lookup import find_own_file
from app.shared.calendar import mainland_china
from app.shared.findings import Findings
from app.shared.ids import EngagementId, FileId, PartyId

DECIDE: Final = "engagement.decide"
REMEDY: Final = "engagement.remedy"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """What a solver hands in."""

    text: str
    files: tuple[FileId, ...]
    values: tuple[Measured, ...]
    costs: CostReport | None


def require_solver(actor: Actor, engagement: Engagement) -> None:
    """Refuse everybody but the solver.

    Raises:
        NotYours: Another party.
    """
    if actor.party_id != engagement.solver_id:
        raise NotYours("The solver does this.")


def require_poster(actor: Actor, engagement: Engagement) -> None:
    """Refuse everybody but the poster and the exchange's operator.

    Raises:
        NotYours: Another party.
    """
    if actor.role is not Role.OPERATOR and actor.party_id != engagement.poster_id:
        raise NotYours("The poster does this.")


async def handed(
    session: AsyncSession, party_id: PartyId, file_ids: Sequence[FileId]
) -> tuple[HandedFile, ...]:
    """Return a party's files with the hashes of their contents.

    Raises:
        ObjectUnknown: One is not a file of the party.
    """
    found = []
    for file_id in file_ids:
        row = await find_own_file(session, party_id, file_id)
        if row is None:
            raise ObjectUnknown("No such file of your party.", field="files", unknown=file_id)
        found.append(HandedFile(file_id, row.name, row.sha256))
    return tuple(found)


def _terms(demand: Demand) -> PostingTerms:
    assert demand.terms is not None  # it was posted
    return demand.terms


async def deliver(
    session: AsyncSession,
    actor: Actor,
    engagement_id: EngagementId,
    place: int,
    new: NewDelivery,
    *,
    now: datetime,
) -> Engagement:
    """Hand in a milestone, or hand it in anew; the poster's announced time begins.

    Raises:
        ObjectUnknown: No such engagement, or a file that is not the solver's.
        NotYours, EngagementNotRunning, MilestoneUnknown, TransitionRefused, RemedyOver: Not the
            solver, or not its turn.
        DeliveryInvalid: Names every fault.

    Invariants: DM77, DM78.
    """
    demand, engagement = await lock_engagement(session, engagement_id, now=now)
    require_solver(actor, engagement)
    require_running(engagement)
    milestone = milestone_at(engagement, place)
    decide_by_at = rules.deadline(now, _terms(demand).acceptance_period, mainland_china())
    delivered = rules.deliver(milestone, decide_by_at=decide_by_at, now=now)
    check_delivery(
        values=new.values,
        costs=new.costs,
        targets=demand.content.targets,
        lump_sum=engagement.lump_sum,
        currency=engagement.price.currency,
        last=place == len(engagement.milestones),
    )
    earlier = await repository.deliveries_of(session, [milestone.id])
    delivery = Delivery(
        milestone_id=milestone.id,
        number=len(earlier) + 1,
        text=new.text,
        files=await handed(session, actor.party_id, new.files),
        values=new.values,
        costs=new.costs,
        delivered_at=now,
    )
    await repository.put_delivery(session, delivery)
    await grant_files(session, new.files, party_id=engagement.poster_id, ground_id=milestone.id)
    await watch_decision(session, engagement, delivered)
    await timers.cancel(session, kind=REMEDY, subject_id=milestone.id)
    return await _keep(session, engagement, delivered, "delivered", actor, now, delivery)


async def watch_decision(
    session: AsyncSession, engagement: Engagement, milestone: EngagedMilestone
) -> None:
    """Set the timer of the time to decide on what was delivered last.

    A worker that has it in hand waits for this demand, and sets it anew itself.
    """
    assert milestone.decide_by_at is not None
    if not await timers.is_in_hand(session, kind=DECIDE, subject_id=milestone.id):
        await timers.schedule(
            session,
            market_id=engagement.market_id,
            kind=DECIDE,
            subject_id=milestone.id,
            due_at=milestone.decide_by_at,
        )


async def _keep(
    session: AsyncSession,
    engagement: Engagement,
    milestone: EngagedMilestone,
    what: str,
    actor: Actor,
    now: datetime,
    more: object,
) -> Engagement:
    changed = with_milestone(engagement, milestone)
    await repository.save(session, changed, before=engagement)
    await tell(
        session,
        changed,
        what,
        at=now,
        actor=actor.ref,
        told={"milestone": milestone.place},
        more={"told": more},
    )
    return changed


async def report(
    session: AsyncSession,
    actor: Actor,
    engagement_id: EngagementId,
    place: int,
    *,
    text: str,
    files: Sequence[FileId],
    values: tuple[Measured, ...],
    now: datetime,
) -> Engagement:
    """Enter the named third party's report on what was delivered last.

    Raises:
        ReportNotExpected: None was named, nothing waits, or the report is there.
        DeliveryInvalid: A value measures no target.

    Invariant: DM89.
    """
    demand, engagement = await lock_engagement(session, engagement_id, now=now)
    require_running(engagement)
    milestone = milestone_at(engagement, place)
    waiting = milestone.status is MilestoneStatus.DELIVERED
    last = (await repository.deliveries_of(session, [milestone.id]))[-1] if waiting else None
    if engagement.third_party is None or last is None or last.report is not None:
        raise ReportNotExpected("No report is expected here.", milestone=place)
    findings = Findings()
    check_values(values, demand.content.targets, findings, all_of_them=False)
    if findings.errors:
        raise DeliveryInvalid(findings.summary(), errors=findings.errors)
    told = Report(
        by=engagement.third_party,
        text=text,
        files=await handed(session, actor.party_id, files),
        values=values,
        reported_at=now,
    )
    await repository.put_delivery(session, replace(last, report=told))
    for party_id in engagement.parties:
        await grant_files(session, files, party_id=party_id, ground_id=milestone.id)
    return await _keep(session, engagement, milestone, "reported", actor, now, told)


def _check_turn(
    actor: Actor, engagement: Engagement, milestone: EngagedMilestone, now: datetime
) -> None:
    require_poster(actor, engagement)
    require_running(engagement)
    by_at = milestone.decide_by_at
    waiting = milestone.status is MilestoneStatus.DELIVERED
    if actor.role is Role.OPERATOR and waiting and by_at is not None and now < by_at:
        raise PosterDecides("The poster decides until then.", earliest=by_at)


async def accept(
    session: AsyncSession,
    actor: Actor,
    engagement_id: EngagementId,
    place: int,
    *,
    reason: str | None,
    now: datetime,
) -> Engagement:
    """Accept a delivered milestone; its payment leaves the escrow now, or when it has arrived.

    Behind the last one the engagement is completed. Nobody's silence accepts anything: from the
    announced moment on the operator decides.

    Raises:
        NotYours, EngagementNotRunning, MilestoneUnknown, TransitionRefused: See the rules.
        PosterDecides: The operator comes too early.
        ReportMissing: The third party has not reported on the last delivery.

    Invariants: DM77, DM81, DM89, DM90.
    """
    demand, engagement = await lock_engagement(session, engagement_id, now=now)
    milestone = milestone_at(engagement, place)
    _check_turn(actor, engagement, milestone, now)
    accepted = rules.accept(milestone, now=now)
    if engagement.third_party is not None:
        last = (await repository.deliveries_of(session, [milestone.id]))[-1]
        if last.report is None:
            raise ReportMissing("Its report comes first.", third_party=engagement.third_party)
    await timers.cancel(session, kind=DECIDE, subject_id=milestone.id)
    kept = await _keep(session, engagement, accepted, "accepted", actor, now, {"reason": reason})
    changed = after_acceptance(kept, place, at=now)
    await repository.save(session, changed, before=kept)
    moved = await move_money(session, changed, cause_id=changed.id, at=now, actor=actor.ref)
    if moved.status is EngagementStatus.COMPLETED:
        finished = {"finished": moved.finished}
        await tell(session, moved, "completed", at=now, actor=actor.ref, more=finished)
        await end_demand(session, demand, at=now, actor=actor.ref)
    return moved


async def refuse(
    session: AsyncSession,
    actor: Actor,
    engagement_id: EngagementId,
    place: int,
    *,
    reason: str,
    now: datetime,
) -> Engagement:
    """Refuse what was delivered, or demand what is overdue: a time to mend it begins, once.

    Raises:
        NotYours, EngagementNotRunning, MilestoneUnknown, TransitionRefused: See the rules.
        PosterDecides: The operator comes too early.
        MilestoneNotOverdue: Nothing was delivered, and nothing is overdue.

    Invariants: DM79, DM90.
    """
    demand, engagement = await lock_engagement(session, engagement_id, now=now)
    milestone = milestone_at(engagement, place)
    _check_turn(actor, engagement, milestone, now)
    remedy_due_at = rules.deadline(now, _terms(demand).remedy, mainland_china())
    refused = rules.refuse(milestone, reason=reason, remedy_due_at=remedy_due_at, now=now)
    await timers.cancel(session, kind=DECIDE, subject_id=milestone.id)
    if refused.status is MilestoneStatus.REMEDY:
        await timers.schedule(
            session,
            market_id=engagement.market_id,
            kind=REMEDY,
            subject_id=milestone.id,
            due_at=remedy_due_at,
        )
    told = {"reason": reason, "remedy_due_at": refused.remedy_due_at, "state": refused.status}
    return await _keep(session, engagement, refused, "refused", actor, now, told)
