"""Notices in the database: never rewritten but for what became of them."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.notice import TERMS_KINDS, Notice, NoticeKind, NoticeStatus
from app.listings.models import NoticeRow
from app.shared.ids import ListingId, NoticeId


def _notice(row: NoticeRow) -> Notice:
    return Notice(
        id=NoticeId(row.id),
        listing_id=ListingId(row.listing_id),
        seq=row.seq,
        number=row.number,
        kind=NoticeKind(row.kind),
        status=NoticeStatus(row.status),
        content=row.content,
        content_hash=row.content_hash,
        published_at=row.published_at,
        closes_at=row.closes_at,
    )


async def insert(session: AsyncSession, notice: Notice) -> None:
    """Insert a notice, once and for ever."""
    session.add(
        NoticeRow(
            id=notice.id,
            listing_id=notice.listing_id,
            seq=notice.seq,
            number=notice.number,
            kind=str(notice.kind),
            status=str(notice.status),
            content=dict(notice.content),
            content_hash=notice.content_hash,
            published_at=notice.published_at,
            closes_at=notice.closes_at,
        )
    )
    await session.flush()


async def save_status(session: AsyncSession, notice: Notice) -> None:
    """Save what became of a notice; the caller holds its listing's lock."""
    await session.execute(
        update(NoticeRow)
        .where(NoticeRow.id == notice.id)
        .values(status=str(notice.status))
        .execution_options(synchronize_session=False)
    )


async def find(session: AsyncSession, notice_id: NoticeId) -> Notice | None:
    """Return a notice."""
    row = await session.get(NoticeRow, notice_id, populate_existing=True)
    return None if row is None else _notice(row)


async def find_terms(session: AsyncSession, listing_id: ListingId) -> Notice | None:
    """Return the notice whose terms hold: the last one that states them."""
    row = await session.scalar(
        select(NoticeRow)
        .where(
            NoticeRow.listing_id == listing_id,
            NoticeRow.kind.in_([str(kind) for kind in TERMS_KINDS]),
        )
        .order_by(NoticeRow.seq.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _notice(row)


async def find_accepted(
    session: AsyncSession, listing_id: ListingId, content_hash: str
) -> Notice | None:
    """Return the notice of a listing with this content: what somebody was shown."""
    row = await session.scalar(
        select(NoticeRow)
        .where(NoticeRow.listing_id == listing_id, NoticeRow.content_hash == content_hash)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _notice(row)


async def of_listing(session: AsyncSession, listing_id: ListingId) -> Sequence[Notice]:
    """Return all notices of a listing, the first one first."""
    rows = await session.scalars(
        select(NoticeRow)
        .where(NoticeRow.listing_id == listing_id)
        .order_by(NoticeRow.seq)
        .execution_options(populate_existing=True)
    )
    return [_notice(row) for row in rows]
