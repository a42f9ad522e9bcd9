"""Experts' appointments and opinions in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import Achievement
from app.listings.domain.selection import Appointment, Opinion, SelectionVote
from app.listings.models import AchievementRow, OpinionRow
from app.platform.db import insert_rows
from app.shared.ids import AchievementId, OpinionId, PartyId, UserId


def _appointment(row: OpinionRow) -> Appointment:
    opinion = None
    if row.vote is not None and row.score is not None and row.reason is not None:
        opinion = Opinion(SelectionVote(row.vote), row.score, row.reason)
    return Appointment(
        id=OpinionId(row.id),
        achievement_id=AchievementId(row.achievement_id),
        submitted_at=row.submitted_at,
        user_id=UserId(row.user_id),
        party_id=PartyId(row.party_id),
        expert_name=row.expert_name,
        appointed_at=row.appointed_at,
        due_at=row.due_at,
        opinion=opinion,
        given_at=row.given_at,
    )


async def insert(
    session: AsyncSession, appointments: Sequence[Appointment], *, appointed_by: str
) -> None:
    """Insert new appointments; at least one. The caller holds the achievement's lock."""
    rows: list[dict[str, Any]] = [
        {
            "id": item.id,
            "achievement_id": item.achievement_id,
            "submitted_at": item.submitted_at,
            "user_id": item.user_id,
            "party_id": item.party_id,
            "expert_name": item.expert_name,
            "appointed_at": item.appointed_at,
            "appointed_by": appointed_by,
            "due_at": item.due_at,
        }
        for item in appointments
    ]
    await insert_rows(session, OpinionRow, rows)


async def save_opinion(session: AsyncSession, appointment: Appointment) -> None:
    """Save the opinion that an expert gave; the caller holds the achievement's lock."""
    opinion = appointment.opinion
    assert opinion is not None
    await session.execute(
        update(OpinionRow)
        .where(OpinionRow.id == appointment.id)
        .values(
            vote=str(opinion.vote),
            score=opinion.score,
            reason=opinion.reason,
            given_at=appointment.given_at,
        )
    )


async def of_submission(session: AsyncSession, achievement: Achievement) -> Sequence[Appointment]:
    """Return who judges, or judged, the present submission, in the order of appointment."""
    rows = await session.scalars(
        select(OpinionRow)
        .where(
            OpinionRow.achievement_id == achievement.id,
            OpinionRow.submitted_at == achievement.submitted_at,
        )
        .order_by(OpinionRow.id)
        .execution_options(populate_existing=True)
    )
    return [_appointment(row) for row in rows]


async def page_of_expert(
    session: AsyncSession,
    user_id: UserId,
    party_id: PartyId,
    *,
    before: OpinionId | None,
    limit: int,
) -> Sequence[tuple[Appointment, str]]:
    """Return an expert's appointments with the titles, newest first, below ``before``."""
    rows = await session.execute(
        select(OpinionRow, AchievementRow.title)
        .join(AchievementRow, AchievementRow.id == OpinionRow.achievement_id)
        .where(
            OpinionRow.user_id == user_id,
            OpinionRow.party_id == party_id,
            true() if before is None else OpinionRow.id < before,
        )
        .order_by(OpinionRow.id.desc())
        .limit(limit)
    )
    return [(_appointment(row), title) for row, title in rows]
