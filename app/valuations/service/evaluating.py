"""Open evaluations; what every act on one begins and ends with."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import journal, timers
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import EvaluationId, PartyId, new_id
from app.shared.panels import Seat
from app.shared.transitions import advance
from app.valuations.domain.evaluation import (
    EVALUATION_TRANSITIONS,
    Evaluation,
    EvaluationStatus,
    EvaluationSubject,
    EvaluationTrigger,
    check_deadline,
)
from app.valuations.domain.scheme import scheme_for
from app.valuations.repository import evaluations

TIMER: Final = "valuations.evaluation_due"


@dataclass(frozen=True, slots=True)
class Case:
    """An evaluation with everybody who sits or sat on its panel."""

    evaluation: Evaluation
    seats: tuple[Seat, ...] = ()


async def open_evaluation(
    session: AsyncSession,
    actor: Actor,
    *,
    subject: EvaluationSubject,
    scheme_code: str | None,
    purpose: str,
    due_at: datetime,
    now: datetime,
) -> Case:
    """Open an evaluation, freezing its subject and scheme.

    Raises:
        SchemeUnknown, SchemeDoesNotFit: Names the schemes for this kind of results.
        DeadlineTooEarly: ``due_at`` does not lie ahead.
        EvaluationRunning: Another of the same result runs.
    """
    check_deadline(due_at, now=now, announced=None)
    evaluation = Evaluation(
        id=EvaluationId(new_id()),
        subject=subject,
        scheme=scheme_for(subject.kind, code=scheme_code),
        status=EvaluationStatus.OPENED,
        purpose=purpose,
        opened_by=actor.party_id,
        opened_at=now,
        due_at=due_at,
    )
    await evaluations.insert_evaluation(session, evaluation)
    await note(
        session,
        evaluation,
        "opened",
        actor.ref,
        now,
        restricted={
            "achievement_id": subject.achievement_id,
            "content_version": subject.content_version,
            "content_hash": subject.content_hash,
            "scheme": evaluation.scheme.code,
            "scheme_version": evaluation.scheme.version,
            "scheme_hash": evaluation.scheme.content_hash,
            "purpose": purpose,
            "due_at": due_at,
        },
        audience=frozenset({evaluation.owner_id}),
    )
    return Case(evaluation)


async def take(
    session: AsyncSession, evaluation_id: UUID, trigger: EvaluationTrigger
) -> tuple[Evaluation, Case]:
    """Lock an evaluation and return what it becomes by the trigger, and the case as it is.

    Raises:
        ObjectUnknown: There is none.
        TransitionRefused: The trigger does not exist in its state.
    """
    found = await evaluations.find(session, evaluation_id, lock=True)
    if found is None:
        raise ObjectUnknown("There is no such evaluation.")
    status = advance(EVALUATION_TRANSITIONS, state=found.status, trigger=trigger)
    seats = await evaluations.seats_of(session, found.id)
    return replace(found, status=status), Case(found, seats)


def seat_of(case: Case, actor: Actor) -> Seat:
    """Return the seat of the caller.

    Raises:
        ObjectUnknown: The caller does not sit on this panel, and is not told that there is one.
    """
    for seat in case.seats:
        if seat.is_of(actor.ref, actor.party_id):
            return seat
    raise ObjectUnknown("There is no such evaluation for you.")


async def watch(session: AsyncSession, evaluation: Evaluation, due_at: datetime) -> None:
    """Set the timer of a locked evaluation's deadline.

    A worker that has it in hand waits for the evaluation: it looks next, and sets it itself.
    """
    if not await timers.is_in_hand(session, kind=TIMER, subject_id=evaluation.id):
        await timers.schedule(
            session,
            market_id=evaluation.market_id,
            kind=TIMER,
            subject_id=evaluation.id,
            due_at=due_at,
        )


async def note(
    session: AsyncSession,
    evaluation: Evaluation,
    what: str,
    actor: str,
    now: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
    audience: frozenset[PartyId] = frozenset(),
) -> None:
    """Journal an act on an evaluation; an empty audience leaves the market's staff.

    Invariant: EV6 (no score is journaled before the scores are open).
    """
    event = NewEvent(
        market_id=evaluation.market_id,
        subject="evaluation",
        subject_id=evaluation.id,
        type=f"evaluation.{what}",
        market_at=now,
        actor=actor,
        public=public or {},
        restricted=restricted or {},
        audience=audience,
    )
    await journal.append(session, event)
