"""Experts' opinions on demands in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand
from app.demands.domain.diagnosis import DiagnosisOpinion, DiagnosisSeat, Verdict
from app.demands.models import DemandRow, DiagnosisOpinionRow
from app.platform.db import insert_rows
from app.shared.ids import DemandId, OpinionId, PartyId, UserId


def _seat(row: DiagnosisOpinionRow) -> DiagnosisSeat:
    opinion = None
    if row.verdict is not None and row.score is not None and row.reason is not None:
        opinion = DiagnosisOpinion(
            verdict=Verdict(row.verdict),
            score=row.score,
            reason=row.reason,
            merge_into=None if row.merge_into is None else DemandId(row.merge_into),
            parts=tuple(row.parts or ()),
        )
    return DiagnosisSeat(
        id=OpinionId(row.id),
        demand_id=DemandId(row.demand_id),
        submitted_at=row.submitted_at,
        user_id=UserId(row.user_id),
        party_id=PartyId(row.party_id),
        expert_name=row.expert_name,
        appointed_at=row.appointed_at,
        due_at=row.due_at,
        opinion=opinion,
        given_at=row.given_at,
        salt=row.salt,
    )


async def insert(
    session: AsyncSession, seats: Sequence[DiagnosisSeat], *, appointed_by: str
) -> None:
    """Insert new appointments; at least one. The caller holds the demand's lock."""
    rows: list[dict[str, Any]] = [
        {
            "id": seat.id,
            "demand_id": seat.demand_id,
            "submitted_at": seat.submitted_at,
            "user_id": seat.user_id,
            "party_id": seat.party_id,
            "expert_name": seat.expert_name,
            "appointed_at": seat.appointed_at,
            "appointed_by": appointed_by,
            "due_at": seat.due_at,
        }
        for seat in seats
    ]
    await insert_rows(session, DiagnosisOpinionRow, rows)


async def save_opinion(session: AsyncSession, seat: DiagnosisSeat) -> None:
    """Save the opinion that an expert gave; the caller holds the demand's lock."""
    opinion = seat.opinion
    assert opinion is not None
    await session.execute(
        update(DiagnosisOpinionRow)
        .where(DiagnosisOpinionRow.id == seat.id)
        .values(
            verdict=str(opinion.verdict),
            score=opinion.score,
            reason=opinion.reason,
            merge_into=opinion.merge_into,
            parts=list(opinion.parts),
            salt=seat.salt,
            given_at=seat.given_at,
        )
        .execution_options(synchronize_session=False)
    )


async def of_submission(session: AsyncSession, demand: Demand) -> Sequence[DiagnosisSeat]:
    """Return who judges, or judged, the present submission, in the order of appointment."""
    rows = await session.scalars(
        select(DiagnosisOpinionRow)
        .where(
            DiagnosisOpinionRow.demand_id == demand.id,
            DiagnosisOpinionRow.submitted_at == demand.submitted_at,
        )
        .order_by(DiagnosisOpinionRow.id)
        .execution_options(populate_existing=True)
    )
    return [_seat(row) for row in rows]


async def page_of_expert(
    session: AsyncSession,
    user_id: UserId,
    party_id: PartyId,
    *,
    before: OpinionId | None,
    limit: int,
) -> Sequence[tuple[DiagnosisSeat, str]]:
    """Return an expert's appointments with the titles, newest first, below ``before``."""
    rows = await session.execute(
        select(DiagnosisOpinionRow, DemandRow.title)
        .join(DemandRow, DemandRow.id == DiagnosisOpinionRow.demand_id)
        .where(
            DiagnosisOpinionRow.user_id == user_id,
            DiagnosisOpinionRow.party_id == party_id,
            true() if before is None else DiagnosisOpinionRow.id < before,
        )
        .order_by(DiagnosisOpinionRow.id.desc())
        .limit(limit)
    )
    return [(_seat(row), title) for row, title in rows]
