"""Appoint a panel, replace who is missing, declare interests, begin to score."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import ExpertMember, find_experts, get_party, members_among
from app.platform.access import Actor
from app.shared.ids import MembershipId, SeatId, new_id
from app.shared.panels import Appointment, Departure, Seat, panel_size, sits
from app.valuations.domain.evaluation import Evaluation, EvaluationTrigger, check_deadline
from app.valuations.domain.panel import (
    PanelIncomplete,
    ScoresHandedIn,
    SeatTaken,
    SeatUnknown,
    check_panel,
    check_replacement,
)
from app.valuations.domain.recusal import RecusalGround, find_recusals, require_no_recusal
from app.valuations.repository import evaluations
from app.valuations.service.evaluating import Case, note, seat_of, take, watch
from app.valuations.service.recusing import expert_facts, subject_facts


async def appoint_panel(
    session: AsyncSession,
    actor: Actor,
    evaluation_id: UUID,
    appointments: tuple[Appointment, ...],
    *,
    now: datetime,
) -> Case:
    """Appoint the panel of an opened evaluation, all at once.

    Raises:
        PanelInvalid: Names every fault.
        ExpertMustRecuse: Names every expert with grounds.
    """
    moved, _ = await take(session, evaluation_id, EvaluationTrigger.APPOINT)
    members = await _members(session, moved, [item.membership_id for item in appointments])
    by_id = {member.membership_id: member for member in members}
    check_panel(moved.scheme, appointments, {key: item.user_id for key, item in by_id.items()})
    await _require_apart(session, moved, (), members)
    seats = tuple(
        _seat(by_id[item.membership_id], number, chair=item.chair, now=now)
        for number, item in enumerate(appointments, start=1)
    )
    await evaluations.insert_seats(session, moved.id, seats)
    await evaluations.save(session, moved)
    told = [{"seat": s.number, "membership_id": s.membership_id, "chair": s.chair} for s in seats]
    await note(session, moved, "panelled", actor.ref, now, restricted={"seats": told})
    return Case(moved, seats)


async def replace_expert(
    session: AsyncSession,
    actor: Actor,
    evaluation_id: UUID,
    *,
    number: int,
    membership_id: MembershipId,
    reason: str,
    now: datetime,
) -> Case:
    """Give a seat to another expert: a vacant one, or one whose scores are not in.

    Raises:
        SeatUnknown, SeatTaken: No such seat, or its scores are in.
        PanelInvalid, ExpertMustRecuse: The newcomer may not sit here.
    """
    moved, case = await take(session, evaluation_id, EvaluationTrigger.REPLACE)
    of_number = [seat for seat in case.seats if seat.number == number]
    if not of_number:
        raise SeatUnknown("The panel has no such seat.", field="seat", last=panel_size(case.seats))
    sitting = next((seat for seat in of_number if seat.left_at is None), None)
    if sitting is not None and sitting.handed_in_at is not None:
        raise SeatTaken("Its scores count.", field="seat")
    members = await _members(session, moved, [membership_id])
    check_replacement(sits(case.seats), [member.user_id for member in members])
    await _require_apart(session, moved, case.seats, members)
    if sitting is not None:
        left = replace(sitting, left_at=now, departure=Departure.REPLACED, reason=reason)
        await evaluations.save_seat(session, left)
    newcomer = _seat(members[0], number, chair=of_number[-1].chair, now=now)
    await evaluations.insert_seats(session, moved.id, [newcomer])
    await evaluations.save(session, moved)
    told = {"seat": number, "membership_id": membership_id, "reason": reason}
    await note(session, moved, "expert_replaced", actor.ref, now, restricted=told)
    return Case(moved, await evaluations.seats_of(session, moved.id))


async def declare_interest(
    session: AsyncSession,
    actor: Actor,
    evaluation_id: UUID,
    *,
    interest: str | None,
    now: datetime,
) -> Case:
    """Declare to have no interest in the result, or one, which vacates the caller's seat.

    Raises:
        ObjectUnknown: The caller does not sit on this panel.
        ScoresHandedIn: Its scores are in; the exchange cancels if they must not count.
    """
    moved, case = await take(session, evaluation_id, EvaluationTrigger.DECLARE)
    seat = seat_of(case, actor)
    if seat.handed_in_at is not None:
        raise ScoresHandedIn("Tell the exchange.", handed_in_at=seat.handed_in_at)
    changed = (
        replace(seat, declared_at=now)
        if interest is None
        else replace(seat, left_at=now, departure=Departure.RECUSED, reason=interest)
    )
    await evaluations.save_seat(session, changed)
    await evaluations.save(session, moved)
    told = {"seat": seat.number, "interest": interest}
    await note(session, moved, "interest_declared", actor.ref, now, restricted=told)
    return Case(moved, await evaluations.seats_of(session, moved.id))


async def begin_scoring(
    session: AsyncSession, actor: Actor, evaluation_id: UUID, *, due_at: datetime, now: datetime
) -> Case:
    """Let a whole panel score until ``due_at``, or give it more time.

    Raises:
        PanelIncomplete: A seat is vacant; only more time may be given then.
        DeadlineTooEarly: It does not lie ahead, or cuts an announced deadline short.
    """
    moved, case = await take(session, evaluation_id, EvaluationTrigger.BEGIN)
    first = moved.scores_due_at is None
    if first and len(sits(case.seats)) < panel_size(case.seats):
        raise PanelIncomplete("Replace who has left first.")
    check_deadline(due_at, now=now, announced=moved.scores_due_at)
    moved = replace(moved, scores_due_at=due_at)
    await evaluations.save(session, moved)
    await watch(session, moved, due_at)
    await note(
        session,
        moved,
        "scoring_begun" if first else "scoring_prolonged",
        actor.ref,
        now,
        restricted={"scores_due_at": due_at},
        audience=frozenset({moved.owner_id}),
    )
    return Case(moved, case.seats)


async def _members(
    session: AsyncSession, evaluation: Evaluation, ids: Collection[MembershipId]
) -> Sequence[ExpertMember]:
    return await find_experts(session, evaluation.market_id, ids)


def _seat(member: ExpertMember, number: int, *, chair: bool, now: datetime) -> Seat:
    return Seat(
        id=SeatId(new_id()),
        number=number,
        membership_id=member.membership_id,
        user_id=member.user_id,
        party_id=member.unit.id,
        name=member.name,
        unit_name=member.unit.name,
        chair=chair,
        appointed_at=now,
    )


async def _require_apart(
    session: AsyncSession,
    evaluation: Evaluation,
    seats: tuple[Seat, ...],
    members: Sequence[ExpertMember],
) -> None:
    owner = await get_party(session, evaluation.owner_id)
    subject = subject_facts(
        owner=owner,
        completers=evaluation.subject.completers,
        co_inventors=evaluation.subject.co_inventors,
    )
    insiders = await members_among(session, owner.id, [member.user_id for member in members])

    def grounds(member: ExpertMember) -> tuple[RecusalGround, ...]:
        expert = expert_facts(name=member.name, unit=member.unit, owner=owner)
        if member.user_id in insiders:  # whatever unit sends it
            expert = replace(expert, party_id=owner.id)
        declared = next(
            (
                seat.reason
                for seat in seats
                if seat.user_id == member.user_id and seat.departure is Departure.RECUSED
            ),
            None,
        )
        return find_recusals(expert, subject, declared=declared)

    require_no_recusal(*((member.membership_id, grounds(member)) for member in members))
