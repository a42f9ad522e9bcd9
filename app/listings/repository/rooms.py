"""Deal rooms in the database."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.offers import OfferStatus, OfferTerms, RoomOffer
from app.listings.domain.room import LIVING, Acceptance, Room, RoomStatus
from app.listings.models.rooms import (
    DocumentRow,
    MeetingRow,
    MessageRow,
    RoomOfferRow,
    RoomRow,
)
from app.shared.access import Viewer
from app.shared.ids import (
    AchievementId,
    ListingId,
    MarketId,
    PartyId,
    RoadshowId,
    RoomId,
)
from app.shared.money import Money

Entry = TypeVar("Entry", MessageRow, DocumentRow, MeetingRow, RoomOfferRow)

_READING = (str(RoomStatus.OPEN), str(RoomStatus.AGREED))
_TYPED = {
    "id": RoomId,
    "market_id": MarketId,
    "achievement_id": AchievementId,
    "owner_id": PartyId,
    "buyer_id": PartyId,
    "roadshow_id": RoadshowId,
    "listing_id": ListingId,
    "status": RoomStatus,
}
_SIGNED = {"owner_acceptance": "owner_accepted", "buyer_acceptance": "buyer_accepted"}
_PLAIN = [spec.name for spec in fields(Room) if spec.name not in _SIGNED]


def _room(row: RoomRow) -> Room:
    told: dict[str, Any] = {}
    for name in _PLAIN:
        value = getattr(row, name)
        told[name] = _TYPED[name](value) if name in _TYPED and value is not None else value
    for name, columns in _SIGNED.items():
        by, at = getattr(row, f"{columns}_by"), getattr(row, f"{columns}_at")
        told[name] = None if at is None else Acceptance(by=by, at=at)
    return Room(**told)


def _values(room: Room) -> dict[str, Any]:
    told = {name: getattr(room, name) for name in _PLAIN} | {"status": str(room.status)}
    for name, columns in _SIGNED.items():
        signed: Acceptance | None = getattr(room, name)
        told[f"{columns}_by"] = None if signed is None else signed.by
        told[f"{columns}_at"] = None if signed is None else signed.at
    return told


async def insert_once(session: AsyncSession, room: Room) -> bool:
    """Insert a room unless a living one of the same sides and achievement exists."""
    statement = upsert(RoomRow).values(**_values(room)).on_conflict_do_nothing()
    return await session.scalar(statement.returning(RoomRow.id)) is not None


async def save(session: AsyncSession, room: Room) -> None:
    """Save what became of a room; the caller holds its lock."""
    await session.execute(update(RoomRow).where(RoomRow.id == room.id).values(**_values(room)))


async def find(session: AsyncSession, room_id: RoomId, *, lock: bool = False) -> Room | None:
    """Return a room, under its row lock if asked."""
    row = await session.get(RoomRow, room_id, populate_existing=True, with_for_update=lock or None)
    return None if row is None else _room(row)


def _seen_by(viewer: Viewer) -> ColumnElement[bool]:
    return or_(
        RoomRow.owner_id == viewer.party_id,
        RoomRow.buyer_id == viewer.party_id,
        RoomRow.market_id == viewer.staff_of,
    )


async def find_page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    achievement_id: UUID | None,
    status: RoomStatus | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Room]:
    """Return the rooms that the viewer may know of, newest first."""
    rows = await session.scalars(
        select(RoomRow)
        .where(
            _seen_by(viewer),
            true() if achievement_id is None else RoomRow.achievement_id == achievement_id,
            true() if status is None else RoomRow.status == str(status),
            true() if before is None else RoomRow.id < before,
        )
        .order_by(RoomRow.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_room(row) for row in rows]


async def of_market(
    session: AsyncSession,
    market_id: MarketId,
    *,
    owner_id: PartyId | None,
    since: datetime,
    until: datetime,
) -> Sequence[Room]:
    """Return the rooms that were asked for in ``since <= moment < until``."""
    rows = await session.scalars(
        select(RoomRow)
        .where(
            RoomRow.market_id == market_id,
            RoomRow.requested_at >= since,
            RoomRow.requested_at < until,
            true() if owner_id is None else RoomRow.owner_id == owner_id,
        )
        .execution_options(populate_existing=True)
    )
    return [_room(row) for row in rows]


async def has_open(session: AsyncSession, achievement_id: AchievementId, buyer_id: PartyId) -> bool:
    """Tell whether a buyer's room on an achievement is open or came to an agreement."""
    found = select(RoomRow.id).where(
        RoomRow.achievement_id == achievement_id,
        RoomRow.buyer_id == buyer_id,
        RoomRow.status.in_(_READING),
    )
    return await session.scalar(found.limit(1)) is not None


