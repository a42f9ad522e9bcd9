"""Valuations and their signed form in the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.shared.ids import AchievementId, MarketId, PartyId, ValuationId
from app.shared.jsonable import jsonable
from app.valuations.domain.valuation import (
    SignedValuation,
    Valuation,
    ValuationStatus,
    ValuationSubject,
)
from app.valuations.models import SignedValuationRow, ValuationRow


def _valuation(row: ValuationRow) -> Valuation:
    told = row.subject
    return Valuation(
        id=ValuationId(row.id),
        subject=ValuationSubject(
            achievement_id=AchievementId(row.achievement_id),
            market_id=MarketId(row.market_id),
            owner_id=PartyId(row.owner_id),
            title=told["title"],
            technology_field=told["technology_field"],
            content_version=told["content_version"],
            content_hash=told["content_hash"],
            conversion_modes=tuple(told["conversion_modes"]),
        ),
        author_id=PartyId(row.author_id),
        author=row.author,
        status=ValuationStatus(row.status),
        version=row.version,
        purpose=row.purpose,
        document=row.document,
        results=row.results,
        drafted_at=row.drafted_at,
        signed_at=row.signed_at,
        ended_at=row.ended_at,
        reason=row.reason,
    )


def _course(valuation: Valuation) -> dict[str, Any]:
    return {
        "status": str(valuation.status),
        "version": valuation.version,
        "document": valuation.document,
        "results": valuation.results,
        "signed_at": valuation.signed_at,
        "ended_at": valuation.ended_at,
        "reason": valuation.reason,
    }


async def insert_valuation(session: AsyncSession, valuation: Valuation) -> None:
    """Insert a new draft."""
    subject = valuation.subject
    await session.execute(
        insert(ValuationRow).values(
            id=valuation.id,
            market_id=subject.market_id,
            achievement_id=subject.achievement_id,
            owner_id=subject.owner_id,
            author_id=valuation.author_id,
            author=valuation.author,
            purpose=valuation.purpose,
            subject=jsonable(subject),
            drafted_at=valuation.drafted_at,
            **_course(valuation),
        )
    )


async def save(session: AsyncSession, valuation: Valuation) -> None:
    """Save a draft's content, or where a signed valuation stands."""
    await session.execute(
        update(ValuationRow).where(ValuationRow.id == valuation.id).values(**_course(valuation))
    )


async def find(
    session: AsyncSession, valuation_id: UUID, *, lock: bool = False
) -> Valuation | None:
    """Return a valuation, under its row lock if asked."""
    statement = select(ValuationRow).where(ValuationRow.id == valuation_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _valuation(row)


async def lock_of_author(
    session: AsyncSession, achievement_id: AchievementId, author_id: PartyId
) -> Sequence[Valuation]:
    """Return an author's valuations of a result that are drafts or signed, locked in id order."""
    living = [str(ValuationStatus.DRAFT), str(ValuationStatus.SIGNED)]
    rows = await session.scalars(
        select(ValuationRow)
        .where(
            ValuationRow.achievement_id == achievement_id,
            ValuationRow.author_id == author_id,
            ValuationRow.status.in_(living),
        )
        .order_by(ValuationRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [_valuation(row) for row in rows]


async def find_page(
    session: AsyncSession,
    *,
    market_id: MarketId,
    party_id: PartyId | None,
    achievement_id: AchievementId | None,
    status: ValuationStatus | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Valuation]:
    """Return a market's valuations, newest first, below ``before``.

    Args:
        party_id: Only what it made, and signed ones of its results; ``None`` for the exchange.
    """
    seen: ColumnElement[bool] = true()
    if party_id is not None:
        signed = ValuationRow.status != str(ValuationStatus.DRAFT)
        seen = or_(ValuationRow.author_id == party_id, (ValuationRow.owner_id == party_id) & signed)
    rows = await session.scalars(
        select(ValuationRow)
        .where(
            ValuationRow.market_id == market_id,
            seen,
            true() if achievement_id is None else ValuationRow.achievement_id == achievement_id,
            true() if status is None else ValuationRow.status == str(status),
            true() if before is None else ValuationRow.id < before,
        )
        .order_by(ValuationRow.id.desc())
        .limit(limit)
    )
    return [_valuation(row) for row in rows]


def _signed(row: SignedValuationRow) -> SignedValuation:
    return SignedValuation(
        valuation_id=ValuationId(row.valuation_id),
        content=row.content,
        content_hash=row.content_hash,
        kid=row.kid,
        jws=row.jws,
        signed_at=row.signed_at,
    )


async def insert_signed(session: AsyncSession, signed: SignedValuation) -> None:
    """Keep what was signed."""
    await session.execute(
        insert(SignedValuationRow).values(
            valuation_id=signed.valuation_id,
            content=signed.content,
            content_hash=signed.content_hash,
            kid=signed.kid,
            jws=signed.jws,
            signed_at=signed.signed_at,
        )
    )


async def find_signed(session: AsyncSession, valuation_id: UUID) -> SignedValuation | None:
    """Return what was signed."""
    row = await session.get(SignedValuationRow, valuation_id)
    return None if row is None else _signed(row)


async def signed_of(
    session: AsyncSession, achievement_id: AchievementId
) -> Sequence[tuple[Valuation, SignedValuation]]:
    """Return a result's signed valuations, also revoked and superseded ones, oldest first."""
    rows = await session.execute(
        select(ValuationRow, SignedValuationRow)
        .join(SignedValuationRow, SignedValuationRow.valuation_id == ValuationRow.id)
        .where(ValuationRow.achievement_id == achievement_id)
        .order_by(SignedValuationRow.signed_at, ValuationRow.id)
    )
    return [(_valuation(valuation), _signed(signed)) for valuation, signed in rows]
