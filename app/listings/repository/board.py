"""All markets' notices, as other sites read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.listing import PricingMode
from app.listings.domain.notice import Notice, NoticeKind, NoticeStatus
from app.listings.models import ListingRow, NoticeRow
from app.shared.ids import ListingId, MarketId, NoticeId

_OPEN: Final = (str(NoticeStatus.PUBLISHED), str(NoticeStatus.OBJECTED))


@dataclass(frozen=True, slots=True)
class PostedNotice:
    """A notice with what its listing says of it."""

    notice: Notice
    market_id: MarketId
    pricing_mode: PricingMode


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFilters:
    """What a notice must be; ``None`` lets everything pass.

    Attributes:
        open: Whether its period still runs.
        since: Published at this moment or later.
    """

    market_id: MarketId | None = None
    kind: NoticeKind | None = None
    pricing_mode: PricingMode | None = None
    open: bool | None = None
    since: datetime | None = None
    number: str | None = None


def _posted(notice: NoticeRow, market_id: UUID, pricing_mode: str) -> PostedNotice:
    return PostedNotice(
        Notice(
            id=NoticeId(notice.id),
            listing_id=ListingId(notice.listing_id),
            seq=notice.seq,
            number=notice.number,
            kind=NoticeKind(notice.kind),
            status=NoticeStatus(notice.status),
            content=notice.content,
            content_hash=notice.content_hash,
            published_at=notice.published_at,
            closes_at=notice.closes_at,
        ),
        MarketId(market_id),
        PricingMode(pricing_mode),
    )


_POSTED: Final = (
    select(NoticeRow, ListingRow.market_id, ListingRow.pricing_mode)
    .join(ListingRow, ListingRow.id == NoticeRow.listing_id)
    .execution_options(populate_existing=True)
)


async def find(session: AsyncSession, notice_id: NoticeId) -> PostedNotice | None:
    """Return a notice."""
    row = (await session.execute(_POSTED.where(NoticeRow.id == notice_id))).one_or_none()
    return None if row is None else _posted(*row)


async def find_page(
    session: AsyncSession, filters: NoticeFilters, *, before: NoticeId | None, limit: int
) -> Sequence[PostedNotice]:
    """Return notices, newest first, below ``before``."""
    statement = _POSTED
    if filters.market_id is not None:
        statement = statement.where(ListingRow.market_id == filters.market_id)
    if filters.kind is not None:
        statement = statement.where(NoticeRow.kind == str(filters.kind))
    if filters.pricing_mode is not None:
        statement = statement.where(ListingRow.pricing_mode == str(filters.pricing_mode))
    if filters.open is not None:
        runs = NoticeRow.status.in_(_OPEN)
        statement = statement.where(runs if filters.open else ~runs)
    if filters.since is not None:
        statement = statement.where(NoticeRow.published_at >= filters.since)
    if filters.number is not None:
        statement = statement.where(NoticeRow.number == filters.number)
    if before is not None:
        statement = statement.where(NoticeRow.id < before)
    rows = await session.execute(statement.order_by(NoticeRow.id.desc()).limit(limit))
    return [_posted(*row) for row in rows]
