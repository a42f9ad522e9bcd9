"""Achievements in the database."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.content import (
    AchievementContent,
    Completer,
    Confidentiality,
    Empowerment,
    Readiness,
    Secrecy,
    assets_from_json,
    assets_to_json,
    completers_to_json,
)
from app.listings.models import AchievementRow
from app.platform.db import insert_rows
from app.shared.access import Viewer
from app.shared.ids import AchievementId, FileId, MarketId, PartyId
from app.shared.money import Money


def _price(row: AchievementRow) -> Money | None:
    if row.price_idea_minor is None or row.price_idea_currency is None:
        return None
    return Money(row.price_idea_minor, row.price_idea_currency)


def _content(row: AchievementRow) -> AchievementContent:
    return AchievementContent(
        title=row.title,
        abstract=row.abstract,
        technology_field=row.technology_field,
        kind=row.kind,
        ip_kind=row.ip_kind,
        ip_assets=assets_from_json(row.ip_assets),
        readiness=Readiness(row.readiness_scale, row.readiness_level),
        evidence=row.evidence,
        state_of_the_art=row.state_of_the_art,
        completers=tuple(Completer(item["name"], item["share_bp"]) for item in row.completers),
        service_result=row.service_result,
        empowerment=Empowerment(row.empowerment),
        plan_source=row.plan_source,
        conversion_modes=tuple(row.conversion_modes),
        price_idea=_price(row),
        confidentiality=Confidentiality(row.confidentiality),
        keywords=tuple(row.keywords),
        public_summary=row.public_summary,
        secrecy=Secrecy(row.secrecy),
        funding_project=row.funding_project,
        price_basis=row.price_basis,
        attachments=tuple(FileId(file_id) for file_id in row.attachments),
    )


def _achievement(row: AchievementRow) -> Achievement:
    return Achievement(
        id=AchievementId(row.id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        status=AchievementStatus(row.status),
        content=_content(row),
        version=row.version,
        collected_at=row.collected_at,
        submitted_at=row.submitted_at,
        reviewed_at=row.reviewed_at,
        due_at=row.due_at,
        reason=row.reason,
    )


def _columns(content: AchievementContent) -> dict[str, Any]:
    price = content.price_idea
    return {
        "title": content.title,
        "abstract": content.abstract,
        "technology_field": content.technology_field,
        "kind": content.kind,
        "ip_kind": content.ip_kind,
        "ip_assets": assets_to_json(content.ip_assets),
        "readiness_scale": content.readiness.scale,
        "readiness_level": content.readiness.level,
        "evidence": content.evidence,
        "state_of_the_art": content.state_of_the_art,
        "completers": completers_to_json(content.completers),
        "service_result": content.service_result,
        "empowerment": str(content.empowerment),
        "plan_source": content.plan_source,
        "conversion_modes": list(content.conversion_modes),
        "price_idea_minor": None if price is None else price.amount_minor,
        "price_idea_currency": None if price is None else price.currency,
        "confidentiality": str(content.confidentiality),
        "keywords": list(content.keywords),
        "public_summary": content.public_summary,
        "secrecy": str(content.secrecy),
        "funding_project": content.funding_project,
        "price_basis": content.price_basis,
        "attachments": list(content.attachments),
    }


def _course(achievement: Achievement) -> dict[str, Any]:
    return {
        "status": str(achievement.status),
        "version": achievement.version,
        "submitted_at": achievement.submitted_at,
        "reviewed_at": achievement.reviewed_at,
        "due_at": achievement.due_at,
        "reason": achievement.reason,
    }


async def insert(session: AsyncSession, *achievements: Achievement) -> None:
    """Insert new achievements in one statement; at least one."""
    rows = [
        {
            "id": achievement.id,
            "market_id": achievement.market_id,
            "party_id": achievement.party_id,
            "collected_at": achievement.collected_at,
            **_course(achievement),
            **_columns(achievement.content),
        }
        for achievement in achievements
    ]
    await insert_rows(session, AchievementRow, rows)


async def save(session: AsyncSession, achievement: Achievement) -> None:
    """Save where an achievement stands; the content stays."""
    await session.execute(
        update(AchievementRow)
        .where(AchievementRow.id == achievement.id)
        .values(**_course(achievement))
    )


async def save_content(session: AsyncSession, achievement: Achievement) -> None:
    """Save an achievement with another content."""
    await session.execute(
        update(AchievementRow)
        .where(AchievementRow.id == achievement.id)
        .values(**_course(achievement), **_columns(achievement.content))
    )


async def find(
    session: AsyncSession, achievement_id: AchievementId, *, lock: bool = False
) -> Achievement | None:
    """Return an achievement, under its row lock if asked."""
    statement = select(AchievementRow).where(AchievementRow.id == achievement_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _achievement(row)


async def find_many(
    session: AsyncSession, achievement_ids: Collection[AchievementId]
) -> Sequence[Achievement]:
    """Return those of the achievements that exist, in one query."""
    rows = await session.scalars(
        select(AchievementRow)
        .where(AchievementRow.id.in_(achievement_ids))
        .execution_options(populate_existing=True)
    )
    return [_achievement(row) for row in rows]


async def find_on_shelf(
    session: AsyncSession, achievement_ids: Collection[AchievementId]
) -> Sequence[Achievement]:
    """Return those of the achievements that lie on the shelf, in the order of their ids."""
    rows = await session.scalars(
        select(AchievementRow)
        .where(
            AchievementRow.id.in_(achievement_ids),
            AchievementRow.status == str(AchievementStatus.ACCEPTED),
        )
        .order_by(AchievementRow.id)
        .execution_options(populate_existing=True)
    )
    return [_achievement(row) for row in rows]


async def ids_on_shelf(
    session: AsyncSession, *, after: UUID, limit: int
) -> Sequence[AchievementId]:
    """Return the next ids of achievements on the shelf, in order."""
    found = await session.scalars(
        select(AchievementRow.id)
        .where(AchievementRow.id > after, AchievementRow.status == str(AchievementStatus.ACCEPTED))
        .order_by(AchievementRow.id)
        .limit(limit)
    )
    return [AchievementId(id_) for id_ in found]


def _seen_by(viewer: Viewer) -> ColumnElement[bool]:
    # The same rule as domain.achievement.may_see; a test holds them together.
    seen: list[ColumnElement[bool]] = [AchievementRow.status == str(AchievementStatus.ACCEPTED)]
    if viewer.party_id is not None:
        seen.append(AchievementRow.party_id == viewer.party_id)
    if viewer.staff_of is not None:
        seen.append(
            (AchievementRow.market_id == viewer.staff_of) & AchievementRow.submitted_at.is_not(None)
        )
    return or_(*seen)


async def find_page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    market_id: MarketId | None,
    technology_field: str | None,
    status: AchievementStatus | None,
    before: AchievementId | None,
    limit: int,
) -> Sequence[Achievement]:
    """Return what the viewer may see, newest first, below ``before``."""
    rows = await session.scalars(
        select(AchievementRow)
        .where(
            _seen_by(viewer),
            true() if market_id is None else AchievementRow.market_id == market_id,
            true()
            if technology_field is None
            else AchievementRow.technology_field == technology_field,
            true() if status is None else AchievementRow.status == str(status),
            true() if before is None else AchievementRow.id < before,
        )
        .order_by(AchievementRow.id.desc())
        .limit(limit)
    )
    return [_achievement(row) for row in rows]
