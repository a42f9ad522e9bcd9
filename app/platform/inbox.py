"""The inbox: what a party is told, once each, by whatever module has something to tell.

A notification is derived from a journaled event and may be lost from view by reading it, so
neither it nor its reading is journaled. It is written in the transaction of the reaction that
tells it, so a party is told exactly once however often a worker dies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, String, Text, func, select, text, true, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.access import Owner
from app.platform.db import Base, insert_from_json, rows_as_json
from app.shared.ids import MarketId, NotificationId, PartyId, new_id
from app.shared.jsonable import jsonable

_SLICE = 1000
_TELL_ONCE = "ON CONFLICT DO NOTHING RETURNING id"


class NotificationRow(Base):
    """One notification; all that ever changes is when it was read."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("uq_notifications_dedupe_key", "party_id", "dedupe_key", unique=True),
        Index("ix_notifications_party_id", "party_id", "id"),
        Index(
            "ix_notifications_unread",
            "party_id",
            "id",
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    party_id: Mapped[UUID]
    topic: Mapped[str] = mapped_column(String(60))
    title_zh: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text)
    text_zh: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    dedupe_key: Mapped[str] = mapped_column(String(200))
    market_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotification:
    """Something to tell a party.

    Attributes:
        topic: ``<module>.<what>``, for programs.
        data: Ids and reasons for programs; values that `jsonable` knows.
        dedupe_key: A party is told once of each key.
        market_at: The market's moment of what is told.
    """

    market_id: MarketId
    party_id: PartyId
    topic: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    dedupe_key: str
    market_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


async def notify(session: AsyncSession, *told: NewNotification) -> int:
    """Tell parties what they have not been told yet; return how many notifications are new.

    Invariant: P50.
    """
    new = 0
    for start in range(0, len(told), _SLICE):
        rows = [
            {
                "id": new_id(),
                "market_id": item.market_id,
                "party_id": item.party_id,
                "topic": item.topic,
                "title_zh": item.title_zh,
                "title_en": item.title_en,
                "text_zh": item.text_zh,
                "text_en": item.text_en,
                "data": jsonable(item.data),
                "dedupe_key": item.dedupe_key,
                "market_at": item.market_at,
            }
            for item in told[start : start + _SLICE]
        ]
        telling = insert_from_json(NotificationRow, tuple(rows[0]), after=_TELL_ONCE)
        new += len((await session.scalars(telling, {"rows": rows_as_json(rows)})).all())
    return new


async def find_page(
    session: AsyncSession,
    party_id: PartyId,
    *,
    unread: bool | None,
    before: NotificationId | None,
    limit: int,
) -> Sequence[NotificationRow]:
    """Return a party's notifications, newest first, below ``before``.

    Args:
        unread: Only those that were not read, or only those that were.
    """
    row = NotificationRow
    kept = true() if unread is None else row.read_at.is_(None) == unread
    rows = await session.scalars(
        select(row)
        .where(
            row.party_id == party_id,
            row.read_at.is_(None) if unread else kept,
            true() if before is None else row.id < before,
        )
        .order_by(row.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def mark_read(
    session: AsyncSession, notification_id: NotificationId, *, now: datetime
) -> NotificationRow | None:
    """Note when a notification was first read; reading it again changes nothing.

    Invariant: P51.
    """
    row = NotificationRow
    found: NotificationRow | None = await session.scalar(
        update(row)
        .where(row.id == notification_id)
        .values(read_at=func.coalesce(row.read_at, now))
        .returning(row)
        .execution_options(populate_existing=True)
    )
    return found


async def owner_of_notification(session: AsyncSession, notification_id: UUID) -> Owner | None:
    """Return a notification's market and party."""
    row = await session.get(NotificationRow, notification_id)
    if row is None:
        return None
    return Owner(MarketId(row.market_id), frozenset({PartyId(row.party_id)}))
