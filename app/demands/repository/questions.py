"""Questions in the database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.question import Question, QuestionStatus
from app.demands.models import QuestionRow
from app.shared.ids import DemandId, PartyId, QuestionId


def _question(row: QuestionRow) -> Question:
    return Question(
        id=QuestionId(row.id),
        demand_id=DemandId(row.demand_id),
        round=row.round,
        number=row.number,
        party_id=PartyId(row.party_id),
        status=QuestionStatus(row.status),
        text=row.text,
        asked_at=row.asked_at,
        answer=row.answer,
        answered_at=row.answered_at,
    )


async def insert(session: AsyncSession, question: Question) -> None:
    """Insert a question; the caller holds the demand's lock."""
    session.add(
        QuestionRow(
            id=question.id,
            demand_id=question.demand_id,
            round=question.round,
            number=question.number,
            party_id=question.party_id,
            status=str(question.status),
            text=question.text,
            asked_at=question.asked_at,
        )
    )
    await session.flush()


async def save_answer(session: AsyncSession, question: Question) -> None:
    """Save an answer; the caller holds the demand's lock."""
    await session.execute(
        update(QuestionRow)
        .where(QuestionRow.id == question.id)
        .values(
            status=str(question.status),
            answer=question.answer,
            answered_at=question.answered_at,
        )
        .execution_options(synchronize_session=False)
    )


async def count(session: AsyncSession, demand_id: DemandId) -> int:
    """Return how many questions a demand has in all rounds; the highest number."""
    found = await session.scalar(
        select(func.count()).select_from(QuestionRow).where(QuestionRow.demand_id == demand_id)
    )
    return int(found or 0)


async def of_round(
    session: AsyncSession, demand_id: DemandId, round_: int, *, party_id: PartyId | None = None
) -> Sequence[Question]:
    """Return the questions of a round, or those of one party, in the order of asking."""
    rows = await session.scalars(
        select(QuestionRow)
        .where(
            QuestionRow.demand_id == demand_id,
            QuestionRow.round == round_,
            true() if party_id is None else QuestionRow.party_id == party_id,
        )
        .order_by(QuestionRow.number)
        .execution_options(populate_existing=True)
    )
    return [_question(row) for row in rows]


async def find_page(
    session: AsyncSession,
    demand_id: DemandId,
    *,
    all_of: bool,
    own: PartyId | None,
    after: int,
    limit: int,
) -> Sequence[Question]:
    """Return questions in the order of asking, above ``after``.

    Args:
        all_of: Also those without an answer.
        own: Else those of this party without an answer beside the answered ones.
    """
    seen: list[ColumnElement[bool]] = [QuestionRow.status == str(QuestionStatus.ANSWERED)]
    if own is not None:
        seen.append(QuestionRow.party_id == own)
    rows = await session.scalars(
        select(QuestionRow)
        .where(
            QuestionRow.demand_id == demand_id,
            QuestionRow.number > after,
            true() if all_of else or_(*seen),
        )
        .order_by(QuestionRow.number)
        .limit(limit)
    )
    return [_question(row) for row in rows]
