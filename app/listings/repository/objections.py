"""Objections in the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.objection import Objection, ObjectionGround, ObjectionStatus
from app.listings.models.listings import ListingRow
from app.listings.models.objections import ObjectionRow
from app.platform.access import Owner
from app.shared.ids import FileId, ListingId, MarketId, NoticeId, ObjectionId, PartyId


def _objection(row: ObjectionRow) -> Objection:
    return Objection(
        id=ObjectionId(row.id),
        listing_id=ListingId(row.listing_id),
        notice_id=NoticeId(row.notice_id),
        market_id=MarketId(row.market_id),
        party_id=None if row.party_id is None else PartyId(row.party_id),
        name=row.name,
        contact=row.contact,
        ground=ObjectionGround(row.ground),
        text=row.text,
        evidence=row.evidence,
        files=tuple(FileId(file_id) for file_id in row.files),
        status=ObjectionStatus(row.status),
        filed_at=row.filed_at,
        filed_by=row.filed_by,
        decide_by_at=row.decide_by_at,
        decision=row.decision,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )


async def insert(session: AsyncSession, objection: Objection) -> None:
    """Insert an objection."""
    session.add(
        ObjectionRow(
            id=objection.id,
            listing_id=objection.listing_id,
            notice_id=objection.notice_id,
            market_id=objection.market_id,
            party_id=objection.party_id,
            name=objection.name,
            contact=objection.contact,
            ground=str(objection.ground),
            text=objection.text,
            evidence=objection.evidence,
            files=list(objection.files),
            filed_at=objection.filed_at,
            filed_by=objection.filed_by,
            decide_by_at=objection.decide_by_at,
            **_course(objection),
        )
    )
    await session.flush()


def _course(objection: Objection) -> dict[str, Any]:
    return {
        "status": str(objection.status),
        "decision": objection.decision,
        "decided_at": objection.decided_at,
        "decided_by": objection.decided_by,
    }


async def save(session: AsyncSession, objection: Objection) -> None:
    """Save what became of an objection; what was objected stays."""
    await session.execute(
        update(ObjectionRow).where(ObjectionRow.id == objection.id).values(**_course(objection))
    )


async def find(session: AsyncSession, objection_id: ObjectionId) -> Objection | None:
    """Return an objection; its listing's lock guards it."""
    row = await session.get(ObjectionRow, objection_id, populate_existing=True)
    return None if row is None else _objection(row)


async def count_open(session: AsyncSession, notice_id: NoticeId) -> int:
    """Return how many objections to a notice wait for a decision."""
    counted = select(func.count()).where(
        ObjectionRow.notice_id == notice_id, ObjectionRow.status == str(ObjectionStatus.OPEN)
    )
    return (await session.execute(counted)).scalar_one()


async def of_listing(
    session: AsyncSession, listing_id: ListingId, *, before: UUID | None, limit: int | None
) -> Sequence[Objection]:
    """Return the objections to a listing, newest first."""
    rows = await session.scalars(
        select(ObjectionRow)
        .where(
            ObjectionRow.listing_id == listing_id,
            true() if before is None else ObjectionRow.id < before,
        )
        .order_by(ObjectionRow.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_objection(row) for row in rows]


async def owner_of_objection(session: AsyncSession, objection_id: UUID) -> Owner | None:
    """Return an objection's market, with the seller that decides it and who filed it."""
    row = (
        await session.execute(
            select(ObjectionRow.market_id, ListingRow.seller_id, ObjectionRow.party_id)
            .join(ListingRow, ListingRow.id == ObjectionRow.listing_id)
            .where(ObjectionRow.id == objection_id)
        )
    ).first()
    if row is None:
        return None
    parties = {row.seller_id, row.party_id} - {None}
    return Owner(MarketId(row.market_id), frozenset(PartyId(party) for party in parties))
