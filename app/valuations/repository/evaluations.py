"""Evaluations, their panels, sheets and reports in the database."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.shared.access import Viewer
from app.shared.ids import (
    AchievementId,
    EvaluationId,
    MarketId,
    MembershipId,
    PartyId,
    SeatId,
    UserId,
)
from app.shared.jsonable import jsonable
from app.shared.panels import Departure, Seat
from app.valuations.domain.conclusion import Explanation, Report
from app.valuations.domain.evaluation import (
    Evaluation,
    EvaluationRunning,
    EvaluationStatus,
    EvaluationSubject,
)
from app.valuations.domain.panel import HandedIn
from app.valuations.domain.scheme import scheme_from_json
from app.valuations.domain.scoring import Score
from app.valuations.models import (
    EvaluationRow,
    ExplanationRow,
    ReportRow,
    SeatRow,
    SheetRow,
)


def _subject(row: EvaluationRow) -> EvaluationSubject:
    told = row.subject
    return EvaluationSubject(
        achievement_id=AchievementId(row.achievement_id),
        market_id=MarketId(row.market_id),
        owner_id=PartyId(row.owner_id),
        completers=tuple(told["completers"]),
        co_inventors=tuple(told["co_inventors"]),
        secrecy_cleared=told["secrecy_cleared"],
        **{
            name: told[name]
            for name in ("title", "kind", "content_version", "content_hash", "content")
        },
    )


def _evaluation(row: EvaluationRow) -> Evaluation:
    return Evaluation(
        id=EvaluationId(row.id),
        subject=_subject(row),
        scheme=scheme_from_json(row.scheme),
        status=EvaluationStatus(row.status),
        purpose=row.purpose,
        opened_by=PartyId(row.opened_by),
        opened_at=row.opened_at,
        due_at=row.due_at,
        scores_due_at=row.scores_due_at,
        scores_opened_at=row.scores_opened_at,
        explain_due_at=row.explain_due_at,
        ended_at=row.ended_at,
        published_at=row.published_at,
        reason=row.reason,
    )


def _course(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "status": str(evaluation.status),
        "scores_due_at": evaluation.scores_due_at,
        "scores_opened_at": evaluation.scores_opened_at,
        "explain_due_at": evaluation.explain_due_at,
        "ended_at": evaluation.ended_at,
        "published_at": evaluation.published_at,
        "reason": evaluation.reason,
    }


async def insert_evaluation(session: AsyncSession, evaluation: Evaluation) -> None:
    """Insert a new evaluation.

    Raises:
        EvaluationRunning: Another of the same result runs; the unique index decides.
    """
    subject = evaluation.subject
    made = await session.scalar(
        upsert(EvaluationRow)
        .values(
            id=evaluation.id,
            market_id=subject.market_id,
            achievement_id=subject.achievement_id,
            owner_id=subject.owner_id,
            subject=jsonable(subject),
            scheme=jsonable(evaluation.scheme),
            purpose=evaluation.purpose,
            opened_by=evaluation.opened_by,
            opened_at=evaluation.opened_at,
            due_at=evaluation.due_at,
            **_course(evaluation),
        )
        .on_conflict_do_nothing()
        .returning(EvaluationRow.id)
    )
    if made is None:
        raise EvaluationRunning("Wait for its conclusion, or have it cancelled.")


async def save(session: AsyncSession, evaluation: Evaluation) -> None:
    """Save where an evaluation stands; subject and scheme stay."""
    await session.execute(
        update(EvaluationRow).where(EvaluationRow.id == evaluation.id).values(**_course(evaluation))
    )


async def find(
    session: AsyncSession, evaluation_id: UUID, *, lock: bool = False
) -> Evaluation | None:
    """Return an evaluation, under its row lock if asked."""
    statement = select(EvaluationRow).where(EvaluationRow.id == evaluation_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _evaluation(row)


async def find_owner(session: AsyncSession, evaluation_id: UUID) -> tuple[UUID, UUID] | None:
    """Return an evaluation's market and owner."""
    row = (
        await session.execute(
            select(EvaluationRow.market_id, EvaluationRow.owner_id).where(
                EvaluationRow.id == evaluation_id
            )
        )
    ).first()
    return None if row is None else (row.market_id, row.owner_id)


def _sat_by(user_id: UserId, party_id: PartyId | None) -> ColumnElement[bool]:
    return (
        select(SeatRow.id)
        .where(
            SeatRow.evaluation_id == EvaluationRow.id,
            SeatRow.user_id == user_id,
            SeatRow.party_id == party_id,
            SeatRow.left_at.is_(None),
        )
        .exists()
    )


async def find_page(
    session: AsyncSession,
    viewer: Viewer,
    user_id: UserId | None,
    *,
    achievement_id: AchievementId | None,
    status: EvaluationStatus | None,
    before: EvaluationId | None,
    limit: int,
) -> Sequence[Evaluation]:
    """Return what the viewer may see, newest first, below ``before``.

    The same rule as `domain.evaluation.may_see`; a test holds them together.
    """
    seen: list[ColumnElement[bool]] = [EvaluationRow.published_at.is_not(None)]
    if viewer.party_id is not None:
        seen.append(EvaluationRow.owner_id == viewer.party_id)
    if viewer.staff_of is not None:
        seen.append(EvaluationRow.market_id == viewer.staff_of)
    if user_id is not None:
        seen.append(_sat_by(user_id, viewer.party_id))
    rows = await session.scalars(
        select(EvaluationRow)
        .where(
            or_(*seen),
            true() if achievement_id is None else EvaluationRow.achievement_id == achievement_id,
            true() if status is None else EvaluationRow.status == str(status),
            true() if before is None else EvaluationRow.id < before,
        )
        .order_by(EvaluationRow.id.desc())
        .limit(limit)
    )
    return [_evaluation(row) for row in rows]


