"""What a caller may read of an evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor, ObjectUnknown, Owner
from app.shared.ids import AchievementId, EvaluationId, MarketId, PartyId, UserId
from app.shared.panels import Seat, sits
from app.valuations.domain.conclusion import Explanation, Report, ReportMissing
from app.valuations.domain.evaluation import Evaluation, EvaluationStatus, may_see
from app.valuations.domain.panel import by_number
from app.valuations.domain.scoring import (
    Dispersion,
    Outlier,
    Sheet,
    Sheets,
    find_outliers,
    measure,
)
from app.valuations.repository import evaluations
from app.valuations.service.evaluating import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """An evaluation as far as its reader may see it.

    Attributes:
        content: The result's content; for owner, panel and staff.
        seats: Who sits and sat: for staff; for the panel once scores are open, before that each
            its own seat; for all other readers who sits, once it is concluded.
        own_sheet: What the reader handed in.
        sheets: All, once they are open; for panel and staff.
        dispersion: With the sheets, and for all readers after the conclusion.
    """

    evaluation: Evaluation
    content: Mapping[str, Any] | None
    seats: tuple[Seat, ...]
    own_sheet: Sheet | None
    sheets: Sheets
    dispersion: tuple[Dispersion, ...]
    outliers: tuple[Outlier, ...]
    explanations: tuple[Explanation, ...]


def _user(actor: Actor) -> UserId | None:
    kind, _, user_id = actor.ref.partition(":")
    return UserId(UUID(user_id)) if kind == "user" else None


def _own_seat(case: Case, actor: Actor) -> Seat | None:
    return next((seat for seat in case.seats if seat.is_of(actor.ref, actor.party_id)), None)


async def look(session: AsyncSession, actor: Actor, case: Case) -> Sight:
    """Return what the caller may see of an evaluation.

    Raises:
        ObjectUnknown: Not even that it exists.

    Invariant: EV6, EV16, EV17.
    """
    evaluation = case.evaluation
    own = _own_seat(case, actor)
    if not may_see(actor.viewer, evaluation, sitting=own is not None):
        raise ObjectUnknown("There is no such evaluation for you.")
    staff = actor.viewer.staff_of == evaluation.market_id
    insider = staff or own is not None or actor.viewer.party_id == evaluation.owner_id
    sheets = await evaluations.sheets_of(session, evaluation.id)
    opened = by_number(case.seats, sheets) if evaluation.scores_open else {}
    sees_sheets = staff or own is not None
    concluded = evaluation.status is EvaluationStatus.CONCLUDED
    told = opened if sees_sheets or concluded else {}
    scheme = evaluation.scheme
    return Sight(
        evaluation=evaluation,
        content=evaluation.subject.content if insider else None,
        seats=_seats(case, own, staff=staff),
        own_sheet=None if own is None or own.id not in sheets else sheets[own.id].sheet,
        sheets=opened if sees_sheets else {},
        dispersion=measure(scheme, told) if told else (),
        outliers=find_outliers(scheme, opened) if opened and sees_sheets else (),
        explanations=(
            await evaluations.explanations_of(session, evaluation.id)
            if opened and sees_sheets
            else ()
        ),
    )


def _seats(case: Case, own: Seat | None, *, staff: bool) -> tuple[Seat, ...]:
    if staff:
        return case.seats
    if case.evaluation.status is EvaluationStatus.CONCLUDED:
        return sits(case.seats)
    if own is None:
        return ()
    return sits(case.seats) if case.evaluation.scores_open else (own,)


async def read_case(session: AsyncSession, evaluation_id: UUID) -> Case:
    """Return an evaluation, whoever asks.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await evaluations.find(session, evaluation_id)
    if found is None:
        raise ObjectUnknown("There is no such evaluation.")
    return Case(found, await evaluations.seats_of(session, found.id))


async def read_report(session: AsyncSession, actor: Actor, evaluation_id: UUID) -> Report:
    """Return the report of an evaluation that the caller may see.

    Raises:
        ObjectUnknown: Not for the caller.
        ReportMissing: It is not concluded.
    """
    await look(session, actor, await read_case(session, evaluation_id))
    report = await evaluations.find_report(session, evaluation_id)
    if report is None:
        raise ReportMissing("Wait for the conclusion.")
    return report


async def list_evaluations(
    session: AsyncSession,
    actor: Actor,
    *,
    achievement_id: AchievementId | None,
    status: EvaluationStatus | None,
    before: EvaluationId | None,
    limit: int,
) -> Sequence[Evaluation]:
    """Return what the caller may see, newest first."""
    return await evaluations.find_page(
        session,
        actor.viewer,
        _user(actor),
        achievement_id=achievement_id,
        status=status,
        before=before,
        limit=limit,
    )


async def owner_of(session: AsyncSession, evaluation_id: UUID) -> Owner | None:
    """Return an evaluation's market and the result's owner."""
    found = await evaluations.find_owner(session, evaluation_id)
    return None if found is None else Owner(MarketId(found[0]), frozenset({PartyId(found[1])}))
