"""Versions of achievements in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import Achievement
from app.listings.domain.content import content_from_json, content_to_json
from app.listings.domain.versions import AchievementVersion
from app.listings.models import VersionRow
from app.platform.db import insert_rows
from app.shared.canonical import digest
from app.shared.ids import AchievementId


def _version(row: VersionRow) -> AchievementVersion:
    return AchievementVersion(
        number=row.version,
        content=content_from_json(row.content),
        content_hash=row.content_hash,
        edited_at=row.edited_at,
        edited_by=row.edited_by,
    )


async def insert(
    session: AsyncSession,
    *achievements: Achievement,
    edited_at: datetime,
    edited_by: str,
    contents: Sequence[tuple[Any, str]] | None = None,
) -> None:
    """Keep the present content of achievements as their present version; at least one.

    Args:
        contents: The contents' JSON form and its hash, if bulk work has them already.
    """
    if contents is None:
        told = [content_to_json(achievement.content) for achievement in achievements]
        contents = [(content, digest(content)) for content in told]
    rows = [
        {
            "achievement_id": achievement.id,
            "version": achievement.version,
            "content": content,
            "content_hash": content_hash,
            "edited_at": edited_at,
            "edited_by": edited_by,
        }
        for achievement, (content, content_hash) in zip(achievements, contents, strict=True)
    ]
    await insert_rows(session, VersionRow, rows)


async def find(
    session: AsyncSession, achievement_id: UUID, number: int
) -> AchievementVersion | None:
    """Return one version."""
    row = await session.get(VersionRow, (achievement_id, number))
    return None if row is None else _version(row)


async def find_page(
    session: AsyncSession,
    achievement_id: AchievementId,
    *,
    only: int | None,
    on: datetime | None,
    before: int | None,
    limit: int,
) -> Sequence[AchievementVersion]:
    """Return versions, newest first, below ``before``.

    Args:
        only: No other version than this one, which is the newest.
        on: Only the version that stood at this moment of the market.
    """
    rows = await session.scalars(
        select(VersionRow)
        .where(
            VersionRow.achievement_id == achievement_id,
            true() if only is None else VersionRow.version == only,
            true() if on is None else VersionRow.edited_at <= on,
            true() if before is None else VersionRow.version < before,
        )
        .order_by(VersionRow.version.desc())
        .limit(limit if on is None else 1)
    )
    return [_version(row) for row in rows]
