"""SQL of refresh tokens and of counted attempts."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.grants import RefreshState
from app.identity.domain.throttle import WINDOW, Attempt, Window
from app.identity.models import AttemptRow, RefreshFamilyRow, RefreshTokenRow
from app.shared.ids import MembershipId, new_id


async def insert_family(
    session: AsyncSession, *, membership_id: MembershipId, scopes: Collection[str]
) -> UUID:
    """Insert the family of a new sign-in."""
    family_id = new_id()
    session.add(RefreshFamilyRow(id=family_id, membership_id=membership_id, scopes=sorted(scopes)))
    await session.flush()
    return family_id


async def insert_refresh(
    session: AsyncSession, *, token_hash: bytes, family_id: UUID, expires_at: datetime
) -> None:
    """Insert a family's next refresh token."""
    session.add(RefreshTokenRow(hash=token_hash, family_id=family_id, expires_at=expires_at))
    await session.flush()


async def lock_refresh(session: AsyncSession, token_hash: bytes) -> RefreshState | None:
    """Return a refresh token with its family, the family's row locked.

    The token is read after the lock is held: of two that present it at once, the second must
    see that it was used.
    """
    family_id = await session.scalar(
        select(RefreshTokenRow.family_id).where(RefreshTokenRow.hash == token_hash)
    )
    if family_id is None:
        return None
    family = (
        await session.scalars(
            select(RefreshFamilyRow)
            .where(RefreshFamilyRow.id == family_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    token = (
        await session.execute(
            select(RefreshTokenRow.expires_at, RefreshTokenRow.used_at).where(
                RefreshTokenRow.hash == token_hash
            )
        )
    ).one()
    return RefreshState(
        family_id=family.id,
        membership_id=MembershipId(family.membership_id),
        scopes=frozenset(family.scopes),
        expires_at=token.expires_at,
        used_at=token.used_at,
        family_revoked_at=family.revoked_at,
    )


async def save_used(session: AsyncSession, token_hash: bytes, *, at: datetime) -> None:
    """Mark a refresh token of a locked family as used."""
    await session.execute(
        update(RefreshTokenRow).where(RefreshTokenRow.hash == token_hash).values(used_at=at)
    )


async def save_family_revoked(session: AsyncSession, family_id: UUID, *, at: datetime) -> None:
    """End a locked family."""
    await session.execute(
        update(RefreshFamilyRow).where(RefreshFamilyRow.id == family_id).values(revoked_at=at)
    )


async def count_attempt(session: AsyncSession, attempt: Attempt, *, now: datetime) -> Window:
    """Count an attempt and return its window."""
    statement = insert(AttemptRow).values(
        subject=attempt.subject, attempts=1, window_ends_at=now + WINDOW
    )
    over = AttemptRow.window_ends_at <= now
    row = (
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["subject"],
                set_={
                    "attempts": case((over, 1), else_=AttemptRow.attempts + 1),
                    "window_ends_at": case(
                        (over, statement.excluded.window_ends_at), else_=AttemptRow.window_ends_at
                    ),
                },
            ).returning(AttemptRow.attempts, AttemptRow.window_ends_at)
        )
    ).one()
    return Window(row.attempts, row.window_ends_at)


async def forget_attempts(session: AsyncSession, attempt: Attempt) -> None:
    """Begin anew, as after a success."""
    await session.execute(delete(AttemptRow).where(AttemptRow.subject == attempt.subject))


async def give_back_attempt(session: AsyncSession, attempt: Attempt) -> None:
    """Take one counted attempt back."""
    await session.execute(
        update(AttemptRow)
        .where(AttemptRow.subject == attempt.subject, AttemptRow.attempts > 0)
        .values(attempts=AttemptRow.attempts - 1)
    )


async def sweep_attempts(session: AsyncSession, *, now: datetime) -> None:
    """Delete some windows that are over, passing over those that others are counting in."""
    over = (
        select(AttemptRow.subject)
        .where(AttemptRow.window_ends_at <= now)
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    await session.execute(delete(AttemptRow).where(AttemptRow.subject.in_(over)))
