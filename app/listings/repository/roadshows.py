"""Roadshows in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.achievement import AchievementStatus
from app.listings.domain.roadshow import (
    AgendaItem,
    Roadshow,
    RoadshowContent,
    RoadshowKind,
    RoadshowStatus,
    Signup,
    SignupStatus,
)
from app.listings.models.achievements import AchievementRow
from app.listings.models.roadshows import InterestRow, RoadshowRow, SignupRow
from app.shared.ids import AchievementId, DemandId, MarketId, PartyId, RoadshowId
from app.shared.jsonable import jsonable


def _item(stored: Mapping[str, Any]) -> AgendaItem:
    shown, demand = stored["achievement_id"], stored["demand_id"]
    return AgendaItem(
        title=stored["title"],
        speaker=stored["speaker"],
        starts_at=datetime.fromisoformat(stored["starts_at"]),
        minutes=stored["minutes"],
        achievement_id=None if shown is None else AchievementId(UUID(shown)),
        demand_id=None if demand is None else DemandId(UUID(demand)),
    )


def _roadshow(row: RoadshowRow) -> Roadshow:
    return Roadshow(
        id=RoadshowId(row.id),
        market_id=MarketId(row.market_id),
        status=RoadshowStatus(row.status),
        version=row.version,
        content=RoadshowContent(
            title=row.title,
            kind=RoadshowKind(row.kind),
            place=row.place,
            link=row.link,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            capacity=row.capacity,
            agenda=tuple(_item(item) for item in row.agenda),
        ),
        created_at=row.created_at,
        reason=row.reason,
    )


def _values(roadshow: Roadshow) -> dict[str, Any]:
    content = roadshow.content
    return {
        "status": str(roadshow.status),
        "version": roadshow.version,
        "title": content.title,
        "kind": str(content.kind),
        "place": content.place,
        "link": content.link,
        "starts_at": content.starts_at,
        "ends_at": content.ends_at,
        "capacity": content.capacity,
        "agenda": jsonable(content.agenda),
        "reason": roadshow.reason,
    }


async def insert(session: AsyncSession, roadshow: Roadshow) -> None:
    """Insert a roadshow."""
    session.add(
        RoadshowRow(
            id=roadshow.id,
            market_id=roadshow.market_id,
            created_at=roadshow.created_at,
            **_values(roadshow),
        )
    )
    await session.flush()


async def save(session: AsyncSession, roadshow: Roadshow) -> None:
    """Save a roadshow; the caller holds its lock."""
    await session.execute(
        update(RoadshowRow).where(RoadshowRow.id == roadshow.id).values(**_values(roadshow))
    )


async def find(
    session: AsyncSession, roadshow_id: RoadshowId, *, lock: bool = False
) -> Roadshow | None:
    """Return a roadshow, under its row lock if asked."""
    row = await session.get(
        RoadshowRow, roadshow_id, populate_existing=True, with_for_update=lock or None
    )
    return None if row is None else _roadshow(row)


async def find_page(
    session: AsyncSession,
    *,
    market_id: MarketId | None,
    staff_of: MarketId | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Roadshow]:
    """Return roadshows, newest first; drafts to their market's staff only."""
    row = RoadshowRow
    rows = await session.scalars(
        select(row)
        .where(
            or_(row.status != str(RoadshowStatus.DRAFT), row.market_id == staff_of),
            true() if market_id is None else row.market_id == market_id,
            true() if before is None else row.id < before,
        )
        .order_by(row.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_roadshow(found) for found in rows]


async def accepted_among(
    session: AsyncSession, market_id: MarketId, ids: Collection[UUID]
) -> frozenset[UUID]:
    """Return those of the ids that are accepted achievements of a market."""
    row = AchievementRow
    found = await session.scalars(
        select(row.id).where(
            row.id.in_(set(ids)),
            row.market_id == market_id,
            row.status == str(AchievementStatus.ACCEPTED),
        )
    )
    return frozenset(found)


def _signup(row: SignupRow) -> Signup:
    return Signup(
        id=row.id,
        roadshow_id=RoadshowId(row.roadshow_id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        place=row.place,
        seats=row.seats,
        status=SignupStatus(row.status),
        signed_up_at=row.signed_up_at,
        attended=row.attended,
    )


async def signups(
    session: AsyncSession, roadshow_id: RoadshowId, *, party_id: PartyId | None = None
) -> Sequence[Signup]:
    """Return a roadshow's sign-ups in order of arrival, cancelled ones too."""
    row = SignupRow
    rows = await session.scalars(
        select(row)
        .where(
            row.roadshow_id == roadshow_id, true() if party_id is None else row.party_id == party_id
        )
        .order_by(row.place)
        .execution_options(populate_existing=True)
    )
    return [_signup(found) for found in rows]


async def signup_page(
    session: AsyncSession,
    roadshow_id: RoadshowId,
    *,
    party_id: PartyId | None,
    after: int,
    limit: int,
) -> Sequence[Signup]:
    """Return sign-ups in order of arrival, from behind a place."""
    row = SignupRow
    rows = await session.scalars(
        select(row)
        .where(
            row.roadshow_id == roadshow_id,
            row.place > after,
            true() if party_id is None else row.party_id == party_id,
        )
        .order_by(row.place)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_signup(found) for found in rows]


async def next_place(session: AsyncSession, roadshow_id: RoadshowId) -> int:
    """Return the next place; the caller holds the roadshow's lock."""
    last = select(func.max(SignupRow.place)).where(SignupRow.roadshow_id == roadshow_id)
    return (await session.scalar(last) or 0) + 1


async def insert_signup(session: AsyncSession, signup: Signup) -> None:
    """Insert a sign-up."""
    session.add(
        SignupRow(
            id=signup.id,
            roadshow_id=signup.roadshow_id,
            market_id=signup.market_id,
            party_id=signup.party_id,
            place=signup.place,
            seats=signup.seats,
            status=str(signup.status),
            signed_up_at=signup.signed_up_at,
        )
    )
    await session.flush()


async def save_signup(session: AsyncSession, signup: Signup) -> None:
    """Save what became of a sign-up."""
    await session.execute(
        update(SignupRow)
        .where(SignupRow.id == signup.id)
        .values(status=str(signup.status), attended=signup.attended)
    )


async def note_interest(
    session: AsyncSession,
    roadshow_id: RoadshowId,
    party_id: PartyId,
    *,
    item: int,
    achievement_id: AchievementId | None,
    at: datetime,
) -> bool:
    """Note an interest; return whether it is new."""
    statement = upsert(InterestRow).values(
        roadshow_id=roadshow_id,
        party_id=party_id,
        item=item,
        achievement_id=achievement_id,
        noted_at=at,
    )
    told = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[InterestRow.roadshow_id, InterestRow.party_id, InterestRow.item],
        set_={"achievement_id": told.achievement_id, "noted_at": told.noted_at},
        # The agenda may show another achievement at this place by now.
        where=InterestRow.achievement_id.is_distinct_from(told.achievement_id),
    )
    return await session.scalar(statement.returning(InterestRow.item)) is not None


async def has_interest(
    session: AsyncSession,
    roadshow_id: RoadshowId,
    party_id: PartyId,
    achievement_id: AchievementId,
) -> bool:
    """Tell whether a party's interest in an achievement was noted at a roadshow."""
    row = InterestRow
    found = select(row.item).where(
        row.roadshow_id == roadshow_id,
        row.party_id == party_id,
        row.achievement_id == achievement_id,
    )
    return await session.scalar(found.limit(1)) is not None


async def interests(
    session: AsyncSession,
    roadshow_id: RoadshowId,
    *,
    after: tuple[int, UUID] | None,
    limit: int,
) -> Sequence[InterestRow]:
    """Return a roadshow's interests by item and party."""
    row = InterestRow
    behind: ColumnElement[bool] = true()
    if after is not None:
        item, party_id = after
        behind = or_(row.item > item, (row.item == item) & (row.party_id > party_id))
    rows = await session.scalars(
        select(row)
        .where(row.roadshow_id == roadshow_id, behind)
        .order_by(row.item, row.party_id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return rows.all()