async def opened_ids(session: AsyncSession, achievement_id: AchievementId) -> Sequence[RoomId]:
    """Return the rooms whose buyers read an achievement's restricted content, oldest first."""
    found = select(RoomRow.id).where(
        RoomRow.achievement_id == achievement_id, RoomRow.status.in_(_READING)
    )
    return [RoomId(room_id) for room_id in await session.scalars(found.order_by(RoomRow.id))]


async def documents(session: AsyncSession, room_id: RoomId) -> Sequence[DocumentRow]:
    """Return all documents of a room."""
    found = await session.scalars(select(DocumentRow).where(DocumentRow.room_id == room_id))
    return found.all()


async def find_living(
    session: AsyncSession, achievement_id: AchievementId, buyer_id: PartyId
) -> RoomId | None:
    """Return the living room of a buyer on an achievement."""
    found = select(RoomRow.id).where(
        RoomRow.achievement_id == achievement_id,
        RoomRow.buyer_id == buyer_id,
        RoomRow.status.in_(sorted(map(str, LIVING))),
    )
    room_id = await session.scalar(found)
    return None if room_id is None else RoomId(room_id)


async def next_number(session: AsyncSession, kind: type[Entry], room_id: RoomId) -> int:
    """Return the number of a room's next entry of a kind; the caller holds the room's lock."""
    last = select(func.max(kind.number)).where(kind.room_id == room_id)
    return (await session.scalar(last) or 0) + 1


async def insert_entry(session: AsyncSession, entry: Entry) -> None:
    """Insert a message, document, meeting or offer."""
    session.add(entry)
    await session.flush()


async def entries(
    session: AsyncSession, kind: type[Entry], room_id: RoomId, *, before: int | None, limit: int
) -> Sequence[Entry]:
    """Return a room's entries of a kind, newest first."""
    rows = await session.scalars(
        select(kind)
        .where(kind.room_id == room_id, true() if before is None else kind.number < before)
        .order_by(kind.number.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def has_document(session: AsyncSession, room_id: RoomId, file_id: UUID) -> bool:
    """Tell whether a file lies in a room."""
    row = DocumentRow
    found = select(row.number).where(row.room_id == room_id, row.file_id == file_id)
    return await session.scalar(found) is not None


def offer_of(row: RoomOfferRow) -> RoomOffer:
    """Return the domain's value of an offer."""
    return RoomOffer(
        room_id=RoomId(row.room_id),
        number=row.number,
        party_id=PartyId(row.party_id),
        terms=OfferTerms(
            price=Money(row.price_minor, row.price_currency),
            conversion_mode=row.conversion_mode,
            payment_terms=row.payment_terms,
            contract_terms=row.contract_terms,
            use_scope=row.use_scope,
            valid_until=row.valid_until,
        ),
        answers=row.answers,
        salt=row.salt,
        offer_hash=row.offer_hash,
        made_by=row.made_by,
        made_at=row.made_at,
        status=OfferStatus(row.status),
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        reason=row.reason,
    )


async def insert_offer(session: AsyncSession, offer: RoomOffer) -> None:
    """Insert an offer."""
    terms = offer.terms
    row = RoomOfferRow(
        room_id=offer.room_id,
        number=offer.number,
        party_id=offer.party_id,
        made_by=offer.made_by,
        made_at=offer.made_at,
        answers=offer.answers,
        price_minor=terms.price.amount_minor,
        price_currency=terms.price.currency,
        conversion_mode=terms.conversion_mode,
        payment_terms=terms.payment_terms,
        contract_terms=terms.contract_terms,
        use_scope=terms.use_scope,
        valid_until=terms.valid_until,
        salt=offer.salt,
        offer_hash=offer.offer_hash,
        status=str(offer.status),
    )
    await insert_entry(session, row)


async def save_answer(session: AsyncSession, offer: RoomOffer) -> None:
    """Save what became of an offer."""
    row = RoomOfferRow
    await session.execute(
        update(row)
        .where(row.room_id == offer.room_id, row.number == offer.number)
        .values(
            status=str(offer.status),
            answered_by=offer.answered_by,
            answered_at=offer.answered_at,
            reason=offer.reason,
        )
    )


async def latest_offer(session: AsyncSession, room_id: RoomId) -> RoomOffer | None:
    """Return a room's latest offer; the room's lock guards it."""
    rows = await entries(session, RoomOfferRow, room_id, before=None, limit=1)
    return offer_of(rows[0]) if rows else None