def _seat(row: SeatRow) -> Seat:
    return Seat(
        id=SeatId(row.id),
        number=row.number,
        membership_id=MembershipId(row.membership_id),
        user_id=UserId(row.user_id),
        party_id=PartyId(row.party_id),
        name=row.name,
        unit_name=row.unit_name,
        chair=row.chair,
        appointed_at=row.appointed_at,
        declared_at=row.declared_at,
        left_at=row.left_at,
        departure=None if row.departure is None else Departure(row.departure),
        reason=row.reason,
        handed_in_at=row.handed_in_at,
        digest=row.digest,
    )


async def seats_of(session: AsyncSession, evaluation_id: EvaluationId) -> tuple[Seat, ...]:
    """Return everybody who sits or sat on a panel, by seat and appointment."""
    rows = await session.scalars(
        select(SeatRow)
        .where(SeatRow.evaluation_id == evaluation_id)
        .order_by(SeatRow.number, SeatRow.id)
        .execution_options(populate_existing=True)
    )
    return tuple(map(_seat, rows))


async def insert_seats(
    session: AsyncSession, evaluation_id: EvaluationId, seats: Sequence[Seat]
) -> None:
    """Insert newly appointed experts."""
    await session.execute(
        insert(SeatRow),
        [
            {
                "id": seat.id,
                "evaluation_id": evaluation_id,
                "number": seat.number,
                "membership_id": seat.membership_id,
                "user_id": seat.user_id,
                "party_id": seat.party_id,
                "name": seat.name,
                "unit_name": seat.unit_name,
                "chair": seat.chair,
                "appointed_at": seat.appointed_at,
            }
            for seat in seats
        ],
    )


async def save_seat(session: AsyncSession, seat: Seat) -> None:
    """Save what became of a seat; who was appointed stays."""
    await session.execute(
        update(SeatRow)
        .where(SeatRow.id == seat.id)
        .values(
            declared_at=seat.declared_at,
            left_at=seat.left_at,
            departure=None if seat.departure is None else str(seat.departure),
            reason=seat.reason,
            handed_in_at=seat.handed_in_at,
            digest=seat.digest,
        )
    )


async def insert_sheet(
    session: AsyncSession,
    evaluation_id: EvaluationId,
    seat_id: UUID,
    scores: Mapping[str, Any],
    salt: bytes,
) -> None:
    """Insert a handed-in score sheet in its `jsonable` form."""
    session.add(
        SheetRow(seat_id=seat_id, evaluation_id=evaluation_id, scores=dict(scores), salt=salt)
    )
    await session.flush()


async def sheets_of(session: AsyncSession, evaluation_id: EvaluationId) -> Mapping[UUID, HandedIn]:
    """Return the handed-in sheets with their salts, by seat id."""
    rows = await session.scalars(select(SheetRow).where(SheetRow.evaluation_id == evaluation_id))
    return {
        row.seat_id: HandedIn(
            {code: Score(**score) for code, score in row.scores.items()}, row.salt
        )
        for row in rows
    }


async def insert_explanations(
    session: AsyncSession, evaluation_id: EvaluationId, explanations: Sequence[Explanation]
) -> None:
    """Insert what was said about outliers."""
    await session.execute(
        insert(ExplanationRow),
        [
            {
                "evaluation_id": evaluation_id,
                "seat": item.seat,
                "indicator": item.indicator,
                "text": item.text,
                "by_expert": item.by_expert,
                "explained_at": item.explained_at,
            }
            for item in explanations
        ],
    )


async def explanations_of(
    session: AsyncSession, evaluation_id: EvaluationId
) -> tuple[Explanation, ...]:
    """Return what was said about outliers, by seat and indicator."""
    rows = await session.scalars(
        select(ExplanationRow)
        .where(ExplanationRow.evaluation_id == evaluation_id)
        .order_by(ExplanationRow.seat, ExplanationRow.indicator)
    )
    return tuple(
        Explanation(
            seat=row.seat,
            indicator=row.indicator,
            text=row.text,
            by_expert=row.by_expert,
            explained_at=row.explained_at,
        )
        for row in rows
    )


def _report(row: ReportRow) -> Report:
    return Report(
        evaluation_id=EvaluationId(row.evaluation_id),
        content=row.content,
        content_hash=row.content_hash,
        kid=row.kid,
        jws=row.jws,
        concluded_at=row.concluded_at,
    )


async def insert_report(session: AsyncSession, report: Report) -> None:
    """Insert a signed report."""
    session.add(
        ReportRow(
            evaluation_id=report.evaluation_id,
            content=dict(report.content),
            content_hash=report.content_hash,
            kid=report.kid,
            jws=report.jws,
            concluded_at=report.concluded_at,
        )
    )
    await session.flush()


async def find_report(session: AsyncSession, evaluation_id: UUID) -> Report | None:
    """Return a concluded evaluation's report."""
    row = await session.get(ReportRow, evaluation_id)
    return None if row is None else _report(row)


async def reports_of(session: AsyncSession, achievement_id: AchievementId) -> Sequence[Report]:
    """Return all reports of a result, oldest first."""
    rows = await session.scalars(
        select(ReportRow)
        .join(EvaluationRow, EvaluationRow.id == ReportRow.evaluation_id)
        .where(EvaluationRow.achievement_id == achievement_id)
        .order_by(ReportRow.concluded_at, ReportRow.evaluation_id)
    )
    return [_report(row) for row in rows]
